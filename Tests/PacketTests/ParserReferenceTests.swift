import Foundation
import Packet
import Testing

/// The parser against Open vSwitch's, whose `ovs-ofctl parse-pcap` prints the flow of each packet of a capture.
///
/// Deliberate differences, each left out of the comparison in ``ReferenceFlow``:
/// - ARP operations above 255, which Open vSwitch reads as 0 (OpenFlow 1.3.5 §7.2.3.7: arp_op has 16 bits).
/// - IGMP's type and code, ICMPv6 within IPv4 and ICMP within IPv6: no OpenFlow field is theirs.
/// - nd_reserved and nd_options_type, extensions that are not fields here; NSH, which is not parsed.
/// - What follows an IPv6 routing header: Open vSwitch 3.1 stops there, later versions and this parser go on.
struct ParserReferenceTests {
    @Test func captures() throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent()
        let folder = tests.appending(path: "../../../shared/data/captures")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard !names.isEmpty else { return print("skipped: no captures to compare with Open vSwitch") }
        guard let tool = Reference.tool else { return print("skipped: ovs-ofctl is not installed") }
        for name in names.sorted() {
            let file = folder.appending(path: name)
            let packets = Reference.packets(Array(try Data(contentsOf: file)))
            let lines = try Reference.parse(file, tool)
            #expect(!packets.isEmpty && packets.count == lines.count, "\(name)")
            for (index, (packet, line)) in zip(packets, lines).enumerated() {
                expectSame(packet, line, "\(name), packet \(index + 1)")
            }
        }
    }

    @Test func samplesAndTheirMutations() throws {
        guard let tool = Reference.tool else { return print("skipped: ovs-ofctl is not installed") }
        let seed: UInt64 = 0x0f5
        var random = ParserRandom(state: seed)
        var packets = Sample.all
        for packet in Sample.all { packets += (1..<packet.count).map { Array(packet.prefix($0)) } }
        for _ in 0..<30_000 {
            let packet = mutated(Sample.all.randomElement(using: &random)!, &random)
            if !packet.isEmpty { packets.append(packet) }
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "parser-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(Reference.capture(packets)).write(to: file)
        let lines = try Reference.parse(file, tool)
        #expect(lines.count == packets.count)
        for (index, (packet, line)) in zip(packets, lines).enumerated() {
            expectSame(packet, line, "seed \(seed), packet \(index)")
        }
    }

    func expectSame(_ packet: [UInt8], _ line: String, _ comment: String) {
        let key = parse(packet).key
        for difference in ReferenceFlow(line).differences(from: key) {
            Issue.record("\(comment): \(difference)\n\(line)\n\(packet.map { String($0, radix: 16) })")
        }
    }
}

/// Open vSwitch's tool, and captures for it.
enum Reference {
    static var tool: URL? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let files = folders.map { URL(filePath: String($0)).appending(path: "ovs-ofctl") }
        return files.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    static func parse(_ file: URL, _ tool: URL) throws -> [String] {
        let process = Process()
        process.executableURL = tool
        process.arguments = ["parse-pcap", file.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// A capture with microsecond timestamps, all zero.
    static func capture(_ packets: [[UInt8]]) -> [UInt8] {
        func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> ($0 * 8) & 0xff) } }
        let header = little(0xa1b2_c3d4) + [2, 0, 4, 0] + little(0) + little(0) + little(65_535) + little(1)
        return packets.reduce(into: header) { $0 += little(0) + little(0) + little($1.count) + little($1.count) + $1 }
    }

    /// The packets of a capture in either byte order.
    static func packets(_ file: [UInt8]) -> [[UInt8]] {
        let isLittle = file.first == 0xd4
        func value(_ place: Int) -> Int {
            file[place..<place + 4].enumerated().reduce(0) { $0 | Int($1.1) << (isLittle ? $1.0 * 8 : 24 - $1.0 * 8) }
        }
        var packets: [[UInt8]] = []
        var place = 24
        while place + 16 <= file.count, place + 16 + value(place + 8) <= file.count {
            packets.append(Array(file[place + 16..<place + 16 + value(place + 8)]))
            place += 16 + value(place + 8)
        }
        return packets
    }
}

/// A flow as `ovs-ofctl parse-pcap` prints it.
struct ReferenceFlow {
    private var values: [String: String] = [:]
    private var name = ""

    init(_ line: String) {
        for item in line.split(separator: ",") {
            let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] } else { name = parts[0] }
        }
    }

    /// EtherType and, where the name tells it, protocol.
    private static let names: [String: (UInt128, UInt128?)] = [
        "tcp": (0x0800, 6), "udp": (0x0800, 17), "sctp": (0x0800, 132), "icmp": (0x0800, 1), "ip": (0x0800, nil),
        "tcp6": (0x86dd, 6), "udp6": (0x86dd, 17), "sctp6": (0x86dd, 132), "icmp6": (0x86dd, 58),
        "ipv6": (0x86dd, nil), "arp": (0x0806, nil), "rarp": (0x8035, nil), "mpls": (0x8847, nil),
        "mplsm": (0x8848, nil),
    ]

    /// What of the flow a key tells otherwise.
    func differences(from key: FlowKey) -> [String] {
        var differences: [String] = []
        func expect(_ what: String, _ mine: UInt128, _ its: UInt128?) {
            if mine != its { differences.append("\(what) is \(mine), there \(its.map(String.init) ?? "unreadable")") }
        }
        if let (type, proto) = Self.names[name] {
            expect("eth_type", key[.ethType], type)
            if let proto { expect("ip_proto", key[.ipProto], proto) }
        } else if !name.isEmpty {
            differences.append("unknown name \(name)")
        }
        let isRouting = name == "ipv6" && values["nw_proto"] == "43"
        for (field, text) in values where !isRouting || Self.beforeRouting.contains(field) {
            if Self.ignored.contains(field) || field.hasPrefix("nsh_") { continue }
            if isForeignTransport(field) { continue }
            guard let mine = Self.value(of: field, in: key) else {
                differences.append("unknown field \(field)")
                continue
            }
            expect(field, mine, Self.number(text))
        }
        // No ports where Open vSwitch prints none.
        let hasTransport = ["tp_src", "icmp_type", "arp_op"].contains { values[$0] != nil }
        if !hasTransport && !isRouting { expect("transport", UInt128(key[KeyLayout.transport] >> 16), 0) }
        return differences
    }

    private static let ignored: Set<String> = ["in_port", "nd_reserved", "nd_options_type"]
    private static let beforeRouting: Set<String> = [
        "dl_src", "dl_dst", "dl_vlan", "dl_vlan_pcp", "dl_vlan1", "dl_vlan_pcp1", "vlan_tci", "vlan_tci1", "ipv6_src",
        "ipv6_dst",
    ]

    /// Whether the field is a type or code that no field of this switch tells.
    private func isForeignTransport(_ field: String) -> Bool {
        guard field == "tp_src" || field == "tp_dst" else { return false }
        return (name == "ip" && ["2", "58"].contains(values["nw_proto"]))
            || (name == "ipv6" && ["1", "2"].contains(values["nw_proto"]))
    }

    /// What a key has for a field of that name.
    private static func value(of name: String, in key: FlowKey) -> UInt128? {
        let inner = UInt128(key[KeyLayout.ethernetSource] & 0xffff)
        switch name {
        case "vlan_tci": return key[.vlanTCI]
        case "vlan_tci1": return inner
        case "dl_vlan": return key[.vlanVID] & 0xfff
        case "dl_vlan_pcp": return key[.vlanPCP]
        case "dl_vlan1": return inner & 0xfff
        case "dl_vlan_pcp1": return inner >> 13
        case "dl_src": return key[.ethSrc]
        case "dl_dst": return key[.ethDst]
        case "dl_type": return key[.ethType]
        case "nw_src": return key[.ipv4Src]
        case "nw_dst": return key[.ipv4Dst]
        case "ipv6_src": return key[.ipv6Src]
        case "ipv6_dst": return key[.ipv6Dst]
        case "ipv6_label": return key[.ipv6Label]
        case "arp_spa": return key[.arpSPA]
        case "arp_tpa": return key[.arpTPA]
        case "arp_sha": return key[.arpSHA]
        case "arp_tha": return key[.arpTHA]
        case "arp_op": return key[.arpOp] > 255 ? 0 : key[.arpOp]
        case "nw_proto": return key[.ipProto]
        case "nw_tos": return key[.ipDSCP] << 2
        case "nw_ecn": return key[.ipECN]
        case "nw_ttl": return key[.ipTTL]
        case "nw_frag": return key[.ipFrag]
        case "mpls_label": return key[.mplsLabel]
        case "mpls_tc": return key[.mplsTC]
        case "mpls_ttl": return key[.mplsTTL]
        case "mpls_bos": return key[.mplsBOS]
        case "mpls_lse1": return UInt128(key[KeyLayout.mpls] & 0xffff_ffff)
        case "mpls_lse2": return UInt128(key[KeyLayout.mplsThirdAndPBB] >> 32)
        case "tp_src", "icmp_type": return UInt128(key[KeyLayout.transport] >> 48)
        case "tp_dst", "icmp_code": return UInt128(key[KeyLayout.transport] >> 32 & 0xffff)
        case "tcp_flags": return key[.tcpFlags]
        case "nd_target": return key[.ndTarget]
        case "nd_sll": return key[.ndSLL]
        case "nd_tll": return key[.ndTLL]
        default: return nil
        }
    }

    private static let words: [String: UInt128] = [
        "no": 0, "first": 1, "later": 3, "fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ece": 64,
        "cwr": 128, "ns": 256, "[200]": 0x200, "[400]": 0x400, "[800]": 0x800,
    ]

    /// A value in any of the ways in which Open vSwitch writes them.
    private static func number(_ text: String) -> UInt128? {
        if let plain = UInt128(text) { return plain }
        if text.hasPrefix("0x") { return UInt128(text.dropFirst(2), radix: 16) }
        let octets = text.split(separator: ":", omittingEmptySubsequences: false).compactMap { UInt8($0, radix: 16) }
        if octets.count == 6, text.count == 17 { return PacketTests.number(octets) }
        var address = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &address) == 1 { return PacketTests.number(Array(address.prefix(4))) }
        if inet_pton(AF_INET6, text, &address) == 1 { return PacketTests.number(address) }
        let flags = text.split(separator: "|").map { words[String($0)] }
        return flags.contains(nil) ? nil : flags.reduce(0) { $0 | $1! }
    }
}
