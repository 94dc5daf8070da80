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
/// Bounded by its senders: a client has one request here at most. What takes microseconds and finds nobody before it
/// may be dealt with where it arrives (``serveAtOnce(_:)``), which saves waking the control thread and being woken.
public final class ControlQueue: Sendable {
    private let waiting = Mutex<[ControlEvent]>([])
    private let count = DispatchSemaphore(value: 0)
    /// Held by whoever acts for the control side; whether others than the control thread may.
    private let turn = Mutex<Bool>(false)

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

    /// Lets others act for the control side between its own turns, or no longer.
    func setOpen(_ isOpen: Bool) { turn.withLock { $0 = isOpen } }

    /// Waits for the next event, and deals with it; with `nil` when there is none for so long.
    func serveNext(within interval: DispatchTimeInterval, _ body: (ControlEvent?) -> Void) {
        let hasCome = count.wait(timeout: .now() + interval) == .success
        turn.withLock { _ in
            // Taken out in the turn: who has it and finds nothing waiting comes after all that was here.
            body(hasCome ? waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() } : nil)
        }
    }

    /// Deals with something on the calling thread, if nothing waits and nobody else is at it; whether it did.
    func serveAtOnce(_ body: () -> Void) -> Bool {
        turn.withLockIfAvailable { isOpen in
            if !isOpen || waiting.withLock({ !$0.isEmpty }) { return false }
            body()
            return true
        } ?? false
    }
}
