import OpenFlow
import Packet
import TestSupport

/// A switch that treats one packet after the other in the plainest way: flows are searched one by one, headers are
/// edited bit by bit, checksums computed anew, hosts kept in a dictionary. What the real one must agree with.
struct PlainSwitch {
    private(set) var flows: [Flow] = []
    /// Packets and bytes that each flow matched; a packet that meets a flow twice counts twice.
    private(set) var counts: [(packets: UInt64, bytes: UInt64)] = []
    /// OpenFlow numbers of the ports.
    let ports: [UInt32]
    private(set) var hosts: [Host: UInt32] = [:]
    /// The fields that some flow matches.
    private(set) var fields: [FieldID]

    struct Host: Hashable {
        var address: UInt64
        var vlan: UInt64
    }

    init(flows: [Flow], ports: [UInt32]) {
        self.ports = ports
        fields = FieldID.allCases.filter { field in flows.contains { $0.match.mask[field] != 0 } }
        for flow in flows {
            self.flows.removeAll { $0.table == flow.table && $0.priority == flow.priority && $0.match == flow.match }
            self.flows.append(flow)
        }
        counts = self.flows.map { _ in (0, 0) }
    }

    /// What leaves the switch because a packet came in, in order.
    mutating func forward(_ packet: PlainPacket, from port: UInt32) -> [(port: UInt32, packet: PlainPacket)] {
        var walk = PlainWalk(packet: packet, arrival: port)
        walk.walk(from: 0, in: &self)
        walk.executeAll(walk.actionSet(), in: &self)
        return walk.outputs
    }

    /// The best flow of a table for a packet, which counts for it.
    mutating func look(up table: UInt8, key: FlowKey, byteCount: Int) -> Flow? {
        var best: Int?
        for (index, flow) in flows.enumerated() where flow.table == table && flow.match.matches(key) {
            // Among flows of the same priority, the one that was added first.
            if best == nil || flow.priority > flows[best!].priority { best = index }
        }
        guard let best else { return nil }
        counts[best].packets += 1
        counts[best].bytes += UInt64(byteCount)
        return flows[best]
    }

    /// The ports to which NORMAL sends a packet, after learning where it came from.
    mutating func normal(_ packet: PlainPacket, from arrival: UInt32) -> [UInt32] {
        let destination = packet.number(0, 6), source = packet.number(6, 6)
        if destination & ~0xf == 0x0180_c200_0000 { return [] }
        let vlan = packet.tagCount > 0 ? packet.number(14, 2) & 0xfff : 0
        let group: UInt64 = 0x0100_0000_0000
        if source & group == 0 { hosts[Host(address: source, vlan: vlan)] = arrival }
        if destination & group == 0, let known = hosts[Host(address: destination, vlan: vlan)] {
            return known == arrival ? [] : [known]
        }
        return ports.filter { $0 != arrival }
    }
}

/// One packet on its way through a ``PlainSwitch``.
struct PlainWalk {
    var packet: PlainPacket
    let arrival: UInt32
    private let byteCount: Int
    /// The table whose flow is being executed.
    private var table: UInt8 = 0
    /// in_port as flows see it.
    private var inPort: UInt32
    /// Tags that flows know of; a third one pushed hides the innermost for good.
    private var visibleTags: Int
    /// Metadata and registers, in their places in a key.
    private var pipeline = FlowKey()
    private var written: [Action] = []
    /// The time to live has run out: what follows in the same flow is not done (as Open vSwitch understands it).
    private var flowIsOver = false
    private(set) var outputs: [(port: UInt32, packet: PlainPacket)] = []

    init(packet: PlainPacket, arrival: UInt32) {
        self.packet = packet
        self.arrival = arrival
        inPort = arrival
        byteCount = packet.bytes.count
        visibleTags = min(2, packet.tagCount)
    }

    /// Some of the packet's fields as they are now.
    private func key(_ fields: [FieldID]) -> FlowKey {
        var key = pipeline
        for field in fields { if let value = packet[field] { key[field] = value } }
        if packet.network == .ipv4 || packet.network == .ipv6 {
            key[.ipProto] = UInt128(packet.transport.protocol)
            key[.ipFrag] = packet.isLaterFragment ? 3 : packet.isFragment ? 1 : 0
        }
        if visibleTags > 0 { key[.vlanTCI] = UInt128(packet.number(14, 2) | 0x1000) }
        key[.inPort] = UInt128(inPort)
        key[.inPhyPort] = UInt128(arrival)
        return key
    }

    /// The key as flows see it: fragments have no ports.
    private func seen(_ fields: [FieldID]) -> FlowKey {
        var seen = key(fields)
        if seen[.ipFrag] != 0 { for field in [FieldID.tcpSrc, .tcpDst] { seen[field] = 0 } }
        return seen
    }

    mutating func walk(from first: UInt8, in plain: inout PlainSwitch) {
        var next: UInt8? = first
        while let table = next, let flow = plain.look(up: table, key: seen(plain.fields), byteCount: byteCount) {
            self.table = table
            next = execute(flow.instructions, in: &plain)
        }
    }

    private mutating func execute(_ instructions: InstructionSet, in plain: inout PlainSwitch) -> UInt8? {
        if !executeAll(instructions.apply, in: &plain) { return nil }
        if instructions.clearsActionSet { written = [] }
        written += instructions.write
        if let metadata = instructions.metadata {
            pipeline[.metadata] =
                pipeline[.metadata] & ~UInt128(metadata.mask) | UInt128(metadata.value & metadata.mask)
        }
        return instructions.gotoTable
    }

    /// Whether all could be done.
    @discardableResult
    mutating func executeAll(_ actions: [Action], in plain: inout PlainSwitch) -> Bool {
        for action in actions {
            execute(action, in: &plain)
            if flowIsOver {
                flowIsOver = false
                return false
            }
        }
        return true
    }

    /// What was written, in the order of OpenFlow 1.3.5 §5.10: the last of each kind, every setting of a field.
    func actionSet() -> [Action] {
        func last(_ condition: (Action) -> Bool) -> [Action] { written.last(where: condition).map { [$0] } ?? [] }
        let output = last { if case .output = $0 { true } else { false } }
        if output.isEmpty { return [] }
        let pop = last { $0 == .popVLAN }
        let push = last { if case .pushVLAN = $0 { true } else { false } }
        let sets = written.filter {
            switch $0 {
            case .setField, .modField, .load: true
            default: false
            }
        }
        return pop + push + last { $0 == .decrementTTL } + sets + output
    }

    mutating func execute(_ action: Action, in plain: inout PlainSwitch) {
        switch action {
        case .output(let port, _): output(port, in: &plain)
        case .outputField(let slice):
            let number = read(slice)
            if number <= 0xffff { output(PortNumber(UInt32(number) | (number < 0xff00 ? 0 : 0xffff_0000)), in: &plain) }
        case .resubmit(let port, let table):
            let own = inPort
            if let port, port != .inPort { inPort = port.rawValue }
            let found = plain.look(up: table ?? self.table, key: seen(plain.fields), byteCount: byteCount)
            inPort = own
            guard let found else { return }
            let ownTable = self.table
            self.table = table ?? self.table
            if let next = execute(found.instructions, in: &plain) { walk(from: next, in: &plain) }
            self.table = ownTable
        case .clone(let actions):
            let before = self
            executeAll(actions, in: &plain)
            executeAll(actionSet(), in: &plain)
            let sent = outputs
            self = before
            outputs = sent
        case .setField(let field, let value, let mask): set(field, value, mask)
        case .load(let value, let slice): write(UInt128(value), slice)
        case .move(let source, let destination): write(read(source), destination)
        case .pushVLAN(let type): push(type, visibleTags > 0 ? UInt16(packet.number(14, 2)) & 0xefff : 0)
        case .popVLAN: pop()
        case .modVLANVID(let identifier): setTagOrPush(identifier, 0x0fff)
        case .modVLANPCP(let priority): setTagOrPush(UInt16(priority) << 13, 0xe000)
        case .modField(let field, let value):
            let ports: [FieldID] =
                field == .tcpSrc
                ? [.tcpSrc, .udpSrc, .sctpSrc]
                : field == .tcpDst ? [.tcpDst, .udpDst, .sctpDst] : [field]
            for field in ports { set(field, UInt128(value), .max) }
        case .decrementTTL:
            guard let hops = packet[.ipTTL] else { return }
            if hops > 1 { set(.ipTTL, hops - 1, .max) } else { flowIsOver = true }
        default: preconditionFailure("no test of this kind uses \(action)")
        }
    }

    private mutating func output(_ port: PortNumber, in plain: inout PlainSwitch) {
        var packet = packet
        let receivers: [UInt32]
        switch port {
        case .normal:
            receivers = plain.normal(packet, from: inPort)
            // A tag without identifier and priority says nothing; a bridge takes it away.
            if packet.tagCount > 0, packet.number(14, 2) & 0xefff == 0 { packet.popTag() }
        case .flood, .all: receivers = plain.ports.filter { $0 != inPort }
        case .inPort: receivers = [inPort]
        default: receivers = port.rawValue == inPort ? [] : [port.rawValue]
        }
        for receiver in receivers where plain.ports.contains(receiver) { outputs.append((receiver, packet)) }
    }

    // MARK: Fields

    private func read(_ slice: FieldSlice) -> UInt128 {
        let whole = key([slice.field])[slice.field]
        var value: UInt128 = 0
        for bit in (0..<slice.bitCount).reversed() { value = value << 1 | whole >> UInt128(slice.firstBit + bit) & 1 }
        return value
    }

    private mutating func write(_ value: UInt128, _ slice: FieldSlice) {
        let mask = (0..<slice.bitCount).reduce(0 as UInt128) { $0 | 1 << UInt128(slice.firstBit + $1) }
        set(slice.field, value << UInt128(slice.firstBit), mask)
    }

    private mutating func set(_ field: FieldID, _ value: UInt128, _ mask: UInt128) {
        if field == .vlanTCI || field == .vlanVID || field == .vlanPCP { return setTag(field, value, mask) }
        if Field[field].word >= KeyLayout.tunnelID {
            let mask = mask & Field[field].allOnes
            pipeline[field] = pipeline[field] & ~mask | value & mask
        } else {
            packet.set(field, value, mask: mask)
            packet.recomputeChecksums()
        }
    }

    private mutating func setTag(_ field: FieldID, _ value: UInt128, _ mask: UInt128) {
        let shift = UInt16(Field[field].shift)
        let bits = UInt16(truncatingIfNeeded: mask & Field[field].allOnes) << shift
        let old = visibleTags > 0 ? UInt16(packet.number(14, 2)) | 0x1000 : 0
        if old == 0, field != .vlanTCI { return }
        let new = old & ~bits | UInt16(truncatingIfNeeded: value) << shift & bits
        switch (old & 0x1000 != 0, new & 0x1000 != 0) {
        case (true, true): packet.put(UInt64(new & 0xefff), 14, 2)
        case (false, true): push(0x8100, new & 0xefff)
        case (true, false): pop()
        case (false, false): break
        }
    }

    private mutating func setTagOrPush(_ value: UInt16, _ mask: UInt16) {
        if visibleTags == 0 { return push(0x8100, value) }
        packet.put(UInt64(UInt16(packet.number(14, 2)) & ~mask | value), 14, 2)
    }

    private mutating func push(_ type: UInt16, _ control: UInt16) {
        packet.pushTag(type: type, control: control)
        visibleTags = min(2, visibleTags + 1)
    }

    private mutating func pop() {
        if visibleTags == 0 { return }
        packet.popTag()
        visibleTags -= 1
    }
}
