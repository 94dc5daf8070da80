import Foundation
import TestSupport
import Testing

/// Whatever is wrong with the input: one clear message, an exit code that says so, and nothing half done.
@Suite(.serialized)
struct BadInputTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        var random = RandomPackets(seed: 1)
        let packets = (0..<10).map {
            CapturedPacket(random.packet(.tcp).bytes, timestamp: 1_700_000_000_000_000_000 + UInt64($0))
        }
        try folder.write("in.pcap", CaptureFile.pcap(packets))
        try folder.write("wireless.pcap", CaptureFile.pcap(packets, linkType: 105))
        try folder.write("notes.txt", "these are no packets, however long one looks at them\n")
        try folder.write("empty", "")
        try folder.write("unknown-field", "# a comment\n\nactions=output:1\nnw_sorc=10.0.0.1 actions=output:2\n")
        try folder.write("no-prerequisite", "tcp_dst=80 actions=output:2\n")
        try folder.write("bad-mask", "ip,nw_src=10.0.0.0/33 actions=output:2\n")
        try folder.write("bad-table", "table=255 actions=drop\n")
        try folder.write("binary", [0xff, 0xfe, 0x00, 0x80])
        try folder.write("balance", "# a comment\nip actions=meter:1,group:1\n")
        try folder.write("group-1", "group_id=1,type=indirect,bucket=output:p2\n")
        try folder.write("group-loop", "group_id=2,type=all,bucket=output:1\n\ngroup_id=1,type=all,bucket=group:1\n")
        try folder.write("meter-1", "meter=1,kbps,bands=type=drop,rate=1000\n")
        try folder.write("meter-2", "meter=2 kbps bands=\ntype=drop rate=1\nmeter=2 kbps bands=\ntype=drop rate=1\n")
    }

    /// - Parameters:
    ///   - words: what the message must name.
    private func refuse(_ arguments: String, _ words: String..., status: Int32 = 1) throws {
        let before = folder.contents
        let list = ["replay"] + arguments.split(separator: " ").map(String.init)
        let command = try Command.run(list, in: folder)
        #expect(command.hasExited && command.status == status, "\(arguments): \(command.status) \(command.errors)")
        #expect(command.output.isEmpty, "\(arguments)")
        for word in words { #expect(command.errors.contains(word), "\(arguments): '\(word)' in '\(command.errors)'") }
        let errors = command.errors.split(separator: "\n").filter { $0.hasPrefix("Error:") }
        #expect(errors.count == 1, "one message: \(command.errors)")
        #expect(folder.contents == before, "\(arguments): nothing is made")
    }

    @Test func captures() throws {
        try refuse("nosuch.pcap --out out", "nosuch.pcap")
        try refuse("notes.txt --out out", "notes.txt")
        try refuse("empty --out out", "empty")
        try refuse("wireless.pcap --out out", "wireless.pcap", "link")
        try refuse(". --out out", ".")
        try refuse("in.pcap notes.txt --out out", "notes.txt")
    }

    @Test func flows() throws {
        try refuse("in.pcap --out out --flows nosuch", "nosuch")
        try refuse("in.pcap --out out --flows unknown-field", "unknown-field:4:1", "nw_sorc")
        try refuse("in.pcap --out out --flows no-prerequisite", "no-prerequisite:1:", "tcp_dst")
        try refuse("in.pcap --out out --flows bad-mask", "bad-mask:1:", "33")
        try refuse("in.pcap --out out --flows bad-table", "bad-table:1:", "255")
        try refuse("in.pcap --out out --flows binary", "binary", "UTF-8")
    }

    @Test func groupsAndMeters() throws {
        try refuse("in.pcap --out out --groups nosuch", "group file 'nosuch'")
        try refuse("in.pcap --out out --meters binary", "meter file 'binary'", "UTF-8")
        try refuse("in.pcap --out out --groups balance", "balance:2:1")
        try refuse("in.pcap --out out --groups group-loop", "group-loop:3:1: group 1 would lead back to itself: let")
        try refuse("in.pcap --out out --meters meter-2", "meter-2:3:1: there is a meter 2 already: modify it")
        try refuse("in.pcap --out out --flows balance", "balance:2:1: there is no meter 1: add it first")
        try refuse("in.pcap --out out --flows balance --meters meter-1", "balance:2:1: there is no group 1: add it")
        try folder.write("p3.pcap", "group_id=1,type=indirect,bucket=output:p2\n")
        try refuse("in.pcap --out . --groups p3.pcap", "would overwrite the input p3.pcap")
        let command = try Command.run(
            ["replay", "in.pcap", "--flows", "balance", "--groups", "group-1", "--meters", "meter-1"], in: folder)
        #expect(command.status == 0, "\(command.errors)")
    }

    @Test func ports() throws {
        try refuse("--in p1 --out out", "--in p1")
        try refuse("--in q1=in.pcap --out out", "q1=in.pcap")
        try refuse("--in p0=in.pcap --out out", "p0")
        try refuse("--in p2000=in.pcap --out out", "p2000")
        try refuse("--in p1=in.pcap --in p1=in.pcap --out out", "p1")
        try refuse("in.pcap in.pcap --ports 1 --out out", "p2")
        try refuse("in.pcap --workers 60 --out out", "60")
    }

    @Test func commandLine() throws {
        try refuse("", "capture", status: 64)
        try refuse("in.pcap --ports 0", "--ports", status: 64)
        try refuse("in.pcap --ports 5000", "--ports", status: 64)
        try refuse("in.pcap --loop 0", "--loop", status: 64)
        try refuse("in.pcap --for 0", "--for", status: 64)
        try refuse("in.pcap --for nan", "--for", status: 64)
        try refuse("in.pcap --rate fast", "--rate", "fast", status: 64)
        try refuse("in.pcap --rate 0", "--rate", status: 64)
        try refuse("in.pcap --rate 10parsecs", "--rate", status: 64)
        try refuse("in.pcap --workers 0", "--workers", status: 64)
        try refuse("in.pcap --nosuch", "--nosuch", status: 64)
    }

    @Test func outputThatCanNotBeMade() throws {
        try refuse("in.pcap --out notes.txt", "notes.txt")
        try refuse("in.pcap --out notes.txt/sub", "notes.txt/sub")
        // One of the files can't be made; the others are not begun.
        try FileManager.default.createDirectory(atPath: folder.file("half/p2.pcap"), withIntermediateDirectories: true)
        try refuse("in.pcap --out half", "half/p2.pcap")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("half")) == ["p2.pcap"])
    }

    /// An output file must not be the capture that is played, by whatever name.
    @Test func outputOverInput() throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("in.pcap")))
        let input = folder.file("sub/p1.pcap")
        try FileManager.default.createDirectory(atPath: folder.file("sub"), withIntermediateDirectories: true)
        try bytes.write(to: URL(fileURLWithPath: input))
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "sub")
        try FileManager.default.linkItem(atPath: input, toPath: folder.file("other-name.pcap"))
        try refuse("sub/p1.pcap --out sub", "sub/p1.pcap", "--out")
        try refuse("sub/p1.pcap --out ./sub/../sub/", "sub/p1.pcap")
        try refuse("sub/p1.pcap --out link", "sub/p1.pcap")
        try refuse("\(input) --out sub", "sub/p1.pcap")
        try refuse("other-name.pcap --out sub", "other-name.pcap")
        try refuse("in.pcap --in p3=sub/p1.pcap --out sub", "sub/p1.pcap")
        #expect(try Data(contentsOf: URL(fileURLWithPath: input)) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("sub")) == ["p1.pcap"])
        // Beside another capture there is no harm.
        let command = try Command.run(["replay", "in.pcap", "--ports", "4", "--out", "."], in: folder)
        #expect(command.status == 0, "\(command.errors)")
        #expect(folder.contents.contains("p4.pcap"))
    }
}
