import Packet

extension Flow {
    /// What is counted for a flow (OpenFlow 1.3.5 §7.3.5.2).
    public struct Statistics: Sendable, Hashable {
        /// How long the flow has been there.
        public var durationSeconds: UInt32
        /// Beyond `durationSeconds`.
        public var durationNanoseconds: UInt32
        /// `nil`: not counted.
        public var packets: UInt64?
        /// `nil`: not counted.
        public var bytes: UInt64?
        /// Seconds since the last packet; `nil`: unknown.
        public var idleAgeSeconds: UInt32?
        /// Seconds since the last modification; `nil`: unknown.
        public var hardAgeSeconds: UInt32?

        public init(durationSeconds: UInt32, durationNanoseconds: UInt32 = 0, packets: UInt64?, bytes: UInt64?) {
            self.durationSeconds = durationSeconds
            self.durationNanoseconds = durationNanoseconds
            self.packets = packets
            self.bytes = bytes
        }

        /// Seconds with as many decimals as say it exactly, and three at least if there are any.
        var duration: String {
            guard durationNanoseconds > 0 else { return "\(durationSeconds)s" }
            let digits = String(durationNanoseconds)
            var decimals = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
            while decimals.utf8.count > 3 && decimals.hasSuffix("0") { decimals.removeLast() }
            return "\(durationSeconds).\(decimals)s"
        }
    }
}

extension Flow: CustomStringConvertible {
    /// As `ovs-ofctl --no-stats dump-flows` has it: `table=1, priority=100,ip,nw_src=10.0.0.0/8 actions=output:2`.
    public var description: String { head() + "actions=\(instructions)" }

    /// As `ovs-ofctl dump-flows` has it: `cookie=0x0, duration=1.2s, table=0, n_packets=3, n_bytes=180, … actions=…`.
    public func description(with statistics: Statistics) -> String {
        func count(_ value: UInt64?) -> String { value.map { String($0) } ?? "?" }
        var text = "cookie=\(Field.hexadecimal(cookie)), duration=\(statistics.duration), table=\(table), "
        text += "n_packets=\(count(statistics.packets)), n_bytes=\(count(statistics.bytes)), "
        if idleTimeoutSeconds != 0 { text += "idle_timeout=\(idleTimeoutSeconds), " }
        if hardTimeoutSeconds != 0 { text += "hard_timeout=\(hardTimeoutSeconds), " }
        text += flagNames.map { $0 + " " }.joined()
        if importance != 0 { text += "importance=\(importance), " }
        if let age = statistics.idleAgeSeconds { text += "idle_age=\(age), " }
        if let age = statistics.hardAgeSeconds, age != statistics.durationSeconds { text += "hard_age=\(age), " }
        let matching = self.matching()
        return text + (matching.isEmpty ? "" : matching + " ") + "actions=\(instructions)"
    }

    /// What stands before the actions, with a space behind it.
    fileprivate func head() -> String {
        var parts: [String] = []
        if cookie != 0 { parts.append("cookie=" + Field.hexadecimal(cookie)) }
        if table != 0 { parts.append("table=\(table)") }
        parts += limits
        let matching = self.matching()
        if !matching.isEmpty { parts.append(matching) }
        return parts.isEmpty ? "" : parts.joined(separator: ", ") + " "
    }

    /// Timeouts, flags and importance.
    private var limits: [String] {
        var parts: [String] = []
        if idleTimeoutSeconds != 0 { parts.append("idle_timeout=\(idleTimeoutSeconds)") }
        if hardTimeoutSeconds != 0 { parts.append("hard_timeout=\(hardTimeoutSeconds)") }
        parts += flagNames
        if importance != 0 { parts.append("importance=\(importance)") }
        return parts
    }

    private var flagNames: [String] {
        FlowTextProperty.allCases.filter { $0.flag.map(flags.contains) ?? false }.map(\.name)
    }

    fileprivate func matching() -> String {
        let match = match.description
        if priority == Flow.defaultPriority { return match }
        return "priority=\(priority)" + (match.isEmpty ? "" : ",\(match)")
    }
}

extension FlowMod: CustomStringConvertible {
    /// As a line of a file: `delete_strict table=1, out_port=3, priority=7,ip`.
    public var description: String {
        if command == .add { return "\(command.flowText) \(flow)" }
        var parts: [String] = []
        if cookieMask != 0 {
            parts.append("cookie=\(Field.hexadecimal(flow.cookie))/\(Field.hexadecimal(cookieMask))")
        } else if setsCookie {
            parts.append("cookie=" + Field.hexadecimal(flow.cookie))
        }
        if flow.table != (command.isDeletion ? FlowMod.allTables : 0) { parts.append("table=\(flow.table)") }
        if command.isDeletion {
            if outputPort != .any { parts.append("\(FlowTextDeletionFilter.port.rawValue)=\(outputPort)") }
            if outputGroup != Group.any { parts.append("\(FlowTextDeletionFilter.group.rawValue)=\(outputGroup)") }
            let matching = command == .delete ? flow.match.description : flow.matching()
            if !matching.isEmpty { parts.append(matching) }
            return parts.isEmpty ? command.flowText : "\(command.flowText) " + parts.joined(separator: ", ")
        }
        var rest = flow
        (rest.cookie, rest.table, rest.importance) = (0, 0, 0)
        let head = parts.isEmpty ? "" : parts.joined(separator: ", ") + ", "
        return "\(command.flowText) \(head)\(rest)"
    }
}
