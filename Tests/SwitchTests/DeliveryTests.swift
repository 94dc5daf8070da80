import OpenFlow
import Packet
import TestSupport
import Testing

@testable import Datapath
@testable import FlowTable
@testable import Switch

/// How programs hand packets to outputs: who gets the packet itself, who shares it, who needs a copy.
struct DeliveryTests {
    /// The program for a packet from port 1 through table 0 with one flow that does these actions.
    static func program(_ actions: String, packet: PlainPacket? = nil) throws -> ContiguousArray<Instruction> {
        var tables = FlowTables()
        try tables.add(try FlowText.parseFlow("actions=\(actions)"))
        let ports = (1...4).map { PipelinePort(number: UInt32($0), index: UInt16($0)) }
        let pipeline = TablePipeline(tables: tables.snapshot(), ports: ports)
        var key = FlowKey()
        var packets = RandomPackets(seed: 1)
        var known = packet ?? packets.packet(.tcp)
        known.set(.ipTTL, 64)
        var bytes = known.bytes
        bytes.withUnsafeMutableBytes {
            _ = PacketParser.parse($0.baseAddress!, count: $0.count, packetLength: $0.count, port: 1, into: &key)
        }
        var translation = Translation()
        pipeline.translate(key, into: &translation)
        return translation.instructions
    }

    static func deliveries(_ actions: String) throws -> [Instruction.Delivery] {
        try program(actions).filter { $0.opcode == .output || $0.opcode == .normal }.map(\.delivery)
    }

    @Test(arguments: [
        ("output:2", [Instruction.Delivery.final]),
        ("output:2,output:3,output:4", [.share, .share, .final]),
        ("output:2,NORMAL", [.share, .final]),
        ("NORMAL,dec_ttl,output:2", [.copy, .final]),
        ("output:2,output:3,mod_nw_src:1.2.3.4,output:4", [.copy, .copy, .final]),
        ("output:2,mod_nw_src:1.2.3.4,output:3,output:4", [.copy, .share, .final]),
        ("mod_nw_src:1.2.3.4,output:3", [.final]),
        // What nobody sees is not done.
        ("output:3,mod_nw_src:1.2.3.4,dec_ttl", [.final]),
        ("output:2,output:3,strip_vlan", [.share, .final]),
        // A change before a controller must not reach a port that has the packet already.
        ("output:2,mod_nw_src:1.2.3.4,CONTROLLER", [.copy]),
        ("output:2,output:3,dec_ttl,CONTROLLER", [.copy, .copy]),
        ("output:2,CONTROLLER", [.share]),
    ])
    func delivery(_ actions: String, _ expected: [Instruction.Delivery]) throws {
        #expect(try DeliveryTests.deliveries(actions) == expected, "\(actions)")
    }

    /// Changes that no output follows are left out, with their operands.
    @Test func unseenChanges() throws {
        #expect(try DeliveryTests.program("mod_nw_src:1.2.3.4,set_field:02:00:00:00:00:09->eth_dst").isEmpty)
        let program = try DeliveryTests.program("output:2,mod_nw_src:1.2.3.4,push_vlan:0x8100")
        #expect(program.map(\.opcode) == [.output])
    }

    /// However outputs and changes follow each other: nobody changes a packet that was given away or is shared.
    @Test(arguments: 0..<300)
    func randomSequences(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let steps = [
            "output:2", "output:3", "NORMAL", "ALL", "CONTROLLER", "mod_nw_dst:10.0.0.9", "dec_ttl", "push_vlan:0x8100",
            "strip_vlan", "mod_vlan_vid:7", "mod_tp_src:5", "load:1->NXM_NX_REG0[]",
        ]
        var list = (0..<(1 + random.below(8))).map { _ in random.pick(steps) }
        // Flow text refuses a third tag.
        if let push = list.firstIndex(of: "push_vlan:0x8100") {
            list.removeAll { $0.hasPrefix("push") }
            list.insert("push_vlan:0x8100", at: min(push, list.count))
        }
        let actions = list.joined(separator: ",")
        let program = try DeliveryTests.program(actions)
        for (index, instruction) in program.enumerated() where [.output, .normal].contains(instruction.opcode) {
            let rest = program[(index + 1)...]
            let changes = rest.contains { [.rewrite, .pushVLAN, .popVLAN, .setVLAN, .decrementTTL].contains($0.opcode) }
            let outputs = rest.contains { [.output, .normal, .controller].contains($0.opcode) }
            let expected: Instruction.Delivery = changes ? .copy : outputs ? .share : .final
            #expect(instruction.delivery == expected, "seed \(seed): \(actions), instruction \(index) of \(program)")
        }
    }
}
