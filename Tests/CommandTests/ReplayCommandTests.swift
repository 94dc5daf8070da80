import Foundation
import TestSupport
import Testing

/// `evs replay` from the outside: what goes in, what comes out, and what it says.
@Suite(.serialized)
struct ReplayCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let start: UInt64 = 1_700_000_000_000_000_000

    /// TCP packets from host 1 to host 2 and back.
    private func packets(_ count: Int, unit: UInt64 = 1, seed: UInt64 = 1) -> [CapturedPacket] {
        var random = RandomPackets(seed: seed)
        return (0..<count).map { index in
            var packet = random.packet(.tcp)
            while packet.tagCount > 0 { packet.popTag() }
            packet.put(0x0200_0000_0001 + UInt64(index % 2), 0, 6)
            packet.put(0x0200_0000_0002 - UInt64(index % 2), 6, 6)
            return CapturedPacket(packet.bytes, timestamp: Self.start + UInt64(index) * 1_000_001 / unit * unit)
        }
    }

    @discardableResult
    private func write(_ name: String, _ packets: [CapturedPacket], nanoseconds: Bool = true) throws -> [CapturedPacket]
    {
        try folder.write(name, CaptureFile.pcap(packets, nanoseconds: nanoseconds))
        return packets
    }

    // MARK: What it reports

    @Test func jsonHasTheShapePromised() throws {
        let packets = try write("in.pcap", packets(100))
        try folder.write(
            "flows", "in_port=1,tcp,nw_src=10.0.0.0/24 actions=output:p2,output:p3\npriority=0 actions=drop\n")
        let command = try Command.run("replay", "in.pcap", "--flows", "flows", "--json", in: folder)
        #expect(command.status == 0 && command.errors.isEmpty, "\(command.errors)")
        let report = try command.json()
        for key in ["seconds", "packets", "bytes", "mpps", "cyclesPerPacket", "caches", "ports", "balanced"] {
            #expect(report[key] != nil, "\(key)")
        }
        #expect(Set(try report.object("packets").keys) == ["received", "delivered", "dropped"])
        #expect(Set(try report.object("caches").keys) == ["exactMatch", "megaflow", "translated"])
        let both = packets.count { $0.bytes[28] == 0 }
        #expect(try report.count("packets", "received") == 100)
        #expect(try report.count("packets", "delivered") == both)
        #expect(try report.object("packets").object("dropped") as? [String: Int] == ["flow-action": 100 - both])
        #expect(try report.count("bytes") == packets.reduce(0) { $0 + $1.bytes.count })
        let caches = try report.object("caches")
        #expect(try caches.number("exactMatch") + caches.number("megaflow") + caches.number("translated") == 100)
        #expect(try report.number("seconds") > 0 && report.number("mpps") > 0 && report.number("cyclesPerPacket") > 0)
        #expect(report["balanced"] as? Bool == true)
        let ports = try report.ports()
        #expect(ports.map { $0["name"] as? String } == ["p1", "p2", "p3", "p4"])
        #expect(try ports.map { try $0.count("received") } == [100, 0, 0, 0])
        #expect(try ports.map { try $0.count("delivered") } == [0, both, both, 0])
        #expect(
            try ports.map { try $0.object("dropped") as? [String: Int] } == [
                ["flow-action": 100 - both], [:], [:], [:],
            ])
    }

    @Test func textSaysTheSame() throws {
        try write("in.pcap", packets(1200))
        let command = try Command.run("replay", "in.pcap", in: folder)
        #expect(command.status == 0 && command.errors.isEmpty)
        #expect(command.output.contains("1,200 received = "))
        for word in ["p1", "p4", "caches", "balance", "Mpps"] { #expect(command.output.contains(word)) }
        #expect(!command.output.contains("\u{1b}") && !command.output.contains("\r"), "no bar without a terminal")
    }

    @Test func flowCountersOnRequest() throws {
        let packets = try write("in.pcap", packets(50))
        try folder.write("flows", "priority=7,tcp actions=output:2\npriority=3 actions=drop\n")
        let command = try Command.run("replay", "in.pcap", "--flows", "flows", "--show-flows", in: folder)
        let bytes = packets.reduce(0) { $0 + $1.bytes.count }
        #expect(command.output.contains("n_packets=50, n_bytes=\(bytes), "))
        #expect(command.output.contains("n_packets=0, n_bytes=0, "))
    }

    /// Groups and meters of files: packets go by the buckets, and no more of them than the meter lets pass.
    @Test func groupsAndMeters() throws {
        try write("in.pcap", packets(100))
        try folder.write("flows", "dl_src=02:00:00:00:00:01 actions=group:1\npriority=0 actions=meter:1,output:4\n")
        try folder.write("groups", "group_id=1,type=all,bucket=output:p2,bucket=output:3\n")
        try folder.write("meters", "meter=1,pktps,burst,bands=type=drop,rate=1,burst_size=10\n")
        let command = try Command.run(
            "replay", "in.pcap", "--flows", "flows", "--groups", "groups", "--meters", "meters", "--json", in: folder)
        #expect(command.status == 0, "\(command.errors)")
        let report = try command.json()
        let delivered = try report.ports().map { try $0.count("delivered") }
        let dropped = try #require(try report.object("packets").object("dropped")["meter"] as? Int)
        #expect(Array(delivered[..<3]) == [0, 50, 50] && delivered[3] + dropped == 50)
        #expect((10..<50).contains(delivered[3]))
    }

    // MARK: What leaves

    @Test(arguments: [true, false])
    func outputKeepsBytesAndTimestamps(nanoseconds: Bool) throws {
        let packets = try write("in.pcap", packets(60, unit: nanoseconds ? 1 : 1000), nanoseconds: nanoseconds)
        try folder.write("flows", "actions=output:2,output:3\n")
        let command = try Command.run(
            "replay", "in.pcap", "--flows", "flows", "--out", "new/result", "--ports", "3", in: folder)
        #expect(command.status == 0, "\(command.errors)")
        for (port, expected) in [("p1", []), ("p2", packets), ("p3", packets)] {
            let file = try CaptureFile.read(folder.file("new/result/\(port).pcap"))
            #expect(file.packets == expected, "\(port)")
            #expect(file.isNanoseconds == nanoseconds)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("new/result")).count == 3)
    }

    /// What evs writes it reads.
    @Test func outputIsInput() throws {
        let packets = try write("in.pcap", packets(60))
        try folder.write("flows", "actions=output:2\n")
        #expect(try Command.run("replay", "in.pcap", "--flows", "flows", "--out", "a", in: folder).status == 0)
        #expect(try Command.run("replay", "a/p2.pcap", "--flows", "flows", "--out", "b", in: folder).status == 0)
        #expect(try CaptureFile.read(folder.file("b/p2.pcap")).packets == packets)
    }

    @Test func severalCaptures() throws {
        let (first, second, third) = (packets(20, seed: 1), packets(30, seed: 2), packets(40, seed: 3))
        try write("a.pcap", first)
        try write("b=c.pcap", second)
        try write("d.pcap", third)
        try folder.write(
            "flows", "in_port=1 actions=output:11\nin_port=2 actions=output:12\nin_port=9 actions=output:13\n")
        let command = try Command.run(
            "replay", "a.pcap", "--in", "p9=b=c.pcap", "d.pcap", "--ports", "13", "--flows", "flows", "--out", "out",
            "--json", in: folder)
        #expect(command.status == 0, "\(command.errors)")
        #expect(
            try command.json().ports().map { try $0.count("received") } == [20, 40, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0])
        for (port, expected) in [("p11", first), ("p12", third), ("p13", second)] {
            #expect(try CaptureFile.read(folder.file("out/\(port).pcap")).packets == expected, "\(port)")
        }
        // As many ports as the captures need, if none are asked for.
        let more = try Command.run("replay", "--in", "p6=a.pcap", "--json", in: folder)
        #expect(try more.json().ports().count == 6)
    }

    // MARK: How long and how fast

    @Test func loop() throws {
        try write("in.pcap", packets(70))
        let report = try Command.run("replay", "in.pcap", "--loop", "30", "--json", in: folder).json()
        #expect(try report.count("packets", "received") == 2100)
    }

    @Test func forSeconds() throws {
        try write("in.pcap", packets(10))
        let command = try Command.run("replay", "in.pcap", "--for", "0.3", "--json", in: folder)
        #expect(command.status == 0)
        let report = try command.json()
        #expect(try report.number("seconds") >= 0.3)
        #expect(try report.count("packets", "received") > 10, "it begins again until the time is up")
        #expect(report["balanced"] as? Bool == true)
        // Whichever comes first ends it.
        let short = try Command.run("replay", "in.pcap", "--for", "30", "--loop", "2", "--json", in: folder).json()
        #expect(try short.count("packets", "received") == 20)
        #expect(try short.number("seconds") < 20)
    }

    @Test(arguments: [("500", 100), ("0.5kpps", 100), ("original", 100), ("400kbit/s", 100)])
    func rate(rate: String, count: Int) throws {
        // 100 packets of 100 bytes, 2 ms apart.
        let packets = packets(count).enumerated().map {
            CapturedPacket(
                Array($1.bytes.prefix(40)) + Array(repeating: 0, count: 60),
                timestamp: Self.start + UInt64($0) * 2_000_000)
        }
        try write("in.pcap", packets)
        let report = try Command.run("replay", "in.pcap", "--rate", rate, "--json", in: folder).json()
        #expect(try report.count("packets", "received") == count)
        #expect(try report.number("seconds") >= 0.19, "never faster than asked for")
    }

    @Test func interrupted() throws {
        try write("in.pcap", packets(50))
        let command = try Command.run(
            "replay", "in.pcap", "--loop", "1000000000", "--rate", "20000", "--out", "out", "--json", in: folder,
            interruptWhen: { FileManager.default.fileExists(atPath: folder.file("out/p4.pcap")) })
        #expect(command.hasExited && command.status == 0)
        let report = try command.json()
        #expect(report["balanced"] as? Bool == true)
        let written = try (1...4).reduce(0) { try $0 + CaptureFile.read(folder.file("out/p\($1).pcap")).packets.count }
        #expect(try report.ports().reduce(0) { try $0 + $1.count("delivered") } == written, "files are whole")
    }

    @Test func workersAndCaches() throws {
        try write("a.pcap", packets(500, seed: 1))
        try write("b.pcap", packets(500, seed: 2))
        try folder.write("flows", "actions=output:4\n")
        for extra in [["--workers", "1"], ["--no-cache"]] {
            let command = try Command.run(
                "replay", "a.pcap", "b.pcap", "--flows", "flows", "--json", extra[0],
                extra.count > 1 ? extra[1] : "--show-flows",
                in: folder)
            #expect(command.status == 0, "\(command.errors)")
            let report = try command.json()
            #expect(try report.count("packets", "delivered") == 1000)
            if extra.count == 1 { #expect(try report.count("caches", "translated") == 1000) }
        }
    }

    // MARK: Damaged captures

    /// What is whole is replayed, and what was lost is said.
    @Test func cutOffCapture() throws {
        let packets = packets(20)
        let whole = CaptureFile.pcap(packets)
        try folder.write("cut.pcap", Array(whole.dropLast(5)))
        let command = try Command.run("replay", "cut.pcap", "--json", in: folder)
        #expect(command.status == 0)
        #expect(try command.json().count("packets", "received") == 19)
        #expect(command.errors.contains("cut.pcap") && command.errors.contains("19 whole packets"))
        #expect(command.errors.split(separator: "\n").count == 1)
    }
}
