import OpenFlow
import Packet

/// A place in the tables where a flow was added, removed or given other instructions.
public struct TableChange: Sendable {
    public let table: UInt8
    public let priority: UInt16
    public let match: Match
    /// Whether the flow was, before or after, part of a conjunctive match: then its priority says little.
    let isConjunctive: Bool

    init(_ flow: Flow, isConjunctive: Bool) {
        table = flow.table
        priority = flow.priority
        match = flow.match
        self.isConjunctive = isConjunctive
    }
}

/// What has changed between two snapshots.
public enum TableChanges: Sendable {
    /// Just this.
    case some([TableChange])
    /// Too much to tell.
    case everything

    /// Changes that are told one by one; where there are more, everything counts as changed.
    public static let limit = 64
}

/// A decision about all packets with certain bits, and the flows that it came from: what a change of the tables may
/// concern, or certainly does not.
public struct EarlierDecision {
    private let key: FlowKey
    /// The bits of `key` that all packets of the decision have, at whatever table they are looked up.
    private var mask: FlowMask
    private var tables = TableSet()

    /// - Parameters:
    ///   - key: of a packet that the decision is about, as it came in.
    ///   - mask: the bits that all packets of the decision share with it.
    public init(key: FlowKey, mask: FlowMask) {
        self.key = key
        var known = mask
        // The pipeline's own words are zero when a packet comes in.
        for word in FlowKey.packetWordCount..<FlowKey.wordCount { known[word] = .max }
        known[.conjID] = 0
        known[.actsetOutput] = 0
        // Fragments are looked up as if their ports were zero.
        if key[KeyLayout.portAndTypes] & (KeyLayout.fragmentAny | KeyLayout.fragmentLater) != 0 {
            known[KeyLayout.transport] &= 0xffff_ffff
        }
        tables.insert(0)
        self.mask = known
    }

    /// Notes a flow that the packets met.
    public mutating func note(_ flow: borrowing FlowEntry) {
        guard let effects = flow.effects else { return }
        tables.formUnion(effects.tables)
        let writes = effects.writes.words.span
        for word in 0..<FlowKey.wordCount { mask[word] &= ~writes[word] }
    }

    /// Whether the decision might be another after a change.
    public func isConcerned(by change: TableChange) -> Bool {
        guard tables.contains(change.table) else { return false }
        let (own, known) = (key.words.span, mask.words.span)
        let (others, counted) = (change.match.key.words.span, change.match.mask.words.span)
        var difference: UInt64 = 0
        for word in 0..<FlowKey.wordCount {
            difference |= (own[word] ^ others[word]) & counted[word] & known[word]
        }
        return difference == 0
    }
}
