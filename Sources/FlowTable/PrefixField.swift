import Packet

/// The fields whose leading bits are kept in tries: addresses and transport ports.
///
/// They are places in the key rather than fields of a protocol (ARP addresses share the place of IPv4's), and an IPv6
/// address counts as two, one a word. What is proved about bits of the key holds whatever they mean.
enum PrefixField {
    static let count = 8
    static let all = 0..<count

    struct Place: BitwiseCopyable {
        let word: Int
        let shift: Int
        let width: Int

        /// The field's bits at the top of a word; below them anything.
        @inline(__always) @_noLocks
        func aligned(_ word: UInt64) -> UInt64 { word &<< UInt64(truncatingIfNeeded: 64 &- shift &- width) }

        /// A mask, in place, of the field's first bits.
        @inline(__always) @_noLocks
        func leading(_ bits: Int) -> UInt64 {
            guard bits > 0 else { return 0 }
            let top = UInt64.max &<< UInt64(truncatingIfNeeded: 64 &- bits)
            return top &>> UInt64(truncatingIfNeeded: 64 &- shift &- width)
        }

        /// How many of the field's first bits a mask has without a gap.
        @inline(__always) @_noLocks
        func prefixLength(_ mask: UInt64) -> Int { min((~aligned(mask)).leadingZeroBitCount, width) }
    }

    @inline(__always) @_noLocks
    static func place(_ field: Int) -> Place {
        switch field {
        case 0: Place(word: KeyLayout.ipv4Addresses, shift: 0, width: 32)
        case 1: Place(word: KeyLayout.ipv4Addresses, shift: 32, width: 32)
        case 2: Place(word: KeyLayout.ipv6Destination, shift: 0, width: 64)
        case 3: Place(word: KeyLayout.ipv6Destination + 1, shift: 0, width: 64)
        case 4: Place(word: KeyLayout.ipv6Source, shift: 0, width: 64)
        case 5: Place(word: KeyLayout.ipv6Source + 1, shift: 0, width: 64)
        case 6: Place(word: KeyLayout.transport, shift: 32, width: 16)
        default: Place(word: KeyLayout.transport, shift: 48, width: 16)
        }
    }

    /// The bit that stands for a prefix length in a set of lengths; 63 and 64 share one.
    @inline(__always) @_noLocks
    static func lengthBit(_ length: Int) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: min(length, 63)) }
}
