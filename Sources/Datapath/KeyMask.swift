// Hot path: cutting keys down to the bits that matter.
import Packet

/// A mask in the form that is quick to apply: only the words that it touches.
///
/// A ``FlowKey`` cut down by it is a short run of words, which is what the caches hash and compare.
struct KeyMask {
    /// Words that the mask touches.
    private(set) var count = 0
    /// Which they are.
    private(set) var words = InlineArray<18, UInt8>(repeating: 0)
    private(set) var masks = InlineArray<18, UInt64>(repeating: 0)

    /// The packet words of a mask; the pipeline's own words are the same for all arriving packets.
    init(_ mask: FlowMask) {
        for word in 0..<FlowKey.packetWordCount where mask.words[word] != 0 {
            words[count] = UInt8(word)
            masks[count] = mask.words[word]
            count += 1
        }
    }

    /// Writes the words of `key` that count, cut down, to `compact`.
    @inline(__always) @_noLocks
    func extract(_ key: UnsafePointer<FlowKey>, into compact: UnsafeMutablePointer<UInt64>) {
        let source = UnsafeRawPointer(key).assumingMemoryBound(to: UInt64.self)
        var index = 0
        while index < count {
            // Safe: count ≤ 18, and each word number is below FlowKey.wordCount.
            compact[index] = source[Int(words[unchecked: index])] & masks[unchecked: index]
            index &+= 1
        }
    }

    /// How much of a packet must be parsed to know the words that count.
    var depth: ParseDepth {
        var depth = ParseDepth.port
        for index in 0..<count {
            let word = Int(words[index])
            let portOnly = word == KeyLayout.physicalPort
                || word == KeyLayout.portAndTypes && masks[index] & 0xffff_ffff == 0
            let ethernet = word <= KeyLayout.ethernetSource
                && (word != KeyLayout.portAndTypes || masks[index] & 0xffff == 0)
            if !portOnly { depth = max(depth, ethernet ? .ethernet : .full) }
        }
        return depth
    }
}

/// How far into a packet the caches look.
enum ParseDepth: UInt8, Comparable {
    /// Not at all: the port by which it came is enough.
    case port
    /// Ethernet addresses, type and VLAN tags.
    case ethernet
    /// Every header.
    case full

    static func < (left: ParseDepth, right: ParseDepth) -> Bool { left.rawValue < right.rawValue }

    var isPort: Bool {
        @inline(__always) @_noLocks get { if case .port = self { true } else { false } }
    }

    var isFull: Bool {
        @inline(__always) @_noLocks get { if case .full = self { true } else { false } }
    }
}
