// Hot path: which bucket of a `select` a packet gets.
import Packet

/// Drawing numbers from packets and buckets.
public enum BucketChoice {
    /// A hash over what tells flows of packets apart: addresses, tags, EtherType, labels, protocol and ports.
    @inline(__always) @_noLocks
    static func hash(_ key: UnsafePointer<FlowKey>, _ seed: UInt64) -> UInt64 {
        let types = key.pointee.words[KeyLayout.portAndTypes]
        // All fragments of a packet go the same way: only the first has ports.
        let ports = types & 3 == 0 ? key.pointee.words[KeyLayout.transport] & 0xffff_ffff_0000_0000 : 0
        var result = mix(seed, types & 0xffff_ff00)
        result = mix(result, key.pointee.words[KeyLayout.ethernetDestination])
        result = mix(result, key.pointee.words[KeyLayout.ethernetSource])
        result = mix(result, key.pointee.words[KeyLayout.ipv4Addresses])
        result = mix(result, ports)
        result = mix(result, key.pointee.words[KeyLayout.ipv6Source])
        result = mix(result, key.pointee.words[KeyLayout.ipv6Source + 1])
        result = mix(result, key.pointee.words[KeyLayout.ipv6Destination])
        result = mix(result, key.pointee.words[KeyLayout.ipv6Destination + 1])
        return mix(result, key.pointee.words[KeyLayout.mpls] >> 44)
    }

    /// The folded 128-bit product of the two, each made odd to look at.
    @inline(__always) @_noLocks
    public static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: word ^ 0xd6e8_feb8_6659_fd93)
        return product.high ^ product.low
    }

    /// The weight over an exponentially distributed number: the bucket with the highest is drawn with a probability in
    /// proportion to its weight.
    @inline(__always) @_noLocks
    public static func score(_ hash: UInt64, _ bucket: UInt64, weight: UInt16) -> Double {
        let drawn = mix(mix(hash, bucket), bucket)
        return Double(weight) / negativeLogarithm(drawn)
    }

    /// Minus the binary logarithm of `number` / 2⁶⁴; always above zero.
    @inline(__always) @_noLocks
    static func negativeLogarithm(_ number: UInt64) -> Double {
        let number = number | 1
        let zeros = UInt64(truncatingIfNeeded: number.leadingZeroBitCount)
        // The leading bit and what follows as a number from 1 up to 2.
        let mantissa = Double(bitPattern: ((number << zeros) << 1) >> 12 | 0x3ff0_0000_0000_0000)
        let x = mantissa - 1
        // log2(1 + x) to four digits, exact at both ends.
        let fraction =
            x * (1.442_665_72 + x * (-0.720_065_46 + x * (0.467_145_67 + x * (-0.298_403_77
            + x * (0.141_381_72 - x * 0.032_723_88)))))
        return max(Double(zeros) + 1 - fraction, 0x1p-40)
    }
}
