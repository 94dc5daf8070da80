// Hot path: the steps of programs that do more than change or give away a packet.
import DPDK
import FlowTable
import Packet

extension UnsafeMutablePointer where Pointee == Worker {
    /// Executes one such step, with what belongs to it.
    @inline(never) @_noLocks
    func runFurther(
        _ instruction: UnsafePointer<Instruction>, _ hand: inout PacketInHand,
        _ bridge: UnsafeMutablePointer<BridgeState>
    ) {
        switch instruction.pointee.opcode {
        case .controller:
            tellController(instruction, &hand, bridge)
        case .clone:
            runApart(instruction + 1, instruction.pointee.length, for: instruction, &hand, bridge)
        case .select:
            let bucket = choose(instruction, hand)
            runApart(bucket + 1, bucket.pointee.length, for: instruction, &hand, bridge)
        case .count:
            count(instruction, hand)
        case .meter:
            measure(instruction, &hand)
        case .recirculate:
            passAgain(instruction, &hand, bridge)
        case .truncatedOutput:
            giveCut(instruction, &hand)
        default:
            break
        }
    }

    /// Executes instructions on a packet of their own.
    @_noLocks
    private func runApart(
        _ instructions: UnsafePointer<Instruction>, _ count: Int, for instruction: UnsafePointer<Instruction>,
        _ hand: inout PacketInHand, _ bridge: UnsafeMutablePointer<BridgeState>
    ) {
        guard let packet = part(of: &hand, for: instruction) else { return }
        var own = hand
        own.packet = packet
        own.isOurs = true
        run(instructions, count, &own, bridge)
        if own.isOurs { own.packet.free() }
        hand.reason = own.reason
    }

    // MARK: Controllers

    /// Queues a message to controllers.
    @inline(__always) @_noLocks
    private func tellController(
        _ instruction: UnsafePointer<Instruction>, _ hand: inout PacketInHand,
        _ bridge: UnsafeMutablePointer<BridgeState>
    ) {
        let words = instruction + 1
        if !bridge.pointee.hasListener {
            pointee.counters.controllerPackets &+= 1
            let isExpired = words[ControllerMessage.originWord].value & ControllerMessage.expiredBit != 0
            hand.reason = isExpired ? .ttlExpired : .noController
            return
        }
        // Safe: the tables in force keep the meters alive that their programs name.
        let address = UInt(truncatingIfNeeded: words[ControllerMessage.meterWord].value)
        if let meter = UnsafeMutablePointer<MeterState>(bitPattern: address) {
            if case .drop = meter.pointee.measure(length: hand.packet.length, now: pointee.nowCycles) {
                hand.reason = .meter
                return
            }
        }
        if pointee.packetIns.pointee.append(instruction, hand.packet, bridge: bridge.pointee.number) {
            pointee.counters.packetIns &+= 1
            pointee.deliveredBits |= bit(hand.index)
        } else {
            pointee.counters.packetInOverflows &+= 1
            hand.reason = .controllerQueueFull
        }
    }

    // MARK: Counters and meters

    @inline(__always) @_noLocks
    private func count(_ instruction: UnsafePointer<Instruction>, _ hand: PacketInHand) {
        // Safe: the tables in force keep alive what their programs count on.
        let address = UInt(truncatingIfNeeded: instruction.pointee.value)
        let object = UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped
        let bytes = UInt64(truncatingIfNeeded: hand.packet.length)
        if instruction.pointee.detail == Instruction.countsAlone {
            Unmanaged<FlowCounters>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.add(packets: 1, bytes: bytes) }
        } else {
            Unmanaged<FlowEntry>.fromOpaque(object)._withUnsafeGuaranteedRef { $0.add(packets: 1, bytes: bytes) }
        }
    }

    @inline(__always) @_noLocks
    private func measure(_ instruction: UnsafePointer<Instruction>, _ hand: inout PacketInHand) {
        // Safe: as above.
        let address = UInt(truncatingIfNeeded: instruction.pointee.value)
        let meter = UnsafeMutablePointer<MeterState>(bitPattern: address).unsafelyUnwrapped
        switch meter.pointee.measure(length: hand.packet.length, now: pointee.nowCycles) {
        case .pass:
            break
        case .drop:
            hand.reason = .meter
            hand.isOver = true
        case .remark(let levels):
            if makeOwn(&hand) {
                PacketEditor(hand, crc: pointee.crc).raiseDropPrecedence(by: levels)
            } else {
                hand.isOver = true
            }
        }
    }

    // MARK: Packets cut, and packets parsed again

    @inline(__always) @_noLocks
    private func giveCut(_ instruction: UnsafePointer<Instruction>, _ hand: inout PacketInHand) {
        let cut = evs_mbuf_copy_front(hand.packet.raw, pointee.pool, instruction.pointee.argument)
        if let cut {
            let packet = PacketBuffer(cut)
            // What was left to do was about bytes that are gone.
            evs_mbuf_clear_offload(packet.raw)
            enqueue(packet, hand.index, port: instruction.pointee.port, reason: &hand.reason)
        } else {
            hand.reason = .noBuffer
        }
    }

    /// Parses the packet again, and goes on with what is left to do.
    @_noLocks
    private func passAgain(
        _ instruction: UnsafePointer<Instruction>, _ hand: inout PacketInHand,
        _ bridge: UnsafeMutablePointer<BridgeState>
    ) {
        hand.isOver = true
        if hand.passes >= Limits.passes {
            hand.reason = .tooManyPasses
            return
        }
        hand.passes &+= 1
        pointee.counters.recirculations &+= 1
        let key = pointee.passKey
        hand.layout = PacketParser.parse(
            hand.packet.data, count: hand.packet.segmentLength, packetLength: hand.packet.length, port: 0, into: key)
        hand.hasLayout = true
        // No packet came in by a port of this number, and no field is here.
        key.pointee.words[KeyLayout.physicalPort] = UInt64(instruction.pointee.argument)
        let megaflow: MegaflowPointer
        if let known = bridge.pointee.passMegaflows.find(key, probes: &pointee.counters.megaflowProbes) {
            megaflow = known
        } else {
            megaflow = translatePass(Int(instruction.pointee.argument), bridge)
        }
        megaflow.pointee.packets &+= 1
        megaflow.pointee.bytes &+= UInt64(truncatingIfNeeded: hand.packet.length)
        megaflow.pointee.lastUsedCycles = pointee.nowCycles
        let program = megaflow.pointee.program
        hand.reason = program.pointee.dropReason
        hand.isOver = false
        run(program.instructions, Int(program.pointee.count), &hand, bridge)
        hand.isOver = true
    }

    // MARK: Buckets

    /// The bucket for a packet: the one whose weight, times a number that the packet and the bucket draw, is highest
    /// (rendezvous hashing with weights). So a bucket that comes or goes moves only the packets that it gets or had.
    @inline(__always) @_noLocks
    private func choose(
        _ instruction: UnsafePointer<Instruction>, _ hand: PacketInHand
    ) -> UnsafePointer<Instruction> {
        let key = pointee.passKey
        _ = PacketParser.parse(
            hand.packet.data, count: hand.packet.segmentLength, packetLength: hand.packet.length, port: 0, into: key)
        let hash = BucketChoice.hash(key, instruction.pointee.value)
        var bucket = instruction + 1
        let end = bucket + instruction.pointee.length
        var best = bucket
        var bestScore = -1.0
        while bucket < end {
            let score = BucketChoice.score(hash, bucket.pointee.value, weight: bucket.pointee.port)
            if score > bestScore {
                bestScore = score
                best = bucket
            }
            bucket += 1 &+ bucket.pointee.length
        }
        return best
    }
}
