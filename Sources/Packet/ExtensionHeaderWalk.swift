/// The way along the extension headers of an IPv6 packet (RFC 8200 §4) to the header of the protocol it carries.
///
/// Hop-by-hop options, routing, fragment, authentication and destination options are stepped over; whatever else comes
/// ends the way. Each header must have its eight first bytes and all of its length within the IP packet.
struct ExtensionHeaderWalk {
    /// The protocol found; ``IPProtocol/fragment`` in a later fragment.
    private(set) var nextHeader: UInt8
    /// Whether the chain was there to its end.
    private(set) var isWhole = true
    /// ipv6_exthdr.
    private(set) var seen: UInt16 = 0
    /// Where the header of the protocol found starts.
    private(set) var offset: Int
    /// ip_frag.
    private(set) var fragment: UInt64 = 0

    @_noLocks @inline(__always)
    init(nextHeader: UInt8, offset: Int) {
        self.nextHeader = nextHeader
        self.offset = offset
    }

    /// Whether the next header is one that ipv6_exthdr tells of or that must be stepped over.
    var isNeeded: Bool {
        @_noLocks @inline(__always) get { nextHeader < 64 && Self.isExtension >> UInt64(nextHeader) & 1 != 0 }
    }

    /// By protocol number.
    private static var isExtension: UInt64 {
        @_noLocks get {
            1 << UInt64(IPProtocol.hopByHopOptions) | 1 << UInt64(IPProtocol.routing)
                | 1 << UInt64(IPProtocol.fragment) | 1 << UInt64(IPProtocol.encapsulatingSecurityPayload)
                | 1 << UInt64(IPProtocol.authentication) | 1 << UInt64(IPProtocol.noNextHeader)
                | 1 << UInt64(IPProtocol.destinationOptions)
        }
    }

    /// The walk, gone to the end of the chain. Few packets have extension headers, so this stands apart from the rest.
    @_noLocks @inline(never)
    func finished(_ packet: PacketBytes, end: Int) -> ExtensionHeaderWalk {
        var walk = self
        var order = ExtensionHeaderOrder()
        while walk.isNeeded {
            order.note(walk.nextHeader)
            guard walk.step(packet, end: end) else { break }
        }
        walk.seen = order.seen
        return walk
    }

    /// Steps over one header.
    /// - Returns: Whether the way goes on.
    @_noLocks @inline(__always)
    private mutating func step(_ packet: PacketBytes, end: Int) -> Bool {
        if nextHeader == IPProtocol.encapsulatingSecurityPayload || nextHeader == IPProtocol.noNextHeader {
            return false
        }
        isWhole = min(packet.count, end) &- offset >= IPv6ExtensionHeader.minimumLength
        guard isWhole else { return false }
        // Safe: the header's first eight bytes are there.
        let following = unsafe packet.uint8(at: offset &+ IPv6ExtensionHeader.nextHeader)
        let units = unsafe Int(packet.uint8(at: offset &+ IPv6ExtensionHeader.lengthUnits))
        var length = (units &+ 1) &* 8
        if nextHeader == IPProtocol.authentication {
            length = (units &+ 2) &* 4
        } else if nextHeader == IPProtocol.fragment {
            length = IPv6ExtensionHeader.minimumLength
            // Safe: as above.
            let place = unsafe packet.uint16(at: offset &+ IPv6ExtensionHeader.fragment)
            // Open vSwitch takes the reserved bits for a sign of a fragment too.
            if place != 0 { fragment = KeyLayout.fragmentAny }
            if place & Self.fragmentOffset != 0 {
                fragment = KeyLayout.fragmentAny | KeyLayout.fragmentLater
                return false
            }
        }
        isWhole = length <= end &- offset
        offset &+= length
        nextHeader = following
        return isWhole
    }

    private static var fragmentOffset: UInt16 { @_noLocks get { 0xfff8 } }
}

/// Which extension headers came, and whether in order: ipv6_exthdr (OpenFlow 1.3.5 §7.2.3.7).
struct ExtensionHeaderOrder {
    /// ipv6_exthdr.
    private(set) var seen: UInt16 = 0
    /// Each kind of header that came, wherever it came.
    private var kinds: UInt16 = 0
    private var destinationOptionsCount = 0
    /// The place in RFC 8200's order of the last header that was in order.
    private var reached = 0

    @_noLocks @inline(__always)
    init() {}

    /// Enters a header.
    ///
    /// "Unexpected sequencing" is any order but RFC 8200 §4.1's: hop-by-hop, destination options, routing, fragment,
    /// authentication, encapsulating security payload, destination options. Two destination options headers are
    /// expected, more are a repeat.
    @_noLocks @inline(__always)
    mutating func note(_ header: UInt8) {
        let kind: UInt16
        let place: Int
        switch header {
        case IPProtocol.hopByHopOptions: (kind, place) = (IPv6ExtensionBits.hopByHop, 1)
        case IPProtocol.destinationOptions: (kind, place) = (IPv6ExtensionBits.destination, reached < 2 ? 2 : 7)
        case IPProtocol.routing: (kind, place) = (IPv6ExtensionBits.router, 3)
        case IPProtocol.fragment: (kind, place) = (IPv6ExtensionBits.fragment, 4)
        case IPProtocol.authentication: (kind, place) = (IPv6ExtensionBits.authentication, 5)
        case IPProtocol.encapsulatingSecurityPayload: (kind, place) = (IPv6ExtensionBits.encryptedPayload, 6)
        default: (kind, place) = (IPv6ExtensionBits.noNextHeader, 8)
        }
        let isDestination = kind == IPv6ExtensionBits.destination
        if isDestination { destinationOptionsCount &+= 1 }
        if isDestination ? destinationOptionsCount > 2 : kinds & kind != 0 {
            seen |= IPv6ExtensionBits.unexpectedRepeat
        }
        if place < reached { seen |= IPv6ExtensionBits.unexpectedSequence } else { reached = place }
        // Hop-by-hop options are told of only where they belong, at the very start.
        if kind != IPv6ExtensionBits.hopByHop || kinds == 0 { seen |= kind }
        kinds |= kind
    }
}

/// The bits of ipv6_exthdr (OpenFlow 1.3.5 §7.2.3.7, ofp_ipv6exthdr_flags).
public enum IPv6ExtensionBits {
    @inlinable public static var noNextHeader: UInt16 { @_noLocks get { 1 << 0 } }
    @inlinable public static var encryptedPayload: UInt16 { @_noLocks get { 1 << 1 } }
    @inlinable public static var authentication: UInt16 { @_noLocks get { 1 << 2 } }
    @inlinable public static var destination: UInt16 { @_noLocks get { 1 << 3 } }
    @inlinable public static var fragment: UInt16 { @_noLocks get { 1 << 4 } }
    @inlinable public static var router: UInt16 { @_noLocks get { 1 << 5 } }
    /// Hop-by-hop options, as the first extension header.
    @inlinable public static var hopByHop: UInt16 { @_noLocks get { 1 << 6 } }
    @inlinable public static var unexpectedRepeat: UInt16 { @_noLocks get { 1 << 7 } }
    @inlinable public static var unexpectedSequence: UInt16 { @_noLocks get { 1 << 8 } }
}
