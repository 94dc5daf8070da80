import ArgumentParser
import Control
import Foundation
import Switch

/// `evs stats`
struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show counters of all ports; with --watch, rates, again and again.")

    @Flag(help: "Go on until interrupted.") var watch = false
    @Option(help: "Seconds between two looks.") var interval = 1.0
    @OptionGroup var control: ControlOptions

    func validate() throws {
        if !(interval >= 0.01) || !(interval <= 3600) { throw ValidationError("--interval takes seconds.") }
    }

    func run() throws {
        if !watch { return try control.ask(.stats, as: StatisticsReport.self) { Stats.totals($0) } }
        let client = try control.connect()
        var last = try look(client)
        while true {
            Thread.sleep(forTimeInterval: interval)
            let now = try look(client)
            let text =
                control.json ? String(decoding: now.answer, as: UTF8.self) : Stats.rates(now.report, since: last.report)
            // Not print: standard output may be a pipe to somebody who wants to see each look at once.
            FileHandle.standardOutput.write(Data((text + "\n").utf8))
            last = now
        }
    }

    private func look(_ client: ControlClient) throws -> (answer: Data, report: StatisticsReport) {
        let answer = try client.ask(.stats, [String: String]())
        return (answer, try JSONDecoder().decode(StatisticsReport.self, from: answer))
    }

    private static func totals(_ report: StatisticsReport) -> String {
        let sum =
            "\(report.received.grouped) received = \(report.delivered.grouped) delivered"
            + " + \(report.dropped.grouped) dropped"
        return report.ports.isEmpty ? sum : PortCommand.table(report.ports) + "\n\n" + sum
    }

    /// Packets and bits a second. A port that was not there before, or was made anew, has none yet.
    private static func rates(_ now: StatisticsReport, since last: StatisticsReport) -> String {
        let seconds = max(Double(now.nanoseconds &- last.nanoseconds) / 1e9, 1e-9)
        func rate(_ now: UInt64, _ last: UInt64?) -> Double {
            guard let last, now >= last else { return 0 }
            return Double(now - last) / seconds
        }
        var table = TextTable(["bridge", "port", "rx pps", "rx Mbit/s", "tx pps", "tx Mbit/s"], wordColumns: 2)
        for port in now.ports {
            let before = last.ports.first { $0.bridge == port.bridge && $0.name == port.name }
            table.add([
                port.bridge, port.name, UInt64(rate(port.received, before?.received)).grouped,
                String(format: "%.1f", rate(port.receivedBytes, before?.receivedBytes) * 8 / 1e6),
                UInt64(rate(port.delivered, before?.delivered)).grouped,
                String(format: "%.1f", rate(port.deliveredBytes, before?.deliveredBytes) * 8 / 1e6),
            ])
        }
        let dropped = UInt64(rate(now.dropped, last.dropped)).grouped
        return table.text + "\n\(UInt64(rate(now.received, last.received)).grouped) received/s, \(dropped) dropped/s\n"
    }
}

/// `evs drops`
struct Drops: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show where packets were lost, and why.")

    @OptionGroup var control: ControlOptions

    func run() throws {
        try control.ask(.drops, as: DropReport.self) { report in
            if report.total.isEmpty { return "no packet was dropped" }
            var table = TextTable(["bridge", "port", "reason", "packets"], wordColumns: 3)
            for port in report.ports {
                for (reason, count) in port.dropped.sorted(by: { $0.key < $1.key }) {
                    table.add([port.bridge, port.name, reason, count.grouped])
                }
            }
            for (reason, count) in report.total.sorted(by: { $0.key < $1.key }) {
                table.add(["all", "", reason, count.grouped])
            }
            return table.text
        }
    }
}

/// `evs worker`
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "List workers.", subcommands: [List.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the workers with their counters.")

        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(.workerList, as: ControlReply.Workers.self) { reply in
                var table = TextTable(
                    [
                        "worker", "core", "received", "delivered", "dropped", "exact-match", "megaflow", "translated",
                        "busy", "cycles/packet",
                    ], wordColumns: 0)
                for worker in reply.workers {
                    let cycles = Double(max(worker.busyCycles &+ worker.idleCycles, 1))
                    let each = worker.received > 0 ? Double(worker.busyCycles) / Double(worker.received) : 0
                    table.add([
                        "\(worker.worker)", "\(worker.core)", worker.received.grouped, worker.delivered.grouped,
                        worker.dropped.grouped, worker.exactMatchHits.grouped, worker.megaflowHits.grouped,
                        worker.translations.grouped, String(format: "%.0f%%", 100 * Double(worker.busyCycles) / cycles),
                        String(format: "%.0f", each),
                    ])
                }
                return table.text
            }
        }
    }
}
