import OpenFlow
import Packet
import Testing

@testable import FlowTable

/// Adding, removing and modifying, as OpenFlow 1.3.5 §6.4 has it.
@Suite struct ChangeTests {
    private func match(_ port: UInt128, destination: UInt128? = nil) -> Match {
        var match = Match()
        match.set(.inPort, port)
        if let destination { match.set(.ethDst, destination) }
        return match
    }

    private func output(_ port: UInt32) -> InstructionSet {
        InstructionSet(apply: [.output(PortNumber(port), maxLength: 0)])
    }

    /// Why a flow isn't added; `nil`: it was.
    private func refusal(of flow: Flow, by tables: inout FlowTables) -> FlowTableError? {
        do throws(FlowTableError) {
            try tables.add(flow)
            return nil
        } catch {
            return error
        }
    }

    @Test func replacingKeepsCountsUnlessReset() throws {
        var tables = FlowTables()
        let first = try tables.add(Flow(match: match(1), instructions: output(1))).entry
        first.add(packets: 3, bytes: 300)
        let second = try tables.add(Flow(match: match(1), instructions: output(2)))
        #expect(second.replaced === first)
        #expect(tables.count == 1)
        #expect(second.entry.packetCount == 3 && second.entry.byteCount == 300)
        // A worker that still has the old entry counts for the new one.
        first.add(packets: 1, bytes: 60)
        #expect(second.entry.packetCount == 4)
        var reset = Flow(match: match(1), instructions: output(3))
        reset.flags = [.resetCounts]
        let third = try tables.add(reset).entry
        #expect(third.packetCount == 0)
    }

    @Test func modifyingChangesInstructionsOnly() throws {
        var tables = FlowTables()
        var flow = Flow(priority: 5, match: match(1), instructions: output(1))
        flow.cookie = 9
        flow.idleTimeoutSeconds = 10
        let old = try tables.add(flow).entry
        old.add(packets: 1, bytes: 60)
        let new = tables.modify(FlowSelection(match: match(1)), instructions: output(2)).map(\.after)
        flow.instructions = output(2)
        #expect(new.map(\.flow) == [flow])
        #expect(new.first?.id == old.id)
        #expect(new.first?.packetCount == 1)
        let none = tables.modify(FlowSelection(match: match(2)), instructions: output(2))
        #expect(none.isEmpty)
        let reset = tables.modify(FlowSelection(), instructions: output(3), resetsCounts: true).map(\.after)
        #expect(reset.map(\.packetCount) == [0])
    }

    @Test func selectionsAreStrictOrNot() throws {
        var tables = FlowTables()
        let wide = try tables.add(Flow(priority: 1, match: match(1), instructions: output(1))).entry
        let narrow = try tables.add(Flow(priority: 2, match: match(1, destination: 5), instructions: output(7))).entry
        let other = try tables.add(Flow(table: 9, priority: 1, match: match(2), instructions: output(1))).entry
        func ids(_ selection: FlowSelection) -> [UInt64] { tables.flows(selection).map(\.id) }
        #expect(ids(FlowSelection()) == [narrow.id, wide.id, other.id])
        #expect(ids(FlowSelection(match: match(1))) == [narrow.id, wide.id])
        #expect(ids(FlowSelection(match: match(1, destination: 5))) == [narrow.id])
        #expect(ids(FlowSelection(table: nil, strictly: match(1), priority: 1)) == [wide.id])
        #expect(ids(FlowSelection(table: 0, strictly: match(1), priority: 2)).isEmpty)
        var selection = FlowSelection()
        selection.outputPort = PortNumber(7)
        #expect(ids(selection) == [narrow.id])
        let gone = tables.remove(selection).map(\.id)
        #expect(gone == [narrow.id])
        #expect(tables.count == 2 && tables.count(in: 9) == 1)
        let removals = [tables.remove(wide), tables.remove(wide)]
        #expect(removals == [true, false])
    }

    @Test func overlapsAreFoundAndRefused() throws {
        var tables = FlowTables()
        let there = try tables.add(Flow(priority: 3, match: match(1), instructions: output(1))).entry
        var flow = Flow(priority: 3, match: match(1, destination: 5), instructions: output(1))
        flow.flags = [.checkOverlap]
        #expect(refusal(of: flow, by: &tables) == .overlap(id: there.id))
        flow.match = match(2, destination: 5)
        #expect(refusal(of: flow, by: &tables) == nil)
        flow.match = match(1, destination: 5)
        flow.priority = 4
        #expect(refusal(of: flow, by: &tables) == nil)
        #expect(tables.count == 3)
    }

    @Test func boundsHold() throws {
        var tables = FlowTables(flowLimit: 2)
        try tables.add(Flow(match: match(1), instructions: output(1)))
        try tables.add(Flow(table: 1, match: match(2), instructions: output(1)))
        let third = Flow(match: match(3), instructions: output(1))
        #expect(refusal(of: third, by: &tables) == .tableFull(limit: 2))
        // A replacement needs no room.
        try tables.add(Flow(match: match(1), instructions: output(2)))
        let reserved = Flow(table: 255, match: match(3), instructions: output(1))
        #expect(refusal(of: reserved, by: &tables) == .badTable(255))
        #expect(tables.count == 2)
    }

    @Test func snapshotsAndCopiesStayAsTheyWere() throws {
        var tables = FlowTables(hashSeed: 3)
        let first = try tables.add(Flow(match: match(1), instructions: output(1))).entry
        let before = tables.snapshot()
        let again = tables.snapshot()
        #expect(again === before)
        var copy = tables
        try copy.add(Flow(match: match(2), instructions: output(2)))
        tables.remove(first)
        let after = tables.snapshot()
        #expect(before.version < after.version)
        #expect(before.lookup(table: 0, key: match(1).key) === first)
        #expect(before.flows(in: 0).map(\.id) == [first.id])
        #expect(after.lookup(table: 0, key: match(1).key) == nil)
        let copied = copy.snapshot()
        #expect(copied.lookup(table: 0, key: match(1).key) === first)
        #expect(copy.count == 2 && tables.count == 0)
        #expect(before.examinableMask == match(1).mask)
        #expect(after.examinableMask.isZero)
    }

    /// A long run of changes of all kinds, against the plain model.
    @Test(arguments: [(21, 60), (22, 150), (23, Effort.full(1200, 250))] as [(UInt64, Int)])
    func changesInAnyOrderKeepTablesRight(seed: UInt64, target: Int) throws {
        var generator = RandomFlows(seed: seed)
        generator.tables = [0, 7]
        var tables = FlowTables(hashSeed: seed)
        var oracle = LinearTables()
        for step in 0..<target * 4 {
            let chance = generator.random.below(100)
            if chance < (oracle.items.count < target ? 80 : 40) {
                let flow = generator.flow()
                oracle.add(flow, id: try tables.add(flow).entry.id)
            } else {
                changeSome(&tables, &oracle, &generator, modifies: chance > 92, context: "seed \(seed), step \(step)")
            }
            #expect(tables.count == oracle.items.count, "seed \(seed), step \(step)")
            guard step % 7 == 0 else { continue }
            let snapshot = tables.snapshot()
            var union = FlowMask()
            for item in oracle.items { union = union | item.flow.match.mask }
            #expect(snapshot.examinableMask == union, "seed \(seed), step \(step)")
            for _ in 0..<10 {
                let key = generator.packet(near: oracle.items.map(\.flow))
                let table = generator.random.pick(generator.tables)
                let expected = oracle.lookup(table: table, key: key)
                var wildcards = FlowMask()
                let found = snapshot.lookup(table: table, key: key, wildcards: &wildcards)
                #expect(found?.id == expected?.id && found?.flow == expected?.flow, "seed \(seed), step \(step)")
                var other = generator.packet(near: oracle.items.map(\.flow))
                for word in 0..<FlowKey.wordCount {
                    other[word] = other[word] & ~wildcards[word] | key[word] & wildcards[word]
                }
                #expect(oracle.lookup(table: table, key: other)?.id == expected?.id, "seed \(seed), step \(step)")
            }
        }
        let listed = tables.snapshot().flows(in: 7).map(\.id)
        #expect(listed == tables.flows(in: 7).map(\.id))
        #expect(Set(listed) == Set(oracle.items.filter { $0.flow.table == 7 }.map(\.id)))
        tables.remove(FlowSelection())
        let empty = tables.snapshot()
        #expect(tables.count == 0 && empty.examinableMask.isZero)
    }

    private func changeSome(
        _ tables: inout FlowTables, _ oracle: inout LinearTables, _ generator: inout RandomFlows, modifies: Bool,
        context: String
    ) {
        var selection = FlowSelection(table: generator.random.chance(50) ? generator.random.pick([0, 7]) : nil)
        if let flow = oracle.items.randomElement(using: &generator.random)?.flow {
            selection.match = flow.match
            if generator.random.chance(70) { selection.strictPriority = flow.priority }
            if generator.random.chance(20) { (selection.cookie, selection.cookieMask) = (flow.cookie, 7) }
        }
        let changed: [UInt64]
        let expected: [UInt64]
        if modifies {
            let instructions = generator.instructions()
            changed = tables.modify(selection, instructions: instructions).map(\.after.id)
            expected = oracle.modify(instructions) { selection.includes($0) }
        } else {
            changed = tables.remove(selection).map(\.id)
            expected = oracle.remove { selection.includes($0) }
        }
        #expect(changed.sorted() == expected.sorted(), "\(context)")
    }
}
