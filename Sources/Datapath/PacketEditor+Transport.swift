// Hot path: changing TCP, UDP, SCTP and ICMP headers.
import DPDK
import Packet

extension PacketEditor {
    /// Ports, or the type and code of ICMP.
    @inline(__always) @_noLocks
    func setTransport(_ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        if layout.transportOffset == PacketLayout.absent { return }
        let header = Int(layout.transportOffset)
        switch (field, layout.transportProtocol) {
        case (.tcpSrc, IPProtocol.tcp), (.udpSrc, IPProtocol.udp):
            setCovered(header &+ TCPHeader.source, value, mask)
        case (.tcpDst, IPProtocol.tcp), (.udpDst, IPProtocol.udp):
            setCovered(header &+ TCPHeader.destination, value, mask)
        case (.icmpType, IPProtocol.icmpv4), (.icmpv6Type, IPProtocol.icmpv6):
            setCovered(header &+ ICMPHeader.type, value << 8, mask << 8)
        case (.icmpCode, IPProtocol.icmpv4), (.icmpv6Code, IPProtocol.icmpv6):
            setCovered(header &+ ICMPHeader.type, value, mask)
        case (.sctpSrc, IPProtocol.sctp):
            setSCTPPort(header, SCTPHeader.source, value, mask)
        case (.sctpDst, IPProtocol.sctp):
            setSCTPPort(header, SCTPHeader.destination, value, mask)
        default:
            break
        }
    }

    /// A 16-bit number that the transport's own checksum covers.
    @inline(__always) @_noLocks
    private func setCovered(_ offset: Int, _ value: UInt64, _ mask: UInt64) {
        let change = bytes.merge16(offset, value, mask)
        guard change.old != change.new, let checksum = transportChecksumOffset() else { return }
        let old = bytes.load16(checksum)
        if isUnusedUDPChecksum(old) { return }
        storeTransportChecksum(Checksum.update(old, replacing: change.old, with: change.new), checksum)
    }

    /// Makes the transport's checksum follow a change of an IPv4 address.
    @inline(__always) @_noLocks
    func adjustPseudoHeader(_ change: (old: UInt32, new: UInt32)) {
        guard change.old != change.new, let checksum = addressChecksum() else { return }
        let old = bytes.load16(checksum.offset)
        checksum.store(Checksum.update(old, replacing: change.old, with: change.new), over: old, bytes)
    }

    /// Where the transport's Internet checksum stands, if it has one and its header is whole.
    @inline(__always) @_noLocks
    func transportChecksumOffset() -> Int? {
        if layout.transportOffset == PacketLayout.absent { return nil }
        let header = Int(layout.transportOffset)
        switch layout.transportProtocol {
        case IPProtocol.tcp: return header &+ TCPHeader.checksum
        case IPProtocol.udp: return header &+ UDPHeader.checksum
        case IPProtocol.icmpv4, IPProtocol.icmpv6: return header &+ ICMPHeader.checksum
        default: return nil
        }
    }

    /// UDP without a checksum says zero (RFC 768), and keeps saying so.
    @inline(__always) @_noLocks
    private func isUnusedUDPChecksum(_ checksum: UInt16) -> Bool {
        checksum == 0 && layout.transportProtocol == IPProtocol.udp
    }

    @inline(__always) @_noLocks
    private func storeTransportChecksum(_ checksum: UInt16, _ offset: Int) {
        let isUDP = layout.transportProtocol == IPProtocol.udp
        bytes.store16(isUDP ? Checksum.transmittedByUDP(checksum) : checksum, offset)
    }

    @inline(never) @_noLocks
    private func setSCTPPort(_ header: Int, _ port: Int, _ value: UInt64, _ mask: UInt64) {
        let before = sctpSum(header)
        _ = bytes.merge16(header &+ port, value, mask)
        let after = sctpSum(header)
        let checksum = bytes.load32(header &+ SCTPHeader.checksum)
        bytes.store32(checksum ^ before ^ after, header &+ SCTPHeader.checksum)
    }

    /// The checksum that the SCTP packet should have, over all segments.
    @inline(__always) @_noLocks
    private func sctpSum(_ header: Int) -> UInt32 {
        let end = Int(layout.networkOffset) &+ Int(truncatingIfNeeded: layout.networkLength)
        let checksum = header &+ SCTPHeader.checksum
        var zero: UInt32 = 0
        var sum = crc.pointee.update(CRC32C.initial, bytes.base + header, count: SCTPHeader.checksum)
        sum = crc.pointee.update(sum, &zero, count: 4)
        var start = checksum &+ 4
        var passed = 0
        var segment: PacketBuffer? = packet
        while let part = segment, passed < end {
            let stop = min(end, passed &+ part.segmentLength)
            if start < stop {
                sum = crc.pointee.update(sum, part.data + (start &- passed), count: stop &- start)
                start = stop
            }
            passed &+= part.segmentLength
            segment = part.next
        }
        return CRC32C.checksum(sum)
    }

    // MARK: Neighbour discovery

    /// Where the target address stands, in a neighbour solicitation or advertisement that has one whole.
    @inline(__always) @_noLocks
    func neighbourTargetOffset() -> Int? {
        if layout.transportOffset == PacketLayout.absent || layout.transportProtocol != IPProtocol.icmpv6 { return nil }
        let header = Int(layout.transportOffset)
        let type = bytes.load8(header &+ ICMPHeader.type)
        let isNeighbour = type == ICMPv6Type.neighbourSolicitation || type == ICMPv6Type.neighbourAdvertisement
        let isWhole = header &+ NeighbourMessage.options <= transportEnd()
        return isNeighbour && isWhole ? header &+ NeighbourMessage.target : nil
    }

    /// What may be read of the transport's header and data.
    @inline(__always) @_noLocks
    func transportEnd() -> Int {
        min(packet.segmentLength, Int(layout.networkOffset) &+ Int(truncatingIfNeeded: layout.networkLength))
    }

    /// The link-layer address in the option of the kind wanted. A message has one such option, of either kind (RFC
    /// 4861 §4.3, §4.4): the first one decides.
    @inline(never) @_noLocks
    func setLinkLayerOption(_ field: FieldID, _ value: UInt64, _ mask: UInt64) {
        guard let target = neighbourTargetOffset() else { return }
        let wanted = field == .ndSLL
            ? NeighbourOptionType.sourceLinkLayerAddress : NeighbourOptionType.targetLinkLayerAddress
        var option = target &- NeighbourMessage.target &+ NeighbourMessage.options
        while option &+ NeighbourOption.minimumLength <= transportEnd() {
            let length = Int(bytes.load8(option &+ NeighbourOption.lengthUnits)) &* 8
            if length == 0 { return }
            let type = bytes.load8(option &+ NeighbourOption.type)
            let isAddress = type == NeighbourOptionType.sourceLinkLayerAddress
                || type == NeighbourOptionType.targetLinkLayerAddress
            if isAddress, length == NeighbourOption.minimumLength {
                if type != wanted { return }
                let offset = option &+ NeighbourOption.linkLayerAddress
                let (old, new) = bytes.merge48(offset, value, mask)
                guard let checksum = transportChecksumOffset() else { return }
                let sum = bytes.load16(checksum)
                return bytes.store16(Checksum.update(sum, replacing: old, with: new), checksum)
            }
            option &+= length
        }
    }
}
