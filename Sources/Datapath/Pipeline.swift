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
    ///   - translation: empty; receives the program and the bits that were examined.
    func translate(_ key: FlowKey, into translation: inout Translation)
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

    init() {
        instructions.reserveCapacity(64)
        contributors.reserveCapacity(16)
    }

    mutating func clear() {
        instructions.removeAll(keepingCapacity: true)
        contributors.removeAll(keepingCapacity: true)
        mask = FlowMask()
        dropReason = .noMatch
    }
}
