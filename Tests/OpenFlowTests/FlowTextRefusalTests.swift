import OpenFlow
import Testing

@Suite("Flow text that is refused")
struct FlowTextRefusalTests {
    /// What is written, the column of the fault, and a part of the message.
    private static let flows: [(text: String, column: Int, message: String)] = [
        // Names.
        ("tcp_dts=80 actions=drop", 1, "did you mean tcp_dst?"), ("in_prot=1 actions=drop", 1, "did you mean in_port?"),
        ("in_port=1,bogus_field=1 actions=drop", 11, "there is no field “bogus_field”"),
        ("output:1 actions=drop", 1, "output is an action: it belongs behind actions="),
        ("actions=outptu:1", 9, "did you mean output?"), ("actions=in_port_oxm:1", 9, "is no action"),
        ("delete in_port=1", 1, "only flows to add"), ("out_port=1 actions=drop", 1, "chooses flows to delete"),
        // Form.
        ("in_port=1", 10, "the flow has no actions"), ("in_port = 1 actions=drop", 8, "without spaces"),
        ("=1 actions=drop", 1, "a name was expected"), ("tcp=1 actions=drop", 4, "takes no value"),
        ("in_port(1) actions=drop", 8, "without parentheses"), ("actions=resubmit(1", 17, "never closed"),
        ("actions =drop", 8, "without a space before"), ("actions=resubmit(1,2)output:1", 22, "a comma or a space"),
        ("priority actions=drop", 9, "priority needs a value"), ("send_flow_rem=1 actions=drop", 14, "takes no value"),
        // Values.
        ("priority=65536 actions=drop", 10, "65536 is too large for priority: 65535 at most"),
        ("priority=-1 actions=drop", 10, "needs a number"), ("priority=010 actions=drop", 10, "octal"),
        ("priority=1x actions=drop", 11, "needs a number"), ("table=255 actions=drop", 7, "254 at most"),
        ("cookie=1/2 actions=drop", 9, "a cookie mask"), ("idle_timeout=70000 actions=drop", 14, "too large"),
        ("in_port=p9 actions=drop", 9, "there is no port named p9; there are p1, p2"),
        ("in_port=65534 actions=drop", 9, "write its name"), ("in_port=0xffffff01 actions=drop", 9, "there is no port"),
        ("dl_src=00:11:22:33:44 actions=drop", 8, "not an Ethernet address"),
        ("dl_src=00:11:22:33:44:gg actions=drop", 23, "not an Ethernet address"),
        ("ip,nw_src=10.0.0.256 actions=drop", 11, "not an IPv4 address"),
        ("ip,nw_src=10.0.0.1/33 actions=drop", 20, "33 is too large for the prefix length: 32"),
        ("ip,nw_src=010.0.0.1 actions=drop", 11, "not an IPv4 address"),
        ("ipv6,ipv6_src=1::2::3 actions=drop", 15, "not an IPv6 address"),
        ("ipv6,ipv6_src=::/129 actions=drop", 18, "128 at most"), ("ip,nw_ttl=256 actions=drop", 11, "255 at most"),
        ("ip,nw_tos=3 actions=drop", 11, "two low bits"), ("ip,ip_dscp=64 actions=drop", 12, "63 at most"),
        ("ip,ip_frag=some actions=drop", 12, "not_later"), ("tcp,tcp_flags=+sin actions=drop", 16, "is no TCP flag"),
        ("tcp,tcp_flags=+syn-syn actions=drop", 19, "a second time"),
        ("tcp,tcp_flags=0x1000 actions=drop", 15, "too large"),
        ("dl_vlan=4096 actions=drop", 9, "4095 at most"), ("vlan_vid=5 actions=drop", 10, "write dl_vlan=5"),
        ("reg0=0x100000000 actions=drop", 6, "too large for reg0"),
        ("xxreg0=0x100000000000000000000000000000000 actions=drop", 8, "too large"),
        ("xxreg0=999999999999999999999999999999999999999 actions=drop", 8, "too large"),
        // Masks.
        ("in_port=1,eth_type=0x800/0xff00 actions=drop", 26, "eth_type can't be masked"),
        ("ip,nw_ttl=1/3 actions=drop", 13, "can't be masked"), ("dl_vlan=5/7 actions=drop", 11, "can't be masked"),
        ("ip,nw_ttl[0]=1 actions=drop", 4, "can't be masked"), ("reg0=1/ actions=drop", 8, "needs a number"),
        ("tcp,tcp_dst=1/0x10000 actions=drop", 15, "the mask of tcp_dst"),
        ("reg0[3..1]=0 actions=drop", 6, "swap them"), ("reg0[32]=0 actions=drop", 6, "31 at most"),
        ("reg0[0..7]=256 actions=drop", 12, "255 at most"), ("reg0[0=1 actions=drop", 5, "a bracket is missing"),
        // Twice, or in contradiction.
        ("in_port=1,in_port=1 actions=drop", 11, "a second time"),
        ("priority=1,priority=2 actions=drop", 12, "a second"),
        ("tcp,tp_dst=1,tcp_dst=1 actions=drop", 5, "tcp_dst stands here a second time"),
        ("dl_vlan=1,vlan_vid=0x1001 actions=drop", 11, "a second time"),
        ("ip,nw_tos=4,ip_dscp=1 actions=drop", 13, "a second time"), ("ip,arp actions=drop", 4, "arp contradicts"),
        ("tcp,nw_proto=17 actions=drop", 5, "says nw_proto=6"), ("xreg0=5,reg0=6 actions=drop", 9, "reg0=0x0"),
        ("dl_vlan=0xffff,vlan_pcp=1 actions=drop", 16, "contradicts"),
        // Prerequisites.
        ("tcp_dst=80 actions=drop", 1, "tcp_dst needs tcp or tcp6"), ("udp,tcp_dst=80 actions=drop", 5, "tcp or tcp6"),
        ("ip,tp_dst=80 actions=drop", 4, "tp_dst needs one of tcp or tcp6, udp or udp6"),
        ("nw_src=10.0.0.1 actions=drop", 1, "nw_src needs one of ip, arp or rarp"),
        ("ipv6,nw_src=10.0.0.1 actions=drop", 6, "needs one of ip"), ("ip,ipv6_src=::1 actions=drop", 4, "needs ipv6"),
        ("ip,arp_spa=1.2.3.4 actions=drop", 4, "needs arp or rarp"), ("nw_ttl=3 actions=drop", 1, "ip or ipv6"),
        ("ip,mpls_label=3 actions=drop", 4, "mpls or mplsm"), ("pbb_isid=3 actions=drop", 1, "eth_type=0x88e7"),
        ("icmp6,nd_target=::1 actions=drop", 7, "icmp_type=135 or icmp_type=136"),
        ("icmp6,icmp_type=136,nd_sll=2:0:0:0:0:1 actions=drop", 21, "icmp_type=135"),
        ("icmp6,icmp_type=135,icmp_code=1,nd_target=::1 actions=drop", 33, "icmp_type=135"),
        ("tcp,ip_frag=later,tp_dst=80 actions=drop", 19, "later fragments have no tp_dst"),
        // Actions.
        ("actions=output", 15, "write output:PORT"), ("actions=output:p9", 16, "there is no port named p9"),
        ("actions=output:ANY", 16, "did you mean ALL?"), ("actions=NORMAL:5", 16, "takes no value"),
        ("actions=drop,output:1", 9, "drop stands alone"), ("actions=output:1,drop", 18, "drop stands alone"),
        ("actions=ct(commit)", 9, "ct is not supported yet"), ("actions=sample(1)", 9, "sample is not supported yet"),
        ("actions=push_vlan:0x800", 19, "0x8100 or 0x88a8"), ("actions=mod_vlan_vid:4096", 22, "4095 at most"),
        ("dl_vlan=1 actions=push_vlan:0x8100,push_vlan:0x8100", 36, "two VLAN tags"),
        ("actions=mod_vlan_pcp:8", 22, "7 at most"), ("actions=mod_nw_tos:1", 20, "two low bits"),
        ("actions=mod_nw_src:1.2.3.4/8", 20, "without a mask"),
        ("actions=set_field:1->tcp_dst", 22, "needs tcp or tcp6"),
        ("actions=set_field:1", 19, "write set_field:VALUE->FIELD"),
        ("tcp actions=set_field:2->tcp_flags", 26, "read-only"),
        ("ip actions=set_field:1->tp_dst", 25, "needs one of"), ("actions=set_field:1->reg99", 22, "did you mean"),
        ("actions=set_field:0/0->reg0", 19, "sets no bit"), ("actions=set_field:1->reg0[3]", 22, "whole fields"),
        ("actions=set_field:0x1005->vlan_vid", 27, "push_vlan:0x8100"),
        ("actions=set_vlan_pcp:1", 9, "push_vlan:0x8100"),
        ("dl_vlan=1 actions=set_field:5->vlan_vid", 29, "bit 12"),
        ("dl_vlan=1 actions=pop_vlan,set_field:1->vlan_pcp", 41, "needs a VLAN tag"),
        ("actions=load:256->reg0[0..7]", 14, "255 at most"), ("actions=load:1->xxreg0", 17, "64 bits at most"),
        ("actions=move:reg0[]->reg1[0..7]", 22, "has 32 bits"), ("actions=move:reg0->tcp_src", 20, "equal widths"),
        ("actions=move:tcp_src->reg0[0..15]", 14, "needs tcp or tcp6"), ("actions=resubmit(,)", 18, "resubmit needs"),
        ("actions=resubmit:IN_PORT", 18, "other than IN_PORT"), ("actions=resubmit(1,2,ct)", 21, "not supported yet"),
        ("actions=resubmit(1,255)", 20, "254 at most"),
        // Instructions.
        ("table=3 actions=goto_table:3", 28, "behind the flow's own, 3"), ("actions=goto_table:0", 20, "behind"),
        ("actions=goto_table:255", 20, "254 at most"),
        ("actions=goto_table:1,output:1", 22, "must stand before goto_table"),
        ("actions=write_actions(output:1),clear_actions", 33, "clear_actions must stand before write_actions"),
        ("actions=write_metadata:1,write_metadata:2", 26, "a second time"),
        ("actions=write_actions(goto_table:1)", 23, "can't stand inside"), ("actions=write_actions:1", 22, "(ACTION"),
        ("actions=write_actions(output:reg0[])", 23, "an action set can't"),
        ("actions=write_actions(output:1,drop)", 32, "drop stands alone"), ("actions=clear_actions(1)", 23, "no value"),
    ]

    private static let newerActions: [(text: String, column: Int, message: String)] = [
        ("actions=output(port=1,max_len=13)", 31, "14 at least"),
        ("actions=output(port=ALL,max_len=64)", 16, "one port"),
        ("actions=output(port=1,port=2)", 23, "a second time"),
        ("actions=output(port=CONTROLLER,max_len=70000)", 40, "too"),
        ("actions=group", 14, "write group:ID"), ("actions=group:0xffffff01", 15, "too large for group"),
        ("actions=output:1,meter:1", 18, "meter must stand before apply_actions"),
        ("actions=meter:1,meter:2", 17, "a second time"), ("actions=meter:0xffff0001", 15, "too large for meter"),
        ("actions=write_actions(meter:1)", 23, "can't stand inside"), ("actions=set_queue:x", 19, "needs a number"),
        ("actions=enqueue:1", 17, "enqueue needs a queue"), ("actions=enqueue:ALL:1", 17, "ALL has no queues"),
        ("actions=push_mpls:0x800", 19, "0x8847 or 0x8848"), ("actions=push_pbb:0x8847", 18, "0x88e7"),
        ("actions=pop_mpls", 17, "write pop_mpls:ETHERTYPE"), ("actions=dec_mpls_ttl(1)", 22, "takes no value"),
        ("actions=set_mpls_label:3", 9, "mpls or mplsm"), ("mpls actions=set_mpls_tc:8", 26, "7 at most"),
        ("mpls actions=set_mpls_ttl:256", 27, "255 at most"), ("actions=dec_ttl(70000)", 17, "65535 at most"),
        ("actions=dec_ttl(1=2)", 19, "takes no value"), ("actions=controller(reason=x)", 27, "no_match, action"),
        ("actions=controller(userdata=0)", 29, "two hexadecimal digits"),
        ("actions=controller(pauses)", 20, "not pauses"),
        ("actions=controller(id=1,id=2)", 25, "a second time"), ("actions=controller(pause=1)", 26, "takes no value"),
        ("actions=conjunction(1,0/2)", 23, "counted from 1"), ("actions=conjunction(1,3/2)", 23, "2 at most"),
        ("actions=conjunction(1,1/1)", 25, "at least two"), ("actions=conjunction(1,1/65)", 25, "64 at most"),
        ("actions=conjunction(1)", 21, "CLAUSE/COUNT"), ("actions=conjunction(1,1/2),output:1", 28, "only note"),
        ("actions=output:1,conjunction(1,1/2)", 9, "only note"),
        ("actions=conjunction(1,1/2),goto_table:3", 28, "only note"),
        ("actions=note:0x01", 14, "two hexadecimal digits"), ("actions=push:reg99", 14, "did you mean"),
        ("actions=push:tcp_src", 14, "needs tcp or tcp6"), ("tcp actions=pop:tcp_flags", 17, "read-only"),
        ("actions=exit(1)", 14, "takes no value"), ("actions=fin_timeout(idle=1)", 21, "idle_timeout=SECONDS"),
        ("actions=write_actions(note:01)", 23, "an action set can't hold note"),
        ("actions=write_actions(exit)", 23, "an action set can't hold exit"),
        ("actions=clone", 14, "write clone(ACTION"), ("actions=clone:1", 14, "write clone(ACTION"),
        ("actions=clone(drop,1)", 15, "drop stands alone"), ("actions=clone(goto_table:1)", 15, "can't stand inside"),
        ("actions=clone(meter:1)", 15, "can't stand inside"), ("actions=clone(outptu:1)", 15, "did you mean output?"),
        ("actions=clone(clear_actions)", 15, "can't stand inside"),
        ("actions=write_actions(clone(1))", 23, "an action set can't hold clone"),
        ("actions=clone(conjunction(1,1/2))", 9, "only note"),
        ("actions=clone(set_field:1->tcp_dst)", 28, "needs tcp or tcp6"),
        // The tag is the clone's alone.
        ("actions=clone(push_vlan:0x8100),set_field:1->vlan_pcp", 46, "needs a VLAN tag"),
        ("actions=learn", 14, "write learn(PART"), ("actions=learn(table=255)", 21, "254 at most"),
        ("actions=learn(table=1,table=2)", 23, "a second time"),
        ("actions=learn(send_flow_rem=1)", 29, "takes no value"),
        ("actions=learn(result_dst=reg0[0..1])", 26, "one bit"),
        ("actions=learn(bogus=1)", 15, "learn takes FIELD=VALUE"),
        ("actions=learn(tcp)", 15, "tcp is not a field"), ("actions=learn(output:bogus)", 22, "no field “bogus”"),
        ("actions=learn(dl_vlan=5)", 15, "use vlan_tci"),
        ("actions=learn(eth_dst=02:00:00:00:00:01/1:0:0:0:0:0)", 23, "mask"),
        ("actions=learn(NXM_OF_ETH_DST[]=NXM_OF_IN_PORT[])", 15, "equal widths"),
        ("actions=learn(NXM_OF_IP_DST[]=NXM_OF_IP_SRC[])", 15, "needs ip"),
        ("ip actions=learn(NXM_OF_IP_DST[]=NXM_OF_IP_SRC[])", 18, "needs ip"),
        ("actions=learn(eth_type=0x800,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[])", 30, "needs ip"),
        ("actions=learn(reg0[0..7]=256)", 26, "255 at most"),
        ("actions=learn(load:reg0->reg1[0..7])", 26, "equal widths"),
        ("actions=learn(load:5->tcp_flags)", 23, "read-only"),
        ("actions=learn(load:256->reg0[0..7])", 20, "255 at most"),
        ("actions=learn(load:5)", 20, "write load:SOURCE->FIELD"),
    ]

    @Test("A flow is refused, with the place and the reason", arguments: flows + newerActions)
    func flow(text: String, column: Int, message: String) {
        let error = #expect(throws: FlowTextError.self) {
            try FlowText.parseFlow(text, portNames: ["p1": 1, "p2": 2])
        }
        #expect(error?.line == 1)
        #expect(error?.column == column, "\(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("The place in a file is that of the fault")
    func place() {
        let contents = "# flows\n\nin_port=1 actions=2\n  # “é”\n\ttcp , tcp_dst=http actions=drop\n"
        let error = #expect(throws: FlowTextError.self) { try FlowText.parseFlows(contents, file: "a.flows") }
        #expect(error?.description.hasPrefix("a.flows:5:16: ") == true, "\(error?.description ?? "")")
        let unnamed = #expect(throws: FlowTextError.self) { try FlowText.parseFlow("“é” actions=1") }
        #expect(unnamed?.description.hasPrefix("1:1: ") == true)
        let later = #expect(throws: FlowTextError.self) { try FlowText.parseFlow("in_port=é,tcp=1 actions=1") }
        #expect(later?.column == 9)
    }

    @Test("One flow means one flow, and a match has nothing else")
    func wholes() {
        #expect(throws: FlowTextError.self) { try FlowText.parseFlow("actions=1\nactions=2") }
        #expect(throws: FlowTextError.self) { try FlowText.parseFlow("  # nothing\n") }
        #expect(throws: FlowTextError.self) { try FlowText.parseMatch("priority=1,tcp") }
        #expect(throws: FlowTextError.self) { try FlowText.parseMatch("tcp actions=1") }
    }
}
