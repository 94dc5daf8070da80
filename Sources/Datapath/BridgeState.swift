import DPDK
import FlowTable
import Packet
import Synchronization

/// What a bridge has told the workers: never changed, replaced as a whole.
struct BridgePublication {
    let pipeline: any Pipeline
    /// What is different from the publication before.
    let changes: TableChanges
    let macTable: MacTable
    /// Indices of the ports that NORMAL floods to.
    let floodPorts: UnsafePointer<UInt16>
    let floodPortCount: Int
    /// One bit a port to which NORMAL must not send; `nil`: there is none.
    let blockedPorts: UnsafePointer<UInt64>?
}

extension UnsafePointer<BridgePublication> {
    /// Whether NORMAL must not send to a port.
    @inline(__always) @_noLocks
    func isBlocked(_ port: UInt16) -> Bool {
        guard let words = pointee.blockedPorts else { return false }
        // Safe: there is a bit for each port that there may be.
        return words[Int(port) >> 6] >> UInt64(port & 63) & 1 != 0
    }
}

/// Where a bridge's newest publication is found.
typealias PublicationSlot = UnsafeMutablePointer<Atomic<UInt>>

/// A bridge as one worker sees it: the publication in use, and the caches that were filled under it.
struct BridgeState: ~Copyable {
    /// The data path's number of the bridge.
    let number: Int
    let outlet: SideEffectOutlet
    /// Whether a controller takes packets.
    var hasListener = false
    let newest: PublicationSlot
    var publication: UnsafePointer<BridgePublication>

    /// The bits that any flow can examine, as far as is known; the exact-match cache's key.
    var relevantMask: FlowMask
    var relevant: KeyMask
    var depth: ParseDepth
    var exactMatch: ExactMatchCache
    var megaflows: MegaflowCache
    let hash: KeyHash

    /// Megaflows with smaller stamps are gone, or must be checked against ``changes`` before they are used.
    var oldestStamp: UInt64 = 1
    var nextStamp: UInt64 = 1
    var changes = ChangeLog()
    /// Bits that decisions depended on beyond those that flows match.
    var examinedByActions = FlowMask()
    /// The clock when the caches were emptied last.
    var forgottenCycles: UInt64 = 0
    /// The next megaflow to be looked at for being out of use.
    var sweepPlace = 0

    var programs = ProgramStore()
    var translation = Translation()
    /// For packets that are parsed again: what is left to do with them, by place and new key.
    var passMegaflows: MegaflowCache
    /// Where packets are parsed again, by number.
    var passPlaces: [PassPlace] = []
    /// How many places there are, or as many as there may be when their megaflows are too many.
    var passPlaceCount = 0
    /// Whether a program is bound to the tables that it was made from.
    var hasBoundPrograms = false
    /// Whether the caches are passed over, for tests and measurements.
    let usesCaches: Bool

    init?(number: Int, newest: PublicationSlot, effects: SideEffectQueue, usesCaches: Bool, socket: Int?) {
        self.number = number
        outlet = SideEffectOutlet(queue: effects, bridge: number)
        self.newest = newest
        self.usesCaches = usesCaches
        publication = BridgeState.load(newest)
        relevantMask = publication.pointee.pipeline.examinableMask
        relevant = KeyMask(relevantMask)
        depth = relevant.depth
        hash = KeyHash()
        megaflows = MegaflowCache(hash: hash, outlet: outlet)
        passMegaflows = MegaflowCache(hash: hash, outlet: outlet)
        guard let cache = ExactMatchCache(slots: Limits.exactMatchSlotsAtFirst, socket: socket) else { return nil }
        exactMatch = cache
    }

    deinit { hash.free() }

    /// Safe: the control side keeps a publication until every worker has taken up the next.
    @inline(__always) @_noLocks
    static func load(_ newest: PublicationSlot) -> UnsafePointer<BridgePublication> {
        UnsafePointer(bitPattern: newest.pointee.load(ordering: .acquiring)).unsafelyUnwrapped
    }

    /// Takes up the newest publication, if it is another: what was decided under the old one and might be decided
    /// otherwise now is forgotten, all at once or when it is met again.
    mutating func adopt() {
        let new = BridgeState.load(newest)
        if new == publication { return }
        publication = new
        if case .some(let list) = new.pointee.changes, keepsDecisions() {
            keepDecisions(unlessConcernedBy: list)
        } else {
            forgetDecisions()
            examinedByActions = FlowMask()
            forgottenCycles = evs_cycles()
            let mask = new.pointee.pipeline.examinableMask
            if mask != relevantMask { setRelevantMask(mask) }
        }
    }

    /// Empties the caches, after crediting the flows with what they counted.
    mutating func forgetDecisions() {
        // Before the megaflows, whose memory goes.
        if usesCaches { replaceExactMatch(slots: exactMatch.slotCount) }
        megaflows.creditFlows(tells: false)
        passMegaflows.creditFlows(tells: false)
        megaflows.removeAll()
        forgetPasses()
        hasBoundPrograms = false
        programs.removeAll()
        changes.removeAll()
        oldestStamp = nextStamp
    }

    /// Changes the key of the exact-match cache; what it remembers by the old one can't be found any more.
    mutating func setRelevantMask(_ mask: FlowMask) {
        relevantMask = mask
        relevant = KeyMask(mask)
        depth = relevant.depth
        replaceExactMatch(slots: exactMatch.slotCount)
    }

    /// Makes the exact-match cache anew, with all places unused.
    ///
    /// The pages are only reserved; the kernel refuses that when the process is at a limit of its address space.
    mutating func replaceExactMatch(slots: Int) {
        guard let cache = ExactMatchCache(slots: slots, socket: nil) else {
            preconditionFailure("no address space for an exact-match cache of \(slots) places")
        }
        exactMatch = cache
    }
}
