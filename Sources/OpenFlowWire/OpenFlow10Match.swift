import OpenFlow
import Packet

/// struct ofp_match of 1.0, of 40 bytes, and which fields its wildcards leave out (OpenFlow 1.0.0 §5.2.3).
enum OpenFlow10Match {
    static let size = 40

    static let inPort: UInt32 = 1
    static let vlan: UInt32 = 1 << 1
    static let ethSrc: UInt32 = 1 << 2
    static let ethDst: UInt32 = 1 << 3
    static let ethType: UInt32 = 1 << 4
    static let ipProto: UInt32 = 1 << 5
    static let tpSrc: UInt32 = 1 << 6
    static let tpDst: UInt32 = 1 << 7
    /// Six bits each: how many low bits of the address are left out; 32 and more: all.
    static let ipv4SrcShift: UInt32 = 8
    static let ipv4DstShift: UInt32 = 14
    static let vlanPCP: UInt32 = 1 << 20
    static let ipTOS: UInt32 = 1 << 21

    /// OFPFW_ALL.
    static let all: UInt32 = (1 << 22) - 1

    /// OFP_VLAN_NONE: no tag.
    static let noVLAN: UInt16 = 0xffff

    /// The fields that hold ports, or ICMP's type and code, in a match on these protocols.
    static func transport(_ protocols: MatchedProtocols) -> (FieldID, FieldID)? {
        if protocols.satisfy(.tcp) { return (.tcpSrc, .tcpDst) }
        if protocols.satisfy(.udp) { return (.udpSrc, .udpDst) }
        if protocols.satisfy(.sctp) { return (.sctpSrc, .sctpDst) }
        if protocols.satisfy(.icmpv4) { return (.icmpType, .icmpCode) }
        return nil
    }
}

extension WireReader {
    /// Fields whose prerequisites the match lacks are ignored, as 1.0 wants it (OpenFlow 1.0.0 §3.4).
    mutating func openFlow10Match() throws(OpenFlowError) -> Match {
        typealias Form = OpenFlow10Match
        let wildcards = try uint32()
        let inPort = PortNumber(openFlow10: try uint16())
        var match = Match()
        func isGiven(_ wildcard: UInt32) -> Bool { wildcards & wildcard == 0 }
        if isGiven(Form.inPort) { match.set(.inPort, UInt128(inPort.rawValue)) }
        let source = try number(bytes: 6)
        if isGiven(Form.ethSrc) { match.set(.ethSrc, UInt128(source)) }
        let destination = try number(bytes: 6)
        if isGiven(Form.ethDst) { match.set(.ethDst, UInt128(destination)) }
        let (identifier, priority) = (try uint16(), try byte())
        setVLAN(
            isGiven(Form.vlan) ? identifier : nil, isGiven(Form.vlanPCP) ? priority : nil, in: &match)
        try skip(1)
        let type = try uint16()
        if isGiven(Form.ethType) { match.set(.ethType, UInt128(type)) }
        let (service, proto) = (try byte(), try byte())
        try skip(2)
        let addresses = (try uint32(), try uint32())
        let ports = (try uint16(), try uint16())
        let protocols = MatchedProtocols(match)
        let isARP = protocols.satisfy(.arp)
        if protocols.satisfy(.ip) {
            if isGiven(Form.ipTOS) { match.set(.ipDSCP, UInt128(service >> 2)) }
            if isGiven(Form.ipProto) { match.set(.ipProto, UInt128(proto)) }
        } else if isARP && isGiven(Form.ipProto) {
            match.set(.arpOp, UInt128(proto))
        }
        if isARP || protocols.satisfy(.ipv4) {
            set(isARP ? .arpSPA : .ipv4Src, addresses.0, wildcards >> Form.ipv4SrcShift, in: &match)
            set(isARP ? .arpTPA : .ipv4Dst, addresses.1, wildcards >> Form.ipv4DstShift, in: &match)
        }
        if let (first, second) = Form.transport(MatchedProtocols(match)) {
            if isGiven(Form.tpSrc) { try set(first, ports.0, in: &match) }
            if isGiven(Form.tpDst) { try set(second, ports.1, in: &match) }
        }
        return match
    }

    private func setVLAN(_ identifier: UInt16?, _ priority: UInt8?, in match: inout Match) {
        if identifier == OpenFlow10Match.noVLAN { return match.set(.vlanVID, 0) }
        let present = UInt128(KeyLayout.vlanPresent)
        if let identifier { match.set(.vlanVID, UInt128(identifier & 0xfff) | present) }
        if let priority {
            match.set(.vlanPCP, UInt128(priority & 7))
            match.set(.vlanTCI, present, mask: present)
        }
    }

    /// ICMP's type and code have but 8 of the 16 bits. No packet matches larger ones.
    private func set(_ id: FieldID, _ port: UInt16, in match: inout Match) throws(OpenFlowError) {
        let field = Field[id]
        if UInt128(port) > field.allOnes {
            throw .badMatch(.badValue, "no packet has the \(field.name) \(port): 255 is the last")
        }
        match.set(id, UInt128(port))
    }

    private func set(_ id: FieldID, _ address: UInt32, _ wildcardBits: UInt32, in match: inout Match) {
        let bits = wildcardBits & 63
        if bits < 32 { match.set(id, UInt128(address), mask: UInt128(UInt32.max << bits)) }
    }
}

extension WireWriter {
    /// As much of a match as 1.0 can say.
    mutating func openFlow10Match(_ match: Match) {
        typealias Form = OpenFlow10Match
        let protocols = MatchedProtocols(match)
        let start = count
        var wildcards: UInt32 = 0
        func exact(_ id: FieldID, _ wildcard: UInt32) -> UInt64 {
            if let value = match.exactValue(of: id) { return UInt64(truncatingIfNeeded: value) }
            wildcards |= wildcard
            return 0
        }
        func address(_ id: FieldID, _ shift: UInt32) -> UInt32 {
            let bits = UInt32(truncatingIfNeeded: match.mask(of: id))
            wildcards |= UInt32(bits.trailingZeroBitCount) << shift
            return UInt32(truncatingIfNeeded: match.key[id])
        }
        let isARP = protocols.satisfy(.arp)
        let hasAddresses = isARP || protocols.satisfy(.ipv4)
        uint32(0)
        let inPort = exact(.inPort, Form.inPort)
        uint16(PortNumber(UInt32(truncatingIfNeeded: inPort)).openFlow10)
        number(UInt128(exact(.ethSrc, Form.ethSrc)), bytes: 6)
        number(UInt128(exact(.ethDst, Form.ethDst)), bytes: 6)
        let (identifier, identifierMask) = (match.key[.vlanVID], match.mask(of: .vlanVID))
        let hasTag = identifier & UInt128(KeyLayout.vlanPresent) != 0
        let isUntagged = identifierMask & UInt128(KeyLayout.vlanPresent) != 0 && !hasTag
        if !isUntagged && identifierMask != 0x1fff { wildcards |= Form.vlan }
        let number12 = identifierMask == 0x1fff ? UInt16(truncatingIfNeeded: identifier & 0xfff) : 0
        uint16(isUntagged ? Form.noVLAN : number12)
        byte(isUntagged ? 0 : UInt8(exact(.vlanPCP, Form.vlanPCP)))
        zeros(1)
        uint16(UInt16(exact(.ethType, Form.ethType)))
        byte(protocols.satisfy(.ip) ? UInt8(exact(.ipDSCP, Form.ipTOS)) << 2 : 0)
        if !protocols.satisfy(.ip) { wildcards |= Form.ipTOS }
        let proto = protocols.satisfy(.ip) ? exact(.ipProto, Form.ipProto) : isARP ? exact(.arpOp, Form.ipProto) : 0
        if !protocols.satisfy(.ip) && !isARP { wildcards |= Form.ipProto }
        byte(UInt8(truncatingIfNeeded: proto))
        zeros(2)
        if !hasAddresses { wildcards |= 32 << Form.ipv4SrcShift | 32 << Form.ipv4DstShift }
        uint32(hasAddresses ? address(isARP ? .arpSPA : .ipv4Src, Form.ipv4SrcShift) : 0)
        uint32(hasAddresses ? address(isARP ? .arpTPA : .ipv4Dst, Form.ipv4DstShift) : 0)
        if let (first, second) = Form.transport(protocols) {
            uint16(UInt16(exact(first, Form.tpSrc)))
            uint16(UInt16(exact(second, Form.tpDst)))
        } else {
            wildcards |= Form.tpSrc | Form.tpDst
            uint32(0)
        }
        patch(Int(wildcards >> 16), at: start)
        patch(Int(wildcards & 0xffff), at: start + 2)
    }
}
