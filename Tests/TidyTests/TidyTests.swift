import Foundation
import Testing

/// The project keeps its own rules. Each message names the place and how to mend it.
@Suite struct TidyTests {
    private func report(_ findings: [Finding]) {
        for finding in findings { Issue.record("\(finding)") }
    }

    private func report(_ rule: (SourceFile) -> [Finding]) { report(Repository.files.flatMap(rule)) }

    @Test func theRepositoryIsWhereItShouldBe() {
        let paths = Set(Repository.files.map(\.path))
        #expect(paths.isSuperset(of: ["Package.swift", "Scripts/test", ".ci/run", "Sources/Packet/FlowKey.swift"]))
        #expect(!paths.contains { $0.contains(".build") })
    }

    @Test func filesAreShort() { report(Lengths.fileLength) }
    @Test func functionsAreShort() { report(Lengths.functionLength) }
    @Test func linesAreShort() { report(Lengths.lineLength) }
    @Test func importsGoDownwards() { report(Imports.check) }
    @Test func nothingIsLeftOver() { report(Wording.reminders) }
    @Test func noPathOfOneMachine() { report(Wording.machinePaths) }
    @Test func publicInterfacesAreDocumented() { report(Documentation.check) }
    @Test func trustHasReasons() { report(Safety.check) }

    @Test func exceptionsAreStillNeeded() {
        let paths = Set(Repository.files.map(\.path))
        for path in Array(Lengths.wideFiles.keys) + Lengths.longFiles.keys {
            #expect(paths.contains(path), "take \(path) out of the exceptions in Lengths: it is gone")
        }
    }

    @Test func everyRoomHasItsPage() {
        for room in Set(Repository.sources.compactMap(\.room)).sorted() {
            let path = "Sources/\(room)/README.md"
            guard let page = Repository.files.first(where: { $0.path == path }) else {
                Issue.record("\(path): the room has no page. To mend: say what it is for, may use, where to begin")
                continue
            }
            report(Imports.checkPage(page, sources: Repository.sources))
        }
    }

    @Test func scriptsCanBeRun() {
        let scripts = Repository.files.filter { Scripts.isScript($0.path) }
        #expect(scripts.count >= 4)
        for script in scripts {
            let path = Repository.root.appending(path: script.path).path
            report(Scripts.check(script, isExecutable: FileManager.default.isExecutableFile(atPath: path)))
        }
    }
}
