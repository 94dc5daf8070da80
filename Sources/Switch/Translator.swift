import Datapath
import FlowTable
import OpenFlow
import Packet

/// One packet's way through the tables, turned into an action program.
///
/// Works on a copy of the packet's key: actions change the copy, so that later tables see what they should. Each bit
/// that a decision depends on is noted in the translation's mask. A lookup that examines a field after an action has
/// changed it notes the original's bits too, which is more than needed but never wrong.
struct Translator {
    /// Nested resubmits, and resubmits in all, before a packet is given up (as ovs-actions(7) has them).
    static let resubmitDepthLimit = 64
    static let resubmitLimit = 4096

    let pipeline: TablePipeline
    var key: FlowKey
    var translation: Translation
    var actionSet = ActionSet()
    /// The table whose flow is being executed.
    private var table: UInt8 = 0
    /// Whether the rest of that flow is not to be executed.
    private var flowIsOver = false
    private var resubmits = 0
    /// Resubmits under way.
    private var nesting = 0
    private var failure: DropReason?
    /// The port by which the packet came in.
    let arrival: UInt32
    /// The bits of the TTL that its first decrement depended on; `nil`: there was none.
    var timeToLiveBits: UInt128?

    init(pipeline: TablePipeline, key: FlowKey, translation: consuming Translation) {
        self.pipeline = pipeline
        self.key = key
        self.translation = translation
        arrival = UInt32(truncatingIfNeeded: key[.inPort])
    }

    /// Translates, beginning with table 0.
    mutating func run() {
        // Whether an output is the input port decides, even where no flow looks at it.
        examine(.inPort)
        translation.dropReason = .noMatch
        walk(from: 0, depth: 0)
        if failure == nil { executeActionSet() }
        completeMask()
        if let failure {
            translation.instructions.removeAll(keepingCapacity: true)
            translation.dropReason = failure
            return
        }
        finish()
    }

    /// Looks up in a table and the tables that follow by goto_table.
    mutating func walk(from first: UInt8, depth: Int) {
        var next: UInt8? = first
        while let current = next, failure == nil {
            next = nil
            table = current
            guard let entry = look(up: current) else {
                if nesting == 0 { translation.dropReason = .noMatch }
                return
            }
            translation.dropReason = .flowAction
            next = execute(entry.flow.instructions, depth: depth)
        }
    }

    private mutating func look(up table: UInt8) -> FlowEntry? {
        var seen = key
        // No fragment shows its ports, lest a flow that picks by them pick the first one only (ovs-fields(7), the
        // normal way of handling fragments).
        if key[.ipFrag] != 0 { seen.words[KeyLayout.transport] &= ~Self.ports }
        let found = withUnsafePointer(to: seen) { key in
            withUnsafeMutablePointer(to: &translation.mask) { mask in
                pipeline.tables.find(table: table, key: key, wildcards: mask)
            }
        }
        guard let found else { return nil }
        translation.contributors.append(found)
        return found.takeUnretainedValue()
    }

    /// Executes a flow's instructions; the table to go on with.
    private mutating func execute(_ instructions: InstructionSet, depth: Int) -> UInt8? {
        for action in instructions.apply {
            execute(action, depth: depth)
            if flowIsOver {
                flowIsOver = false
                return nil
            }
        }
        if instructions.clearsActionSet { actionSet = ActionSet() }
        for action in instructions.write { actionSet.write(action) }
        if let metadata = instructions.metadata {
            let old = key.words[KeyLayout.metadata]
            key.words[KeyLayout.metadata] = old & ~metadata.mask | metadata.value & metadata.mask
        }
        return instructions.gotoTable
    }

    mutating func execute(_ action: Action, depth: Int) {
        if failure != nil { return }
        if translation.instructions.count >= Limits.programInstructions { return fail(.tooManyActions) }
        switch action {
        case .output(let port, _):
            // Only meant for packets from a controller (OpenFlow 1.3.5 §4.5), but harmless, and done by Open vSwitch.
            if port == .table { return resubmit(nil, 0, depth: depth) }
            output(port)
        case .outputField(let slice):
            output(toPortIn: slice)
        case .resubmit(let port, let table):
            resubmit(port, table ?? self.table, depth: depth)
        case .setField(let field, let value, let mask):
            if meetsPrerequisite(Field[field]) { set(field, value, mask) }
        case .load(let value, let slice):
            write(UInt128(value), to: slice)
        case .move(let source, let destination):
            write(read(source), to: destination)
        case .pushVLAN(let type):
            pushTag(type)
        case .popVLAN:
            popTag()
        case .modVLANVID(let identifier):
            setTagOrPush(UInt64(identifier), mask: 0x0fff)
        case .modVLANPCP(let priority):
            setTagOrPush(UInt64(priority) << 13, mask: 0xe000)
        case .modField(let field, let value):
            modify(field, value)
        case .decrementTTL:
            flowIsOver = !decrementTTL()
        case .decrementTTLNotifying, .group, .meter, .setQueue, .popQueue, .enqueue, .pushMPLS, .popMPLS, .setMPLSTTL,
            .decrementMPLSTTL, .copyTTLOut, .copyTTLIn, .pushPBB, .popPBB, .controller, .learn, .conjunction, .note,
            .push, .pop, .exit, .finTimeout, .outputTruncated:
            break
        }
    }

    /// Executes what the packet gathered, after its last table.
    private mutating func executeActionSet() {
        for action in actionSet.actions {
            execute(action, depth: 0)
            if flowIsOver { return }
        }
    }

    /// Looks up again in another table, for that lookup as if the packet had come from `port`.
    ///
    /// The depth counts only ways back, to the same table or one before, since only they can go on without end.
    private mutating func resubmit(_ port: PortNumber?, _ table: UInt8, depth: Int) {
        resubmits += 1
        if depth >= Self.resubmitDepthLimit || resubmits > Self.resubmitLimit { return fail(.tooManyResubmits) }
        let reason = translation.dropReason
        let arrival = key[.inPort]
        if let port, port != .inPort { key[.inPort] = UInt128(port.rawValue) }
        let entry = look(up: table)
        key[.inPort] = arrival
        guard let entry else { return translation.dropReason = reason }
        let caller = self.table
        let depth = table <= caller ? depth + 1 : depth
        self.table = table
        nesting += 1
        if let next = execute(entry.flow.instructions, depth: depth) { walk(from: next, depth: depth) }
        nesting -= 1
        self.table = caller
    }

    mutating func fail(_ reason: DropReason) { failure = reason }

    // MARK: What decisions depend on

    /// The place of ports, of ICMP's type and code, and of the ARP operation.
    private static let ports: UInt64 = 0xffff_ffff_0000_0000

    /// Notes what depends on other bits that were noted.
    private mutating func completeMask() {
        // Whoever looks at ports sees whether the packet is a fragment.
        if translation.mask.words[KeyLayout.transport] & Self.ports != 0 {
            examine(.ipFrag, bits: UInt128(KeyLayout.fragmentAny))
        }
        // A bit of what was decremented depends on all lower bits of what it was before.
        if let timeToLiveBits, translation.mask[.ipTTL] & ~timeToLiveBits != 0 { examine(.ipTTL) }
    }

    /// Notes that what was decided depends on a field.
    mutating func examine(_ field: FieldID) { translation.mask[field] = Field[field].allOnes }

    mutating func examine(_ field: FieldID, bits: UInt128) { translation.mask[field] |= bits }

    /// The value of a slice, right-aligned; what follows depends on it.
    mutating func read(_ slice: FieldSlice) -> UInt128 {
        let bits = slice.mask
        examine(slice.field, bits: bits)
        return (key[slice.field] & bits) >> UInt128(slice.firstBit)
    }
}

extension FieldSlice {
    /// The slice's bits, in their places in the field.
    var mask: UInt128 {
        let ones = bitCount == 128 ? UInt128.max : (1 << UInt128(bitCount)) - 1
        return ones << UInt128(firstBit)
    }
}
