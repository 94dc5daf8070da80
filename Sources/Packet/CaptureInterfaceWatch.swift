/// Follows the blocks of a pcapng file as its bytes pass by, to be able to say which interface libpcap refused.
///
/// libpcap takes only files whose interfaces agree in link type and snapshot length, and whose sections agree in
/// byte order; its message names no interface. Only block headers and the first bytes of section headers and
/// interface descriptions are looked at (draft-ietf-opsawg-pcapng §3.1, §4.1, §4.2).
struct CaptureInterfaceWatch {
    /// An interface or section that libpcap won't take together with the first.
    struct Refusal: Equatable {
        enum Reason: Equatable {
            case linkType(Int)
            case snapshotLength(UInt32, first: UInt32)
            case byteOrder
            /// Ticks of 2^-n s, so fine that libpcap miscalculates timestamps instead of refusing them.
            case resolution(Int)
        }
        var reason: Reason
        /// The interface's number within its section, with its name if it has one.
        var interface: String
        /// The block's first byte and the byte after its last, in the uncompressed file.
        var start: Int
        var end: Int
    }

    /// The first such interface or section.
    private(set) var refusal: Refusal?
    /// The first interface of the file, as in ``Refusal/interface``.
    private(set) var firstInterface: String?

    private static let interfaceBlock: UInt32 = 1
    private static let sectionBlock: UInt32 = 0x0A0D_0D0A
    private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D
    /// A block's type, length and, in a section header, byte-order magic.
    private static let blockHeaderLength = 12
    /// As much of an interface description as is kept: an if_name beyond it goes unnamed.
    private static let keptLength = 512

    /// libpcap multiplies ticks, up to 2^n, by 10^9 (nearly 2^30) in 64 bits.
    private static let finestBinaryResolution: UInt8 = 34

    private var isWatching = true
    private var isBigEndian = false
    /// The file position of the next byte to come.
    private var position = 0
    private var blockStart = 0
    private var blockLength = 0
    /// The first bytes of the present block.
    private var head: [UInt8] = []
    private var interfaceCount = 0
    private var first: (linkType: UInt16, snapshotLength: UInt32)?

    /// Takes the next bytes of the file.
    mutating func pass(_ bytes: UnsafeRawBufferPointer) {
        // Safe: the caller vouches for the bytes during the call, and no piece is longer than the rest.
        var rest = unsafe bytes
        while isWatching, unsafe !rest.isEmpty {
            let wanted = wantedLength
            if head.count < wanted {
                let taken = min(wanted - head.count, rest.count)
                unsafe head.append(contentsOf: rest.prefix(taken))
                unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
                position += taken
                if head.count == Self.blockHeaderLength { beginBlock() }
            } else {
                let skipped = min(blockStart + blockLength - position, rest.count)
                unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: rest.dropFirst(skipped))
                position += skipped
            }
            if isWatching && blockLength > 0 && position == blockStart + blockLength { endBlock() }
        }
    }

    /// How much of the present block is to be gathered.
    private var wantedLength: Int {
        guard head.count >= Self.blockHeaderLength, word32(at: 0) == Self.interfaceBlock else {
            return Self.blockHeaderLength
        }
        return min(blockLength, Self.keptLength)
    }

    private mutating func beginBlock() {
        if word32(at: 0) == Self.sectionBlock { beginSection() }
        blockLength = Int(word32(at: 4))
        // Shorter than its own frame: the file is damaged here, and libpcap says so itself.
        if blockLength < Self.blockHeaderLength { isWatching = false }
    }

    private mutating func beginSection() {
        let wasBigEndian = isBigEndian
        isBigEndian = false
        if word32(at: 8) != Self.byteOrderMagic { isBigEndian = true }
        if word32(at: 8) != Self.byteOrderMagic { isWatching = false }
        interfaceCount = 0
        if blockStart > 0 && isBigEndian != wasBigEndian {
            refuse(.byteOrder, interface: "", end: blockStart + max(Self.blockHeaderLength, Int(word32(at: 4))))
        }
    }

    private mutating func endBlock() {
        if word32(at: 0) == Self.interfaceBlock && head.count >= 16 { noteInterface() }
        blockStart = position
        blockLength = 0
        head.removeAll(keepingCapacity: true)
    }

    private mutating func noteInterface() {
        let linkType = word16(at: 8)
        // libpcap reads 0 and lengths beyond 31 bits as "no bound".
        let snapshotLength = word32(at: 12) == 0 || word32(at: 12) > Int32.max ? 262_144 : word32(at: 12)
        let interface = name.map { "\(interfaceCount) (\"\($0)\")" } ?? "\(interfaceCount)"
        interfaceCount += 1
        if let option = option(9)?.first, option & 0x80 != 0, option & 0x7F > Self.finestBinaryResolution {
            refuse(.resolution(Int(option & 0x7F)), interface: interface, end: position)
            return
        }
        guard let first else {
            first = (linkType, snapshotLength)
            firstInterface = interface
            return
        }
        if linkType != first.linkType {
            refuse(.linkType(Int(linkType)), interface: interface, end: position)
        } else if snapshotLength != first.snapshotLength {
            refuse(.snapshotLength(snapshotLength, first: first.snapshotLength), interface: interface, end: position)
        }
    }

    private mutating func refuse(_ reason: Refusal.Reason, interface: String, end: Int) {
        refusal = Refusal(reason: reason, interface: interface, start: blockStart, end: end)
        isWatching = false
    }

    /// The interface's if_name option, without what could disturb a terminal.
    private var name: String? {
        guard let bytes = option(2) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return String(text.unicodeScalars.filter { $0.properties.generalCategory != .control })
    }

    /// The value of the interface's first option with that code, as far as it is kept.
    private func option(_ wanted: UInt16) -> ArraySlice<UInt8>? {
        var place = 16
        while place + 4 <= head.count {
            let code = word16(at: place)
            let length = Int(word16(at: place + 2))
            if code == 0 || place + 4 + length > head.count { return nil }
            if code == wanted { return head[place + 4..<place + 4 + length] }
            place += 4 + (length + 3) / 4 * 4
        }
        return nil
    }

    private func word16(at index: Int) -> UInt16 {
        let low = UInt16(head[index + (isBigEndian ? 1 : 0)])
        return low | UInt16(head[index + (isBigEndian ? 0 : 1)]) << 8
    }

    private func word32(at index: Int) -> UInt32 {
        let low = UInt32(word16(at: index + (isBigEndian ? 2 : 0)))
        return low | UInt32(word16(at: index + (isBigEndian ? 0 : 2))) << 16
    }
}
