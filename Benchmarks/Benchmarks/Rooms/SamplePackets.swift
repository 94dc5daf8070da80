/// Packets of many connections between two stations. The same number gives the same bytes in each run.
enum SamplePackets {
    /// 64 bytes of Ethernet, IPv4 and UDP.
    static func udp(_ number: Int) -> [UInt8] { addresses + [0x08, 0x00] + ipv4(number) }

    /// The same with a VLAN tag.
    static func taggedUDP(_ number: Int) -> [UInt8] { addresses + [0x81, 0x00, 0x00, 0x64, 0x08, 0x00] + ipv4(number) }

    private static var addresses: [UInt8] { [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1] }

    private static func ipv4(_ number: Int) -> [UInt8] {
        let scattered = UInt64(truncatingIfNeeded: number) &* 0x9e37_79b9_7f4a_7c15
        let byte = { (shift: UInt64) in UInt8(truncatingIfNeeded: scattered >> shift) }
        return [0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0, 0, 10, byte(0), byte(8), byte(16), 172, 16, byte(24), byte(32)]
            + [byte(40) | 4, byte(48), 0x10, byte(56), 0, 30, 0, 0] + Array(repeating: 0, count: 22)
    }
}
