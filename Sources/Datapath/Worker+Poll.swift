// Hot path: a worker's loop, from a burst received to a burst sent.
import DPDK
import Packet

extension UnsafeMutablePointer where Pointee == Worker {
    /// Polls until told to stop.
    @_noLocks
    func run() {
        var before = evs_cycles()
        var emptyRounds = 0
        while !pointee.mailbox.pointee.isStopped.load(ordering: .relaxed) {
            if pointee.mailbox.pointee.request.load(ordering: .relaxed) != 0 { serveRequest() }
            pointee.nowCycles = before
            var received = 0
            var input = 0
            while input < pointee.inputCount {
                received &+= poll(pointee.inputs + input)
                input &+= 1
            }
            var egress = 0
            while egress < pointee.egressCount {
                received &+= pointee.egresses[egress].drain()
                egress &+= 1
            }
            let after = evs_cycles()
            if received > 0 {
                pointee.counters.busyCycles &+= after &- before
                emptyRounds = 0
            } else {
                pointee.counters.idleCycles &+= after &- before
                emptyRounds &+= 1
                backOff(emptyRounds)
            }
            before = after
        }
    }

    /// A worker that finds nothing for long lets others have the core, if it may.
    @inline(__always) @_noLocks
    private func backOff(_ emptyRounds: Int) {
        if emptyRounds < 64 || pointee.idleSleepMicroseconds == 0 { return evs_pause() }
        pointee.mailbox.pointee.fallAsleep()
        repeat { evs_thread_sleep_microseconds(pointee.idleSleepMicroseconds) } while !pointee.mailbox.pointee.wakeUp()
    }

    /// One burst from one port; how many packets it had.
    @inline(__always) @_noLocks
    private func poll(_ polled: UnsafePointer<PolledInput>) -> Int {
        let samples = pointee.counters.bursts & 63 == 0
        let start = samples ? evs_cycles() : 0
        let count = receive(polled.pointee.input)
        if count == 0 { return 0 }
        pointee.counters.bursts &+= 1
        pointee.arrivalPort = polled.pointee.port
        pointee.attemptedBits = 0
        pointee.deliveredBits = 0
        account(arrived: count)

        if samples {
            forwardSampled(count, polled.pointee.bridge, polled.pointee.number, start)
        } else {
            forward(count, polled.pointee.bridge, polled.pointee.number)
        }
        if pointee.waitingPatchCount > 0 { crossPatches() }
        settle(count)
        return count
    }

    /// The way of a burst through a bridge.
    @inline(__always) @_noLocks
    func forward(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>, _ number: UInt32) {
        refresh(bridge)
        parse(count, bridge, number)
        let missing = probeExactMatch(count, bridge)
        if missing != 0 { resolve(missing, bridge, number, count) }
        execute(count, bridge)
        send()
    }

    /// Before a burst: the newest tables, and room for the megaflows that it may bring in.
    @inline(__always) @_noLocks
    func refresh(_ bridge: UnsafeMutablePointer<BridgeState>) {
        if BridgeState.load(bridge.pointee.newest) != bridge.pointee.publication { adoptPublication(bridge) }
        if !bridge.pointee.usesCaches || bridge.pointee.hasTooManyPasses { forgetDecisions(bridge) }
        if bridge.pointee.megaflows.isNearlyFull { evictMegaflows(bridge) }
    }

    /// The same, with the time of each stage taken.
    @inline(never) @_noLocks
    private func forwardSampled(
        _ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>, _ number: UInt32, _ start: UInt64
    ) {
        refresh(bridge)
        let received = evs_cycles()
        parse(count, bridge, number)
        let parsed = evs_cycles()
        let missing = probeExactMatch(count, bridge)
        let probed = evs_cycles()
        if missing != 0 { resolve(missing, bridge, number, count) }
        let resolved = evs_cycles()
        execute(count, bridge)
        let executed = evs_cycles()
        send()
        let sent = evs_cycles()
        pointee.counters.stages.receive &+= received &- start
        pointee.counters.stages.parse &+= parsed &- received
        pointee.counters.stages.exactMatch &+= probed &- parsed
        pointee.counters.stages.miss &+= resolved &- probed
        pointee.counters.stages.execute &+= executed &- resolved
        pointee.counters.stages.send &+= sent &- executed
        pointee.counters.stages.packets &+= UInt64(truncatingIfNeeded: count)
    }

    @inline(__always) @_noLocks
    private func receive(_ input: PortInput) -> Int {
        pointee.hasOffloads = false
        switch input {
        case .none:
            return 0
        case .device(let port, let queue):
            return Int(evs_receive(port, queue, pointee.packets, UInt16(Limits.burst)))
        case .capture(let source):
            return receive(from: source)
        case .vhost(let pair):
            let count = pair.receive(into: pointee.packets)
            pointee.hasOffloads = pair.pointee.hasOffloads
            return count
        }
    }

    /// Packets of a capture: one at a time where each may change the tables for the next.
    @inline(__always) @_noLocks
    private func receive(from source: UnsafeMutablePointer<ReplaySource>) -> Int {
        guard let awaited = pointee.awaitedEffects else {
            return source.pointee.receive(into: pointee.packets, limit: Limits.burst, now: pointee.nowCycles)
        }
        if awaited.pointee.load(ordering: .acquiring) > 0 { return 0 }
        return source.pointee.receive(into: pointee.packets, limit: 1, now: pointee.nowCycles)
    }

    @inline(__always) @_noLocks
    private func account(arrived count: Int) {
        var bytes: UInt64 = 0
        var index = 0
        while index < count {
            // Safe: a receive function fills the first `count` places.
            let length = evs_mbuf_length(pointee.packets[index].unsafelyUnwrapped)
            pointee.lengths[index] = length
            bytes &+= UInt64(length)
            index &+= 1
        }
        let packets = UInt64(truncatingIfNeeded: count)
        pointee.counters.receivedPackets &+= packets
        pointee.counters.receivedBytes &+= bytes
        let port = pointee.ports + Int(pointee.arrivalPort)
        port.pointee.counters.receivedPackets &+= packets
        port.pointee.counters.receivedBytes &+= bytes
    }

    /// After sending: each packet of the burst was delivered, or is dropped for a reason.
    @inline(__always) @_noLocks
    func settle(_ count: Int) {
        pointee.counters.deliveredPackets &+= UInt64(truncatingIfNeeded: pointee.deliveredBits.nonzeroBitCount)
        let refused = pointee.attemptedBits & ~pointee.deliveredBits
        if refused != 0 { countRefused(refused) }
    }

    @inline(never) @_noLocks
    private func countRefused(_ packets: UInt32) {
        var left = packets
        while left != 0 {
            countDrops(1, pointee.refusalReasons[left.trailingZeroBitCount])
            left &= left &- 1
        }
    }

    /// Packets of the burst in hand end here.
    ///
    /// One that crosses a patch is counted where it came in, once it is known that no other port took it.
    @inline(__always) @_noLocks
    func drop(from start: Int, to end: Int, _ reason: DropReason) {
        if !pointee.isCrossing { return countDrops(end &- start, reason) }
        var index = start
        while index < end {
            pointee.attemptedBits |= bit(index)
            pointee.refusalReasons[Int(pointee.crossingOrigins[index])] = reason
            index &+= 1
        }
    }

    /// Drops a packet that no port was given.
    @inline(__always) @_noLocks
    func dropIfUntaken(_ index: Int, _ reason: DropReason) {
        if (pointee.attemptedBits | pointee.deliveredBits) & bit(index) == 0 {
            drop(from: index, to: index &+ 1, reason)
        }
    }

    @inline(__always) @_noLocks
    private func countDrops(_ count: Int, _ reason: DropReason) {
        let index = reason.index
        pointee.counters.dropped[index] &+= UInt64(truncatingIfNeeded: count)
        pointee.ports[Int(pointee.arrivalPort)].counters.dropped[index] &+= UInt64(truncatingIfNeeded: count)
    }
}
