import Datapath
import Packet

extension Translator {
    /// Adds a step to the program.
    mutating func emit(_ instruction: Instruction) {
        if halt == nil { translation.instructions.append(instruction) }
    }

    /// Drops changes that nobody will see, and decides for each output whether the packet is still needed after it.
    mutating func finish() {
        while let last = translation.instructions.last, last.isChange { translation.instructions.removeLast() }
        // Most programs are one output. A lone clone, which has no delivery, goes the whole way.
        if translation.instructions.count == 1, translation.instructions[0].hasDelivery {
            translation.instructions[0].detail = Instruction.Delivery.final.rawValue
            return
        }
        openLastClone()
        setDeliveries(translation.instructions.indices)
    }

    /// Nobody needs the packet after the last clone, so it is none.
    private mutating func openLastClone() {
        while let last = topLevel(translation.instructions.indices).last,
            translation.instructions[last].opcode == .clone
        {
            translation.instructions.remove(at: last)
        }
    }

    /// The instructions in a range that belong to no other.
    func topLevel(_ range: Range<Int>) -> [Int] {
        var result: [Int] = []
        var index = range.lowerBound
        while index < range.upperBound {
            result.append(index)
            index += 1 + translation.instructions[index].length
        }
        return result
    }

    private mutating func setDeliveries(_ range: Range<Int>) {
        var isLast = true
        var changesLater = false
        for index in topLevel(range).reversed() {
            let instruction = translation.instructions[index]
            if instruction.hasDelivery {
                let delivery: Instruction.Delivery = changesLater ? .copy : isLast ? .final : .share
                translation.instructions[index].detail = delivery.rawValue
                isLast = false
                setDeliveriesWithin(index)
                continue
            }
            switch instruction.opcode {
            case .recirculate, .meter:
                // What follows may change the packet.
                isLast = false
                changesLater = true
            case .controller, .count:
                isLast = false
            default:
                changesLater = changesLater || instruction.isChange
            }
        }
    }

    private mutating func setDeliveriesWithin(_ index: Int) {
        let inside = index + 1..<index + 1 + translation.instructions[index].length
        switch translation.instructions[index].opcode {
        case .clone:
            setDeliveries(inside)
        case .select:
            for bucket in topLevel(inside) {
                setDeliveries(bucket + 1..<bucket + 1 + translation.instructions[bucket].length)
            }
        default:
            break
        }
    }
}
