import Dispatch
import Session
import Synchronization

/// What the control thread is told by others.
public enum ControlEvent: Sendable {
    /// A line from a client, and where the answer goes.
    case request([UInt8], reply: @Sendable ([UInt8]) -> Void)
    /// A signal that the process got.
    case signal(Int32)
    /// Something on an OpenFlow connection.
    case session(SessionEvent)
    /// Packets wait that flows send to controllers.
    case packets(done: @Sendable () -> Void)
}

/// The way from sockets and signals to the one control thread, in the order of arrival.
///
/// Bounded by its senders: a client has one request here at most.
public final class ControlQueue: Sendable {
    private let waiting = Mutex<[ControlEvent]>([])
    private let count = DispatchSemaphore(value: 0)

    public init() {}

    /// Puts an event at the end.
    public func append(_ event: ControlEvent) {
        waiting.withLock { $0.append(event) }
        count.signal()
    }

    /// Tells that packets wait for controllers, and returns when they have been looked at.
    func appendPackets() {
        let taken = DispatchSemaphore(value: 0)
        append(.packets(done: { taken.signal() }))
        taken.wait()
    }

    /// The next event; `nil` when there is none for so long.
    public func next(within interval: DispatchTimeInterval) -> ControlEvent? {
        guard count.wait(timeout: .now() + interval) == .success else { return nil }
        return waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
