import OpenFlow
import Testing

/// The text of `multipath` and its kin (ovs-actions(7)).
@Suite("Flow text of actions that choose a link")
struct LinkTextTests {
    /// What is written, and how the same is printed.
    private static let acceptable: [(text: String, printed: String)] = [
        ("multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])", "multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])"),
        (
            "multipath( Symmetric_L4, 0x32 HRW 65536 0xffffffff reg1[8..23] )",
            "multipath(symmetric_l4,50,hrw,65536,4294967295,NXM_NX_REG1[8..23])"
        ),
        (
            "multipath(symmetric_l3l4+udp,65535,iter_hash,3,4,metadata[0..1])",
            "multipath(symmetric_l3l4+udp,65535,iter_hash,3,4,OXM_OF_METADATA[0..1])"
        ),
        (
            "multipath(symmetric_l3,0,hash_threshold,2,0,eth_dst[40])",
            "multipath(symmetric_l3,0,hash_threshold,2,0,NXM_OF_ETH_DST[40])"
        ),
        ("bundle(eth_src,0,hrw,ofport,members:4,8)", "bundle(eth_src,0,hrw,ofport,members:4,8)"),
        (
            "bundle(nw_src,1,Active_Backup,ofport,slaves:p2,in_port NONE 65279)",
            "bundle(nw_src,1,active_backup,ofport,members:2,IN_PORT,ANY,65279)"
        ),
        ("bundle(nw_dst 2 hrw ofport members:)", "bundle(nw_dst,2,hrw,ofport,members:)"),
        (
            "bundle_load(symmetric_l3l4,3,hrw,ofport,reg0[16..31],members: LOCAL)",
            "bundle_load(symmetric_l3l4,3,hrw,ofport,NXM_NX_REG0[16..31],members:LOCAL)"
        ),
    ]

    @Test("It is read, and printed as Open vSwitch prints it", arguments: acceptable)
    func accepted(text: String, printed: String) throws {
        let flow = try FlowText.parseFlow("actions=" + text, portNames: ["p1": 1, "p2": 2])
        #expect(flow.instructions.apply.map(\.description) == [printed])
        #expect(try FlowText.parseFlow("actions=" + printed) == flow)
    }

    /// What is written, the column of the fault, and a part of the message.
    private static let faulty: [(text: String, column: Int, message: String)] = [
        ("multipath", 10, "write multipath(FIELDS"), ("multipath:eth_src", 10, "write multipath(FIELDS"),
        ("multipath(eth_src,0,hrw,2,0)", 28, "something is missing"),
        ("multipath(eth_src,0,hrw,2,0,reg0,reg1)", 34, "one too many"),
        ("multipath(eth_dst,0,hrw,2,0,reg0)", 11, "the fields are eth_src, symmetric_l4"),
        ("multipath(eth_src,65536,hrw,2,0,reg0)", 19, "65535 at most"),
        ("multipath(eth_src,-1,hrw,2,0,reg0)", 19, "needs a number"),
        ("multipath(eth_src,0,active_backup,2,0,reg0)", 21, "the algorithms are modulo_n, hash_threshold"),
        ("multipath(eth_src,0,hrw,0,0,reg0)", 25, "1 at least"),
        ("multipath(eth_src,0,hrw,65537,0,reg0)", 25, "65536 at most"),
        ("multipath(eth_src,0,hrw,2,0x100000000,reg0)", 27, "too large"),
        ("multipath(eth_src,0,hrw,17,0,reg0[0..3])", 30, "17 links don't fit into 4 bits"),
        ("multipath(eth_src,0,hrw,2,0,reg99)", 29, "did you mean"),
        ("multipath(eth_src,0,hrw,2,0,xxreg0)", 29, "64 bits"),
        ("multipath(eth_src,0,hrw,2,0,tcp_src)", 29, "needs tcp or tcp6"),
        ("multipath(eth_src,0,hrw,2,0,tcp_flags)", 29, "read-only"),
        ("bundle", 7, "write bundle(FIELDS"), ("bundle(eth_src,0,hrw,ofport)", 28, "something is missing"),
        ("bundle_load(eth_src,0,hrw,ofport,members:1)", 43, "something is missing"),
        ("bundle(eth_src,0,hrw,oxport,members:1)", 22, "members are ofport"),
        ("bundle(eth_src,0,iter_hash,ofport,members:1)", 18, "the algorithms are active_backup, hrw"),
        ("bundle(eth_src,0,hrw,ofport,ports:1)", 29, "members: was expected"),
        ("bundle(eth_src,0,hrw,ofport,1,2)", 29, "members: was expected"),
        ("bundle(eth_src,0,hrw,ofport,members:p9)", 37, "no port named p9"),
        ("bundle(eth_src,0,hrw,ofport,members:1,CONTROLLER)", 39, "CONTROLLER can't be a member"),
        ("bundle(eth_src,0,hrw,ofport,members:70000)", 37, "up to 0xfeff"),
        ("bundle_load(eth_src,0,hrw,ofport,reg0[0..14],members:1)", 34, "16 bits"),
        ("bundle_load(eth_src,0,hrw,ofport,tcp_src,members:1)", 34, "needs tcp or tcp6"),
        ("write_actions(bundle(eth_src,0,hrw,ofport,members:1))", 15, "an action set can't hold bundle"),
        ("write_actions(multipath(eth_src,0,hrw,2,0,reg0))", 15, "an action set can't hold multipath"),
    ]

    @Test("So many members and no more")
    func members() throws {
        func text(_ count: Int) -> String {
            "actions=bundle(eth_src,0,hrw,ofport,members:" + (1...count).map(String.init).joined(separator: ",") + ")"
        }
        let flow = try FlowText.parseFlow(text(2048))
        #expect("actions=\(flow.instructions.apply[0])" == text(2048))
        #expect(throws: FlowTextError.self) { try FlowText.parseFlow(text(2049)) }
    }

    @Test("It is refused, with the place and the reason", arguments: faulty)
    func refused(text: String, column: Int, message: String) {
        let error = #expect(throws: FlowTextError.self) {
            try FlowText.parseFlow("actions=" + text, portNames: ["p1": 1, "p2": 2])
        }
        #expect(error?.column == 8 + column, "\(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}
