import OpenFlow
import Packet

/// Flow mods: OpenFlow's of 1.1 and later, 1.0's, Nicira's.
extension Codec {
    /// OFP_NO_BUFFER.
    static let noBuffer: UInt32 = .max

    static func buffer(_ number: UInt32) -> UInt32? { number == noBuffer ? nil : number }

    /// struct ofp_flow_mod (OpenFlow 1.3.5 §7.3.4.1).
    func flowMod(_ reader: inout WireReader) throws(OpenFlowError) -> FlowMod {
        try reader.require(40, .badLength("a flow mod is cut short"))
        let (cookie, cookieMask) = (try reader.uint64(), try reader.uint64())
        let (table, commandNumber) = (try reader.byte(), try reader.byte())
        let (idle, hard) = (try reader.uint16(), try reader.uint16())
        let priority = try reader.uint16()
        let buffer = try reader.uint32()
        let (port, group) = (PortNumber(try reader.uint32()), try reader.uint32())
        let flags = try reader.uint16()
        let importance = try reader.uint16()
        let command = try Self.command(UInt16(commandNumber))
        let isDeletion = command == .delete || command == .deleteStrict
        if table == FlowMod.allTables && !isDeletion {
            throw .flowModFailed(.badTableID, "only deletions can mean all tables")
        }
        var flow = Flow(table: table, priority: priority, match: try reader.match(), instructions: InstructionSet())
        flow.instructions = try reader.instructions(version)
        flow.cookie = cookie
        flow.idleTimeoutSeconds = idle
        flow.hardTimeoutSeconds = hard
        flow.flags = try Self.flags(flags, 0x1f)
        if version >= .v14 { flow.importance = importance }
        if !isDeletion { try check(flow) }
        var mod = FlowMod(command, flow)
        mod.cookieMask = cookieMask
        mod.bufferID = Self.buffer(buffer)
        mod.outputPort = port
        mod.outputGroup = group
        return mod
    }

    /// Whether a flow's instructions suit its match and table (OpenFlow 1.3.5 §6.4).
    private func check(_ flow: Flow) throws(OpenFlowError) {
        if let next = flow.instructions.gotoTable, next <= flow.table {
            throw .badInstruction(.badTableID, "goto_table must go to a later table than \(flow.table), not \(next)")
        }
        try flow.instructions.checkConsistency(with: flow.match, version: version)
    }

    private static func command(_ number: UInt16) throws(OpenFlowError) -> FlowMod.Command {
        guard number <= 4, let command = FlowMod.Command(rawValue: UInt8(number)) else {
            throw .flowModFailed(.badCommand, "a flow mod has no command \(number)")
        }
        return command
    }

    static func flags(_ flags: UInt16, _ known: UInt16) throws(OpenFlowError) -> Flow.Flags {
        if flags & ~known != 0 { throw .flowModFailed(.badFlags, "a flow has no flags \(flags & ~known)") }
        return Flow.Flags(rawValue: flags)
    }

    /// struct ofp_flow_mod of 1.0 (OpenFlow 1.0.0 §5.3.3).
    func flowMod10(_ reader: inout WireReader) throws(OpenFlowError) -> FlowMod {
        try reader.require(64, .badLength("a flow mod is cut short"))
        var beginning = reader
        let isExact = try beginning.uint32() & OpenFlow10Match.all == 0
        let match = try reader.openFlow10Match()
        let cookie = try reader.uint64()
        var fixed = try fixedPart(&reader)
        // A match without wildcards goes before all others (OpenFlow 1.0.0 §3.4).
        if isExact { fixed.priority = .max }
        return try flowMod(fixed, cookie: cookie, match: match, &reader)
    }

    /// NXT_FLOW_MOD.
    func niciraFlowMod(_ reader: inout WireReader) throws(OpenFlowError) -> FlowMod {
        try reader.require(32, .badLength("a flow mod is cut short"))
        let cookie = try reader.uint64()
        let fixed = try fixedPart(&reader)
        let length = Int(try reader.uint16())
        try reader.skip(6)
        let match = try reader.niciraMatch(length: length, takesCookie: true)
        if match.cookieMask != 0 && fixed.command & 0xff == 0 {
            throw .badMatch(.badField, "to add a flow, no cookie is matched")
        }
        var mod = try flowMod(fixed, cookie: cookie, match: match.match, &reader)
        if match.cookieMask != 0 {
            // The flow's cookie is what is looked for; a new one can't be given besides.
            mod.flow.cookie = match.cookie
            mod.cookieMask = match.cookieMask
            mod.addsWhenNoneIsModified = false
            mod.setsCookie = false
        }
        return mod
    }

    /// What 1.0's flow mod and Nicira's have in common.
    private struct FixedPart {
        var command: UInt16
        var idle: UInt16
        var hard: UInt16
        var priority: UInt16
        var buffer: UInt32
        var port: PortNumber
        var flags: UInt16
    }

    private func fixedPart(_ reader: inout WireReader) throws(OpenFlowError) -> FixedPart {
        FixedPart(
            command: try reader.uint16(), idle: try reader.uint16(), hard: try reader.uint16(),
            priority: try reader.uint16(), buffer: try reader.uint32(),
            port: PortNumber(openFlow10: try reader.uint16()), flags: try reader.uint16())
    }

    private func flowMod(
        _ fixed: FixedPart, cookie: UInt64, match: Match, _ reader: inout WireReader
    ) throws(OpenFlowError) -> FlowMod {
        let command = try Self.command(hasTableIDExtension ? fixed.command & 0xff : fixed.command)
        let isDeletion = command == .delete || command == .deleteStrict
        let isModification = command == .modify || command == .modifyStrict
        // Without the extension 1.0 has one table to add to, and all to choose from.
        let table =
            hasTableIDExtension ? UInt8(fixed.command >> 8) : command == .add ? 0 : FlowMod.allTables
        var flow = Flow(
            table: hasTableIDExtension && command == .add && table == FlowMod.allTables ? 0 : table,
            priority: fixed.priority, match: match, instructions: try reader.instructions(version))
        flow.cookie = cookie
        flow.idleTimeoutSeconds = fixed.idle
        flow.hardTimeoutSeconds = fixed.hard
        if fixed.flags & 4 != 0 {
            // OFPFMFC_BAD_EMERG_TIMEOUT; otherwise, as 1.0's emergency cache doesn't exist, it is always full.
            if fixed.idle != 0 || fixed.hard != 0 {
                throw .flowModFailed(.badTimeout, "a flow for emergencies has no timeouts")
            }
            throw .flowModFailed(.tableFull, "there is no emergency flow cache")
        }
        flow.flags = try Self.flags(fixed.flags, 3)
        if command == .add { flow.flags.insert(.resetCounts) }
        if !isDeletion { try flow.instructions.checkConsistency(with: match, version: version) }
        var mod = FlowMod(command, flow)
        mod.bufferID = Self.buffer(fixed.buffer)
        mod.outputPort = fixed.port
        mod.addsWhenNoneIsModified = isModification && cookie != .max
        mod.setsCookie = isModification && cookie != .max
        return mod
    }

    // MARK: Writing

    func write(_ mod: FlowMod, _ out: inout WireWriter) {
        let flow = mod.flow
        out.uint64(flow.cookie)
        out.uint64(mod.cookieMask)
        out.byte(flow.table)
        out.byte(mod.command.rawValue)
        out.uint16(flow.idleTimeoutSeconds)
        out.uint16(flow.hardTimeoutSeconds)
        out.uint16(flow.priority)
        out.uint32(mod.bufferID ?? Self.noBuffer)
        out.uint32(mod.outputPort.rawValue)
        out.uint32(mod.outputGroup)
        out.uint16(flow.flags.rawValue)
        out.uint16(version >= .v14 ? flow.importance : 0)
        out.match(flow.match, version)
        out.instructions(flow.instructions, version, match: flow.match)
    }

    func write10(_ mod: FlowMod, _ out: inout WireWriter) {
        out.openFlow10Match(mod.flow.match)
        out.uint64(mod.flow.cookie)
        writeFixedPart(mod, &out)
        out.instructions(mod.flow.instructions, version, match: mod.flow.match)
    }

    func writeNicira(_ mod: FlowMod, _ out: inout WireWriter) {
        out.uint64(mod.cookieMask != 0 && !mod.setsCookie ? .max : mod.flow.cookie)
        writeFixedPart(mod, &out)
        let length = out.count
        out.zeros(8)
        out.patch(out.niciraMatch(mod.flow.match, cookie: mod.flow.cookie, cookieMask: mod.cookieMask), at: length)
        out.instructions(mod.flow.instructions, version, match: mod.flow.match)
    }

    private func writeFixedPart(_ mod: FlowMod, _ out: inout WireWriter) {
        let table = hasTableIDExtension ? UInt16(mod.flow.table) << 8 : 0
        out.uint16(table | UInt16(mod.command.rawValue))
        out.uint16(mod.flow.idleTimeoutSeconds)
        out.uint16(mod.flow.hardTimeoutSeconds)
        out.uint16(mod.flow.priority)
        out.uint32(mod.bufferID ?? Self.noBuffer)
        out.uint16(mod.outputPort.openFlow10)
        out.uint16(mod.flow.flags.rawValue & 3)
    }
}
