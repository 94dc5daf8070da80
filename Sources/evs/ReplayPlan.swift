import Datapath
import Packet
import Switch

/// A replay's arguments, read and checked: nothing has been created yet.
struct ReplayPlan {
    var ports: [PortConfiguration]
    /// Without a file of flows: NORMAL.
    var tables: StartingTables
    var workerCount: Int?
    var duration: Double?
    var usesCaches: Bool
    var usesHugepages: Bool
    var showsFlows: Bool
    var outputDirectory: String?
    /// Packets that will be played; `nil`: no end.
    var totalPackets: Int?
    /// What the captures have to say: what was lost, what was cut.
    var notes: [String] = []

    init(_ arguments: Replay) throws {
        let assignments = try ReplayPlan.assign(arguments)
        let count = max(arguments.ports ?? 4, arguments.ports == nil ? assignments.keys.max() ?? 1 : 0)
        if let highest = assignments.keys.max(), highest > count {
            throw Failure("a capture is to enter p\(highest), but --ports \(count) ends at p\(count)")
        }
        let names = Dictionary(uniqueKeysWithValues: (1...count).map { ("p\($0)", UInt32($0)) })
        let files = StartingTables.Files(
            flows: arguments.flows, groups: arguments.groups, meters: arguments.meters)
        tables = try StartingTables(files, portNames: names)
        workerCount = arguments.workers
        duration = arguments.duration
        usesCaches = !arguments.skipsCaches
        usesHugepages = arguments.huge
        showsFlows = arguments.showsFlows
        outputDirectory = arguments.out
        let rounds = arguments.loop ?? (arguments.duration == nil ? 1 : nil)

        var captures: [Int: Capture] = [:]
        for (port, path) in assignments { captures[port] = try Capture.load(path) }
        for (_, capture) in captures.sorted(by: { $0.key < $1.key }) {
            if let truncation = capture.truncation { notes.append("\(capture.name): \(truncation)") }
        }
        totalPackets = rounds.map { rounds in captures.values.reduce(0) { $0 + $1.packetCount * rounds } }
        let precision = captures.values.contains { $0.precision == .nanoseconds }
            ? CapturePrecision.nanoseconds : .microseconds
        ports = (1...count).map { number in
            var options = PcapOptions()
            options.capture = captures[number]
            options.rounds = rounds
            options.pace = arguments.rate.pace
            options.outputPath = arguments.out.map { "\($0)/p\(number).pcap" }
            options.precision = precision
            return PortConfiguration(name: "p\(number)", number: UInt32(number), kind: .pcap(options))
        }
        if let directory = arguments.out {
            try OutputCheck.check(
                (1...count).map { "\(directory)/p\($0).pcap" },
                inputs: assignments.values.sorted() + [files.flows, files.groups, files.meters].compactMap(\.self))
        }
    }

    /// Which capture enters which port: those with `--in` where they say, the others from p1 on.
    private static func assign(_ arguments: Replay) throws -> [Int: String] {
        var result: [Int: String] = [:]
        for input in arguments.inputs {
            let parts = input.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].first == "p", let port = Int(parts[0].dropFirst()), port > 0 else {
                throw Failure("--in \(input): write PORT=CAPTURE, such as p2=web.pcap")
            }
            if port > Limits.ports { throw Failure("--in \(input): there are at most \(Limits.ports) ports") }
            if let other = result[port] { throw Failure("both \(other) and \(parts[1]) are to enter p\(port)") }
            result[port] = String(parts[1])
        }
        var next = 1
        for capture in arguments.captures {
            while result[next] != nil { next += 1 }
            result[next] = capture
        }
        return result
    }
}
