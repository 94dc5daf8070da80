// Fuzzes the packet parser with libFuzzer and AddressSanitizer.
//
// Build and run, from the package's root:
//
//     mkdir -p .build/fuzz/corpus
//     swiftc -O -wmo -parse-as-library -sanitize=fuzzer,address -module-name Packet -I Sources/CCapture \
//         -emit-module -emit-module-path .build/fuzz/Packet.swiftmodule -c Sources/Packet/*.swift \
//         -o .build/fuzz/Packet.o
//     swiftc -O -parse-as-library -sanitize=fuzzer,address -use-ld=lld -I .build/fuzz -I Sources/CCapture \
//         Fuzz/PacketParserFuzz/main.swift .build/fuzz/Packet.o -lpcap -lz -o .build/fuzz/PacketParserFuzz
//     .build/fuzz/PacketParserFuzz -max_total_time=120 -max_len=400 \
//         .build/fuzz/corpus Fuzz/PacketParserFuzz/corpus

import Packet

/// Parses an input in a buffer of exactly its size, as a whole packet and as the first buffer of a longer one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let copy = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 1)
    defer { copy.deallocate() }
    copy.copyMemory(from: data, byteCount: size)
    check(copy, count: size, packetLength: size)
    check(copy, count: size, packetLength: size + 300)
    return 0
}

private func check(_ bytes: UnsafeRawPointer, count: Int, packetLength: Int) {
    let guardWord: UInt64 = 0x5a5a_a5a5_0123_4567
    var key = FlowKey()
    var ethernetKey = FlowKey()
    for word in 0..<FlowKey.wordCount {
        key[word] = guardWord
        ethernetKey[word] = guardWord
    }
    let layout = PacketParser.parse(bytes, count: count, packetLength: packetLength, port: 3, into: &key)
    let ethernet = PacketParser.parseEthernet(
        bytes, count: count, packetLength: packetLength, port: 3, into: &ethernetKey)

    for word in FlowKey.packetWordCount..<FlowKey.wordCount { precondition(key[word] == guardWord) }
    for word in 3..<FlowKey.wordCount { precondition(ethernetKey[word] == guardWord) }
    // The bits of ip_proto and ip_frag are all that Ethernet alone doesn't tell of words 0…2.
    precondition(ethernetKey[0] == key[0] & ~0xff03)
    precondition(ethernetKey[1] == key[1] && ethernetKey[2] == key[2])
    precondition(ethernet.etherTypeOffset == layout.etherTypeOffset && ethernet.vlanTagCount == layout.vlanTagCount)

    precondition(isInside(layout.etherTypeOffset, 2, count) && isInside(layout.mplsOffset, 4, count))
    let network = [PacketLayout.Network.none: 0, .ipv4: 20, .ipv6: 40, .arp: 28][layout.network]!
    precondition(isInside(layout.networkOffset, network, count))
    precondition((layout.network == .none) == (layout.networkOffset == PacketLayout.absent))
    precondition(isInside(layout.networkOffset, Int(layout.networkLength), packetLength))
    let transport = [0: 0, 1: 8, 6: 20, 17: 8, 58: 8, 132: 12][layout.transportProtocol]!
    precondition(isInside(layout.transportOffset, transport, count))
    precondition((layout.transportProtocol == 0) == (layout.transportOffset == PacketLayout.absent))
    if layout.transportProtocol != 0 { precondition(UInt128(layout.transportProtocol) == key[.ipProto]) }
}

private func isInside(_ offset: UInt16, _ length: Int, _ count: Int) -> Bool {
    offset == PacketLayout.absent || Int(offset) + length <= count
}
