// Hot path: executing action programs.
import DPDK
import Packet

/// One packet on its way through a program.
struct PacketInHand {
    var packet: PacketBuffer
    /// Its number in the burst.
    let index: Int
    var layout: PacketLayout
    var hasLayout: Bool
    /// What it counts as if nobody takes it.
    var reason: DropReason
}

extension UnsafeMutablePointer where Pointee == Worker {
    /// Executes each packet's program: runs of packets of one megaflow together.
    @inline(__always) @_noLocks
    func execute(_ count: Int, _ bridge: UnsafeMutablePointer<BridgeState>) {
        let hasLayouts = pointee.isParsedWhole
        pointee.normalMemory.forget()
        var index = 0
        while index < count {
            // Safe: every packet of the burst has found its megaflow.
            let megaflow = pointee.found[index].unsafelyUnwrapped
            var end = index &+ 1
            var bytes = UInt64(pointee.lengths[index])
            while end < count, pointee.found[end] == megaflow {
                bytes &+= UInt64(pointee.lengths[end])
                end &+= 1
            }
            megaflow.pointee.packets &+= UInt64(truncatingIfNeeded: end &- index)
            megaflow.pointee.bytes &+= bytes
            megaflow.pointee.lastUsedCycles = pointee.nowCycles
            let program = megaflow.pointee.program
            switch program.pointee.shape {
            case .singleOutput:
                enqueueRun(from: index, to: end, bytes: bytes, port: program.pointee.port)
            case .singleNormal:
                forwardRunNormally(from: index, to: end, bridge)
            case .other:
                while index < end {
                    execute(program, on: index, bridge, hasLayout: hasLayouts)
                    index &+= 1
                }
            }
            index = end
        }
    }

    @inline(never) @_noLocks
    private func execute(
        _ program: UnsafePointer<ActionProgram>, on index: Int, _ bridge: UnsafeMutablePointer<BridgeState>,
        hasLayout: Bool
    ) {
        var hand = PacketInHand(
            packet: packet(index), index: index, layout: pointee.layouts[index], hasLayout: hasLayout,
            reason: program.pointee.dropReason)
        let instructions = program.instructions
        let count = Int(program.pointee.count)
        var step = 0
        var isOurs = true
        while step < count {
            let instruction = instructions + step
            step &+= 1
            switch instruction.pointee.opcode {
            case .output, .normal:
                isOurs = give(&hand, to: instruction, bridge)
            case .controller:
                pointee.counters.controllerPackets &+= 1
                hand.reason = .noController
            case .operand:
                break
            case .rewrite, .pushVLAN, .popVLAN, .setVLAN, .decrementTTL:
                if !change(&hand, instruction) { step = count }
            }
        }
        if isOurs { hand.packet.free() }
        dropIfUntaken(index, hand.reason)
    }

    /// The burst's bit of a packet.
    @inline(__always) @_noLocks
    func bit(_ index: Int) -> UInt32 {
        1 << (pointee.isCrossing ? UInt32(pointee.crossingOrigins[index]) : UInt32(truncatingIfNeeded: index))
    }

    /// Gives the packet to an output as the instruction's delivery says; whether it is still ours.
    @inline(__always) @_noLocks
    private func give(
        _ hand: inout PacketInHand, to instruction: UnsafePointer<Instruction>,
        _ bridge: UnsafeMutablePointer<BridgeState>
    ) -> Bool {
        let delivery = instruction.pointee.delivery
        var given = hand.packet
        switch delivery {
        case .final:
            break
        case .share:
            given.share(1)
        case .copy:
            guard let copy = copy(given) else {
                hand.reason = .noBuffer
                return true
            }
            given = copy
        }
        if case .output = instruction.pointee.opcode {
            enqueue(given, hand.index, port: instruction.pointee.port, reason: &hand.reason)
        } else {
            let isFromElsewhere = instruction.pointee.argument == Instruction.fromOtherPort
            let source = isFromElsewhere ? instruction.pointee.port : pointee.arrivalPort
            forwardNormally(given, hand.index, bridge, from: source, reason: &hand.reason)
        }
        if case .final = delivery { return false }
        return true
    }

    /// A packet of its own with the same bytes; `nil` when no buffer is free and none will be waited for.
    @inline(__always) @_noLocks
    func copy(_ packet: PacketBuffer) -> PacketBuffer? {
        if let copy = packet.copy(from: pointee.pool) { return copy }
        return pointee.waitsForBuffers ? waitForCopy(packet) : nil
    }

    /// Buffers come back as capture files are written; what waits here to be sent goes there first.
    @inline(never) @_noLocks
    private func waitForCopy(_ packet: PacketBuffer) -> PacketBuffer? {
        var rounds = 0
        while rounds < 500_000 {
            send()
            evs_thread_sleep_microseconds(20)
            if let copy = packet.copy(from: pointee.pool) { return copy }
            rounds &+= 1
        }
        return nil
    }

    /// Executes a step that changes the packet; whether the program goes on.
    @inline(__always) @_noLocks
    private func change(_ hand: inout PacketInHand, _ instruction: UnsafePointer<Instruction>) -> Bool {
        if hand.packet.isShared {
            guard let copy = copy(hand.packet) else {
                hand.reason = .noBuffer
                return false
            }
            hand.packet.free()
            hand.packet = copy
        }
        if !hand.hasLayout {
            // The key goes to a place that this burst has no more use for.
            hand.layout = PacketParser.parse(
                hand.packet.data, count: hand.packet.segmentLength, packetLength: hand.packet.length, port: 0,
                into: pointee.keys + hand.index)
            hand.hasLayout = true
        }
        if pointee.hasOffloads, evs_mbuf_has_offload(hand.packet.raw) {
            return PartialChecksum.apply(instruction, &hand, crc: pointee.crc)
        }
        return PacketEditor.apply(instruction, &hand, crc: pointee.crc)
    }
}
