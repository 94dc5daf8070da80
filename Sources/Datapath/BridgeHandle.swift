import FlowTable
import Synchronization

/// A bridge as the control side holds it: what it publishes to the workers, and their state of it.
final class BridgeHandle {
    let slot: PublicationSlot
    let macTable: MacTable
    /// By index of worker.
    var states: [UnsafeMutablePointer<BridgeState>] = []
    var pipeline: any Pipeline
    /// Indices of its ports.
    var ports: [UInt16] = []

    init(pipeline: any Pipeline, macTable: MacTable) {
        self.pipeline = pipeline
        self.macTable = macTable
        slot = .allocate(capacity: 1)
        slot.initialize(to: Atomic<UInt>(0))
        _ = publish(.everything)
    }

    /// Makes a publication of what the bridge is now, and shows it to the workers; the one before, for ``discard(_:)``.
    ///
    /// - Parameter changes: what is different from the publication before.
    func publish(_ changes: TableChanges) -> UnsafeMutablePointer<BridgePublication>? {
        let floodPorts = self.ports.filter(pipeline.floods)
        let ports = UnsafeMutablePointer<UInt16>.allocate(capacity: max(floodPorts.count, 1))
        for (index, port) in floodPorts.enumerated() { (ports + index).initialize(to: port) }
        let publication = UnsafeMutablePointer<BridgePublication>.allocate(capacity: 1)
        publication.initialize(
            to: BridgePublication(
                pipeline: pipeline, changes: changes, macTable: macTable, floodPorts: UnsafePointer(ports),
                floodPortCount: floodPorts.count, blockedPorts: blockedPorts()))
        let old = slot.pointee.exchange(UInt(bitPattern: publication), ordering: .acquiringAndReleasing)
        return UnsafeMutablePointer(bitPattern: old)
    }

    private func blockedPorts() -> UnsafePointer<UInt64>? {
        let blocked = ports.filter { !pipeline.forwards(to: $0) }
        if blocked.isEmpty { return nil }
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: Limits.ports / 64)
        words.initialize(repeating: 0, count: Limits.ports / 64)
        for port in blocked { words[Int(port) / 64] |= 1 << UInt64(port % 64) }
        return UnsafePointer(words)
    }

    /// Frees a publication that no worker uses any more.
    func discard(_ publication: UnsafeMutablePointer<BridgePublication>?) {
        guard let publication else { return }
        publication.pointee.floodPorts.deallocate()
        publication.pointee.blockedPorts?.deallocate()
        publication.deinitialize(count: 1)
        publication.deallocate()
    }

    /// Frees everything. No worker may run any more.
    func free() {
        for state in states {
            state.deinitialize(count: 1)
            state.deallocate()
        }
        discard(UnsafeMutablePointer(bitPattern: slot.pointee.load(ordering: .relaxed)))
        slot.deinitialize(count: 1)
        slot.deallocate()
        macTable.free()
    }
}
