import FlowTable
import Synchronization

/// A bridge as the control side holds it: what it publishes to the workers, and their state of it.
final class BridgeHandle {
    let slot: PublicationSlot
    let macTable: MacTable
    /// By index of worker.
    var states: [UnsafeMutablePointer<BridgeState>] = []
    var pipeline: any Pipeline
    var floodPorts: [UInt16] = []

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
        let ports = UnsafeMutablePointer<UInt16>.allocate(capacity: max(floodPorts.count, 1))
        for (index, port) in floodPorts.enumerated() { (ports + index).initialize(to: port) }
        let publication = UnsafeMutablePointer<BridgePublication>.allocate(capacity: 1)
        publication.initialize(
            to: BridgePublication(
                pipeline: pipeline, changes: changes, macTable: macTable, floodPorts: UnsafePointer(ports),
                floodPortCount: floodPorts.count))
        let old = slot.pointee.exchange(UInt(bitPattern: publication), ordering: .acquiringAndReleasing)
        return UnsafeMutablePointer(bitPattern: old)
    }

    /// Frees a publication that no worker uses any more.
    func discard(_ publication: UnsafeMutablePointer<BridgePublication>?) {
        guard let publication else { return }
        publication.pointee.floodPorts.deallocate()
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
