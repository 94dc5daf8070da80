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
    /// Whether the packet is still ours to give away or to free.
    var isOurs = true
    /// Whether the rest of its program is not to be executed.
    var isOver = false
    /// How often it has been parsed again.
    var passes: UInt8 = 0
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
            case .rewriteAndOutput where hasLayouts && rewriteRun(program, from: index, to: end):
                enqueueRun(from: index, to: end, bytes: bytes, port: program.pointee.port)
            case .rewriteAndOutput, .other:
                while index < end {
                    execute(program, on: index, bridge, hasLayout: hasLayouts)
                    index &+= 1
                }
            }
            index = end
        }
    }

    /// Sets the fields that a program sets in each packet of a run, of which the headers are known; whether that could
    /// be done, as nobody else has the packets and their checksums are complete.
    @inline(never) @_noLocks
    private func rewriteRun(_ program: UnsafePointer<ActionProgram>, from start: Int, to end: Int) -> Bool {
        if pointee.hasOffloads { return false }
        var index = start
        while index < end {
            if packet(index).isShared { return false }
            index &+= 1
        }
        let (instructions, count) = (program.instructions, Int(program.pointee.count) &- 1)
        index = start
        while index < end {
            let editor = PacketEditor(packet(index), pointee.layouts[index], crc: pointee.crc)
            var step = 0
            while step < count {
                if case .rewrite = (instructions + step).pointee.opcode { editor.rewrite(instructions + step) }
                step &+= 1
            }
            index &+= 1
        }
        return true
    }

    @inline(never) @_noLocks
    func execute(
        _ program: UnsafePointer<ActionProgram>, on index: Int, _ bridge: UnsafeMutablePointer<BridgeState>,
        hasLayout: Bool
    ) {
        var hand = PacketInHand(
            packet: packet(index), index: index, layout: pointee.layouts[index], hasLayout: hasLayout,
            reason: program.pointee.dropReason)
        run(program.instructions, Int(program.pointee.count), &hand, bridge)
        if hand.isOurs { hand.packet.free() }
        dropIfUntaken(index, hand.reason)
    }

    /// Executes instructions on a packet, in order.
    @_noLocks
    func run(
        _ instructions: UnsafePointer<Instruction>, _ count: Int, _ hand: inout PacketInHand,
        _ bridge: UnsafeMutablePointer<BridgeState>
    ) {
        var step = 0
        while step < count, !hand.isOver {
            let instruction = instructions + step
            step &+= 1
            switch instruction.pointee.opcode {
            case .output, .normal:
                give(&hand, to: instruction, bridge)
            case .operand, .data, .bucket:
                break
            case .rewrite, .pushVLAN, .popVLAN, .setVLAN, .decrementTTL, .pushMPLS, .popMPLS, .decrementMPLSTTL,
                .copyTTLOut, .copyTTLIn, .pushPBB, .popPBB:
                if !change(&hand, instruction) { hand.isOver = true }
            case .controller, .clone, .select, .count, .meter, .recirculate, .truncatedOutput:
                step &+= instruction.pointee.length
                runFurther(instruction, &hand, bridge)
            }
        }
    }

    /// The burst's bit of a packet.
    @inline(__always) @_noLocks
    func bit(_ index: Int) -> UInt32 {
        1 << (pointee.isCrossing ? UInt32(pointee.crossingOrigins[index]) : UInt32(truncatingIfNeeded: index))
    }

    /// What goes to an output, as the instruction's delivery says; `nil` when no buffer is free.
    @inline(__always) @_noLocks
    func part(of hand: inout PacketInHand, for instruction: UnsafePointer<Instruction>) -> PacketBuffer? {
        switch instruction.pointee.delivery {
        case .final:
            hand.isOurs = false
        case .share:
            hand.packet.share(1)
        case .copy:
            guard let copy = copy(hand.packet) else {
                hand.reason = .noBuffer
                return nil
            }
            return copy
        }
        return hand.packet
    }

    /// Gives the packet to an output.
    @inline(__always) @_noLocks
    private func give(
        _ hand: inout PacketInHand, to instruction: UnsafePointer<Instruction>,
        _ bridge: UnsafeMutablePointer<BridgeState>
    ) {
        guard let given = part(of: &hand, for: instruction) else { return }
        if case .output = instruction.pointee.opcode {
            enqueue(given, hand.index, port: instruction.pointee.port, reason: &hand.reason)
        } else {
            let isFromElsewhere = instruction.pointee.argument == Instruction.fromOtherPort
            let source = isFromElsewhere ? instruction.pointee.port : pointee.arrivalPort
            forwardNormally(given, hand.index, bridge, from: source, reason: &hand.reason)
        }
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
        if !makeOwn(&hand) { return false }
        if pointee.hasOffloads, evs_mbuf_has_offload(hand.packet.raw) {
            return PartialChecksum.apply(instruction, &hand, crc: pointee.crc)
        }
        return PacketEditor.apply(instruction, &hand, crc: pointee.crc)
    }

    /// Makes the packet one that may be changed, and its headers known; whether it can be.
    @inline(__always) @_noLocks
    func makeOwn(_ hand: inout PacketInHand) -> Bool {
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
        return true
    }
}
