import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// Lookups look at no more than they must.
@Suite struct WildcardWidthTests {
    private func ipv4(_ destination: UInt128, mask: UInt128) -> Match {
        var match = Match()
        match.set(.ethType, 0x0800)
        match.set(.ipv4Dst, destination, mask: mask)
        return match
    }

    private func wildcards(_ matches: [Match], for key: FlowKey) throws -> FlowMask {
        var tables = FlowTables(hashSeed: 5)
        for (number, match) in matches.enumerated() {
            try tables.add(Flow(priority: UInt16(1000 - number), match: match, instructions: InstructionSet()))
        }
        var result = FlowMask()
        _ = tables.snapshot().lookup(table: 0, key: key, wildcards: &result)
        return result
    }

    private func packet(_ destination: UInt128) -> FlowKey {
        var key = FlowKey()
        key[.ethType] = 0x0800
        key[.ipv4Dst] = destination
        return key
    }

    @Test func emptyTableLooksAtNothing() throws {
        #expect(try wildcards([], for: packet(1)).isZero)
    }

    @Test func prefixIsExaminedToTheFirstDifferingBitOnly() throws {
        let tenSlash8 = ipv4(0x0a00_0000, mask: 0xff00_0000)
        // 10 = 0b00001010: 192 differs in the first bit, 11 in the eighth.
        #expect(try wildcards([tenSlash8], for: packet(0xc0a8_0001))[.ipv4Dst] == 0x8000_0000)
        #expect(try wildcards([tenSlash8], for: packet(0x0b00_0001))[.ipv4Dst] == 0xff00_0000)
        #expect(try wildcards([tenSlash8], for: packet(0x0a00_0001))[.ipv4Dst] == 0xff00_0000)
    }

    @Test func manyHostsLeaveAPrefixOpen() throws {
        let hosts = (0..<200).map { ipv4(0x0a00_0000 + $0, mask: 0xffff_ffff) }
        #expect(try wildcards(hosts, for: packet(0x0b00_0001))[.ipv4Dst] == 0xff00_0000)
        #expect(try wildcards(hosts, for: packet(0x0a00_0007))[.ipv4Dst] == 0xffff_ffff)
    }

    @Test func ipv6PrefixIsExaminedToTheFirstDifferingBitOnly() throws {
        var match = Match()
        match.set(.ethType, 0x86dd)
        match.set(.ipv6Src, 0x2001_0db8 << 96, mask: UInt128(0xffff_ffff as UInt64) << 96)
        var key = FlowKey()
        key[.ethType] = 0x86dd
        key[.ipv6Src] = 0xfe80 << 112
        let result = try wildcards([match], for: key)
        #expect(result[.ipv6Src] == 1 << 127)
        #expect(result[.ipv6Dst] == 0)
    }

    @Test func portsAreExaminedByPrefix() throws {
        let ports = [80, 443, 8080].map { (port: UInt128) in
            var match = Match()
            match.set(.ethType, 0x0800)
            match.set(.ipProto, 6)
            match.set(.tcpDst, port)
            return match
        }
        var key = packet(1)
        key[.ipProto] = 6
        key[.tcpDst] = 40000
        #expect(try wildcards(ports, for: key)[.tcpDst] == 0x8000)
    }

    @Test func otherEtherTypesAreToldApartByTheTypeAlone() throws {
        var match = ipv4(0x0a00_0001, mask: 0xffff_ffff)
        match.set(.ipProto, 17)
        match.set(.udpDst, 53)
        var key = FlowKey()
        key[.ethType] = 0x0806
        let result = try wildcards([match], for: key)
        var expected = FlowMask()
        expected[.ethType] = 0xffff
        #expect(result == expected)
    }

    /// In staged order: a port that no flow has leaves the addresses open.
    @Test func earlyStagesHideLaterOnes() throws {
        let matches = (0..<20).map { (number: UInt128) in
            var match = Match()
            match.set(.inPort, 1 + number % 2)
            match.set(.ethDst, 0x0200_0000_0000 + number)
            return match
        }
        var key = FlowKey()
        key[.inPort] = 9
        key[.ethDst] = 0x0200_0000_0003
        #expect(try wildcards(matches, for: key)[.ethDst] == 0)
        key[.inPort] = 2
        #expect(try wildcards(matches, for: key)[.ethDst] == Field[.ethDst].allOnes)
    }

    /// What could not have won is not looked at.
    @Test func lowerPrioritiesAreNotExamined() throws {
        var first = Match()
        first.set(.inPort, 1)
        var key = packet(0x0a00_0001)
        key[.inPort] = 1
        let result = try wildcards([first, ipv4(0x0a00_0001, mask: 0xffff_ffff)], for: key)
        #expect(result[.ipv4Dst] == 0)
        #expect(result[.ethType] == 0)
    }
}
