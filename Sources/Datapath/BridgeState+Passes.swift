import Packet

/// A place on the way of some packets where they are parsed and looked up again.
struct PassPlace {
    /// Of the packet as it came in.
    let key: FlowKey
    /// The places that it has passed before.
    let passes: ContiguousArray<Pass>
    /// See ``Pass/place``.
    let place: UInt32
    /// What decides about it; `nil`: the bridge's tables.
    let pipeline: (any Pipeline)?
}

extension BridgeState {
    /// Gives the places of the translation in hand their numbers.
    mutating func keepPassPlaces(
        _ key: FlowKey, passes: ContiguousArray<Pass> = [], pipeline: (any Pipeline)? = nil
    ) {
        for index in translation.instructions.indices where translation.instructions[index].opcode == .recirculate {
            let place = translation.instructions[index].argument
            translation.instructions[index].argument = UInt32(passPlaces.count)
            passPlaces.append(PassPlace(key: key, passes: passes, place: place, pipeline: pipeline))
            passPlaceCount += 1
        }
    }

    /// Asks what is left to do with a packet that was parsed again, and keeps the answer.
    ///
    /// - Parameter key: the packet's new key, with the number of the place as ``setPlace(_:in:)`` leaves it.
    mutating func translatePass(_ number: Int, _ key: FlowKey, now: UInt64) -> MegaflowPointer {
        let place = passPlaces[number]
        let passes = place.passes + [Pass(place: place.place, key: key)]
        translation.clear()
        let pipeline = place.pipeline ?? publication.pointee.pipeline
        pipeline.translate(place.key, passes: passes, into: &translation)
        keepPassPlaces(place.key, passes: passes, pipeline: place.pipeline)
        var widest = FlowMask()
        for word in 0..<FlowKey.packetWordCount { widest.words[word] = .max }
        translation.mask.words[KeyLayout.physicalPort] |= 0xffff_ffff
        let program = programs.program(translation.instructions, dropReason: translation.dropReason)
        let stamp = nextStamp
        nextStamp += 1
        if passMegaflows.isNearlyFull { passPlaceCount = Limits.passPlaces + 1 }
        return withUnsafePointer(to: key) {
            passMegaflows.insert($0, translation, widest: widest, program: program, stamp: stamp, now: now)
        }
    }

    /// Whether there are so many places, or packets that came by them, that the caches are to start anew.
    var hasTooManyPasses: Bool {
        @inline(__always) @_noLocks get { passPlaceCount > Limits.passPlaces }
    }

    mutating func forgetPasses() {
        passMegaflows.removeAll()
        passPlaces.removeAll()
        passPlaceCount = 0
    }
}
