import OpenFlow
import Testing

@Suite("Meters as text")
struct MeterTextTests {
    /// What is written, and how the same is printed.
    private static let meters: [(text: String, printed: String)] = [
        ("meter=1,kbps,bands=type=drop,rate=1000", "meter=1 kbps bands=type=drop rate=1000"),
        (
            "meter=2 pktps burst stats band=type=drop,rate=1000,burst_size=100,type=dscp_remark rate=5,prec_level=1 "
                + "burst_size=7",
            "meter=2 pktps burst stats bands=type=drop rate=1000 burst_size=100 "
                + "type=dscp_remark rate=5 burst_size=7 prec_level=1"
        ),
        ("meter=slowpath,stats,kbps,bands=type=drop rate=1", "meter=slowpath kbps stats bands=type=drop rate=1"),
    ]

    @Test("A meter is read", arguments: meters)
    func reads(text: String, printed: String) throws {
        let meter = try MeterText.parse(text)
        #expect(meter.description == printed)
        #expect(try MeterText.parse(printed) == meter)
    }

    @Test("A meter has the values that are written")
    func values() throws {
        let meter = try MeterText.parse(
            "meter=7,kbps,burst,bands=type=drop,rate=10,burst_size=20,"
                + "type=dscp_remark,rate=5,burst_size=6,prec_level=2")
        #expect(meter.id == 7)
        #expect(meter.flags == [.kilobitsPerSecond, .burst])
        #expect(
            meter.bands == [
                .init(.drop, rate: 10, burst: 20), .init(.remarkDSCP(precedenceLevels: 2), rate: 5, burst: 6),
            ])
    }

    @Test("What ovs-ofctl dump-meters prints can be read, and a file of changes")
    func file() throws {
        let contents = """
            OFPST_METER_CONFIG reply (OF1.3) (xid=0x2):
            meter=1 kbps burst bands=
            type=drop rate=1000 burst_size=100
            type=dscp_remark rate=500 burst_size=50 prec_level=1

            # a comment
            modify meter=2,pktps,bands=type=drop,rate=3
            delete meter=2
            delete meter=all
            delete
            """
        let mods = try MeterText.parseMods(contents, file: "a.meters")
        #expect(mods.map(\.command) == [.add, .modify, .delete, .delete, .delete])
        #expect(mods.map(\.meter.id) == [1, 2, 2, Meter.all, Meter.all])
        #expect(mods[0].meter.bands.count == 2)
        #expect(
            mods[0].meter.dump
                == "meter=1 kbps burst bands=\ntype=drop rate=1000 burst_size=100\n"
                + "type=dscp_remark rate=500 burst_size=50 prec_level=1\n")
        #expect(try MeterText.parseMods(mods.map { "\($0)\n" }.joined()) == mods)
    }

    @Test("What is printed reads back as the same meter", arguments: [1, 20_261, 0xdead_beef])
    func roundTrip(seed: UInt64) throws {
        var meters = RandomGroups(seed: seed)
        for index in 0..<1000 {
            let meter = meters.nextMeter()
            try #require(try MeterText.parse(meter.description) == meter, "seed \(seed), meter \(index): \(meter)")
            try #require(try MeterText.parse(meter.dump) == meter, "seed \(seed), meter \(index): \(meter.dump)")
        }
    }

    /// What is written, the column of the fault, and a part of the message.
    private static let refused: [(text: String, column: Int, message: String)] = [
        ("", 1, "a meter was expected"), ("kbps,bands=type=drop,rate=1", 1, "no number"),
        ("meter=0,kbps,bands=type=drop,rate=1", 7, "numbered from 1"), ("meter,kbps", 6, "needs a value"),
        ("meter=0xffff0001,kbps", 7, "too large for meter"), ("meter=all,kbps", 7, "only delete"),
        ("meter=1,meter=2", 9, "a second time"), ("meter=1,kbps,kbps", 14, "a second time"),
        ("meter=1,kbps,pktps", 14, "either kbps or pktps"), ("meter=1,kbps=1", 13, "takes no value"),
        ("meter=1,bogus", 9, "there is no “bogus”"), ("meter=1,bands=type=drop,rate=1", 1, "no unit"),
        ("meter=1,kbps", 13, "no bands"), ("meter=1,kbps,bands=", 20, "no bands"),
        ("meter=1,kbps,bands", 19, "write bands="),
        ("meter=1,kbps,bands=rate=1", 20, "a band begins with"),
        ("meter=1,kbps,bands=type=x", 25, "drop or dscp_remark"),
        ("meter=1,kbps,bands=type=drop", 20, "no rate"), ("meter=1,kbps,bands=type=drop,rate=0", 35, "above zero"),
        ("meter=1,kbps,bands=type=drop,rate=1,rate=2", 37, "a second time"),
        ("meter=1,kbps,bands=type=drop,rate=1,burst_size=2", 37, "needs the word burst"),
        ("meter=1,kbps,burst,bands=type=drop,rate=1", 26, "no burst_size"),
        ("meter=1,kbps,bands=type=drop,rate=1,prec_level=2", 37, "dscp_remark"),
        ("meter=1,kbps,bands=type=dscp_remark,rate=1", 20, "no prec_level"),
        ("meter=1,kbps,bands=type=dscp_remark,rate=1,prec_level=256", 55, "255 at most"),
        ("meter=1,kbps,bands=type=drop,rate=4294967296", 35, "too large for rate"),
        ("meter=1,kbps,bands=type=drop,rate=1,x=1", 37, "there is no “x”"),
        ("meter=1,kbps,bands=type=drop,rate=1,bands=type=drop", 37, "a second time"),
        ("delete meter=1", 1, "only a meter"),
        ("meter=1,kbps,bands=type=drop,rate=1\nmeter=2,kbps,bands=type=drop,rate=1", 1, "here begins another"),
    ]

    @Test("A meter is refused, with the place and the reason", arguments: refused)
    func refuses(text: String, column: Int, message: String) {
        let error = #expect(throws: FlowTextError.self) { try MeterText.parse(text) }
        #expect(error?.column == column, "\(error?.message ?? "")")
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("A deletion names a meter and nothing else", arguments: ["delete kbps", "delete bands=type=drop"])
    func deletions(text: String) {
        #expect(throws: FlowTextError.self) { try MeterText.parseMods(text) }
    }
}
