import Datapath
import Foundation
import OpenFlow

/// What a replay came to, for people and for programs.
struct ReplayReport {
    private let outcome: ReplayOutcome

    init(_ outcome: ReplayOutcome) { self.outcome = outcome }

    private var counters: WorkerCounters { outcome.counters }

    private var packetsPerSecond: Double {
        outcome.seconds > 0 ? Double(counters.receivedPackets) / outcome.seconds : 0
    }

    private var cyclesPerPacket: Double {
        counters.receivedPackets > 0 ? Double(counters.busyCycles) / Double(counters.receivedPackets) : 0
    }

    // MARK: JSON

    private struct Document: Encodable {
        struct Packets: Encodable {
            let received, delivered: UInt64
            let dropped: [String: UInt64]
        }
        struct Caches: Encodable { let exactMatch, megaflow, translated: UInt64 }
        struct Port: Encodable {
            let name: String
            let received, receivedBytes, delivered, deliveredBytes, refused: UInt64
            let dropped: [String: UInt64]
        }
        struct Flow: Encodable {
            let flow: String
            let packets, bytes: UInt64
        }
        let seconds: Double
        let packets: Packets
        let bytes: UInt64
        let mpps, gbps, cyclesPerPacket: Double
        let stages: [String: Double]
        let caches: Caches
        let ports: [Port]
        let flows: [Flow]?
        let interrupted: Bool
        let notes: [String]
        let balanced: Bool
    }

    /// One object, on one line.
    func json() throws -> String {
        let document = Document(
            seconds: outcome.seconds,
            packets: .init(
                received: counters.receivedPackets, delivered: counters.deliveredPackets,
                dropped: drops(counters.dropped)),
            bytes: counters.receivedBytes, mpps: packetsPerSecond / 1e6,
            gbps: outcome.seconds > 0 ? Double(counters.receivedBytes) * 8 / outcome.seconds / 1e9 : 0,
            cyclesPerPacket: cyclesPerPacket, stages: Dictionary(uniqueKeysWithValues: stages),
            caches: .init(
                exactMatch: counters.exactMatchHits, megaflow: counters.megaflowHits,
                translated: counters.translations),
            ports: outcome.ports.map {
                .init(
                    name: $0.name, received: $0.counters.receivedPackets, receivedBytes: $0.counters.receivedBytes,
                    delivered: $0.counters.deliveredPackets, deliveredBytes: $0.counters.deliveredBytes,
                    refused: $0.counters.refusedPackets, dropped: drops($0.counters.dropped))
            },
            flows: outcome.flows?.map {
                .init(flow: $0.flow.description, packets: $0.packetCount, bytes: $0.byteCount)
            },
            interrupted: outcome.wasInterrupted, notes: outcome.notes, balanced: outcome.isBalanced)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }

    private func drops(_ dropped: InlineArray<24, UInt64>) -> [String: UInt64] {
        Dictionary(
            uniqueKeysWithValues: DropReason.allCases.compactMap {
                let count = dropped[Int($0.rawValue)]
                return count > 0 ? ($0.name, count) : nil
            })
    }

    /// Cycles a packet by stage, from the bursts that were sampled.
    private var stages: [(String, Double)] {
        let packets = Double(max(counters.stages.packets, 1))
        return counters.stages.named.map { ($0.name, Double($0.cycles) / packets) }
    }

    // MARK: Text

    /// Several lines, aligned.
    func text() -> String {
        var lines = [headline, ""]
        lines += portTable
        lines.append("")
        let dropped = drops(counters.dropped).sorted { $0.value > $1.value }
        if !dropped.isEmpty {
            lines.append("drops    " + dropped.map { "\($0.key) \($0.value.grouped)" }.joined(separator: ", "))
        }
        lines.append("caches   " + cacheShares)
        lines.append("cycles   " + stages.map { String(format: "%@ %.0f", $0.0, $0.1) }.joined(separator: ", "))
        let balance = outcome.isBalanced ? "balance  " : "UNBALANCED  "
        lines.append(
            balance + "\(counters.receivedPackets.grouped) received = \(counters.deliveredPackets.grouped) delivered"
                + " + \(counters.droppedPackets.grouped) dropped")
        if let flows = outcome.flows {
            lines.append("")
            lines += flows.map { "n_packets=\($0.packetCount), n_bytes=\($0.byteCount), \($0.flow)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var headline: String {
        String(
            format: "%@ packets in %.3f s%@: %.2f Mpps, %.2f Gbit/s, %.0f cycles a packet",
            counters.receivedPackets.grouped, outcome.seconds, outcome.wasInterrupted ? " (interrupted)" : "",
            packetsPerSecond / 1e6,
            outcome.seconds > 0 ? Double(counters.receivedBytes) * 8 / outcome.seconds / 1e9 : 0, cyclesPerPacket)
    }

    private var portTable: [String] {
        let header = ["port", "received", "bytes", "delivered", "bytes", "dropped"]
        let rows = outcome.ports.map { port in
            [
                port.name, port.counters.receivedPackets.grouped, port.counters.receivedBytes.grouped,
                port.counters.deliveredPackets.grouped, port.counters.deliveredBytes.grouped,
                drops(port.counters.dropped).values.reduce(0, +).grouped,
            ]
        }
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }.joined(separator: "  ")
        }
    }

    private var cacheShares: String {
        let total = Double(max(counters.receivedPackets, 1))
        return [
            ("exact-match", counters.exactMatchHits), ("megaflow", counters.megaflowHits),
            ("translated", counters.translations),
        ].map { String(format: "%@ %.1f%%", $0.0, 100 * Double($0.1) / total) }.joined(separator: ", ")
    }
}

extension UInt64 {
    /// With a comma between groups of three digits.
    var grouped: String {
        var digits = Array(String(self))
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return String(digits)
    }
}
