// Hot path: the checksum that covers a packet's addresses.
import Packet

/// The transport checksum over a pseudo-header (RFC 768, RFC 9293 §3.1, RFC 8200 §8.1).
struct AddressChecksum {
    let offset: Int
    let isUDP: Bool

    /// Replaces the checksum `old`. UDP without a checksum says zero, and keeps saying so.
    @inline(__always) @_noLocks
    func store(_ new: UInt16, over old: UInt16, _ bytes: HeaderBytes) {
        if isUDP, old == 0 { return }
        bytes.store16(isUDP ? Checksum.transmittedByUDP(new) : new, offset)
    }
}

extension PacketEditor {
    /// The checksum that covers the addresses, if there is one and the packet has all of its header's fixed part. It is
    /// kept right also where the header says things that make its ports unknown.
    @inline(__always) @_noLocks
    func addressChecksum() -> AddressChecksum? {
        if layout.transportOffset == PacketLayout.absent { return oddAddressChecksum() }
        return addressChecksum(layout.transportProtocol, at: Int(layout.transportOffset), length: .max)
    }

    @inline(__always) @_noLocks
    private func addressChecksum(_ protocol: UInt8, at header: Int, length: Int) -> AddressChecksum? {
        switch `protocol` {
        case IPProtocol.tcp where length >= TCPHeader.minimumLength:
            AddressChecksum(offset: header &+ TCPHeader.checksum, isUDP: false)
        case IPProtocol.udp where length >= UDPHeader.length:
            AddressChecksum(offset: header &+ UDPHeader.checksum, isUDP: true)
        case IPProtocol.icmpv6 where layout.network == .ipv6 && length >= ICMPHeader.checksum &+ 2:
            AddressChecksum(offset: header &+ ICMPHeader.checksum, isUDP: false)
        default:
            nil
        }
    }

    @inline(never) @_noLocks
    private func oddAddressChecksum() -> AddressChecksum? {
        let network = Int(layout.networkOffset)
        switch layout.network {
        case .none, .arp:
            return nil
        case .ipv4:
            if bytes.load16(network &+ IPv4Header.fragment) & 0x1fff != 0 { return nil }
            let header = network &+ Int(bytes.load8(network &+ IPv4Header.versionAndLength) & 0xf) &* 4
            return addressChecksum(
                bytes.load8(network &+ IPv4Header.protocol), at: header, length: transportEnd() &- header)
        case .ipv6:
            let chain = ExtensionHeaders(self)
            if chain.isLaterFragment { return nil }
            return addressChecksum(chain.next, at: chain.offset, length: transportEnd() &- chain.offset)
        }
    }
}

/// The extension headers of an IPv6 packet (RFC 8200 §4), which the parser found whole.
struct ExtensionHeaders {
    /// The protocol behind the last one.
    private(set) var next: UInt8
    /// Where that protocol's number stands.
    private(set) var nextPlace: Int
    /// Where that one's header starts.
    private(set) var offset: Int
    private(set) var isLaterFragment = false
    /// Whether the addresses that the transport checksum covers end in a routing header, not in the IPv6 header
    /// (RFC 8200 §8.1).
    private(set) var routesFurther = false

    @inline(never) @_noLocks
    init(_ editor: PacketEditor) {
        let network = Int(editor.layout.networkOffset)
        nextPlace = network &+ IPv6Header.nextHeader
        next = editor.bytes.load8(nextPlace)
        offset = network &+ IPv6Header.length
        let end = editor.transportEnd()
        while isExtension, !isLaterFragment, offset &+ IPv6ExtensionHeader.minimumLength <= end {
            // Safe: the header's first eight bytes are there.
            let units = Int(editor.bytes.load8(offset &+ IPv6ExtensionHeader.lengthUnits))
            var length = (units &+ 1) &* 8
            switch next {
            case IPProtocol.routing:
                if editor.bytes.load8(offset &+ IPv6ExtensionHeader.segmentsLeft) > 0 { routesFurther = true }
            case IPProtocol.fragment:
                isLaterFragment = editor.bytes.load16(offset &+ IPv6ExtensionHeader.fragment) & 0xfff8 != 0
                length = IPv6ExtensionHeader.minimumLength
            case IPProtocol.authentication:
                length = (units &+ 2) &* 4
            default:
                break
            }
            nextPlace = offset &+ IPv6ExtensionHeader.nextHeader
            next = editor.bytes.load8(nextPlace)
            offset &+= length
        }
    }

    private var isExtension: Bool {
        @inline(__always) @_noLocks get {
            next == IPProtocol.hopByHopOptions || next == IPProtocol.routing || next == IPProtocol.fragment
                || next == IPProtocol.authentication || next == IPProtocol.destinationOptions
        }
    }
}
