import Foundation
import OpenFlow
import Packet

/// A ClassBench filter set and its trace, as flows and packets.
struct ClassBench {
    /// One rule as the file has it; the first that matches wins.
    struct Rule {
        var source: (value: UInt32, length: Int)
        var destination: (value: UInt32, length: Int)
        var sourcePorts: ClosedRange<UInt16>
        var destinationPorts: ClosedRange<UInt16>
        /// `nil`: any.
        var ipProtocol: UInt8?

        /// Whether the rule says anything about ports, which only TCP and UDP have here.
        var hasPorts: Bool { sourcePorts != 0...65535 || destinationPorts != 0...65535 }

        func matches(_ packet: Packet) -> Bool {
            func agrees(_ prefix: (value: UInt32, length: Int), _ address: UInt32) -> Bool {
                prefix.length == 0 || (address ^ prefix.value) >> UInt32(32 - prefix.length) == 0
            }
            guard agrees(source, packet.source), agrees(destination, packet.destination) else { return false }
            let isTransport = packet.ipProtocol == 6 || packet.ipProtocol == 17
            if let ipProtocol {
                guard packet.ipProtocol == ipProtocol else { return false }
            } else if hasPorts, !isTransport {
                return false
            }
            return !isTransport || sourcePorts.contains(packet.sourcePort)
                && destinationPorts.contains(packet.destinationPort)
        }
    }

    struct Packet {
        var source: UInt32
        var destination: UInt32
        var sourcePort: UInt16
        var destinationPort: UInt16
        var ipProtocol: UInt8

        var key: FlowKey {
            var key = FlowKey()
            key[.inPort] = 1
            key[.ethDst] = 0x0200_0000_0002
            key[.ethSrc] = 0x0200_0000_0001
            key[.ethType] = 0x0800
            key[.ipProto] = UInt128(ipProtocol)
            key[.ipTTL] = 64
            key[.ipv4Src] = UInt128(source)
            key[.ipv4Dst] = UInt128(destination)
            guard ipProtocol == 6 || ipProtocol == 17 else { return key }
            key[.tcpSrc] = UInt128(sourcePort)
            key[.tcpDst] = UInt128(destinationPort)
            return key
        }
    }

    static let names = ["acl1_1k", "acl1_8k", "fw1_1k", "fw1_8k", "ipc1_1k", "ipc1_8k"]

    let rules: [Rule]
    let trace: [Packet]

    /// `nil` where the data is not: in ../shared/data beside the package, or where EVS_TEST_DATA says.
    init?(_ name: String) {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = ProcessInfo.processInfo.environment["EVS_TEST_DATA"].map { URL(filePath: $0) }
        let folder = (data ?? package.appending(path: "../shared/data")).appending(path: "rulesets").standardized
        func lines(_ file: String) -> [Substring]? {
            (try? String(contentsOf: folder.appending(path: file), encoding: .utf8))?.split(separator: "\n")
        }
        guard let rules = lines("\(name).rules"), let trace = lines("\(name).trace") else {
            print("skipped: no ClassBench set \(name) in \(folder.path)")
            return nil
        }
        self.rules = rules.compactMap(Self.rule)
        self.trace = trace.compactMap { line in
            let numbers = line.split(separator: "\t").compactMap { UInt32($0) }
            guard numbers.count >= 5 else { return nil }
            return Packet(
                source: numbers[0], destination: numbers[1], sourcePort: UInt16(truncatingIfNeeded: numbers[2]),
                destinationPort: UInt16(truncatingIfNeeded: numbers[3]),
                ipProtocol: UInt8(truncatingIfNeeded: numbers[4]))
        }
    }

    private static func rule(_ line: Substring) -> Rule? {
        let words = line.dropFirst().split { $0 == "\t" || $0 == " " }.filter { $0 != ":" }
        guard line.first == "@", words.count >= 7 else { return nil }
        func prefix(_ text: Substring) -> (UInt32, Int) {
            let parts = text.split(separator: "/")
            let value = parts[0].split(separator: ".").reduce(UInt32(0)) { $0 << 8 | UInt32($1)! }
            let length = Int(parts[1])!
            return (length == 0 ? 0 : value & UInt32.max << UInt32(32 - length), length)
        }
        let proto = words[6].split(separator: "/").map { UInt8($0.dropFirst(2), radix: 16)! }
        return Rule(
            source: prefix(words[0]), destination: prefix(words[1]),
            sourcePorts: UInt16(words[2])!...UInt16(words[3])!, destinationPorts: UInt16(words[4])!...UInt16(words[5])!,
            ipProtocol: proto[1] == 0 ? nil : proto[0])
    }

    /// The rules as flows: a port range becomes its prefixes, a rule on ports of any protocol one for TCP and one for
    /// UDP. The cookie is the rule's number. Below all there is a flow for any packet.
    var flows: [Flow] {
        var result: [Flow] = []
        for (number, rule) in rules.enumerated() {
            let protocols: [UInt8?] = rule.ipProtocol.map { [$0] } ?? (rule.hasPorts ? [6, 17] : [nil])
            for ipProtocol in protocols {
                let isTransport = ipProtocol == 6 || ipProtocol == 17
                for source in isTransport ? Self.prefixes(rule.sourcePorts) : [(0, 0)] {
                    for destination in isTransport ? Self.prefixes(rule.destinationPorts) : [(0, 0)] {
                        var match = Match()
                        match.set(.ethType, 0x0800)
                        if let ipProtocol { match.set(.ipProto, UInt128(ipProtocol)) }
                        match.set(.ipv4Src, UInt128(rule.source.value), mask: Self.mask(rule.source.length))
                        match.set(.ipv4Dst, UInt128(rule.destination.value), mask: Self.mask(rule.destination.length))
                        match.set(.tcpSrc, UInt128(source.value), mask: UInt128(source.mask))
                        match.set(.tcpDst, UInt128(destination.value), mask: UInt128(destination.mask))
                        var flow = Flow(
                            priority: UInt16(max(1000, 65000 - number)), match: match,
                            instructions: InstructionSet())
                        flow.cookie = UInt64(number)
                        result.append(flow)
                    }
                }
            }
        }
        var rest = Flow(priority: 0, match: Match(), instructions: InstructionSet())
        rest.cookie = UInt64(rules.count)
        return result + [rest]
    }

    /// The number of the rule that a linear search picks; that of the flow below all if none.
    func linearSearch(_ packet: Packet) -> Int { rules.firstIndex { $0.matches(packet) } ?? rules.count }

    private static func mask(_ length: Int) -> UInt128 {
        length == 0 ? 0 : UInt128(UInt32.max << UInt32(32 - length))
    }

    /// Value and mask pairs that cover a range.
    static func prefixes(_ range: ClosedRange<UInt16>) -> [(value: UInt16, mask: UInt16)] {
        var result: [(value: UInt16, mask: UInt16)] = []
        var low = UInt32(range.lowerBound)
        let high = UInt32(range.upperBound)
        while low <= high {
            var bits = low == 0 ? 16 : low.trailingZeroBitCount
            while 1 << bits > high - low + 1 { bits -= 1 }
            result.append((UInt16(low), UInt16(truncatingIfNeeded: 0xffff << bits)))
            low += 1 << bits
        }
        return result
    }
}
