import Datapath
import FlowTable
import OpenFlow
import Packet

/// One packet's way through the tables, turned into an action program.
///
/// Works on a copy of the packet's key: actions change the copy, so that later tables see what they should. Each bit
/// that a decision depends on is noted in the translation's mask. A lookup that examines a field after an action has
/// changed it notes the original's bits too, which is more than needed but never wrong.
struct Translator: ~Copyable {
    /// Nested resubmits, and resubmits in all, before a packet is given up (as ovs-actions(7) has them).
    static let resubmitDepthLimit = 64
    static let resubmitLimit = 4096

    let pipeline: TablePipeline
    var key: FlowKey
    /// Where the answer is written. The caller's own, as to move one costs more than most translations write.
    private let answer: UnsafeMutablePointer<Translation>
    var actionSet = ActionSet()
    /// The port by which the packet came in.
    let arrival: UInt32
    /// Why nothing more is to be executed; `nil`: it goes on.
    var halt: Halt?
    /// Whether the actions of the tables are over, by `exit`.
    var hasExited = false
    /// Whether the rest of the flow at hand is not to be executed.
    var flowIsOver = false
    /// The table whose flow is being executed.
    private(set) var table: UInt8 = 0
    /// The flow that is being executed; `nil`: a controller's own actions. Safe: it lives as long as the pipeline.
    private(set) var entry: Unmanaged<FlowEntry>?
    var flow: Flow? { entry?._withUnsafeGuaranteedRef { $0.flow } }
    private var resubmits = 0
    /// Resubmits under way.
    private var nesting = 0
    /// Groups under way, one in another's bucket.
    var groupDepth = 0
    /// The group whose bucket is being executed.
    var group: UInt32?
    /// The bits of the TTL that its first decrement depended on; `nil`: there was none.
    var timeToLiveBits: UInt128?
    /// `push` and `pop`.
    var stack: [UInt128] = []
    /// What `set_queue` said; 0: the port's own.
    var queue: UInt32 = 0
    /// Whether not all packets of the megaflow come this far, so that each must be counted when it does.
    var countsApart = false
    /// Bits of the key that say nothing any more: the packet must be parsed again before somebody looks at them.
    var opaque = OpaqueBits()
    /// Where the packet was parsed again, and how far it has got on that way.
    let passes: ContiguousArray<Pass>
    var passCount = 0
    /// Places met since the last pass.
    var placeCount: UInt32 = 0
    /// Parts of the program, one in another, under way: bodies of clones and buckets.
    var bodyDepth = 0
    /// The depth at which the last pass went on; what is left to do ends with that body.
    var passDepth = 0

    /// Why a translation stops.
    enum Halt: Equatable {
        /// The packet must be parsed again.
        case pass
        /// All that was asked for has been translated.
        case done
        case failed(DropReason)
    }

    /// - Parameter answer: an empty translation, which must outlive the translator.
    init(
        pipeline: TablePipeline, key: FlowKey, passes: ContiguousArray<Pass>,
        into answer: UnsafeMutablePointer<Translation>
    ) {
        self.pipeline = pipeline
        self.answer = answer
        self.key = key
        self.passes = passes
        arrival = UInt32(truncatingIfNeeded: key.words[KeyLayout.portAndTypes] >> 32)
    }

    /// What has been decided so far.
    var translation: Translation {
        // Safe: see `init`.
        @inline(__always) _read { yield answer.pointee }
        @inline(__always) nonmutating _modify { yield &answer.pointee }
    }

    /// Translates, beginning with table 0.
    mutating func run() {
        examineInPort()
        if let port = pipeline.port(arrival), !port.flags.isDisjoint(with: [.down, .noReceive]) {
            translation.dropReason = .portBlocked
            return
        }
        translation.dropReason = .noMatch
        if pipeline.failsOpen { execute(.output(.normal), depth: 0) } else { walk(from: 0, depth: 0) }
        end()
    }

    /// Translates a controller's own actions.
    mutating func run(_ actions: [Action]) {
        examineInPort()
        translation.dropReason = .flowAction
        for action in actions where !flowIsOver { execute(action, depth: 0) }
        end()
    }

    private mutating func end() {
        hasExited = false
        flowIsOver = false
        if halt == nil, !actionSet.isEmpty { executeActionSet(depth: 0) }
        completeMask()
        if case .failed(let reason) = halt {
            translation.instructions.removeAll(keepingCapacity: true)
            translation.effects.removeAll()
            translation.dropReason = reason
            return
        }
        finish()
    }

    /// Whether nothing more of the tables' actions is to be executed.
    private var isStopped: Bool { halt != nil || hasExited }

    /// Looks up in a table and the tables that follow by goto_table.
    mutating func walk(from first: UInt8, depth: Int) {
        var next: UInt8? = first
        while let current = next, !isStopped {
            next = nil
            table = current
            guard let entry = look(up: current) else {
                if nesting == 0, halt == nil { miss() }
                return
            }
            translation.dropReason = .flowAction
            next = execute(entry, depth: depth)
        }
    }

    private mutating func miss() {
        if isDroppedFragment { return translation.dropReason = .fragment }
        translation.dropReason = .noMatch
        if pipeline.tellsMisses { tellUnmatched() }
    }

    private var isFragment: Bool { key.words[KeyLayout.portAndTypes] & Self.fragmentBits != 0 }
    private var isDroppedFragment: Bool { pipeline.fragments == .drop && isFragment }

    private mutating func look(up table: UInt8) -> Unmanaged<FlowEntry>? {
        // A table that looks at what is not known any more: the packet is parsed again first.
        if !opaque.isEmpty { reveal(pipeline.tables.examinableMask) }
        if pipeline.fragments == .drop { examine(.ipFrag, bits: UInt128(KeyLayout.fragmentAny)) }
        if halt != nil || isDroppedFragment { return nil }
        let found = find(in: table)
        count(pipeline.statistics.counters(of: table, isMatch: found != nil))
        guard let found else { return nil }
        if countsApart {
            emit(Instruction(.count, value: UInt64(UInt(bitPattern: found.toOpaque()))))
        } else {
            translation.contributors.append(found)
        }
        return found
    }

    private mutating func find(in table: UInt8) -> Unmanaged<FlowEntry>? {
        guard isFragment, pipeline.fragments == .normal else {
            return pipeline.tables.find(table: table, key: &key, wildcards: &answer.pointee.mask)
        }
        // No fragment shows its ports, lest a flow that picks by them pick the first one only (ovs-fields(7), the
        // normal way of handling fragments).
        var seen = key
        seen.words[KeyLayout.transport] &= ~Self.ports
        return pipeline.tables.find(table: table, key: &seen, wildcards: &answer.pointee.mask)
    }

    /// Counts the packet for something that lives as long as the pipeline.
    mutating func count(_ counters: FlowCounters) {
        if halt != nil { return }
        let unmanaged = Unmanaged.passUnretained(counters)
        if countsApart {
            let address = UInt64(UInt(bitPattern: unmanaged.toOpaque()))
            emit(Instruction(.count, detail: Instruction.countsAlone, value: address))
        } else {
            translation.counters.append(unmanaged)
        }
    }

    /// Executes a flow's instructions; the table to go on with.
    private mutating func execute(_ entry: Unmanaged<FlowEntry>, depth: Int) -> UInt8? {
        let caller = self.entry
        self.entry = entry
        defer { if nesting > 0 { self.entry = caller } }
        return entry._withUnsafeGuaranteedRef { execute($0.flow.instructions, depth: depth) }
    }

    private mutating func execute(_ instructions: borrowing InstructionSet, depth: Int) -> UInt8? {
        if let meter = instructions.meter { pass(meter: meter) }
        for action in instructions.apply {
            execute(action, depth: depth)
            if flowIsOver || isStopped {
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
        if isStopped { return }
        if translation.instructions.count >= Limits.programInstructions { return fail(.tooManyActions) }
        switch action {
        case .output(.table, _):
            // Only meant for packets from a controller (OpenFlow 1.3.5 §4.5), but harmless, and done by Open vSwitch.
            if pipeline.failsOpen { return execute(.output(.normal), depth: depth) }
            resubmit(nil, 0, depth: depth, tellsMiss: true)
        case .resubmit(let port, let table):
            resubmit(port, table ?? self.table, depth: depth)
        case .output, .outputField, .outputTruncated, .enqueue, .controller, .group:
            send(action, depth: depth)
        case .meter(let id): pass(meter: id)
        case .setQueue(let number): queue = number
        case .popQueue: queue = 0
        case .push(let slice): stack.append(read(slice))
        case .pop(let slice): if let value = stack.popLast() { write(value, to: slice) }
        case .exit: hasExited = true
        case .multipath(let action): chooseLink(action)
        case .clone(let actions): clone(actions, depth: depth)
        case .bundle(let action): choosePort(action, depth: depth)
        case .learn(let action): learn(action)
        case .finTimeout(let idle, let hard): shortenTimeouts(idleSeconds: idle, hardSeconds: hard)
        case .note, .conjunction: break
        default: change(action)
        }
    }

    /// Executes what the packet gathered, after its last table.
    mutating func executeActionSet(depth: Int) {
        for action in actionSet.actions {
            execute(action, depth: depth)
            if flowIsOver { return }
        }
    }

    /// Looks up again in another table, for that lookup as if the packet had come from `port`.
    ///
    /// The depth counts only ways back, to the same table or one before, since only they can go on without end.
    private mutating func resubmit(_ port: PortNumber?, _ table: UInt8, depth: Int, tellsMiss: Bool = false) {
        resubmits += 1
        if depth >= Self.resubmitDepthLimit || resubmits > Self.resubmitLimit { return fail(.tooManyResubmits) }
        let reason = translation.dropReason
        let arrival = key[.inPort]
        if let port, port != .inPort { key[.inPort] = UInt128(port.rawValue) }
        let entry = look(up: table)
        if halt != nil { return }
        key[.inPort] = arrival
        guard let entry else {
            translation.dropReason = reason
            if tellsMiss, pipeline.tellsMisses, !isDroppedFragment { tellUnmatched() }
            return
        }
        let caller = self.table
        let depth = table <= caller ? depth + 1 : depth
        self.table = table
        nesting += 1
        if let next = execute(entry, depth: depth) { walk(from: next, depth: depth) }
        nesting -= 1
        self.table = caller
    }

    mutating func fail(_ reason: DropReason) { halt = .failed(reason) }

    // MARK: What decisions depend on

    /// The place of ports, of ICMP's type and code, and of the ARP operation.
    private static var ports: UInt64 { 0xffff_ffff_0000_0000 }
    private static var fragmentBits: UInt64 { KeyLayout.fragmentAny | KeyLayout.fragmentLater }

    /// Notes what depends on other bits that were noted.
    private mutating func completeMask() {
        // Whoever looks at ports sees whether the packet is a fragment.
        if translation.mask.words[KeyLayout.transport] & Self.ports != 0 {
            translation.mask.words[KeyLayout.portAndTypes] |= KeyLayout.fragmentAny
        }
        // A bit of what was decremented depends on all lower bits of what it was before.
        if let timeToLiveBits, translation.mask[.ipTTL] & ~timeToLiveBits != 0 { translation.mask[.ipTTL] = 0xff }
    }

    /// Whether an output is the input port decides, even where no flow looks at it.
    private mutating func examineInPort() {
        translation.mask.words[KeyLayout.portAndTypes] |= 0xffff_ffff_0000_0000
    }

    /// Notes that what was decided depends on a field.
    mutating func examine(_ field: FieldID) { examine(field, bits: Field[field].allOnes) }

    mutating func examine(_ field: FieldID, bits: UInt128) {
        if !opaque.isEmpty {
            var mask = FlowMask()
            mask[field] = bits
            reveal(mask)
        }
        translation.mask[field] |= bits
    }

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
