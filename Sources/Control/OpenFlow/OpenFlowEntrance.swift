import Datapath
import Foundation
import OpenFlow
import OpenFlowWire
import Session

/// The way to ``OpenFlowService`` from the threads of connections and of the data path.
///
/// What takes microseconds is dealt with where it arrives, if nothing waits: a barrier is then answered without a
/// thread being woken. All else goes to the control thread.
// Safe: `service` is set before the daemon serves, and read in the control side's turn only.
final class OpenFlowEntrance: @unchecked Sendable {
    private let queue: ControlQueue
    weak var service: OpenFlowService?

    init(_ queue: ControlQueue) { self.queue = queue }

    func take(_ event: SessionEvent) {
        if event.isQuick, queue.serveAtOnce({ service?.handle(event) }) { return }
        queue.append(.session(event))
    }

    /// Has packets for controllers taken out of the data path when there are any.
    func watch(_ packets: PacketInQueue) {
        Thread.detachNewThread { [self] in
            while true {
                var descriptor = pollfd(fd: packets.descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&descriptor, 1, -1) < 0, errno != EINTR { return }
                queue.appendPackets()
            }
        }
    }
}

extension SessionEvent {
    /// Messages that are dealt with at once.
    private static let quickCount = 16

    /// Whether it is but a few messages of which none takes longer the more flows there are.
    var isQuick: Bool {
        guard case .received(_, let items) = self, items.count <= Self.quickCount else { return false }
        return items.allSatisfy { item in
            guard case .frame(let frame, _) = item else { return false }
            return switch frame.message {
            case .barrierRequest, .packetOut: true
            case .flowMod(let mod):
                switch mod.command {
                case .add: !mod.flow.flags.contains(.checkOverlap)
                case .modifyStrict, .deleteStrict: mod.flow.table != FlowMod.allTables
                case .modify, .delete: false
                }
            default: false
            }
        }
    }
}
