import Packet

/// A packet on its way to controllers, with what OpenFlow tells about it (OpenFlow 1.3.5 §7.4.1).
public struct PacketIn: Sendable, Hashable {
    /// The data path's number of the bridge.
    public var bridge: Int
    /// The packet, from its first byte on: at most ``Limits/packetInBytes`` of it, whatever the flow
    /// says, since the switch may have to keep it.
    public var bytes: [UInt8]
    /// Bytes of the whole packet.
    public var length: Int
    public var message: ControllerMessage
}

/// What a flow says about the packets that it sends to controllers, and what is the same for all packets of a megaflow.
///
/// Travels as the `data` instructions behind a `controller`: the words of ``words``.
public struct ControllerMessage: Sendable, Hashable {
    /// Why (OpenFlow 1.3.5 §7.4.1, enum ofp_packet_in_reason).
    public var reason: UInt8 = 1
    public var table: UInt8 = 0
    /// Of the flow that sent it.
    public var cookie: UInt64 = 0
    /// Bytes of the packet that are to be sent to the controller; `.max`: all, and nothing is kept in the switch.
    public var maximumLength: UInt16 = .max
    /// Which controllers: those that gave themselves this number.
    public var controllerID: UInt16 = 0
    /// Whether a controller is to resume the packet's way.
    public var pauses = false
    /// Given along by the flow.
    public var userdata: [UInt8] = []
    /// The OpenFlow number of the port by which the packet came in.
    public var inPort: UInt32 = 0
    /// Metadata, tunnel and registers as they were then; the packet's own words are zero.
    public var pipeline = FlowKey()
    /// A ``SharedMeter``'s address, or zero.
    public var meter: UInt64 = 0
    /// Whether the packet has no hop left, which is what it counts as when no controller listens.
    public var isExpired = false

    public init() {}

    /// A reason of the switch's own: no flow matched, not even one for that. Controllers of 1.0 hear of such packets.
    public static let unmatched = UInt8.max

    private static let pipelineWords = [KeyLayout.tunnelID] + Array(FlowKey.packetWordCount..<FlowKey.wordCount)

    /// The meter, among the words.
    static var meterWord: Int { @_noLocks get { 2 } }
    /// The input port and more, among the words.
    static var originWord: Int { @_noLocks get { 3 } }
    /// Of that word, ``isExpired``.
    static var expiredBit: UInt64 { @_noLocks get { 1 << 32 } }

    /// The message as the `value`s of instructions.
    var words: [UInt64] {
        var present: UInt64 = 0
        var state: [UInt64] = []
        for (index, word) in Self.pipelineWords.enumerated() where pipeline.words[word] != 0 {
            present |= 1 << UInt64(index)
            state.append(pipeline.words[word])
        }
        let first =
            UInt64(reason) | UInt64(table) << 8 | UInt64(maximumLength) << 16 | UInt64(controllerID) << 32
            | UInt64(pauses ? 1 : 0) << 48
        let origin = UInt64(inPort) | (isExpired ? Self.expiredBit : 0) | UInt64(userdata.count) << 40
        var data: [UInt64] = []
        for (index, byte) in userdata.enumerated() {
            if index % 8 == 0 { data.append(0) }
            data[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8))
        }
        return [first, cookie, meter, origin, present] + state + data
    }

    /// The message from its words.
    init(words: UnsafePointer<UInt64>) {
        let first = words[0], origin = words[3], present = words[4]
        reason = UInt8(truncatingIfNeeded: first)
        table = UInt8(truncatingIfNeeded: first >> 8)
        maximumLength = UInt16(truncatingIfNeeded: first >> 16)
        controllerID = UInt16(truncatingIfNeeded: first >> 32)
        pauses = first >> 48 & 1 != 0
        cookie = words[1]
        meter = words[2]
        inPort = UInt32(truncatingIfNeeded: origin)
        isExpired = origin & Self.expiredBit != 0
        var place = 5
        for (index, word) in Self.pipelineWords.enumerated() where present >> UInt64(index) & 1 != 0 {
            pipeline.words[word] = words[place]
            place += 1
        }
        userdata = (0..<Int(origin >> 40)).map {
            UInt8(truncatingIfNeeded: words[place + $0 / 8] >> UInt64(8 * ($0 % 8)))
        }
    }

    /// The `controller` instruction that sends it, and those that belong to it. The last bytes of user data that are
    /// too long for a program are left out.
    public var instructions: [Instruction] {
        var message = self
        message.userdata = Array(userdata.prefix(8 * (Instruction.controllerDataLimit - 32)))
        let words = message.words
        return [Instruction(.controller, argument: UInt32(words.count), value: UInt64(Limits.packetInBytes))]
            + words.map { Instruction(.data, value: $0) }
    }
}
