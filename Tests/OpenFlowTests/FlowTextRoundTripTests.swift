import Foundation
import OpenFlow
import Packet
import Testing

@Suite("Flow text, there and back")
struct FlowTextRoundTripTests {
    @Test("What is printed reads back as the same flow, and prints the same again", arguments: [1, 20_261, 0xdead_beef])
    func roundTrip(seed: UInt64) throws {
        var flows = RandomFlows(seed: seed)
        for index in 0..<3000 {
            let flow = flows.next()
            let text = flow.description
            do {
                let again = try FlowText.parseFlow(text)
                try #require(again == flow, "seed \(seed), flow \(index): \(text) became \(again)")
                try #require(again.description == text, "seed \(seed), flow \(index)")
            } catch let error as FlowTextError {
                Issue.record("seed \(seed), flow \(index): \(text): \(error)")
                return
            }
        }
    }

    @Test("A match alone, and actions alone, read back")
    func parts() throws {
        var flows = RandomFlows(seed: 7)
        for index in 0..<1000 {
            let flow = flows.next()
            #expect(try FlowText.parseMatch(flow.match.description) == flow.match, "flow \(index): \(flow)")
            let actions = try FlowText.parseActions(
                flow.instructions.description, match: flow.match, table: flow.table)
            #expect(actions == flow.instructions, "flow \(index): \(flow)")
        }
    }

    @Test("The names of each field are read, and each field is in the table")
    func everyName() throws {
        let table = FlowText.fieldTable()
        for id in FieldID.allCases {
            let field = Field[id]
            #expect(table.contains("| \(field.name) |"))
            for name in [field.name] + field.aliases + field.extensibleNames {
                let source = "move:\(name)[0]->NXM_NX_REG0[0]"
                let instructions = try FlowText.parseActions(source)
                let expected = FieldSlice(id, firstBit: 0, bitCount: 1)
                #expect(
                    instructions.apply == [.move(from: expected, to: FieldSlice(.reg0, firstBit: 0, bitCount: 1))],
                    "\(name)")
            }
        }
    }

    @Test("A file of flows is read fast")
    func speed() throws {
        var lines: [String] = []
        var generator = SeededGenerator(seed: 3)
        for index in 0..<5_000 {
            let bits = generator.next()
            lines.append(
                "table=1,priority=\(index % 60_000),tcp,nw_src=10.\(bits & 255).\(bits >> 8 & 255).0/24,"
                    + "nw_dst=192.168.\(bits >> 16 & 255).\(bits >> 24 & 255),tp_dst=\(bits >> 32 & 0xffff)"
                    + " actions=set_field:02:00:00:00:00:01->eth_dst,dec_ttl,output:\(bits >> 48 & 1023)")
        }
        let contents = lines.joined(separator: "\n")
        let start = Self.processorSeconds()
        let flows = try FlowText.parseFlows(contents)
        let seconds = Self.processorSeconds() - start
        #expect(flows.count == lines.count)
        print("flow text: \(Int(Double(flows.count) / seconds)) rules a second of processor time")
    }

    /// Of this thread, so that other tests and other programs don't count.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
