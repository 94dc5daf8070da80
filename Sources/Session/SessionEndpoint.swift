import NIOCore
import OpenFlowWire
import Synchronization

/// What all connections of one target have in common. Used on the loop's thread only, but for the constants.
final class SessionEndpoint {
    let name: String
    let options: SessionOptions
    /// Who hears of it.
    let events: @Sendable (SessionEvent) -> Void
    private let numbers: SessionNumbers
    private let snoops: SnoopList
    /// Told when a connection has ended.
    var onEnd: (() -> Void)?
    private var lastFailure: String?

    init(
        name: String, options: SessionOptions, numbers: SessionNumbers, snoops: SnoopList,
        events: @escaping @Sendable (SessionEvent) -> Void
    ) {
        self.name = name
        self.options = options
        self.numbers = numbers
        self.snoops = snoops
        self.events = events
    }

    func nextSessionID() -> UInt64 { numbers.next() }

    func ended() { onEnd?() }

    func succeeded() { lastFailure = nil }

    /// Tells of a failure, unless it is the same as the last.
    func failed(_ reason: String) {
        if reason == lastFailure { return }
        lastFailure = reason
        events(.failed(endpoint: name, reason: reason))
    }

    func peer(of channel: any Channel) -> String {
        guard let address = channel.remoteAddress else { return name }
        if let host = address.ipAddress, let port = address.port { return "\(host):\(port)" }
        return name
    }

    // MARK: Those who listen in

    func snoop(_ bytes: [UInt8]) { snoops.tell(bytes) }
    func addSnoop(_ handler: SessionHandler) { snoops.handlers.append(handler) }
    func removeSnoop(_ handler: SessionHandler) { snoops.handlers.removeAll { $0 === handler } }
}

/// Who listens in on the controllers of a bridge. On the loop's thread only.
final class SnoopList {
    var handlers: [SessionHandler] = []

    func tell(_ bytes: [UInt8]) {
        for handler in handlers where handler.unreadBytes <= SessionLimits.offeredBytes { handler.write(bytes: bytes) }
    }
}

/// Gives each connection a number.
final class SessionNumbers: Sendable {
    private let last = Atomic<UInt64>(0)
    func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
