// Safe throughout: a key is `wordCount` words and nothing else, and word numbers are below that.

/// Everything of a packet that a flow can match on, in one fixed layout.
///
/// A key is 32 words of 64 bits; each field has a fixed place in one word (128-bit fields in two), in host byte order
/// and right-aligned in its place, so that a prefix mask is a run of high bits and a comparison is a word comparison.
/// A field that the packet does not have reads as zero. The same layout, read as bits that matter, is a mask
/// (``FlowMask``). Which field lives where is told by ``Field`` alone.
///
/// Words `0..<packetWordCount` come from the packet and its port; the rest (metadata, registers) belongs to the
/// pipeline and is zero when a packet enters.
public struct FlowKey: Sendable, BitwiseCopyable {
    /// 64-bit words in a key.
    @inlinable public static var wordCount: Int { @_noLocks get { 32 } }
    /// The words that a packet fills; the pipeline's own follow.
    @inlinable public static var packetWordCount: Int { @_noLocks get { 18 } }

    public var words: InlineArray<32, UInt64>

    @inlinable @_noLocks
    public init() { words = InlineArray(repeating: 0) }

    /// A word by its number, `0..<wordCount`.
    @inlinable
    public subscript(word: Int) -> UInt64 {
        @_noLocks get { words[word] }
        @_noLocks set { words[word] = newValue }
    }
}

/// The bits of a ``FlowKey`` that matter.
public typealias FlowMask = FlowKey

// Loops go over pointers: for each subscript of an inline array with a variable index the compiler copies all of the
// array, so that a comparison took a thousand instructions instead of thirty.

extension FlowKey {
    /// The words of a key that a pointer leads to.
    @unsafe @inlinable @inline(__always) @_noLocks
    static func words(_ key: UnsafePointer<FlowKey>) -> UnsafePointer<UInt64> {
        unsafe UnsafeRawPointer(key).assumingMemoryBound(to: UInt64.self)
    }
}

extension FlowKey: Hashable {
    @inlinable @_noLocks
    public static func == (left: FlowKey, right: FlowKey) -> Bool {
        unsafe withUnsafePointer(to: left) { left in
            unsafe withUnsafePointer(to: right) { right in
                var difference: UInt64 = 0
                for word in 0..<wordCount { difference |= unsafe words(left)[word] ^ words(right)[word] }
                return difference == 0
            }
        }
    }

    @inlinable
    public func hash(into hasher: inout Hasher) {
        let own = words.span
        for word in 0..<Self.wordCount { hasher.combine(own[word]) }
    }
}

extension FlowKey {
    /// Bitwise and: a key cut down to a mask, or the bits common to two masks.
    @inlinable @_noLocks
    public static func & (left: FlowKey, right: FlowKey) -> FlowKey {
        var result = left
        unsafe withUnsafePointer(to: right) { right in
            for word in 0..<wordCount { result.words[word] &= unsafe words(right)[word] }
        }
        return result
    }

    /// Bitwise or: the union of two masks.
    @inlinable @_noLocks
    public static func | (left: FlowKey, right: FlowKey) -> FlowKey {
        var result = left
        unsafe withUnsafePointer(to: right) { right in
            for word in 0..<wordCount { result.words[word] |= unsafe words(right)[word] }
        }
        return result
    }

    /// Whether no bit is set.
    @inlinable
    public var isZero: Bool {
        @_noLocks get { self == FlowKey() }
    }

    /// Whether each bit set here is set in `other` too.
    @inlinable @_noLocks
    public func isSubset(of other: FlowKey) -> Bool {
        unsafe withUnsafePointer(to: self) { own in
            unsafe withUnsafePointer(to: other) { other in
                var outside: UInt64 = 0
                for word in 0..<Self.wordCount { outside |= unsafe Self.words(own)[word] & ~Self.words(other)[word] }
                return outside == 0
            }
        }
    }
}
