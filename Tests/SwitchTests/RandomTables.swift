import OpenFlow
import TestSupport

/// Flow tables as text, in which flows overlap, and lead from table to table.
struct RandomTables {
    var random: SeededGenerator
    /// Whether some flows forward by MAC learning.
    var usesNormal = true
    /// Whether some flows do nothing but Ethernet, so that packets need not be parsed whole.
    var isShallow = false
    private let lastTable = 3

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private enum Kind: String, CaseIterable {
        case any = "", ip, ipv6, tcp, udp, sctp, icmp, arp, tcp6, udp6, icmp6

        var isIPv4: Bool { [.ip, .tcp, .udp, .sctp, .icmp].contains(self) }
        var isIPv6: Bool { [.ipv6, .tcp6, .udp6, .icmp6].contains(self) }
        /// The name of the protocol in the names of its port fields.
        var ports: String? {
            switch self {
            case .tcp, .tcp6: "tcp"
            case .udp, .udp6: "udp"
            case .sctp: "sctp"
            default: nil
            }
        }
    }

    mutating func text() -> String {
        var lines: [String] = []
        for table in 0...lastTable {
            let count = 2 + random.below(table == 0 ? 8 : 5)
            let end = lines.count + count
            while lines.count < end { keep(flow(table), in: &lines) }
            if random.chance(70) {
                keep("table=\(table),priority=0 actions=\(actions(.any, table, hasTag: false))", in: &lines)
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Adds a flow unless flow text refuses it, as it does a third tag.
    private func keep(_ flow: String, in lines: inout [String]) {
        if (try? FlowText.parseFlow(flow)) != nil { lines.append(flow) }
    }

    private mutating func flow(_ table: Int) -> String {
        let kind = random.chance(isShallow ? 90 : 35) ? .any : random.pick(Kind.allCases)
        var match = ["table=\(table)", "priority=\(random.pick([1, 10, 10, 10, 100, 32768]))"]
        if kind != .any { match.append(kind.rawValue) }
        let hasTag = random.chance(15)
        if hasTag {
            match.append(random.pick(["dl_vlan=1", "dl_vlan=2", "dl_vlan=4095", "vlan_tci=0x1000/0x1000"]))
        } else if random.chance(10) {
            match.append("vlan_tci=0x0000/0x1000")
        }
        if random.chance(15) { match.append("in_port=\(1 + random.below(3))") }
        if random.chance(kind == .any ? 40 : 10) { match.append("dl_src=\(host())") }
        if random.chance(kind == .any ? 40 : 10) {
            match.append("dl_dst=\(random.pick([host(), host(), "01:00:00:00:00:00/01:00:00:00:00:00"]))")
        }
        if table > 0, random.chance(25) { match.append("reg0=\(random.below(3))") }
        if table > 0, random.chance(25) { match.append("metadata=\(random.below(4))/0x3") }
        match += headers(kind)
        return match.joined(separator: ",") + " actions=" + actions(kind, table, hasTag: hasTag)
    }

    private mutating func headers(_ kind: Kind) -> [String] {
        var match: [String] = []
        if kind.isIPv4 {
            if random.chance(40) {
                match.append(
                    "nw_src="
                        + random.pick(
                            ["10.0.0.0/24", "10.0.1.0/24", "10.0.0.2/31", "10.0.1.3", "10.0.0.1/255.255.254.255"])
                )
            }
            if random.chance(40) {
                match.append(
                    "nw_dst=\(random.pick(["10.0.0.0/24", "10.0.1.0/24", "10.0.0.2/31", "10.0.1.3", "10.0.0.0/8"]))")
            }
            if random.chance(8) { match.append(random.pick(["ip_frag=later", "ip_frag=no"])) }
        }
        if kind.isIPv6, random.chance(40) {
            match.append(
                "ipv6_\(random.pick(["src", "dst"]))="
                    + random.pick(["2001:db8::/64", "2001:db8:0:1::/64", "2001:db8::2"])
            )
        }
        if kind.isIPv4 || kind.isIPv6, random.chance(12) {
            match.append(random.pick(["nw_ttl=64", "nw_ttl=1", "ip_dscp=10", "nw_ecn=3"]))
        }
        // Later fragments have no ports, which flow text knows.
        if let ports = kind.ports, !match.contains("ip_frag=later") {
            if random.chance(50) {
                match.append("\(ports)_dst=\(random.pick(["80", "53", "443", "1024", "0x0400/0xfc00"]))")
            }
            if random.chance(30) { match.append("\(ports)_src=\(random.pick(["80", "53", "40000", "0x0050/0xfff0"]))") }
            if ports == "tcp", random.chance(20) {
                match.append("tcp_flags=\(random.pick(["+syn-ack", "+ack", "0x12"]))")
            }
        }
        if kind == .arp, random.chance(60) {
            match.append(random.pick(["arp_op=1", "arp_op=2", "arp_spa=10.0.0.0/24", "arp_tpa=10.0.1.1"]))
        }
        if kind == .icmp, random.chance(50) { match.append("icmp_type=8") }
        if kind == .icmp6, random.chance(50) { match.append("icmpv6_type=\(random.pick([128, 135, 136]))") }
        return match
    }

    private mutating func host() -> String { "02:00:00:00:00:0\(random.below(6))" }
    private mutating func address() -> String { "10.0.\(random.below(2)).\(random.below(4))" }

    // MARK: Actions

    private mutating func actions(_ kind: Kind, _ table: Int, hasTag: Bool) -> String {
        if random.chance(8) { return "drop" }
        var list: [String] = []
        for _ in 0..<(1 + random.below(4)) { list.append(action(kind, table, hasTag: hasTag)) }
        if random.chance(60) { list.append(output()) }
        if table < lastTable, random.chance(15) {
            list.append(random.pick(["clear_actions", "write_actions(\(written(kind)))"]))
        }
        if table < lastTable, random.chance(15) {
            list.append("write_metadata:\(random.below(4))/0x\(1 + random.below(3))")
        }
        if table < lastTable, random.chance(35) {
            list.append("goto_table:\(table + 1 + random.below(lastTable - table))")
        }
        return list.joined(separator: ",")
    }

    private mutating func output() -> String {
        switch random.below(20) {
        case 0: "IN_PORT"
        case 1: "ALL"
        case 2: "FLOOD"
        case 3: "CONTROLLER"
        case 4: "output:NXM_NX_REG0[0..7]"
        case 5...7: usesNormal ? "NORMAL" : "output:2"
        default: "output:\(1 + random.below(5))"
        }
    }

    private mutating func written(_ kind: Kind) -> String {
        var list: [String] = []
        if random.chance(30) { list.append("strip_vlan") }
        if random.chance(30) { list.append("push_vlan:0x8100") }
        if random.chance(30), kind.isIPv4 || kind.isIPv6 { list.append("dec_ttl") }
        if random.chance(40) { list.append("set_field:\(host())->eth_dst") }
        if random.chance(40), kind.isIPv4 { list.append("set_field:\(address())->ip_src") }
        if random.chance(80) { list.append("output:\(1 + random.below(5))") }
        return list.isEmpty ? "output:3" : list.joined(separator: ",")
    }

    private mutating func action(_ kind: Kind, _ table: Int, hasTag: Bool) -> String {
        switch random.below(12) {
        case 0...2: return output()
        case 3:
            return random.pick([
                "mod_dl_src:\(host())", "mod_dl_dst:\(host())", "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]",
            ])
        case 4:
            return random.pick([
                "mod_vlan_vid:\(random.pick([1, 2, 5]))", "mod_vlan_pcp:\(random.below(8))", "strip_vlan",
                "push_vlan:0x8100", "push_vlan:0x88a8", hasTag ? "load:5->OXM_OF_VLAN_VID[0..11]" : "strip_vlan",
                "load:0x1003->NXM_OF_VLAN_TCI[]", "load:0->NXM_OF_VLAN_TCI[]",
            ])
        case 5: return "load:\(random.below(4))->NXM_NX_REG0[]"
        case 6:
            return random.pick([
                "load:1->NXM_NX_REG0[1]", "move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]",
                "move:NXM_OF_ETH_SRC[0..2]->NXM_NX_REG0[0..2]",
            ])
        case 7 where table < lastTable:
            let next = table + 1 + random.below(lastTable - table)
            return random.pick(["resubmit(,\(next))", "resubmit(,\(next))", "resubmit(\(1 + random.below(4)),\(next))"])
        case 8 where random.chance(40):
            let inner = (0..<(1 + random.below(3))).map { _ in action(kind, table, hasTag: hasTag) } + [output()]
            return "clone(\(inner.joined(separator: ",")))"
        default:
            return isShallow ? random.pick(["dec_ttl", "push_vlan:0x8100", "strip_vlan", output()]) : rewrite(kind)
        }
    }

    private mutating func rewrite(_ kind: Kind) -> String {
        if let ports = kind.ports, random.chance(50) {
            return random.pick([
                "set_field:8080->\(ports)_dst", "set_field:0x0001/0x0001->\(ports)_src", "mod_tp_src:1234",
                "mod_tp_dst:\(random.below(65536))",
            ])
        }
        if kind.isIPv4 {
            return random.pick([
                "dec_ttl", "mod_nw_src:\(address())", "mod_nw_dst:\(address())", "mod_nw_tos:\(4 * random.below(64))",
                "mod_nw_ttl:\(random.below(256))", "set_field:10.0.0.0/255.0.0.255->ip_dst",
                "move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[]", "move:NXM_OF_IP_DST[0..1]->NXM_NX_REG0[0..1]",
            ])
        }
        if kind.isIPv6 {
            return random.pick([
                "dec_ttl", "set_field:2001:db8::9->ipv6_src", "set_field:2001:db8:0:1::7->ipv6_dst",
                "set_field:3->ip_dscp",
                "set_field:::5/::ff->ipv6_src", "set_field:0x12345->ipv6_label", "set_field:9->nw_ttl",
            ])
        }
        if kind == .arp {
            return random.pick([
                "set_field:2->arp_op", "set_field:\(address())->arp_tpa", "set_field:\(host())->arp_sha",
                "move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]",
            ])
        }
        return random.pick(["dec_ttl", "mod_nw_src:\(address())", "mod_tp_dst:53", "mod_nw_tos:16", "mod_tp_src:7"])
    }
}
