/// Packets of which a controller got the beginning only, kept until it says what to do with them (OpenFlow 1.3.5 §5.12,
/// buffer_id). The oldest goes when there is no room.
struct PacketBuffers {
    static let capacity = 256

    struct Packet {
        var bytes: [UInt8]
        var inPort: UInt32
    }

    private var slots: [(id: UInt32, packet: Packet)?] = Array(repeating: nil, count: PacketBuffers.capacity)
    private var next: UInt32 = 0

    /// Keeps a packet; its number.
    mutating func keep(_ packet: Packet) -> UInt32 {
        let id = next
        // 0xffffffff means no buffer.
        next = next == .max - 1 ? 0 : next + 1
        slots[Int(id) % Self.capacity] = (id, packet)
        return id
    }

    /// Gives a packet back, once.
    mutating func take(_ id: UInt32) -> Packet? {
        let place = Int(id) % Self.capacity
        guard let slot = slots[place], slot.id == id else { return nil }
        slots[place] = nil
        return slot.packet
    }
}
