// Hot path: what is still to be done to a packet that a guest sent.
import DPDK
import VhostUser

/// A checksum that is to be completed and, for a long TCP segment, how it is to be cut.
///
/// Travels with the packet buffer. Places count from the packet's end, as headers come and go only at its front.
struct PacketOffload: BitwiseCopyable {
    /// Seventeen bits: bytes from the transport header to the end. Eight: offset of the checksum in the transport
    /// header. Sixteen: bytes of payload in a segment. Eight: the header's `segmentationType`. Nine: bytes from the
    /// network header to the transport header.
    let word: UInt64

    @inline(__always) @_noLocks
    init(word: UInt64) { self.word = word }

    /// What is left to do on a packet; to be asked only if there is something.
    @inline(__always) @_noLocks
    init(of packet: PacketBuffer) { word = evs_mbuf_offload(packet.raw) }

    /// Bytes that the checksum covers: the transport header and all behind it.
    var coveredLength: Int { @inline(__always) @_noLocks get { Int(word & 0x1_ffff) } }
    var checksumOffset: Int { @inline(__always) @_noLocks get { Int(word >> 17 & 0xff) } }
    var segmentSize: Int { @inline(__always) @_noLocks get { Int(word >> 25 & 0xffff) } }
    var segmentationType: UInt8 { @inline(__always) @_noLocks get { UInt8(truncatingIfNeeded: word >> 41) } }
    var networkLength: Int { @inline(__always) @_noLocks get { Int(word >> 49 & 0x1ff) } }

    /// The segmentation type without the mark of congestion notification.
    var protocolType: UInt8 { @inline(__always) @_noLocks get { segmentationType & ~VirtioNetHeader.ecn } }

    /// The header by which a guest is told, for a packet of this length.
    @inline(__always) @_noLocks
    func header(length: Int, transportHeaderLength: Int) -> VirtioNetHeader {
        var header = VirtioNetHeader()
        let start = length &- coveredLength
        header.flags = VirtioNetHeader.needsChecksum
        header.checksumStart = UInt16(truncatingIfNeeded: start)
        header.checksumOffset = UInt16(truncatingIfNeeded: checksumOffset)
        if segmentationType != 0 {
            header.segmentationType = segmentationType
            header.segmentSize = UInt16(truncatingIfNeeded: segmentSize)
            header.headerLength = UInt16(truncatingIfNeeded: start &+ transportHeaderLength)
        }
        return header
    }

    /// Bytes at the front in which all headers that a guest speaks of must lie; fewer than a buffer holds.
    static var headerRoom: Int { @_noLocks get { 1024 } }
    /// The fewest bytes of payload in a segment that are taken seriously: less than any host's, and more would be
    /// a way to have many packets made of one.
    static var smallestSegment: Int { @_noLocks get { 48 } }
}

extension PacketOffload {
    /// Checks what a guest's header says against the packet's own bytes.
    ///
    /// - Returns: `nil` if they contradict each other, or the guest may not ask for it.
    @inline(never) @_noLocks
    static func checked(_ header: VirtioNetHeader, _ packet: PacketBuffer, features: UInt64) -> PacketOffload? {
        if header.flags & VirtioNetHeader.needsChecksum == 0 { return nil }
        let start = Int(header.checksumStart), offset = Int(header.checksumOffset)
        let length = packet.length
        let room = min(packet.segmentLength, headerRoom)
        if start < 14 || offset > 0xff || start &+ offset &+ 2 > room { return nil }
        let word = UInt64(length &- start) | UInt64(offset) << 17
        if header.segmentationType == 0 { return PacketOffload(word: word) }
        let size = Int(header.segmentSize)
        if size < smallestSegment || offset != 16 || start &+ 20 > room { return nil }
        guard let network = networkHeader(header.segmentationType, packet, start, features) else { return nil }
        let transport = Int(packet.data.load(fromByteOffset: start &+ 12, as: UInt8.self) >> 4) &* 4
        if transport < 20 || start &+ transport >= length || start &+ transport > room { return nil }
        let kind = UInt64(header.segmentationType) << 41 | UInt64(start &- network) << 49
        return PacketOffload(word: word | UInt64(size) << 25 | kind)
    }

    /// Where the network header begins that a long TCP segment must have; `nil` if it isn't there.
    @inline(__always) @_noLocks
    private static func networkHeader(
        _ type: UInt8, _ packet: PacketBuffer, _ start: Int, _ features: UInt64
    ) -> Int? {
        let bytes = HeaderBytes(base: packet.data)
        var place = 12
        // No more tags than the parser knows, and always within the room that was checked.
        while place &+ 4 < start, bytes.load16(place) == 0x8100 || bytes.load16(place) == 0x88a8 { place &+= 4 }
        let etherType = bytes.load16(place)
        let network = place &+ 2
        if type & VirtioNetHeader.ecn != 0, features & VirtioFeatures.hostECN == 0 { return nil }
        switch type & ~VirtioNetHeader.ecn {
        case VirtioNetHeader.tcp4 where features & VirtioFeatures.hostTSO4 != 0 && etherType == 0x0800:
            if network &+ 20 > start { return nil }
            let first = bytes.load8(network)
            let isTCP = bytes.load8(network &+ 9) == 6
            return first >> 4 == 4 && Int(first & 15) &* 4 == start &- network && isTCP ? network : nil
        case VirtioNetHeader.tcp6 where features & VirtioFeatures.hostTSO6 != 0 && etherType == 0x86dd:
            if network &+ 40 > start || start &- network > 0x1ff { return nil }
            return bytes.load8(network) >> 4 == 6 ? network : nil
        default:
            return nil
        }
    }
}
