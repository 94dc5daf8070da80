import Datapath
import OpenFlow
import Packet

extension Translator {
    // MARK: VLAN tags

    private var outerTag: UInt64 { key.words[KeyLayout.ethernetDestination] & 0xffff }
    private var innerTag: UInt64 { key.words[KeyLayout.ethernetSource] & 0xffff }

    private mutating func setTags(outer: UInt64, inner: UInt64) {
        let low: UInt64 = 0xffff
        key.words[KeyLayout.ethernetDestination] = key.words[KeyLayout.ethernetDestination] & ~low | outer
        key.words[KeyLayout.ethernetSource] = key.words[KeyLayout.ethernetSource] & ~low | inner
    }

    /// Whether the packet has a tag; what follows depends on it.
    mutating func hasTag() -> Bool {
        examine(.vlanTCI, bits: UInt128(KeyLayout.vlanPresent))
        return outerTag & KeyLayout.vlanPresent != 0
    }

    /// Sets bits of the tag. Only `vlan_tci`, whose bit 12 says whether there is a tag, can add or remove one.
    mutating func setTag(_ id: FieldID, _ value: UInt128, _ mask: UInt128) {
        let shift = UInt64(Field[id].shift)
        let bits = UInt64(truncatingIfNeeded: mask) << shift
        let had = hasTag()
        if !had, id != .vlanTCI { return }
        let new = outerTag & ~bits | UInt64(truncatingIfNeeded: value) << shift & bits
        let has = new & KeyLayout.vlanPresent != 0
        switch (had, has) {
        case (true, true), (false, false):
            if had { changeTag(new, bits & ~KeyLayout.vlanPresent) }
        case (false, true):
            insertTag(type: EtherType.customerTag, control: new)
        case (true, false):
            popTag()
        }
    }

    private mutating func changeTag(_ control: UInt64, _ bits: UInt64) {
        setTags(outer: control | KeyLayout.vlanPresent, inner: innerTag)
        emit(Instruction(.setVLAN, argument: UInt32(bits), value: control))
    }

    /// Sets part of the tag, or adds a tag with that part where there is none (OpenFlow 1.0).
    mutating func setTagOrPush(_ value: UInt64, mask: UInt64) {
        if hasTag() {
            changeTag(outerTag & ~mask | value, mask)
        } else {
            insertTag(type: EtherType.customerTag, control: value)
        }
    }

    /// A new outer tag takes identifier and priority from the one that was the outer (OpenFlow 1.3.5 §5.12.1).
    mutating func pushTag(_ type: UInt16) {
        // The tags change places, so what a later table sees as the inner one was the outer.
        examine(.vlanTCI)
        insertTag(type: type, control: outerTag & ~KeyLayout.vlanPresent)
    }

    private mutating func insertTag(type: UInt16, control: UInt64) {
        let control = control & ~KeyLayout.vlanPresent
        emit(Instruction(.pushVLAN, argument: UInt32(type), value: control))
        setTags(outer: control | KeyLayout.vlanPresent, inner: outerTag)
    }

    mutating func popTag() {
        if !hasTag() { return }
        // What a later table sees as the outer tag was the inner one.
        translation.mask.words[KeyLayout.ethernetSource] |= 0xffff
        setTags(outer: innerTag, inner: 0)
        emit(Instruction(.popVLAN))
    }

    // MARK: MPLS labels

    private mutating func hasLabel() -> Bool { meetsPrerequisite(Field[.mplsLabel]) }

    /// A new label stands in front of the tags, which nobody sees then (OpenFlow 1.3.5 §5.12.1).
    mutating func pushLabel(_ type: UInt16) {
        emit(Instruction(.pushMPLS, argument: UInt32(type)))
        // The EtherType is set, so what decided is not what it was; all else is under the label.
        hide(Self.payloadBits)
        setTags(outer: 0, inner: 0)
        key[.ethType] = UInt128(type)
    }

    mutating func popLabel(_ type: UInt16) {
        if !hasLabel() { return }
        emit(Instruction(.popMPLS, argument: UInt32(type)))
        hide(Self.payloadBits)
        key[.ethType] = UInt128(type)
        // What was under the label may be a tag.
        if type == EtherType.customerTag || type == EtherType.serviceTag { hide(Self.ethernetBits) }
    }

    /// One hop less in the label.
    /// - Returns: Whether the packet's flow goes on.
    mutating func decrementLabelTTL() -> Bool {
        if !hasLabel() { return true }
        examine(.mplsTTL)
        let old = key[.mplsTTL]
        if old <= 1 {
            tellInvalidTTL([0])
            return false
        }
        key[.mplsTTL] = old - 1
        emit(Instruction(.decrementMPLSTTL))
        return true
    }

    mutating func copyTTLOut() {
        if !hasLabel() { return }
        emit(Instruction(.copyTTLOut))
        var mask = FlowMask()
        mask[.mplsTTL] = 0xff
        hide(mask)
    }

    mutating func copyTTLIn() {
        if !hasLabel() { return }
        emit(Instruction(.copyTTLIn))
        // The TTL of the second entry, if there is one; IP under a label is in no key.
        var mask = FlowMask()
        mask.words[KeyLayout.mpls] = 0xff
        hide(mask)
    }

    // MARK: Backbone tags

    mutating func pushServiceInstance() {
        emit(Instruction(.pushPBB))
        hide(Self.payloadBits)
        setTags(outer: 0, inner: 0)
        key[.ethType] = UInt128(EtherType.backboneTag)
    }

    mutating func popServiceInstance() {
        if !meetsPrerequisite(Field[.pbbISID]) { return }
        emit(Instruction(.popPBB))
        hide(Self.ethernetBits)
        hide(Self.payloadBits)
    }
}
