import Foundation
import VhostUser

/// A session with a front-end on the other end of a socket pair, driven by hand: no threads, no waiting.
final class SessionHarness {
    static let multiQueueBits: UInt64 = 1 << 22
    static let plainBits: UInt64 = 1 << 32 | 1 << 30 | 1 << 28 | 1 << 15

    let memory: TestMemory
    let recorder = Recorder()
    let session: VhostSession
    let frontEnd: FrontEnd
    var features = SessionHarness.plainBits
    /// Far ahead, so that no turn is cut short however slow the machine is.
    var now = UInt64.max / 2
    private(set) var end: VhostSessionEnd?
    private(set) var calls: [Int: FileDescriptor] = [:]

    init(queuePairs: Int = 1, memory: TestMemory = TestMemory(), options: VhostSessionOptions? = nil) {
        self.memory = memory
        let (ours, theirs) = FrontEnd.pair()
        frontEnd = ours
        session = VhostSession(
            socket: theirs, options: options ?? VhostSessionOptions(queuePairs: queuePairs), delegate: recorder)
    }

    deinit { session.close() }

    /// Lets the session handle all that was sent, up to eight turns' worth.
    @discardableResult
    func serve() -> VhostSessionEnd? {
        for _ in 0..<8 where end == nil {
            end = session.serve(now: now)
            if end != nil { session.close() }
        }
        return end
    }

    @discardableResult
    func send(_ request: VhostRequestNumber, _ payload: [UInt8] = [], files: [CInt] = []) -> VhostSessionEnd? {
        frontEnd.post(request, payload, files: files)
        return serve()
    }

    func ask(_ request: VhostRequestNumber, _ payload: [UInt8] = []) -> UInt64? {
        send(request, payload)
        return frontEnd.answer()?.answer.value
    }

    /// Sends with the wish for an acknowledgement, and returns it.
    func acknowledged(_ request: VhostRequestNumber, _ payload: [UInt8] = [], files: [CInt] = []) -> UInt64? {
        frontEnd.post(request, payload, files: files, needsReply: true)
        serve()
        return frontEnd.answer()?.answer.value
    }

    func negotiate(protocolBits: UInt64 = 0x100b) {
        send(.setOwner)
        _ = ask(.getFeatures)
        _ = ask(.getProtocolFeatures)
        send(.setProtocolFeatures, little(protocolBits))
        send(.setFeatures, little(features))
    }

    func setMemory() { send(.setMemoryTable, memory.table, files: [memory.file.number]) }

    /// Where the test's queue has its ring: descriptors, used, available.
    static func addresses(_ queue: Int) -> [UInt64] {
        let start = TestMemory.userStart + UInt64(queue) * 0x4000
        return [start, start + 0x1000, start + 0x2000]
    }

    static func addressPayload(_ queue: Int, _ addresses: [UInt64]) -> [UInt8] {
        little(UInt32(queue)) + little(UInt32(0)) + addresses.flatMap { little($0) } + little(UInt64(0))
    }

    static func state(_ queue: Int, _ value: UInt32) -> [UInt8] { little(UInt32(queue)) + little(value) }

    /// All messages that a queue needs.
    func bring(
        up queue: Int, size: UInt32 = 64, base: UInt32 = 0, addresses: [UInt64]? = nil, enable: Bool = true
    ) {
        send(.setRingSize, Self.state(queue, size))
        send(.setRingBase, Self.state(queue, base))
        send(.setRingAddresses, Self.addressPayload(queue, addresses ?? Self.addresses(queue)))
        let call = makeEvent(), kick = makeEvent()
        calls[queue] = call
        send(.setRingCall, little(UInt64(queue)), files: [call.number])
        send(.setRingKick, little(UInt64(queue)), files: [kick.number])
        if enable { send(.setRingEnabled, Self.state(queue, 1)) }
    }

    /// A whole legal bring-up.
    func bringUp() {
        negotiate()
        setMemory()
        for queue in 0..<(2 * session.options.queuePairs) { bring(up: queue) }
    }
}
