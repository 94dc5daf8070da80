// Hot path: doing here what a guest left to the network card, for ports that can't.
import DPDK
import Packet
import VhostUser

/// Completing checksums.
enum OffloadCompletion {
    /// Completes the checksum of a packet that is not to be cut into segments.
    ///
    /// - Returns: the packet, or a copy if others have it too; `nil`, and the packet as it was, without a buffer for
    ///   one.
    @inline(never) @_noLocks
    static func complete(_ packet: PacketBuffer, pool: OpaquePointer) -> PacketBuffer? {
        var whole = packet
        if packet.isShared {
            guard let copy = packet.copy(from: pool) else { return nil }
            packet.free()
            whole = copy
        }
        completeChecksum(whole, PacketOffload(of: whole))
        evs_mbuf_clear_offload(whole.raw)
        return whole
    }

    /// Puts the checksum of all behind the transport header's start into its place, which holds the pseudo-header's
    /// sum.
    @_noLocks
    static func completeChecksum(_ packet: PacketBuffer, _ offload: PacketOffload) {
        let start = packet.length &- offload.coveredLength
        // A tag taken off in front can't reach the transport header, but nothing here may depend on that.
        if start < 0 || start &+ offload.checksumOffset &+ 2 > packet.segmentLength { return }
        var sum = ChecksumSum()
        sum.add(packet.data + start, count: packet.segmentLength &- start)
        var segment = packet.next
        while let part = segment {
            sum.add(part.data, count: part.segmentLength)
            segment = part.next
        }
        let isUDP = offload.checksumOffset == 6
        let checksum = isUDP ? Checksum.transmittedByUDP(sum.checksum) : sum.checksum
        HeaderBytes(base: packet.data).store16(checksum, start &+ offload.checksumOffset)
    }
}

/// Changing headers while the checksum holds only the sum of the pseudo-header.
enum PartialChecksum {
    /// Executes one instruction on a packet whose checksum is to be completed; whether its program goes on.
    ///
    /// The editor lets a checksum follow a change as if it were complete, which is the complement of a sum. So it gets
    /// the complement of ours; and what it changes in the transport header itself is no part of the sum yet.
    @inline(never) @_noLocks
    static func apply(
        _ instruction: UnsafePointer<Instruction>, _ hand: inout PacketInHand, crc: UnsafePointer<CRC32C>
    ) -> Bool {
        guard case .rewrite = instruction.pointee.opcode else {
            return PacketEditor.apply(instruction, &hand, crc: crc)
        }
        let offload = PacketOffload(of: hand.packet)
        let place = hand.packet.length &- offload.coveredLength &+ offload.checksumOffset
        if place < 0 || place &+ 2 > hand.packet.segmentLength {
            return PacketEditor.apply(instruction, &hand, crc: crc)
        }
        let bytes = HeaderBytes(base: hand.packet.data)
        let sum = bytes.load16(place)
        // Of the two forms of zero, the one whose complement is not UDP's sign for no checksum.
        bytes.store16(~(sum == 0xffff ? 0 : sum), place)
        let goesOn = PacketEditor.apply(instruction, &hand, crc: crc)
        let changed = ~bytes.load16(place)
        bytes.store16(changesTransport(instruction) ? sum : changed, place)
        return goesOn
    }

    @inline(__always) @_noLocks
    private static func changesTransport(_ instruction: UnsafePointer<Instruction>) -> Bool {
        // Safe: the translator writes raw values of FieldID only.
        guard let field = FieldID(rawValue: instruction.pointee.detail) else { return false }
        switch field {
        case .tcpSrc, .tcpDst, .udpSrc, .udpDst, .sctpSrc, .sctpDst, .icmpType, .icmpCode, .icmpv6Type, .icmpv6Code:
            return true
        default:
            return false
        }
    }
}
