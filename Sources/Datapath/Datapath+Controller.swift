import DPDK
import Packet

/// Packets to and from controllers.
extension Datapath {
    /// Whether the packets that flows of a bridge send to controllers are queued (``packetIns``). If not, they count as
    /// dropped for want of a controller.
    public func setListens(_ listens: Bool, bridge number: Int) {
        let bridge = self.bridge(number)
        for index in 0..<workerCount {
            let state = bridge.states[index]
            perform(onWorker: index) { _ in state.pointee.hasListener = listens }
        }
    }

    /// Has a packet treated as a pipeline says, as if it had come in by a port. When this returns, it has been sent.
    ///
    /// - Parameters:
    ///   - number: the OpenFlow number of the port that it comes from.
    ///   - port: the port's index in the data path; `nil`: it is none of the data path's.
    ///   - pipeline: decides what becomes of it.
    public func inject(
        _ bytes: [UInt8], number: UInt32, port: UInt16?, pipeline: any Pipeline, bridge: Int
    ) {
        let state = self.bridge(bridge).states[0]
        perform(onWorker: 0) { $0.inject(bytes, number: number, port: port, pipeline: pipeline, state) }
    }
}

extension UnsafeMutablePointer where Pointee == Worker {
    /// Treats one packet as if it had come in; between two bursts.
    func inject(
        _ bytes: [UInt8], number: UInt32, port: UInt16?, pipeline: any Pipeline,
        _ bridge: UnsafeMutablePointer<BridgeState>
    ) {
        pointee.nowCycles = evs_cycles()
        pointee.counters.injectedPackets &+= 1
        pointee.counters.injectedBytes &+= UInt64(bytes.count)
        pointee.arrivalPort = port ?? Limits.injectionPort
        pointee.attemptedBits = 0
        pointee.deliveredBits = 0
        pointee.hasOffloads = false
        pointee.isParsedWhole = true
        pointee.normalMemory.forget()
        guard let packet = makePacket(bytes) else { return drop(from: 0, to: 1, .noBuffer) }
        refresh(bridge)
        pointee.packets[0] = packet.raw
        pointee.lengths[0] = UInt32(bytes.count)
        parseWhole(0, number)
        let key = pointee.keys[0]
        bridge.pointee.translation.clear()
        pipeline.translate(key, passes: [], into: &bridge.pointee.translation)
        bridge.pointee.keepPassPlaces(key, pipeline: pipeline)
        for flow in bridge.pointee.translation.contributors {
            flow._withUnsafeGuaranteedRef { $0.add(packets: 1, bytes: UInt64(bytes.count)) }
        }
        for counters in bridge.pointee.translation.counters {
            counters._withUnsafeGuaranteedRef { $0.add(packets: 1, bytes: UInt64(bytes.count)) }
        }
        bridge.pointee.outlet.push(bridge.pointee.translation.effects)
        var programs = ProgramStore()
        let program = programs.program(
            bridge.pointee.translation.instructions, dropReason: bridge.pointee.translation.dropReason)
        execute(program, on: 0, bridge, hasLayout: true)
        send()
        if pointee.waitingPatchCount > 0 { crossPatches() }
        settle(1)
    }

    /// A packet with these bytes, in as many buffers as it takes; `nil` when there are none.
    private func makePacket(_ bytes: [UInt8]) -> PacketBuffer? {
        var first: PacketBuffer?
        var last: PacketBuffer?
        var done = 0
        repeat {
            guard let raw = evs_mbuf_allocate(pointee.pool) else {
                first?.free()
                return nil
            }
            let part = PacketBuffer(raw)
            let count = Swift.min(Int(evs_mbuf_tailroom(raw)), bytes.count - done)
            evs_mbuf_set_length(raw, UInt16(count))
            bytes.withUnsafeBytes { source in
                if let base = source.baseAddress { evs_copy(part.data, base + done, count) }
            }
            if let first, let last { evs_mbuf_append_segment(first.raw, last.raw, raw) } else { first = part }
            last = part
            done += count
        } while done < bytes.count
        return first
    }
}
