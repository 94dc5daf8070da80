import OpenFlow
import OpenFlowWire
import Packet
import Testing

/// What is refused, and with which error (OpenFlow 1.3.5 §7.4.4).
@Suite struct MalformedTests {
    private static let codec = Codec(version: .v13)

    private func error(_ bytes: [UInt8], _ codec: Codec = MalformedTests.codec) -> OpenFlowError? {
        do {
            _ = try codec.decode(bytes)
            return nil
        } catch {
            return error
        }
    }

    private func number(_ error: OpenFlowError?) -> [UInt16] { error.map { [$0.type, $0.code] } ?? [] }

    private func message(_ type: UInt8, _ body: [UInt8], version: UInt8 = 4) -> [UInt8] {
        let length = 8 + body.count
        return [version, type, UInt8(length >> 8), UInt8(length & 255), 0, 0, 0, 1] + body
    }

    /// A flow mod with these match fields and instructions.
    private func flowMod(
        _ fields: [UInt8], _ instructions: [UInt8] = [], command: UInt8 = 0, table: UInt8 = 0, flags: UInt8 = 0,
        matchType: UInt8 = 1
    ) -> [UInt8] {
        var body = [UInt8](repeating: 0, count: 40)
        (body[16], body[17], body[37]) = (table, command, flags)
        let length = 4 + fields.count
        body += [0, matchType, UInt8(length >> 8), UInt8(length & 255)] + fields
        body += [UInt8](repeating: 0, count: -length & 7)
        return message(14, body + instructions)
    }

    private func apply(_ actions: [UInt8]) -> [UInt8] { [0, 4, 0, UInt8(8 + actions.count), 0, 0, 0, 0] + actions }

    private let ip: [UInt8] = [0x80, 0, 0x0a, 2, 8, 0]
    private let tcp: [UInt8] = [0x80, 0, 0x0a, 2, 8, 0, 0x80, 0, 0x14, 1, 6]

    @Test func theHeader() {
        #expect(number(error([4, 0, 0])) == [1, 6])
        #expect(number(error(message(5, [], version: 1))) == [1, 0])
        #expect(number(error(message(99, []))) == [1, 1])
        #expect(number(error(message(5, [1]))) == [1, 6])
        #expect(number(error([4, 5, 0, 9, 0, 0, 0, 0])) == [1, 6])
        #expect(number(error(message(4, [0, 0, 0, 9, 0, 0, 0, 1]))) == [1, 3])
        #expect(number(error(message(4, [0, 0, 0x23, 0x20, 0, 0, 9, 9]))) == [1, 4])
        #expect(number(error(message(18, [0, 99, 0, 0, 0, 0, 0, 0]))) == [1, 2])
        #expect(number(error(message(24, [0, 0, 0, 9] + [UInt8](repeating: 0, count: 12)))) == [11, 2])
        #expect(number(error(message(9, [0, 9, 0, 0]))) == [10, 0])
    }

    @Test func matches() {
        #expect(number(error(flowMod(tcp))) == [])
        #expect(number(error(flowMod([0x80, 0, 0x14, 1, 6]))) == [4, 9])  // ip_proto without eth_type
        #expect(number(error(flowMod(ip + ip))) == [4, 10])
        #expect(number(error(flowMod([0x80, 0, 0x0c, 2, 0x20, 0]))) == [4, 7])  // vlan_vid of 14 bits
        #expect(number(error(flowMod([0x80, 0, 0x0a, 3, 8, 0, 0]))) == [4, 1])
        #expect(number(error(flowMod([0x80, 0, 0x05, 16, 1] + [UInt8](repeating: 0, count: 15)))) == [4, 5])
        #expect(number(error(flowMod([0x80, 0, 0x0b, 4, 8, 0, 0xff, 0]))) == [4, 8])  // eth_type with a mask
        #expect(number(error(flowMod([0x80, 0, 0xfe, 1, 0]))) == [4, 6])
        #expect(number(error(flowMod([0x80, 0, 0x0a]))) == [4, 1])
        #expect(number(error(flowMod([], matchType: 0))) == [4, 0])
        #expect(number(error(flowMod([0x80, 0, 0x02, 4, 0, 0, 0, 1]))) == [4, 9])  // in_phy_port without in_port
        #expect(number(error(flowMod([0x80, 0, 0x0e, 1, 3]))) == [4, 9])  // vlan_pcp without vlan_vid
    }

    @Test func instructions() {
        #expect(number(error(flowMod([], [0, 9, 0, 8, 0, 0, 0, 0]))) == [3, 0])
        #expect(number(error(flowMod([], [0, 5, 0, 8, 0, 0, 0, 0, 0, 5, 0, 8, 0, 0, 0, 0]))) == [3, 9])
        #expect(number(error(flowMod([], [0, 1, 0, 16, 3, 0, 0, 0]))) == [3, 7])
        #expect(number(error(flowMod([], [0, 1, 0, 8, 0, 0, 0, 0]))) == [3, 2])
        #expect(number(error(flowMod([], [0, 1, 0, 8, 5, 0, 0, 0], table: 5))) == [3, 2])
        #expect(number(error(flowMod([], [0xff, 0xff, 0, 8, 0, 0, 0, 1]))) == [3, 5])
        #expect(number(error(flowMod([], [0, 6, 0, 8, 0, 0, 0, 0]))) == [12, 2])
        #expect(number(error(flowMod([], [], command: 9))) == [5, 6])
        #expect(number(error(flowMod([], [], table: 255))) == [5, 2])
        #expect(number(error(flowMod([], [], command: 3, table: 255))) == [])
        #expect(number(error(flowMod([], [], flags: 0x20))) == [5, 7])
    }

    @Test func actions() {
        func refused(_ action: [UInt8], match: [UInt8] = []) -> [UInt16] {
            number(error(flowMod(match, apply(action))))
        }
        #expect(refused([0, 99, 0, 8, 0, 0, 0, 0]) == [2, 0])
        #expect(refused([0, 22, 0, 16, 0, 0, 0, 1]) == [2, 1])
        #expect(refused([0, 22, 0, 4, 0, 0, 0, 1]) == [2, 1])
        #expect(refused([0xff, 0xff, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]) == [2, 2])
        #expect(refused([0xff, 0xff, 0, 16, 0, 0, 0x23, 0x20, 0x7f, 0, 0, 0, 0, 0, 0, 0]) == [2, 3])
        #expect(refused([0, 0, 0, 16, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]) == [2, 4])
        #expect(refused([0, 17, 0, 8, 0x12, 0x34, 0, 0]) == [2, 5])
        #expect(refused([0, 19, 0, 8, 0x12, 0x34, 0, 0]) == [2, 5])
        #expect(refused([0, 18, 0, 8, 0, 0, 0, 0]) == [2, 10])  // pop_vlan of no tag
        #expect(refused([0, 24, 0, 8, 0, 0, 0, 0]) == [2, 10])  // dec_nw_ttl of no IP
        #expect(refused([0, 24, 0, 8, 0, 0, 0, 0], match: ip) == [])
        // ip_proto can be set, tcp_flags can't.
        #expect(refused([0, 25, 0, 16, 0x80, 0, 0x14, 1, 6, 0, 0, 0, 0, 0, 0, 0], match: ip) == [])
        #expect(refused([0, 25, 0, 16, 0, 1, 0x44, 2, 0, 1, 0, 0, 0, 0, 0, 0], match: tcp) == [2, 15])
        #expect(refused([0, 25, 0, 16, 0x80, 0, 0x7e, 1, 6, 0, 0, 0, 0, 0, 0, 0]) == [2, 13])
        #expect(refused([0, 25, 0, 16, 0x80, 0, 0x1a, 3, 6, 0, 0, 0, 0, 0, 0, 0], match: tcp) == [2, 14])
        #expect(refused([0, 25, 0, 16, 0x80, 0, 0x1a, 2, 0, 80, 0, 0, 0, 0, 0, 0]) == [2, 10])
        #expect(refused([0, 25, 0, 16, 0x80, 0, 0x1a, 2, 0, 80, 0, 0, 0, 0, 0, 0], match: tcp) == [])
        #expect(refused([0, 25, 0, 16, 0x80, 0, 0x1b, 4, 0, 80, 0, 255, 0, 0, 0, 0], match: tcp) == [2, 13])
        #expect(refused([0, 25, 0, 16, 0x80, 0, 0x10, 1, 64, 0, 0, 0, 0, 0, 0, 0], match: ip) == [2, 15])
    }

    /// The errors are those of Open vSwitch.
    @Test func multipath() {
        func refused(
            fields: UInt8 = 6, algorithm: UInt8 = 3, lastLink: UInt8 = 15, bits: [UInt8] = [0, 3],
            field: [UInt8] = [0, 1, 0, 4], more: [UInt8] = []
        ) -> [UInt16] {
            var action: [UInt8] = [0xff, 0xff, 0, UInt8(32 + more.count), 0, 0, 0x23, 0x20, 0, 10, 0, fields]
            action += [0, 5, 0, 0, 0, algorithm, 0, lastLink, 0, 0, 0, 0, 0, 0]
            return number(error(flowMod([], apply(action + bits + field + more))))
        }
        #expect(refused() == [])
        #expect(refused(fields: 7) == [2, 5])
        #expect(refused(algorithm: 4) == [2, 5])
        #expect(refused(lastLink: 16) == [2, 5])  // 17 links in four bits
        #expect(refused(bits: [7, 3]) == [])
        #expect(refused(bits: [7, 0x43]) == [2, 14])  // bits 29 to 32 of a register
        #expect(refused(field: [0, 1, 0xfe, 4]) == [2, 13])
        #expect(refused(field: [0, 1, 0x44, 2]) == [2, 15])  // tcp_flags
        #expect(refused(field: [0, 0, 0x12, 2]) == [2, 10])  // tcp_src of any packet
        #expect(refused(more: [0, 0, 0, 0, 0, 0, 0, 0]) == [2, 1])
    }

    /// The errors are those of Open vSwitch.
    @Test func bundleAction() {
        func refused(
            _ type: UInt8 = 12, algorithm: UInt8 = 1, fields: UInt8 = 0, memberType: UInt8 = 2, count: [UInt8] = [0, 2],
            destination: [UInt8] = [0, 0, 0, 0, 0, 0], zero: UInt8 = 0, members: [UInt8] = [0, 1, 255, 255, 0, 0, 0, 0]
        ) -> [UInt16] {
            var action: [UInt8] = [0xff, 0xff, 0, UInt8(32 + members.count), 0, 0, 0x23, 0x20, 0, type, 0, algorithm]
            action += [0, fields, 0, 5, 0, 0, 0, memberType] + count + destination + [0, 0, 0, zero]
            return number(error(flowMod([], apply(action + members))))
        }
        #expect(refused() == [])
        #expect(refused(count: [0, 0], members: []) == [])
        #expect(refused(algorithm: 2) == [2, 5])
        #expect(refused(fields: 7) == [2, 5])
        #expect(refused(memberType: 4) == [2, 5])
        #expect(refused(count: [8, 1]) == [2, 5])
        #expect(refused(count: [0, 5]) == [2, 1])
        #expect(refused(zero: 1) == [2, 5])
        #expect(refused(destination: [0, 15, 0, 1, 0, 4]) == [2, 5])  // bundle has none
        #expect(refused(13, destination: [0, 15, 0, 1, 0, 4]) == [])
        #expect(refused(13, destination: [0, 14, 0, 1, 0, 4]) == [2, 5])  // 15 bits
        #expect(refused(13, destination: [4, 0x4f, 0, 1, 0, 4]) == [2, 14])
        #expect(refused(13, destination: [0, 15, 0, 1, 0x44, 2]) == [2, 15])  // tcp_flags
        #expect(refused(members: [0, 1, 255, 253, 0, 0, 0, 0]) == [2, 4])  // CONTROLLER
        #expect(refused(members: [0, 1, 255, 0, 0, 0, 0, 0]) == [2, 4])
    }

    /// Open vSwitch has no limit but the message's for clones in one another.
    @Test func clone() {
        func clone(_ inner: [UInt8], padding: Int = 6) -> [UInt8] {
            let length = 10 + padding + inner.count
            return [0xff, 0xff, UInt8(length >> 8), UInt8(length & 255), 0, 0, 0x23, 0x20, 0, 42]
                + [UInt8](repeating: 0, count: padding) + inner
        }
        func refused(_ inner: [UInt8], _ codec: Codec = MalformedTests.codec) -> [UInt16] {
            let length = 16 + clone(inner).count
            let instruction = [0, 4, UInt8((length - 8) >> 8), UInt8((length - 8) & 255), 0, 0, 0, 0] + clone(inner)
            if codec.version == .v10 {
                var body: [UInt8] = [0, 0x3f, 0xff, 0xff] + [UInt8](repeating: 0, count: 60)
                for index in 56..<62 { body[index] = 255 }
                return number(error(message(14, body + clone(inner), version: 1), codec))
            }
            return number(error(flowMod([], instruction), codec))
        }
        let output: [UInt8] = [0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
        #expect(refused([]) == [])
        #expect(refused(output + output) == [])
        #expect(refused([0, 99, 0, 8, 0, 0, 0, 0]) == [2, 0])
        #expect(refused([0, 0, 0, 16, 0, 0, 0, 1]) == [2, 1])
        #expect(refused([0, 24, 0, 8, 0, 0, 0, 0]) == [2, 10])  // dec_nw_ttl of no IP
        // A conjunction, and 1.0's write_metadata.
        #expect(refused([0xff, 0xff, 0, 16, 0, 0, 0x23, 0x20, 0, 34, 0, 2, 0, 0, 0, 1]) == [2, 5])
        let metadata = [0xff, 0xff, 0, 32, 0, 0, 0x23, 0x20, 0, 22] + [UInt8](repeating: 0, count: 22)
        #expect(refused(metadata, Codec(version: .v10)) == [2, 5])
        #expect(refused([], Codec(version: .v10)) == [])
        #expect(refused((1..<32).reduce(into: output) { inner, _ in inner = clone(inner) }) == [])
        #expect(refused((1...32).reduce(into: output) { inner, _ in inner = clone(inner) }) == [2, 7])
    }

    @Test func groupsMetersPortsAndTables() {
        #expect(number(error(message(15, [0, 9, 0, 0, 0, 0, 0, 1]))) == [6, 11])
        #expect(number(error(message(15, [0, 0, 9, 0, 0, 0, 0, 1]))) == [6, 10])
        #expect(number(error(message(15, [0, 0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0]))) == [6, 12])
        #expect(number(error(message(29, [0, 9, 0, 1, 0, 0, 0, 1]))) == [12, 4])
        #expect(number(error(message(29, [0, 0, 0, 3, 0, 0, 0, 1]))) == [12, 5])
        let band: [UInt8] = [0, 9, 0, 16, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]
        #expect(number(error(message(29, [0, 0, 0, 1, 0, 0, 0, 1] + band))) == [12, 8])
        let port = [UInt8](repeating: 0, count: 20) + [0, 1, 0, 0] + [UInt8](repeating: 0, count: 8)
        #expect(number(error(message(16, port))) == [7, 2])
        let property: [UInt8] = [0, 99, 0, 4, 0, 0, 0, 0]
        let table = [0, 72] + [UInt8](repeating: 0, count: 62) + property
        #expect(number(error(message(18, [0, 12, 0, 0, 0, 0, 0, 0] + table))) == [14, 0])
    }

    /// The errors are those of Open vSwitch.
    @Test func selectionMethods() {
        func property(
            _ name: String = "hash", _ fields: [UInt8] = [], type: UInt8 = 0xff, length: UInt8? = nil,
            experimenter: [UInt8] = [0, 0, 0x15, 0x4d], number: UInt8 = 1
        ) -> [UInt8] {
            let padding = [UInt8](repeating: 0, count: max(0, 16 - name.utf8.count))
            var body: [UInt8] = [type, type, 0, length ?? UInt8(40 + fields.count)]
            body += experimenter
            body += [0, 0, 0, number, 0, 0, 0, 0]
            body += Array(name.utf8) + padding
            body += [0, 0, 0, 0, 0, 0, 0, 7]
            body += fields
            return body + [UInt8](repeating: 0, count: -body.count & 7)
        }
        func refused(_ properties: [UInt8], kind: UInt8 = 1, command: UInt8 = 0) -> [UInt16] {
            let head: [UInt8] = [0, command, kind, 0, 0, 0, 0, 1, 0, 0, 0, 0, 255, 255, 255, 255] + properties
            let numbers = number(error(message(15, head, version: 6), Codec(version: .v15)))
            // Nicira's message for 1.0 holds the same.
            let nicira = message(4, [0, 0, 0x23, 0x20, 0, 0, 0, 31] + head, version: 1)
            #expect(number(error(nicira, Codec(version: .v10))) == numbers)
            return numbers
        }
        let source: [UInt8] = [0x80, 0, 0x16, 4, 255, 255, 255, 0]
        #expect(refused(property()) == [])
        #expect(refused(property("hash", source)) == [])
        // NXM_OF_IP_TOS and NXM_OF_IN_PORT, which are not as wide as what they stand for.
        #expect(refused(property("hash", [0, 0, 0x0a, 1, 255, 0, 0, 0, 2, 255, 255])) == [])
        #expect(refused(property("hash", [0, 0, 0, 2, 255, 0])) == [4, 8])
        #expect(refused(property("dp_hash")) == [])
        #expect(refused(property(experimenter: [0, 0, 0x15, 0x40])) == [])
        #expect(refused(property(), kind: 0) == [14, 2])
        for command in [2, 3, 5] as [UInt8] { #expect(refused(property(), command: command) == [14, 2]) }
        #expect(refused(property("wrr")) == [14, 2])
        #expect(refused(property("dp_hash", source)) == [14, 2])
        #expect(refused(property(String(repeating: "h", count: 16))) == [14, 2])
        #expect(refused(property(type: 0)) == [14, 0])
        #expect(refused(property(length: 39)) == [14, 1])
        #expect(refused(property(length: 48)) == [14, 1])
        #expect(refused([0xff, 0xff, 0, 8, 0, 0, 0x15, 0x4d]) == [14, 1])
        #expect(refused(property() + property()) == [14, 4])
        #expect(refused(property(experimenter: [0, 0, 0, 0])) == [14, 5])
        #expect(refused(property(experimenter: [0, 0, 0, 9])) == [14, 6])
        #expect(refused(property(number: 2)) == [14, 6])
        #expect(refused(property("hash", [0x80, 0, 0x16, 2, 255, 255])) == [4, 1])
        #expect(refused(property("hash", [0x80, 0, 0x16, 8, 255, 255])) == [4, 1])
        #expect(refused(property("hash", [0x80, 0, 0xfe, 1, 0])) == [4, 6])
        #expect(refused(property("hash", [0x80, 0, 0x17, 8] + [UInt8](repeating: 255, count: 8))) == [4, 8])
        #expect(refused(property("hash", [0x80, 0, 0x0a, 2, 255, 0])) == [4, 8])
        #expect(refused(property("hash", [0x80, 0, 0x16, 4, 0, 0, 0, 0])) == [4, 8])
        #expect(refused(property("hash", source + source)) == [4, 10])
    }

    /// A match on an ICMP type or code that no packet can have; of a port the same number is one.
    @Test func largeICMPTypesIn10() {
        func flowMod10(_ proto: UInt8, _ type: UInt16, _ code: UInt16) -> [UInt8] {
            let wildcards: [UInt8] = [0, 0x3f, 0xff, 0x0f]
            var body = wildcards + [UInt8](repeating: 0, count: 60)
            (body[22], body[25]) = (8, proto)
            (body[36], body[37]) = (UInt8(type >> 8), UInt8(type & 255))
            (body[38], body[39]) = (UInt8(code >> 8), UInt8(code & 255))
            for index in 56..<62 { body[index] = 255 }
            return message(14, body, version: 1)
        }
        func refused(_ proto: UInt8, _ type: UInt16, _ code: UInt16) -> [UInt16] {
            number(error(flowMod10(proto, type, code), Codec(version: .v10)))
        }
        #expect(refused(1, 255, 255) == [])
        #expect(refused(1, 256, 0) == [4, 7])
        #expect(refused(1, 8, 0x1000) == [4, 7])
        #expect(refused(6, 256, 0x1000) == [])
    }

    /// No bytes whatever end in anything but a value or an error.
    @Test func nothingTraps() throws {
        for (index, codec) in RoundTripTests.codecs.enumerated() {
            for seed in UInt64(0)..<400 {
                var generator = Generator(seed: seed << 8 | UInt64(index))
                let message: Message =
                    switch seed % 4 {
                    case 0: .flowMod(generator.flowMod(codec))
                    case 1: .packetIn(generator.packetIn(codec))
                    case 2:
                        codec.version == .v10
                            ? .flowRemoved(generator.flowRemoved(codec))
                            : .groupMod(GroupMod(.add, generator.group(codec.version)))
                    default: .packetOut(PacketOut(inPort: .any, actions: generator.actions(codec.version), data: [1]))
                    }
                let bytes = codec.encode(message, xid: 1)
                for _ in 0..<20 {
                    var broken = bytes
                    for _ in 0..<Int.random(in: 1...3, using: &generator) {
                        broken[Int.random(in: 0..<broken.count, using: &generator)] = generator.number()
                    }
                    if generator.chance(3) {
                        broken.removeLast(Int.random(in: 0...broken.count - 8, using: &generator))
                    }
                    (broken[2], broken[3]) = (UInt8(broken.count >> 8), UInt8(broken.count & 255))
                    broken[0] = bytes[0]
                    if let frame = try? codec.decode(broken) { _ = codec.encode(frame) }
                }
            }
        }
    }

    @Test func longAnswersComeInParts() throws {
        var flow = Flow(match: Match(), instructions: InstructionSet(apply: [.note([UInt8](repeating: 7, count: 990))]))
        flow.priority = 5
        let flows = (0..<200).map { FlowStatistics(flow, duration: .init(), packetCount: UInt64($0), byteCount: 0) }
        let parts = Self.codec.encodeParts(.flow(flows, .standard), xid: 9)
        #expect(parts.count > 3)
        var read: [FlowStatistics] = []
        for (index, part) in parts.enumerated() {
            #expect(part.count <= Codec.maximumSize)
            guard case .multipartReply(.flow(let some, _), let more) = try Self.codec.decode(part).message else {
                Issue.record("no flows")
                return
            }
            #expect(more == (index < parts.count - 1))
            read += some
        }
        #expect(read == flows)
        #expect(Self.codec.encodeParts(.flow([], .standard), xid: 9).count == 1)
    }
}
