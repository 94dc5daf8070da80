import Datapath
import FlowTable
import OpenFlow
import Packet

extension Translator {
    /// Executes a group (OpenFlow 1.3.5 §5.6.1). What its buckets do to the packet is theirs alone.
    mutating func executeGroup(_ id: UInt32, depth: Int) {
        guard let entry = pipeline.groups[id] else { return translation.dropReason = .flowAction }
        if groupDepth >= GroupTable.chainLimit { return fail(.tooManyResubmits) }
        groupDepth += 1
        let caller = group
        group = id
        count(entry.counters)
        let live = entry.group.buckets.indices.filter { pipeline.isLive(entry.group.buckets[$0]) }
        switch entry.group.kind {
        case .all:
            for index in live where halt == nil { executeBucket(index, of: entry, depth: depth) }
        case .indirect, .fastFailover:
            if let first = live.first { executeBucket(first, of: entry, depth: depth) }
        case .select:
            let eligible = live.filter { entry.group.buckets[$0].weight > 0 }
            if eligible.count == 1 {
                executeBucket(eligible[0], of: entry, depth: depth)
            } else if !eligible.isEmpty {
                select(eligible, of: entry, depth: depth)
            }
        }
        group = caller
        groupDepth -= 1
    }

    private mutating func executeBucket(_ index: Int, of entry: GroupEntry, depth: Int) {
        inBody(Instruction(.clone)) { translator in
            translator.count(entry.bucketCounters[index])
            translator.execute(entry.group.buckets[index], depth: depth)
        }
    }

    /// A bucket's actions are an action set of its own.
    private mutating func execute(_ bucket: Group.Bucket, depth: Int) {
        for action in ActionSet(bucket.actions).actions {
            execute(action, depth: depth)
            if flowIsOver { return }
        }
    }

    /// `clone`: a copy of the packet goes its own way to the end, where the action set is executed for it too; then the
    /// packet, its stack and its action set are as before (ovs-actions(7), and what Open vSwitch does).
    mutating func clone(_ actions: [Action], depth: Int) {
        let stack = self.stack
        var exits = false
        inBody(Instruction(.clone)) { translator in
            for action in actions where !translator.flowIsOver { translator.execute(action, depth: depth) }
            // To the tables' actions an exit anywhere is the end; action sets are executed all the same.
            exits = translator.hasExited
            translator.hasExited = false
            translator.flowIsOver = false
            translator.executeActionSet(depth: depth)
        }
        self.stack = stack
        hasExited = exits
    }

    /// Unless by certain fields, the choice is made for each packet when it comes: so the megaflow depends on no bit by
    /// which it is made.
    private mutating func select(_ buckets: [Int], of entry: GroupEntry, depth: Int) {
        if let fields = entry.group.selection?.fields, !fields.isEmpty {
            if let index = choose(buckets, of: entry, by: fields) { executeBucket(index, of: entry, depth: depth) }
            return
        }
        let start = translation.instructions.count
        let began = hasBegun
        emit(Instruction(.select, value: entry.seed))
        for index in buckets where halt == nil {
            let header = Instruction(
                .bucket, port: entry.group.buckets[index].weight, value: entry.bucketKeys[index])
            inBody(header, isChosen: true) { translator in
                translator.count(entry.bucketCounters[index])
                translator.execute(entry.group.buckets[index], depth: depth)
            }
        }
        if began, start < translation.instructions.count {
            translation.instructions[start].argument = UInt32(translation.instructions.count - start - 1)
        }
    }

    /// Translates a part of the program that works on a packet of its own.
    ///
    /// - Parameter isChosen: whether not all packets get there.
    private mutating func inBody(
        _ header: Instruction, isChosen: Bool = false, _ body: (inout Translator) -> Void
    ) {
        if halt != nil { return }
        let start = translation.instructions.count
        let began = hasBegun
        let (key, opaque, actionSet, queue) = (self.key, self.opaque, self.actionSet, self.queue)
        let counted = countsApart
        emit(header)
        bodyDepth += 1
        if isChosen { countsApart = true }
        body(&self)
        flowIsOver = false
        hasExited = false
        if !began, hasBegun, passDepth == bodyDepth {
            // The part was what was asked for.
            if halt == nil || halt == .pass { halt = .done }
        }
        bodyDepth -= 1
        if halt == .pass { halt = nil }
        if began, halt == nil { close(start, keepsHeader: isChosen) }
        (self.key, self.opaque, self.actionSet, self.queue) = (key, opaque, actionSet, queue)
        countsApart = counted
    }

    /// Ends a part of the program: changes that nobody sees are left out, and the whole part if nothing else is left,
    /// or its header if the part leaves the packet as it is.
    private mutating func close(_ start: Int, keepsHeader: Bool) {
        while translation.instructions.count > start + 1, translation.instructions.last!.isChange {
            translation.instructions.removeLast()
        }
        let count = translation.instructions.count - start - 1
        translation.instructions[start].argument = UInt32(count)
        if keepsHeader { return }
        let top = topLevel(start + 1..<translation.instructions.count)
        let isHarmless = top.allSatisfy { index in
            let instruction = translation.instructions[index]
            return instruction.hasDelivery || instruction.opcode == .count || instruction.opcode == .controller
        }
        if isHarmless { translation.instructions.remove(at: start) }
    }
}
