import FlowTable
import Packet

/// What a worker asks when no cache knows a packet: the tables of a bridge as they stand, never changed once published.
///
/// The Switch room implements it; workers call it on their own threads, several at once.
public protocol Pipeline: AnyObject, Sendable {
    /// The bits that any installed flow can examine.
    var examinableMask: FlowMask { get }

    /// Decides what becomes of packets like this one.
    ///
    /// - Parameters:
    ///   - key: of the packet.
    ///   - passes: none for a packet as it came in. Else the packet has been parsed again, and this tells where on its
    ///     way; the answer is what is left to do then, and its mask is about the last of these keys.
    ///   - translation: empty; receives the program and the bits that were examined.
    func translate(_ key: FlowKey, passes: ContiguousArray<Pass>, into translation: inout Translation)

    /// Whether NORMAL floods to a port, by its index in the data path.
    func floods(to port: UInt16) -> Bool

    /// Whether NORMAL may send to a port, by its index in the data path.
    func forwards(to port: UInt16) -> Bool
}

extension Pipeline {
    /// Decides what becomes of packets like this one, as it came in.
    public func translate(_ key: FlowKey, into translation: inout Translation) {
        translate(key, passes: [], into: &translation)
    }

    /// Every port, unless a pipeline knows better.
    public func floods(to port: UInt16) -> Bool { true }

    /// Every port, unless a pipeline knows better.
    public func forwards(to port: UInt16) -> Bool { true }
}

/// A place on a packet's way where it had to be parsed again, as a header had been taken off or put on.
public struct Pass: Sendable {
    /// Which of the places of its kind it was since the pass before, in the order of translation; the `argument` of its
    /// `recirculate`.
    public let place: UInt32
    /// What was found.
    public let key: FlowKey

    public init(place: UInt32, key: FlowKey) {
        self.place = place
        self.key = key
    }
}

/// The answer of a ``Pipeline``.
public struct Translation {
    /// What to do, in order.
    public var instructions: ContiguousArray<Instruction> = []
    /// Every packet that has the same bits under this mask gets the same answer.
    public var mask = FlowMask()
    /// What a packet counts as that the instructions deliver nowhere.
    public var dropReason = DropReason.noMatch
    /// The flows that the packet went through; each megaflow's packets count for them.
    public var contributors: ContiguousArray<Unmanaged<FlowEntry>> = []
    /// What else each megaflow's packets count for: tables, groups, queues.
    public var counters: ContiguousArray<Unmanaged<FlowCounters>> = []
    /// What the control side is to do when such packets come.
    public var effects: ContiguousArray<any SideEffect> = []

    /// Whether the program names flows, or places to go on from.
    var isBound: Bool {
        instructions.contains {
            $0.opcode == .recirculate || $0.opcode == .count && $0.detail != Instruction.countsAlone
        }
    }

    public init() {}

    /// Makes it as new, and keeps its memory.
    public mutating func clear() {
        instructions.empty()
        contributors.empty()
        counters.empty()
        if !effects.isEmpty { effects.removeAll() }
        mask = FlowMask()
        dropReason = .noMatch
    }
}

extension ContiguousArray {
    /// Removes all elements, and keeps the memory; quickly if they are few.
    mutating func empty() {
        if count > 8 { return removeAll(keepingCapacity: true) }
        while !isEmpty { removeLast() }
    }
}
