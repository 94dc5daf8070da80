import OpenFlow
import Testing

@Suite("Groups as text")
struct GroupTextTests {
    /// What is written, and how the same is printed.
    private static let groups: [(text: String, printed: String)] = [
        ("group_id=1,type=all", "group_id=1,type=all"),
        ("group_id=0x10 type=all bucket=output:1", "group_id=16,type=all,bucket=actions=output:1"),
        (
            "group_id=1234,type=select,bucket=weight:10,watch_port:1,watch_group:2,actions=output:1,bucket=actions=2,3",
            "group_id=1234,type=select,bucket=weight:10,watch_port:1,watch_group:2,actions=output:1,"
                + "bucket=actions=output:2,output:3"
        ),
        (
            "type=fast_failover,group_id=5,bucket=watch_port=p1,output:p1,bucket=watch_group:7,drop",
            "group_id=5,type=ff,bucket=watch_port:1,actions=output:1,bucket=watch_group:7,actions=drop"
        ),
        (
            "group_id=6,type=indirect,bucket=bucket_id:3,actions=set_field:1.2.3.4->nw_src,push_mpls:0x8847,group:7",
            "group_id=6,type=indirect,bucket=bucket_id:3,actions=set_field:1.2.3.4->nw_src,push_mpls:0x8847,group:7"
        ),
        (
            "group_id=7,type=select,selection_method=dp_hash,bucket=output:1,weight:0",
            "group_id=7,type=select,selection_method=dp_hash,bucket=weight:0,actions=output:1"
        ),
        (
            "type=select,fields(tp_src=0xff,nw_src),selection_method_param=0x10,group_id=1,selection_method=hash",
            "group_id=1,type=select,selection_method=hash,selection_method_param=16,fields(ip_src,tcp_src=255)"
        ),
        (
            "group_id=1,type=select,selection_method=hash,fields=ip_dst=255.255.255.0,bucket=drop",
            "group_id=1,type=select,selection_method=hash,fields=ip_dst=255.255.255.0,bucket=actions=drop"
        ),
        (
            "group_id=1,type=select,selection_method=hash,fields("
                + "nw_tos,ip_ecn,vlan_vid=0xfff,tcp_flags=syn|fin,ip_frag=first,in_port,dl_src=00:00:00:00:00:0f)",
            "group_id=1,type=select,selection_method=hash,fields("
                + "in_port,eth_src=00:00:00:00:00:0f,vlan_vid=4095,ip_dscp,nw_ecn,ip_frag=first,tcp_flags=fin|syn)"
        ),
        (
            "group_id=8,type=all,bucket=actions=,bucket=actions=drop",
            "group_id=8,type=all,bucket=actions=drop,bucket=actions=drop"
        ),
    ]

    @Test("A group is read", arguments: groups)
    func reads(text: String, printed: String) throws {
        let group = try GroupText.parse(text, portNames: ["p1": 1])
        #expect(group.description == printed)
        #expect(try GroupText.parse(printed) == group)
    }

    @Test("A group has the values that are written")
    func values() throws {
        let group = try GroupText.parse(
            "group_id=9,type=select,bucket=weight:10,watch_port:1,watch_group:2,actions=output:1,"
                + "bucket=bucket_id:4,pop_vlan")
        var second = Group.Bucket(actions: [.popVLAN])
        second.id = 4
        let first = Group.Bucket(weight: 10, watchPort: PortNumber(1), watchGroup: 2, actions: [.output(PortNumber(1))])
        #expect(group == Group(id: 9, kind: .select, buckets: [first, second]))
        #expect(try GroupText.parse("group_id=9,type=all,bucket=drop").buckets.first?.weight == 0)
    }

    @Test("A file of changes")
    func file() throws {
        let contents = """
            OFPST_GROUP_DESC reply (OF1.3) (xid=0x2):
             group_id=1,type=all,bucket=output:1
            # a comment
            modify group_id=1,type=all
            add_or_mod group_id=2,type=all # another
            delete group_id=2
            delete group_id=all
            delete
            """
        let mods = try GroupText.parseMods(contents)
        let all = Group(id: Group.all, kind: .all, buckets: [])
        let bucket = Group.Bucket(weight: 0, actions: [.output(PortNumber(1))])
        #expect(
            mods == [
                GroupMod(.add, Group(id: 1, kind: .all, buckets: [bucket])),
                GroupMod(.modify, Group(id: 1, kind: .all, buckets: [])),
                GroupMod(.addOrModify, Group(id: 2, kind: .all, buckets: [])),
                GroupMod(.delete, Group(id: 2, kind: .all, buckets: [])),
                GroupMod(.delete, all), GroupMod(.delete, all),
            ])
        #expect(try GroupText.parseMods(mods.map { "\($0)\n" }.joined()) == mods)
    }

    @Test("What is printed reads back as the same group", arguments: [1, 20_261, 0xdead_beef])
    func roundTrip(seed: UInt64) throws {
        var groups = RandomGroups(seed: seed)
        for index in 0..<1000 {
            let mod = GroupMod([.add, .modify, .addOrModify][index % 3], groups.next())
            let text = mod.description
            let again = try GroupText.parseMods(text)
            try #require(again == [mod], "seed \(seed), group \(index): \(text)")
            #expect(again[0].description == text)
        }
    }

    /// What is written, the column of the fault, and a part of the message.
    private static let refused: [(text: String, column: Int, message: String)] = [
        ("", 1, "a group was expected"), ("type=all", 1, "no number"), ("group_id=1", 1, "no type"),
        ("group_id=0xffffff01,type=all", 10, "too large for group_id"), ("group_id=all,type=all", 10, "needs a number"),
        ("group_id=1,group_id=2,type=all", 12, "a second time"),
        ("group_id=1,type=some", 17, "all, select, indirect or ff"),
        ("group_id=1,type=all,type=all", 21, "a second time"), ("group_id,type=all", 9, "needs a value"),
        ("group_id=1,type=all,bogus=1", 21, "there is no “bogus”"), ("group_id(1),type=all", 9, "needs a value"),
        ("group_id=1,type=select,selection_method=wrr", 41, "write hash or dp_hash"),
        ("group_id=1,type=all,selection_method=hash", 21, "only a group of type=select"),
        ("group_id=1,type=select,selection_method_param=5", 24, "only for a selection_method"),
        ("group_id=1,type=select,selection_method_param=-1", 47, "number"),
        ("group_id=1,type=select,fields=ip_src", 24, "only for selection_method=hash"),
        ("group_id=1,type=select,selection_method=dp_hash,fields=ip_src", 49, "only for selection_method=hash"),
        ("group_id=1,type=select,selection_method=hash,fields", 52, "needs a value"),
        ("group_id=1,type=select,selection_method=hash,fields()", 52, "needs a value"),
        ("group_id=1,type=select,selection_method=hash,fields(,)", 53, "name a field"),
        ("group_id=1,type=select,selection_method=hash,fields(ip_src),fields=ip_dst", 61, "a second time"),
        ("group_id=1,type=select,selection_method=hash,fields(ip_src,nw_src)", 60, "a second time"),
        ("group_id=1,type=select,selection_method=hash,fields(bogus)", 53, "there is no field"),
        ("group_id=1,type=select,selection_method=hash,fields(tcp)", 53, "is not a field"),
        ("group_id=1,type=select,selection_method=hash,fields(dl_vlan)", 53, "vlan_tci"),
        ("group_id=1,type=select,selection_method=hash,fields(ip_proto=6)", 62, "can't be masked"),
        ("group_id=1,type=select,selection_method=hash,fields(ip_src=0.0.0.0)", 60, "a mask of zero"),
        ("group_id=1,type=select,selection_method=hash,fields(ip_src=1.2.3.4/8)", 60, "itself the mask"),
        ("group_id=1,type=all,bucket=", 21, "the bucket has no actions"),
        ("group_id=1,type=all,bucket", 27, "write bucket="),
        ("group_id=1,type=all,bucket=weight:1,output:1", 28, "type=select"),
        ("group_id=1,type=select,bucket=weight:65536,drop", 38, "65535 at most"),
        ("group_id=1,type=select,bucket=weight:1,weight:2,drop", 40, "a second time"),
        ("group_id=1,type=select,bucket=weight,drop", 37, "needs a value"),
        ("group_id=1,type=ff,bucket=output:1", 20, "watch_port or watch_group"),
        ("group_id=1,type=ff,bucket=watch_port:ANY,drop", 20, "watch_port or watch_group"),
        ("group_id=1,type=ff,bucket=watch_port:FLOOD,drop", 38, "no link to watch"),
        ("group_id=1,type=all,bucket=watch_port:1,drop", 21, "type=select or type=ff watch"),
        ("group_id=1,type=indirect,bucket=watch_group:1,drop", 26, "type=select or type=ff watch"),
        ("group_id=1,type=ff,bucket=watch_group:all,drop", 39, "needs a number"),
        ("group_id=1,type=indirect", 25, "one bucket, not 0"),
        ("group_id=1,type=indirect,bucket=drop,bucket=drop", 38, "one bucket, not 2"),
        ("group_id=1,type=all,bucket=bucket_id:1,drop,bucket=bucket_id:1,drop", 45, "bucket_id:1 already"),
        ("group_id=1,type=all,bucket=output:1,drop", 37, "drop stands alone"),
        ("group_id=1,type=all,bucket=note:01", 28, "an action set can't hold note"),
        ("group_id=1,type=all,bucket=goto_table:1", 28, "can't stand inside"),
        ("group_id=1,type=all,bucket=outptu:1", 28, "did you mean output?"),
        ("delete group_id=1", 1, "only a group to add"),
        ("group_id=1,type=all\ngroup_id=2,type=all", 1, "here begins another"),
    ]

    @Test("A group is refused, with the place and the reason", arguments: refused)
    func refuses(text: String, column: Int, message: String) {
        let error = #expect(throws: FlowTextError.self) { try GroupText.parse(text) }
        #expect(error?.column == column, "\(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("A deletion names a group and nothing else")
    func deletions() {
        for text in ["delete type=all", "delete bucket=drop", "insert_bucket group_id=1,bucket=drop"] {
            #expect(throws: FlowTextError.self, "\(text)") { try GroupText.parseMods(text, file: "a.groups") }
        }
    }
}
