import OpenFlowWire
import Testing

@Suite struct VersionTests {
    @Test func aHelloWithoutBitmapMeansAllVersionsUpToItsOwn() {
        #expect(VersionSet(upTo: 4) == VersionSet([.v10, .v11, .v12, .v13]))
        #expect(VersionSet(upTo: 200).contains(.v15))
        #expect(VersionSet(upTo: 0).isEmpty)
    }

    @Test func theHighestCommonVersionIsChosen() {
        #expect(VersionSet([.v10, .v13]).highestCommon(with: VersionSet(upTo: 3)) == .v10)
        #expect(VersionSet([.v10, .v13]).highestCommon(with: VersionSet([.v14])) == nil)
    }
}
