import DPDK
import Packet

// The ways out of the hot path: here a worker may allocate, lock and count references. Each returns plain data.

extension UnsafeMutablePointer where Pointee == Worker {
    /// Asks the bridge's tables what becomes of a packet, and keeps the answer as a megaflow.
    @_semantics("no_performance_analysis") @inline(never)
    func translate(_ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> MegaflowPointer {
        let key = pointee.keys + index
        bridge.pointee.translation.clear()
        bridge.pointee.publication.pointee.pipeline.translate(
            key.pointee, passes: [], into: &bridge.pointee.translation)
        bridge.pointee.keepPassPlaces(key.pointee)
        return bridge.pointee.install(key, now: pointee.nowCycles)
    }

    /// Checks a decision against what has changed since it was made; whether it holds still. If not, it is forgotten.
    @_semantics("no_performance_analysis") @inline(never)
    func renew(_ megaflow: MegaflowPointer, _ index: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> Bool {
        bridge.pointee.renew(megaflow, key: pointee.keys[index])
    }

    /// Asks what is left to do with the packet whose new key is at hand, and keeps the answer.
    @_semantics("no_performance_analysis") @inline(never)
    func translatePass(_ number: Int, _ bridge: UnsafeMutablePointer<BridgeState>) -> MegaflowPointer {
        bridge.pointee.translatePass(number, pointee.passKey.pointee, now: pointee.nowCycles)
    }

    @_semantics("no_performance_analysis") @inline(never)
    func adoptPublication(_ bridge: UnsafeMutablePointer<BridgeState>) { bridge.pointee.adopt() }

    /// Makes room for the megaflows that a burst may bring in, before any packet of it points at one.
    @_semantics("no_performance_analysis") @inline(never)
    func evictMegaflows(_ bridge: UnsafeMutablePointer<BridgeState>) {
        while bridge.pointee.megaflows.isNearlyFull {
            bridge.pointee.megaflows.evictOne()
            pointee.counters.megaflowEvictions &+= 1
        }
    }

    /// Without caches, what the last burst brought in goes before the next.
    @_semantics("no_performance_analysis") @inline(never)
    func forgetDecisions(_ bridge: UnsafeMutablePointer<BridgeState>) { bridge.pointee.forgetDecisions() }

    /// Doubles the exact-match cache: more keys are in use than it has room for.
    @_semantics("no_performance_analysis") @inline(never)
    func growExactMatch(_ bridge: UnsafeMutablePointer<BridgeState>) {
        let slots = bridge.pointee.exactMatch.slotCount
        if slots < Limits.exactMatchSlotsAtMost {
            bridge.pointee.replaceExactMatch(slots: slots * 2)
        } else {
            bridge.pointee.exactMatch.restartCounting()
        }
    }

    @_semantics("no_performance_analysis") @inline(never)
    func serveRequest() {
        let bits = pointee.mailbox.pointee.request.exchange(0, ordering: .acquiringAndReleasing)
        guard let request = UnsafeMutablePointer<WorkerRequest>(bitPattern: bits) else { return }
        request.pointee.run(self)
    }
}

extension BridgeState {
    /// Keeps the translation in hand as a megaflow.
    mutating func install(_ key: UnsafePointer<FlowKey>, now: UInt64) -> MegaflowPointer {
        noteExamined(examinable: publication.pointee.pipeline.examinableMask)
        if translation.isBound { hasBoundPrograms = true }
        let program = programs.program(translation.instructions, dropReason: translation.dropReason)
        let stamp = nextStamp
        nextStamp += 1
        return megaflows.insert(
            key, translation, widest: relevantMask, program: program, stamp: stamp, now: now)
    }

    /// Notes the bits that the translation in hand depends on: those that no flow examines, and those that the
    /// exact-match cache's key lacks still. The pipeline's own words are the same for all arriving packets.
    private mutating func noteExamined(examinable: FlowMask) {
        if noteExaminedByActions(examinable: examinable) { return }
        var wider = translation.mask | examinable
        for word in FlowKey.packetWordCount..<FlowKey.wordCount { wider.words[word] = 0 }
        setRelevantMask(relevantMask | wider)
    }

    /// Whether the exact-match cache's key has all bits that the translation in hand depends on.
    private mutating func noteExaminedByActions(examinable: FlowMask) -> Bool {
        let (examined, byFlows) = (translation.mask.words.span, examinable.words.span)
        let relevant = relevantMask.words.span
        var missing: UInt64 = 0
        for word in 0..<FlowKey.packetWordCount {
            examinedByActions.words[word] |= examined[word] & ~byFlows[word]
            missing |= examined[word] & ~relevant[word]
        }
        return missing == 0
    }
}
