import ArgumentParser
import Datapath
import Packet
import Switch

/// `evs replay`
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play captures into a switch and report what became of each packet.",
        discussion: """
            The first capture enters port p1, the next p2, and so on. Without --flows the switch learns MAC addresses \
            (NORMAL). Captures may be pcap or pcapng, gzipped or not.

            Examples:
              evs replay web.pcap
              evs replay web.pcap --flows acl.flows --out result
              evs replay --in p1=in.pcap --in p3=back.pcap --flows nat.flows --json
              evs replay web.pcap --flows balance.flows --groups balance.groups
              evs replay web.pcap --loop 1000 --rate 2Mpps
            """)

    @Argument(help: ArgumentHelp("Captures: the first enters port p1, the next p2, …", valueName: "capture"))
    var captures: [String] = []

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("A capture and the port that it enters.", valueName: "port=capture"))
    var inputs: [String] = []

    @Option(help: ArgumentHelp("Flows in ovs-ofctl's syntax, one a line.", valueName: "file"))
    var flows: String?

    @Option(help: ArgumentHelp("Groups that flows use, in ovs-ofctl's syntax, one a line.", valueName: "file"))
    var groups: String?

    @Option(help: ArgumentHelp("Meters that flows use, in ovs-ofctl's syntax, one a line.", valueName: "file"))
    var meters: String?

    @Option(help: "Ports of the switch: p1 to pN, numbered 1 to N. (default: 4, or as many as the captures need)")
    var ports: Int?

    @Option(
        help: ArgumentHelp(
            "Write what left each port to DIR/p1.pcap, …, with the original timestamps.", valueName: "dir"))
    var out: String?

    @Option(help: ArgumentHelp("Play each capture N times. (default: 1, or without end with --for)", valueName: "n"))
    var loop: Int?

    @Option(name: .customLong("for"), help: ArgumentHelp("Stop after this many seconds.", valueName: "seconds"))
    var duration: Double?

    @Option(help: "How fast: max, original (as captured), packets a second (2Mpps) or bits a second (10Gbit/s).")
    var rate = RateArgument(.maximum)

    @Option(help: "Polling workers. (default: one for each port with a capture, but one core is left free)")
    var workers: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    @Flag(name: .customLong("show-flows"), help: "Report how many packets and bytes each flow has matched.")
    var showsFlows = false

    @Flag(
        name: .customLong("no-cache"),
        help: "Translate every packet through the flow tables; slow, to check the caches.")
    var skipsCaches = false

    @Flag(help: "Use hugepages for packet memory.")
    var huge = false

    func validate() throws {
        if captures.isEmpty && inputs.isEmpty { throw ValidationError("Name a capture to replay.") }
        if let ports, !(1...Limits.ports).contains(ports) {
            throw ValidationError("--ports takes a number from 1 to \(Limits.ports).")
        }
        if let loop, loop < 1 { throw ValidationError("--loop takes a number from 1 on.") }
        if let workers, !(1...64).contains(workers) { throw ValidationError("--workers takes a number from 1 to 64.") }
        if let duration, !(duration > 0) { throw ValidationError("--for takes a positive number of seconds.") }
    }

    func run() throws {
        let plan = try ReplayPlan(self)
        let outcome = try ReplaySession(plan).run()
        if json {
            print(try ReplayReport(outcome).json())
        } else {
            print(ReplayReport(outcome).text(), terminator: "")
        }
        if let failure = outcome.failure { throw failure }
        if !outcome.isBalanced { throw ExitCode(2) }
    }
}
