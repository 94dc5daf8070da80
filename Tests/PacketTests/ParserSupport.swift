import Foundation
import Packet
import Testing

/// A small generator of random numbers that a seed repeats (SplitMix64).
struct ParserRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

/// Memory that ends where a page without access begins: reading one byte too many ends the process.
final class GuardedMemory {
    private let pages: UnsafeMutableRawPointer
    private let size: Int
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    init(capacity: Int) {
        size = (capacity + pageSize - 1) / pageSize * pageSize
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        pages = mmap(nil, size + pageSize, PROT_READ | PROT_WRITE, flags, -1, 0)!
        precondition(mprotect(pages + size, pageSize, PROT_NONE) == 0)
    }

    deinit { munmap(pages, size + pageSize) }

    /// Where `bytes` lie, flush with the end.
    func place(_ bytes: some Collection<UInt8>) -> UnsafeRawPointer {
        let start = pages + (size - bytes.count)
        UnsafeMutableRawBufferPointer(start: start, count: bytes.count).copyBytes(from: bytes)
        return UnsafeRawPointer(start)
    }
}

struct Parsed: Equatable {
    var key: FlowKey
    var layout: PacketLayout
}

let parserGuard: UInt64 = 0xfeed_face_cafe_beef

/// Parses bytes at a place, and checks what holds for every packet.
func parse(
    at bytes: UnsafeRawPointer, count: Int, packetLength: Int? = nil, port: UInt32 = 7,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Parsed {
    let length = packetLength ?? count
    var key = FlowKey()
    for word in 0..<FlowKey.wordCount { key[word] = parserGuard }
    let layout = PacketParser.parse(bytes, count: count, packetLength: length, port: port, into: &key)
    for word in FlowKey.packetWordCount..<FlowKey.wordCount where key[word] != parserGuard {
        Issue.record("word \(word) of the pipeline was written", sourceLocation: sourceLocation)
    }
    for word in FlowKey.packetWordCount..<FlowKey.wordCount { key[word] = 0 }
    checkLayout(layout, key, count: count, packetLength: length, sourceLocation)

    var ethernet = FlowKey()
    for word in 0..<FlowKey.wordCount { ethernet[word] = parserGuard }
    let short = PacketParser.parseEthernet(bytes, count: count, packetLength: length, port: port, into: &ethernet)
    let same =
        ethernet[0] == key[0] & ~0xff03 && ethernet[1] == key[1] && ethernet[2] == key[2]
        && (3..<FlowKey.wordCount).allSatisfy { ethernet[$0] == parserGuard }
        && short.etherTypeOffset == layout.etherTypeOffset && short.vlanTagCount == layout.vlanTagCount
    if !same { Issue.record("parseEthernet differs from parse", sourceLocation: sourceLocation) }
    return Parsed(key: key, layout: layout)
}

/// Checks that the headers a layout tells of lie within the bytes that were there.
private func checkLayout(
    _ layout: PacketLayout, _ key: FlowKey, count: Int, packetLength: Int, _ location: SourceLocation
) {
    func holds(_ offset: UInt16, _ length: Int) -> Bool {
        offset == PacketLayout.absent || Int(offset) + length <= count
    }
    let networkLengths: [PacketLayout.Network: Int] = [.none: 0, .ipv4: 20, .ipv6: 40, .arp: 28]
    let transportLengths: [UInt8: Int] = [0: 0, 1: 8, 6: 20, 17: 8, 58: 8, 132: 12]
    let network = networkLengths[layout.network]!
    guard let transport = transportLengths[layout.transportProtocol] else {
        Issue.record("unknown transport \(layout.transportProtocol)", sourceLocation: location)
        return
    }
    let inside =
        holds(layout.etherTypeOffset, 2) && holds(layout.mplsOffset, 4) && holds(layout.networkOffset, network)
        && holds(layout.transportOffset, transport)
    let consistent =
        (layout.network == .none) == (layout.networkOffset == PacketLayout.absent)
        && (layout.transportProtocol == 0) == (layout.transportOffset == PacketLayout.absent)
        && (layout.networkLength == 0 || Int(layout.networkOffset) + Int(layout.networkLength) <= packetLength)
        && (layout.transportProtocol == 0 || UInt128(layout.transportProtocol) == key[.ipProto])
    if !inside || !consistent { Issue.record("impossible layout \(layout)", sourceLocation: location) }
}

func parse(_ packet: [UInt8], port: UInt32 = 7, sourceLocation: SourceLocation = #_sourceLocation) -> Parsed {
    let memory = GuardedMemory(capacity: max(packet.count, 1))
    return withExtendedLifetime(memory) {
        parse(at: memory.place(packet), count: packet.count, port: port, sourceLocation: sourceLocation)
    }
}

func number(_ bytes: [UInt8]) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }

/// Expects these fields, the port and the samples' Ethernet addresses, and nothing else.
func expectFields(
    _ packet: [UInt8], _ expected: [FieldID: UInt128], inner: UInt64 = 0,
    mpls: (second: UInt64, third: UInt64) = (0, 0),
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let parsed = parse(packet, sourceLocation: sourceLocation)
    var key = FlowKey()
    key[.inPort] = 7
    key[.inPhyPort] = 7
    key[.ethDst] = number(Sample.destination)
    key[.ethSrc] = number(Sample.source)
    for (id, value) in expected { key[id] = value }
    // The inner tag and the further label stack entries have no field of their own.
    key[KeyLayout.ethernetSource] |= inner
    key[KeyLayout.mpls] |= mpls.second
    key[KeyLayout.mplsThirdAndPBB] |= mpls.third << 32
    for word in 0..<FlowKey.wordCount where key[word] != parsed.key[word] {
        Issue.record(
            "word \(word): 0x\(String(parsed.key[word], radix: 16)), not 0x\(String(key[word], radix: 16))",
            sourceLocation: sourceLocation)
    }
}
