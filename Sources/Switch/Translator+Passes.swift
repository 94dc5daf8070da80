import Datapath
import OpenFlow
import Packet

/// What is under a header that was taken off, or behind a type that was changed, is not in the packet's key. Where
/// somebody looks at it, the program ends with a `recirculate`; the data path parses the packet again, and asks for
/// the rest with what it found. The rest is translated by going the same way again, with the same key as before, up to
/// that place: so nothing of the way need be kept.
extension Translator {
    /// From here on these bits of the key say nothing.
    mutating func hide(_ mask: FlowMask) { opaque.insert(mask) }

    /// Somebody looks at these bits: if they say nothing any more, the packet is parsed again here.
    mutating func reveal(_ bits: FlowMask) {
        if halt == nil, !opaque.isEmpty, !(bits & opaque.mask).isZero { parseAgain() }
    }

    private mutating func parseAgain() {
        let place = placeCount
        placeCount += 1
        if passCount == passes.count {
            // A place not passed yet.
            if passCount >= Limits.passes { return fail(.tooManyPasses) }
            emit(Instruction(.recirculate, argument: place))
            halt = .pass
        } else if passes[passCount].place == place {
            take(passes[passCount].key)
            passCount += 1
            placeCount = 0
            if passCount == passes.count { begin() }
        } else {
            // The way went on elsewhere.
            halt = .pass
        }
    }

    /// Goes on with what the packet has become.
    private mutating func take(_ new: FlowKey) {
        let inPort = key[.inPort]
        for word in 0..<FlowKey.packetWordCount where word != KeyLayout.tunnelID && word != KeyLayout.physicalPort {
            key.words[word] = new.words[word]
        }
        key[.inPort] = inPort
        opaque = OpaqueBits()
    }

    /// From here on the translation is what was asked for.
    private mutating func begin() {
        translation.instructions.removeAll(keepingCapacity: true)
        translation.contributors.removeAll(keepingCapacity: true)
        translation.counters.removeAll(keepingCapacity: true)
        translation.effects.removeAll()
        translation.mask = FlowMask()
        timeToLiveBits = nil
        countsApart = false
        passDepth = bodyDepth
    }

    /// Whether what was asked for has begun.
    var hasBegun: Bool { passCount == passes.count }

    // MARK: Masks

    /// Everything behind the EtherType.
    static let payloadBits: FlowMask = {
        var mask = FlowMask()
        mask.words[KeyLayout.portAndTypes] = 0xffff
        for word in KeyLayout.ipv4Addresses...KeyLayout.mplsThirdAndPBB { mask.words[word] = .max }
        return mask
    }()

    /// Addresses, tags and EtherType.
    static let ethernetBits: FlowMask = {
        var mask = FlowMask()
        mask.words[KeyLayout.portAndTypes] = 0xffff_0000
        mask.words[KeyLayout.ethernetDestination] = .max
        mask.words[KeyLayout.ethernetSource] = .max
        return mask
    }()

    /// Ports and what else belongs to the transport protocol.
    static let transportBits: FlowMask = {
        var mask = FlowMask()
        mask.words[KeyLayout.transport] = 0xffff_ffff_ffff_0000
        for word in KeyLayout.neighbourTarget...KeyLayout.targetHardware { mask.words[word] = .max }
        return mask
    }()
}

/// Bits of a key that say nothing any more; on most ways there are none, which is told without a look at them.
struct OpaqueBits {
    private(set) var mask = FlowMask()
    private(set) var isEmpty = true

    mutating func insert(_ bits: FlowMask) {
        mask = mask | bits
        isEmpty = false
    }
}
