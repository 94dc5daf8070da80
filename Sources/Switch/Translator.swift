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
    private var resubmits = 0
    private var failure: DropReason?

    init(pipeline: TablePipeline, key: FlowKey, translation: consuming Translation) {
        self.pipeline = pipeline
        self.key = key
        self.translation = translation
    }

    /// Translates, beginning with table 0.
    mutating func run() {
        // Whether an output is the input port decides, even where no flow looks at it.
        examine(.inPort)
        translation.dropReason = .noMatch
        walk(from: 0, depth: 0)
        if failure == nil { executeActionSet() }
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
                if depth == 0 { translation.dropReason = .noMatch }
                return
            }
            translation.dropReason = .flowAction
            next = execute(entry.flow.instructions, depth: depth)
        }
    }

    private mutating func look(up table: UInt8) -> FlowEntry? {
        let found = withUnsafePointer(to: key) { key in
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
        for action in instructions.apply { execute(action, depth: depth) }
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
            output(port)
        case .outputField(let slice):
            output(PortNumber(UInt32(truncatingIfNeeded: read(slice))))
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
            decrementTTL()
        }
    }

    /// Looks up again in another table, for that lookup as if the packet had come from `port`.
    private mutating func resubmit(_ port: PortNumber?, _ table: UInt8, depth: Int) {
        resubmits += 1
        if depth >= Self.resubmitDepthLimit || resubmits > Self.resubmitLimit { return fail(.tooManyResubmits) }
        let reason = translation.dropReason
        let arrival = key[.inPort]
        if let port, port != .inPort { key[.inPort] = UInt128(port.rawValue) }
        let entry = look(up: table)
        key[.inPort] = arrival
        guard let entry else { return translation.dropReason = reason }
        let own = self.table
        self.table = table
        defer { self.table = own }
        if let next = execute(entry.flow.instructions, depth: depth + 1) { walk(from: next, depth: depth + 1) }
    }

    mutating func fail(_ reason: DropReason) { failure = reason }

    // MARK: What decisions depend on

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
