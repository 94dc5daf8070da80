import ArgumentParser
import Control
import Switch

/// `evs port`
struct PortCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "port", abstract: "Add, remove, list and show ports.",
        subcommands: [Add.self, Remove.self, List.self, ShowOne.self])

    static func options(_ port: PortReport) -> String {
        port.options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    static func number(_ port: PortReport) -> String { port.number == 0xffff_fffe ? "LOCAL" : "\(port.number)" }

    static func drops(_ dropped: [String: UInt64]) -> String {
        dropped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value.grouped)" }
            .joined(separator: ", ")
    }

    static func table(_ ports: [PortReport]) -> String {
        var table = TextTable(
            ["bridge", "port", "type", "number", "received", "delivered", "refused", "dropped"], wordColumns: 3)
        for port in ports {
            table.add([
                port.bridge, port.name, port.type, number(port), port.received.grouped, port.delivered.grouped,
                port.refused.grouped, port.dropped.values.reduce(0, +).grouped,
            ])
        }
        return table.text
    }

    static func text(_ port: PortReport) -> String {
        var lines = [
            "port       \(port.name), number \(number(port)) in \(port.bridge)",
            "type       \(port.type) \(options(port))",
            "received   \(port.received.grouped) packets, \(port.receivedBytes.grouped) bytes",
            "delivered  \(port.delivered.grouped) packets, \(port.deliveredBytes.grouped) bytes",
            "refused    \(port.refused.grouped) packets",
        ]
        if let guest = port.guest {
            let state = guest.isConnected ? "connected, \(guest.queues) queues running" : "absent"
            let end = guest.lastEnd.map { ", the last connection ended: \($0)" } ?? ""
            lines.append("guest      \(state), \(guest.connections) connections\(end)")
            if guest.retries > 0 {
                lines.append(
                    "retries    \(guest.retries.grouped), which got \(guest.retriedPackets.grouped) packets through")
            }
            let bad = [
                ("header wrong", guest.badHeaders), ("no packet buffer", guest.noBuffer), ("late", guest.lateDrops),
            ].filter { $0.1 > 0 }.map { "\($0.0) \($0.1.grouped)" }
            if !bad.isEmpty { lines.append("not taken  \(bad.joined(separator: ", "))") }
        }
        if !port.dropped.isEmpty { lines.append("dropped    \(drops(port.dropped))") }
        return lines.joined(separator: "\n")
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a port to a bridge, at once.",
            discussion: """
                Types and what they take: vhost-user-client, vhost-user: --path, --queues; dpdk: --devargs; \
                ring: --ring; tap, af-packet: --interface; patch: --peer; internal; null.
                """)

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "The port's name.") var name: String
        @Option(help: "The port's type.") var type: String
        @Option(help: "The OpenFlow number. (default: the lowest that is free)") var number: String?
        @Option(help: "The worker that polls it. (default: they take turns)") var worker: String?
        @Option(help: "The vhost-user socket.") var path: String?
        @Option(help: "Queue pairs offered to the guest.") var queues: String?
        @Option(help: "Who owns the vhost-user socket that evs makes.") var owner: String?
        @Option(help: "The group of the vhost-user socket that evs makes.") var group: String?
        @Option(help: "The mode of the vhost-user socket that evs makes, in octal.") var mode: String?
        @Option(help: "DPDK's device arguments: net_null0, or a PCI address.") var devargs: String?
        @Option(help: "The kernel's interface. (default: the port's name)") var interface: String?
        @Option(help: "The ring that joins this port with another.") var ring: String?
        @Option(help: "The patch port at the other end.") var peer: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            var arguments = ["bridge": bridge, "name": name, "type": type]
            arguments["path"] = path.map(ControlOptions.absolute)
            let others = [
                "number": number, "worker": worker, "queues": queues, "owner": owner, "group": group, "mode": mode,
                "devargs": devargs, "interface": interface, "ring": ring, "peer": peer,
            ]
            for (key, value) in others { if let value { arguments[key] = value } }
            try control.ask(.portAdd, arguments, as: ControlReply.OnePort.self) { reply in
                "port \(reply.port.name) added to \(reply.port.bridge) as number \(PortCommand.number(reply.port))"
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a port from a bridge, at once.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "The port's name.") var name: String
        @OptionGroup var control: ControlOptions

        func run() throws { try control.change(.portRemove, ["bridge": bridge, "name": name]) }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the ports of a bridge, or of all.")

        @Argument(help: "The bridge.") var bridge: String?
        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(.portList, bridge.map { ["bridge": $0] } ?? [:], as: ControlReply.Ports.self) {
                PortCommand.table($0.ports)
            }
        }
    }

    struct ShowOne: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one port.")

        @Argument(help: "The bridge.") var bridge: String
        @Argument(help: "The port's name.") var name: String
        @OptionGroup var control: ControlOptions

        func run() throws {
            try control.ask(.portShow, ["bridge": bridge, "name": name], as: ControlReply.OnePort.self) {
                PortCommand.text($0.port)
            }
        }
    }
}
