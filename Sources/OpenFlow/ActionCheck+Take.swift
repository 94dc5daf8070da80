import Packet

extension ActionCheck {
    /// Checks one action, and follows what it makes of the packet.
    public mutating func take(_ action: Action) throws(Reason) {
        switch action {
        case .output, .resubmit, .group, .meter, .setQueue, .popQueue, .enqueue, .controller, .conjunction, .note,
            .exit, .outputTruncated:
            break
        case .finTimeout:
            // Later fragments too, which it leaves as they are.
            if rules == .openFlow11 && protocols.ipProtocol != IPProtocol.tcp { throw .missingProtocol(.tcp) }
        case .outputField(let slice), .push(let slice): try requirePrerequisite(of: slice.field)
        case .setField(let id, let value, let mask): try set(id, value, mask: mask)
        case .load(let value, let slice):
            let shift = UInt128(slice.firstBit)
            try set(slice.field, UInt128(value) << shift, mask: slice.allOnes << shift)
        case .move(let source, let destination):
            try requirePrerequisite(of: source.field)
            try setUnknown(destination)
        case .pop(let slice): try setUnknown(slice)
        case .clone(let inner):
            var copy = self
            for action in inner { try copy.take(action) }
        case .multipath(let multipath): try setUnknown(multipath.destination)
        case .bundle(let bundle): if let destination = bundle.destination { try setUnknown(destination) }
        case .pushVLAN, .popVLAN, .modVLANVID, .modVLANPCP: try takeTag(action)
        case .modField(let id, _): try modify(id)
        case .decrementTTL, .decrementTTLNotifying: try require(.ip)
        case .pushMPLS(let etherType), .pushPBB(let etherType):
            // The tags that were there are payload now.
            if case .pushPBB = action { protocols.vlanTags = 0 }
            protocols.become(etherType: etherType)
        case .popMPLS(let etherType):
            try require(.mpls)
            protocols.become(etherType: etherType)
        case .popPBB:
            try require(.pbb)
            protocols.vlanTags = 0
            protocols.become(etherType: nil)
        case .setMPLSTTL, .decrementMPLSTTL: try require(.mpls)
        case .copyTTLOut, .copyTTLIn:
            if rules == .openFlow11 && !protocols.satisfy(.mpls) && !protocols.satisfy(.ip) { throw .missingTTL }
        case .learn(let learn): try takeLearn(learn)
        }
    }

    /// What OpenFlow 1.0 needs no match for.
    private func require(_ prerequisite: Field.Prerequisite) throws(Reason) {
        if rules == .openFlow11 && !protocols.satisfy(prerequisite) { throw .missingProtocol(prerequisite) }
    }

    func requirePrerequisite(of id: FieldID) throws(Reason) {
        let prerequisite = Field[id].prerequisite
        if protocols.satisfy(prerequisite) { return }
        if prerequisite == .vlan { throw .missingVLANTag }
        throw .missingPrerequisite(id)
    }

    func requireWritable(_ id: FieldID) throws(Reason) {
        if !Field[id].isWritable { throw .readOnly(id) }
        if id == .vlanVID && protocols.vlanTags == 0 { throw .missingVLANTag }
        try requirePrerequisite(of: id)
    }

    private mutating func set(_ id: FieldID, _ value: UInt128, mask: UInt128) throws(Reason) {
        try requireWritable(id)
        let isWhole = mask == Field[id].allOnes
        let present = UInt128(KeyLayout.vlanPresent)
        switch id {
        case .vlanTCI where mask & present != 0:
            protocols.vlanTags = value & present != 0 ? max(protocols.vlanTags, 1) : max(protocols.vlanTags - 1, 0)
        case .ethType: protocols.become(etherType: isWhole ? UInt16(truncatingIfNeeded: value) : nil)
        case .ipProto: protocols.become(ipProtocol: isWhole ? UInt8(truncatingIfNeeded: value) : nil)
        case .icmpv6Type where isWhole: protocols.become(icmpv6Type: UInt8(truncatingIfNeeded: value))
        default: break
        }
    }

    /// Sets bits to what only the packet tells.
    private mutating func setUnknown(_ slice: FieldSlice) throws(Reason) {
        try requireWritable(slice.field)
        switch slice.field {
        case .vlanTCI where slice.firstBit <= 12 && slice.firstBit + slice.bitCount > 12: protocols.vlanTags = 0
        case .ethType: protocols.become(etherType: nil)
        case .ipProto: protocols.become(ipProtocol: nil)
        default: break
        }
    }

    private mutating func takeTag(_ action: Action) throws(Reason) {
        switch action {
        case .pushVLAN:
            if protocols.vlanTags >= Self.mostVLANTags { throw .tooManyVLANTags }
            protocols.vlanTags += 1
        case .popVLAN:
            if rules == .openFlow11 && protocols.vlanTags == 0 { throw .missingVLANTag }
            protocols.vlanTags = max(protocols.vlanTags - 1, 0)
        default:
            // They add a tag where there is none.
            protocols.vlanTags = max(protocols.vlanTags, 1)
        }
    }

    private func modify(_ id: FieldID) throws(Reason) {
        guard rules == .openFlow11 else { return }
        if id == .tcpSrc || id == .tcpDst {
            let hasPorts = [.tcp, .udp, .sctp].contains { protocols.satisfy($0) }
            if !hasPorts { throw .missingTransport }
        } else if !protocols.satisfy(Field[id].prerequisite) {
            throw .missingProtocol(Field[id].prerequisite)
        }
    }

    /// What is read must be there; what the learned flow matches and loads must suit that flow's own match.
    private func takeLearn(_ learn: LearnAction) throws(Reason) {
        if let result = learn.result { try requireWritable(result.field) }
        var match = Match()
        for part in learn.parts {
            switch part {
            case .match(let source, let slice):
                try requireSource(source)
                try ActionCheck(match).requirePrerequisite(of: slice.field)
                if case .value(let value) = source {
                    let shift = UInt128(slice.firstBit)
                    match.set(slice.field, value << shift, mask: slice.allOnes << shift)
                }
            case .load(let source, let slice):
                try requireSource(source)
                try ActionCheck(match).requireLoadable(slice.field)
            case .output(let slice): try requirePrerequisite(of: slice.field)
            }
        }
    }

    private func requireSource(_ source: LearnAction.Source) throws(Reason) {
        if case .field(let slice) = source { try requirePrerequisite(of: slice.field) }
    }

    private func requireLoadable(_ id: FieldID) throws(Reason) {
        if !Field[id].isWritable { throw .readOnly(id) }
        try requirePrerequisite(of: id)
    }
}
