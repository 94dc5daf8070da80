#!/usr/bin/env python3
"""Writes Fixtures/os-ken.txt: messages of OpenFlow 1.3 as os-ken serialises them, one a line: a name and the bytes.

Another implementation's bytes are the truth that the codec is tested against. Run it with os-ken installed
(python3 -m venv venv && venv/bin/pip install os-ken) when a case is added:

    venv/bin/python Tests/OpenFlowWireTests/make-fixtures.py > Tests/OpenFlowWireTests/Fixtures/os-ken.txt
"""
from os_ken.ofproto import ofproto_protocol
from os_ken.ofproto import ofproto_v1_3 as p
from os_ken.ofproto import ofproto_v1_3_parser as P

DATAPATH = ofproto_protocol.ProtocolDesc(version=p.OFP_VERSION)
ETH = "02:00:00:00:00:05"


def emit(name, message):
    message.set_xid(0x1234)
    message.serialize()
    print(name, bytes(message.buf).hex())


def actions():
    fields = dict(ipv4_src="10.0.0.1", eth_dst=ETH, vlan_vid=0x1005, vlan_pcp=3, tcp_dst=80, ip_dscp=10, mpls_label=99,
                  mpls_tc=5, mpls_bos=1, pbb_isid=77, ipv6_src="2001:db8::1", metadata=0x1234, tunnel_id=9,
                  arp_op=2, arp_sha=ETH, icmpv4_type=8, icmpv6_type=135, ipv6_nd_target="fe80::1", ipv6_nd_sll=ETH,
                  ipv6_flabel=0x12345, sctp_src=5, udp_dst=53, eth_type=0x800)
    yield "output", P.OFPActionOutput(3, 128)
    yield "controller", P.OFPActionOutput(p.OFPP_CONTROLLER, p.OFPCML_NO_BUFFER)
    yield "copy-out", P.OFPActionCopyTtlOut()
    yield "copy-in", P.OFPActionCopyTtlIn()
    yield "mpls-ttl", P.OFPActionSetMplsTtl(7)
    yield "dec-mpls-ttl", P.OFPActionDecMplsTtl()
    yield "push-vlan", P.OFPActionPushVlan(0x88a8)
    yield "pop-vlan", P.OFPActionPopVlan()
    yield "push-mpls", P.OFPActionPushMpls(0x8848)
    yield "pop-mpls", P.OFPActionPopMpls(0x800)
    yield "queue", P.OFPActionSetQueue(4)
    yield "group", P.OFPActionGroup(5)
    yield "ttl", P.OFPActionSetNwTtl(64)
    yield "dec-ttl", P.OFPActionDecNwTtl()
    yield "push-pbb", P.OFPActionPushPbb(0x88e7)
    yield "pop-pbb", P.OFPActionPopPbb()
    for name, value in fields.items():
        yield "set-" + name.replace("_", "-"), P.OFPActionSetField(**{name: value})


def nicira_actions():
    yield "resubmit", P.NXActionResubmit(in_port=4)
    yield "resubmit-table", P.NXActionResubmitTable(in_port=p.OFPP_IN_PORT & 0xffff, table_id=7)
    yield "load", P.NXActionRegLoad(ofs_nbits=(4 << 6) | 7, dst="reg2", value=0x5a)
    yield "load2", P.NXActionRegLoad2(dst="eth_dst", value=ETH)
    yield "note", P.NXActionNote(note=[1] * 6)
    yield "move", P.NXActionRegMove(src_field="reg1", dst_field="reg2", n_bits=8, src_ofs=1, dst_ofs=9)
    yield "output-reg", P.NXActionOutputReg(ofs_nbits=15, src="reg3", max_len=65535)
    yield "exit", P.NXActionExit()
    yield "pop-queue", P.NXActionPopQueue()
    yield "controller", P.NXActionController(max_len=99, controller_id=3, reason=1)
    yield "dec-ttl-ids", P.NXActionDecTtlCntIds([1, 2])
    yield "fin-timeout", P.NXActionFinTimeout(fin_idle_timeout=3, fin_hard_timeout=4)
    yield "conjunction", P.NXActionConjunction(clause=0, n_clauses=2, id_=77)
    yield "stack-push", P.NXActionStackPush(field="reg1", start=2, end=5)
    yield "stack-pop", P.NXActionStackPop(field="reg2", start=0, end=31)
    yield "learn", P.NXActionLearn(table_id=9, specs=[
        P.NXFlowSpecMatch(src=("eth_src", 0), dst=("eth_dst", 0), n_bits=48),
        P.NXFlowSpecMatch(src=0x800, dst=("eth_type", 0), n_bits=16),
        P.NXFlowSpecLoad(src=("reg1", 4), dst=("reg2", 0), n_bits=16),
        P.NXFlowSpecOutput(src=("in_port_nxm", 0), dst="", n_bits=16)],
        idle_timeout=1, hard_timeout=2, priority=3, cookie=4, fin_idle_timeout=5, fin_hard_timeout=6)


def matches():
    yield "empty", {}
    yield "ports", dict(in_port=3, in_phy_port=4)
    yield "ethernet", dict(eth_dst=ETH, eth_src=(ETH, "ff:ff:ff:00:00:00"), eth_type=0x1234)
    yield "metadata", dict(metadata=(0x1200, 0xff00), tunnel_id=(5, 0xff))
    yield "vlan", dict(vlan_vid=0x1005, vlan_pcp=3)
    yield "vlan-any", dict(vlan_vid=(0x1000, 0x1000))
    yield "vlan-none", dict(vlan_vid=0)
    yield "tcp", dict(eth_type=0x800, ip_proto=6, ipv4_src=("10.0.0.0", "255.0.0.0"), ipv4_dst="1.2.3.4", tcp_src=1,
                      tcp_dst=2, ip_dscp=3, ip_ecn=1)
    yield "tcp-flags", dict(eth_type=0x800, ip_proto=6, tcp_flags=(2, 2))
    yield "udp6", dict(eth_type=0x86dd, ip_proto=17, ipv6_src=("2001:db8::", "ffff:ffff::"), ipv6_dst="::1",
                       ipv6_flabel=(5, 0xff), udp_src=1, udp_dst=2, ipv6_exthdr=(1, 1))
    yield "sctp", dict(eth_type=0x800, ip_proto=132, sctp_src=1, sctp_dst=2)
    yield "icmp", dict(eth_type=0x800, ip_proto=1, icmpv4_type=8, icmpv4_code=0)
    yield "nd-solicitation", dict(eth_type=0x86dd, ip_proto=58, icmpv6_type=135, icmpv6_code=0,
                                  ipv6_nd_target="fe80::1", ipv6_nd_sll=ETH)
    yield "nd-advertisement", dict(eth_type=0x86dd, ip_proto=58, icmpv6_type=136, ipv6_nd_tll=ETH)
    yield "arp", dict(eth_type=0x806, arp_op=1, arp_spa="1.1.1.1", arp_tpa=("2.2.0.0", "255.255.0.0"), arp_sha=ETH,
                      arp_tha=(ETH, "ff:00:00:00:00:00"))
    yield "mpls", dict(eth_type=0x8847, mpls_label=99, mpls_tc=3, mpls_bos=1)
    yield "pbb", dict(eth_type=0x88e7, pbb_isid=(0x1200, 0xff00))


def flow(name, match=None, instructions=(), **more):
    emit("flow-" + name,
         P.OFPFlowMod(DATAPATH, match=P.OFPMatch(**(match or {})), instructions=list(instructions), **more))


def flows():
    for name, match in matches():
        flow("match-" + name, match)
    loose = dict(eth_type=0x8847)
    for name, action in actions():
        # In a packet-out, where no match is asked about.
        emit("action-" + name, P.OFPPacketOut(DATAPATH, p.OFP_NO_BUFFER, 1, [action], b""))
    for name, action in nicira_actions():
        emit("action-" + name,
             P.OFPFlowMod(DATAPATH, match=P.OFPMatch(eth_type=0x800, ip_proto=6),
                          instructions=[P.OFPInstructionActions(p.OFPIT_APPLY_ACTIONS, [action])]))
    flow("instructions", loose, [
        P.OFPInstructionMeter(3), P.OFPInstructionActions(p.OFPIT_APPLY_ACTIONS, [P.OFPActionOutput(1)]),
        P.OFPInstructionActions(p.OFPIT_CLEAR_ACTIONS, []),
        P.OFPInstructionActions(p.OFPIT_WRITE_ACTIONS, [P.OFPActionGroup(7), P.OFPActionOutput(2)]),
        P.OFPInstructionWriteMetadata(0x12, 0xff), P.OFPInstructionGotoTable(9)])
    for number, command in enumerate(("add", "modify", "modify-strict", "delete", "delete-strict")):
        flow("command-" + command, command=number, cookie=5, cookie_mask=6, table_id=7, idle_timeout=8, hard_timeout=9,
             priority=10, buffer_id=11, out_port=12, out_group=13, flags=0x1f)


def controller_messages():
    emit("echo", P.OFPEchoRequest(DATAPATH, b"abc"))
    emit("features", P.OFPFeaturesRequest(DATAPATH))
    emit("get-config", P.OFPGetConfigRequest(DATAPATH))
    emit("set-config", P.OFPSetConfig(DATAPATH, 1, 128))
    emit("packet-out", P.OFPPacketOut(DATAPATH, p.OFP_NO_BUFFER, p.OFPP_CONTROLLER, [P.OFPActionOutput(1)], b"packet"))
    bucket = P.OFPBucket(5, 6, 7, [P.OFPActionOutput(3)])
    emit("group", P.OFPGroupMod(DATAPATH, p.OFPGC_ADD, p.OFPGT_SELECT, 9, [bucket, bucket]))
    emit("port", P.OFPPortMod(DATAPATH, 3, ETH, 0x65, 0x61, 0x240))
    emit("meter", P.OFPMeterMod(DATAPATH, p.OFPMC_ADD, 5, 7, [P.OFPMeterBandDrop(10, 20),
                                                             P.OFPMeterBandDscpRemark(30, 40, 2)]))
    emit("table", P.OFPTableMod(DATAPATH, 255, 3))
    emit("barrier", P.OFPBarrierRequest(DATAPATH))
    emit("queue-config", P.OFPQueueGetConfigRequest(DATAPATH, p.OFPP_ANY))
    emit("role", P.OFPRoleRequest(DATAPATH, p.OFPCR_ROLE_MASTER, 77))
    emit("get-async", P.OFPGetAsyncRequest(DATAPATH))
    emit("set-async", P.OFPSetAsync(DATAPATH, [1, 2], [3, 4], [5, 6]))
    match = P.OFPMatch(in_port=1)
    emit("desc", P.OFPDescStatsRequest(DATAPATH, 0))
    emit("flow-stats", P.OFPFlowStatsRequest(DATAPATH, 0, 255, 1, 2, 3, 7, match))
    emit("aggregate", P.OFPAggregateStatsRequest(DATAPATH, 0, 255, 1, 2, 3, 7, match))
    emit("table-stats", P.OFPTableStatsRequest(DATAPATH, 0))
    emit("port-stats", P.OFPPortStatsRequest(DATAPATH, 0, p.OFPP_ANY))
    emit("queue-stats", P.OFPQueueStatsRequest(DATAPATH, 0, p.OFPP_ANY, p.OFPQ_ALL))
    emit("group-stats", P.OFPGroupStatsRequest(DATAPATH, 0, p.OFPG_ALL))
    emit("group-desc", P.OFPGroupDescStatsRequest(DATAPATH, 0))
    emit("group-features", P.OFPGroupFeaturesStatsRequest(DATAPATH, 0))
    emit("meter-stats", P.OFPMeterStatsRequest(DATAPATH, 0, p.OFPM_ALL))
    emit("meter-config", P.OFPMeterConfigStatsRequest(DATAPATH, 0, 3))
    emit("meter-features", P.OFPMeterFeaturesStatsRequest(DATAPATH, 0))
    emit("port-desc", P.OFPPortDescStatsRequest(DATAPATH, 0))
    emit("table-features", P.OFPTableFeaturesStatsRequest(DATAPATH, 0, table_features()))


def table_features():
    identifiers = [P.OFPInstructionId(type_=number, len_=4) for number in (1, 4)]
    action_ids = [P.OFPActionId(type_=number, len_=4) for number in (0, 25)]
    oxms = [P.OFPOxmId(type_="in_port"), P.OFPOxmId(type_="ipv4_src", hasmask=True)]
    return [P.OFPTableFeaturesStats(3, b"three", 1, 2, 3, 4, [
        P.OFPTableFeaturePropInstructions(type_=p.OFPTFPT_INSTRUCTIONS, instruction_ids=identifiers),
        P.OFPTableFeaturePropNextTables(type_=p.OFPTFPT_NEXT_TABLES, table_ids=[4, 5, 6]),
        P.OFPTableFeaturePropActions(type_=p.OFPTFPT_WRITE_ACTIONS_MISS, action_ids=action_ids),
        P.OFPTableFeaturePropOxm(type_=p.OFPTFPT_MATCH, oxm_ids=oxms)])]


flows()
controller_messages()
emit("error", P.OFPErrorMsg(DATAPATH, type_=2, code=10, data=b"data"))
