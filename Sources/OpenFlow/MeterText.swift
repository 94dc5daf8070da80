/// Meters as text, in the syntax of ovs-ofctl(8), "Meter Syntax".
public enum MeterText {
    /// One meter, such as `meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=100`.
    public static func parse(_ text: String) throws(FlowTextError) -> Meter {
        let reader = FlowTextReader(text, portNames: [:])
        let mods = try parseMods(reader, as: .add)
        guard let mod = mods.first else {
            throw reader.error(at: 0, "a meter was expected, such as meter=1,kbps,bands=type=drop,rate=1000")
        }
        if mod.mod.command != .add {
            throw reader.error(at: mod.place, "\(mod.mod.command.flowText) is not taken here: only a meter to add is")
        }
        if mods.count > 1 {
            throw reader.error(at: mods[1].place, "only one meter was expected; here begins another")
        }
        return mod.mod.meter
    }

    /// A file of changes of the meters, one a line, in the order in which they are to be made: a meter, with `add`,
    /// `modify` or `delete` before it, or nothing, which means `add`.
    ///
    /// Deletions have `meter=` alone; without it, or with `meter=all`, they mean every meter. A line that begins with
    /// `type=` goes on with the bands of the line before, as in what `ovs-ofctl dump-meters` prints. Blank lines,
    /// comments (`#` to the end of the line) and that command's heading are skipped.
    ///
    /// - Parameters:
    ///   - command: what is meant by a line without a command.
    ///   - file: the name to put into errors.
    public static func parseMods(
        _ contents: String, as command: MeterMod.Command = .add, file: String? = nil
    ) throws(FlowTextError) -> [MeterMod] {
        try parseMods(FlowTextReader(contents, file: file, portNames: [:]), as: command).map(\.mod)
    }

    private static func parseMods(
        _ reader: FlowTextReader, as command: MeterMod.Command
    ) throws(FlowTextError) -> [(mod: MeterMod, place: Int)] {
        let parser = MeterTextParser(reader)
        var mods: [(mod: MeterMod, place: Int)] = []
        for entry in entries(reader) {
            mods.append((try parser.parse(entry, unlessNamed: command), entry[0].lowerBound))
        }
        return mods
    }

    /// The lines of each meter.
    static func entries(_ reader: FlowTextReader) -> [[Range<Int>]] {
        var entries: [[Range<Int>]] = []
        var lines = FlowTextLines(reader)
        while let line = lines.next() {
            if reader.bytes[line].starts(with: "type=".utf8), !entries.isEmpty {
                entries[entries.count - 1].append(line)
            } else {
                entries.append([line])
            }
        }
        return entries
    }
}

extension MeterMod.Command {
    static let flowText = FlowTextCommand<MeterMod.Command>(
        names: [("add", .add), ("modify", .modify), ("delete", .delete)])

    /// As flow text has it.
    var flowText: String { Self.flowText.names.first { $0.command == self }?.name ?? "" }
}

extension Meter.Flags {
    static let names: [(name: String, flag: Meter.Flags)] = [
        ("kbps", .kilobitsPerSecond), ("pktps", .packetsPerSecond), ("burst", .burst), ("stats", .statistics),
    ]
}

extension Meter: CustomStringConvertible {
    /// The meters that have names instead of numbers.
    static let names: [(name: String, id: UInt32)] = [
        ("slowpath", Meter.slowPath), ("controller", Meter.controller), ("all", Meter.all),
    ]

    /// On one line: `meter=1 kbps burst bands=type=drop rate=1000 burst_size=100`.
    public var description: String { head + bandDescriptions.joined(separator: " ") }

    /// As `ovs-ofctl dump-meters` has it, each band on a line of its own.
    public var dump: String { head + bandDescriptions.map { "\n" + $0 }.joined() + "\n" }

    private var head: String { (["meter=\(Self.name(id))"] + flagNames + ["bands="]).joined(separator: " ") }

    /// The flags by name: `kbps`, `burst`.
    public var flagNames: [String] { Flags.names.filter { flags.contains($0.flag) }.map(\.name) }

    /// Each band: `type=drop rate=1000 burst_size=100`.
    public var bandDescriptions: [String] {
        bands.map { band in
            var parts: [String] = []
            switch band.kind {
            case .drop: parts.append("type=drop")
            case .remarkDSCP: parts.append("type=dscp_remark")
            }
            parts.append("rate=\(band.rate)")
            if flags.contains(.burst) { parts.append("burst_size=\(band.burst)") }
            if case .remarkDSCP(let levels) = band.kind { parts.append("prec_level=\(levels)") }
            return parts.joined(separator: " ")
        }
    }

    fileprivate static func name(_ id: UInt32) -> String { names.first { $0.id == id }?.name ?? "\(id)" }
}

extension MeterMod: CustomStringConvertible {
    /// As a line of a file: `delete meter=1`.
    public var description: String {
        command == .delete ? "delete meter=\(Meter.name(meter.id))" : "\(command.flowText) \(meter)"
    }
}
