import Foundation
import Testing

/// The measuring scripts refuse what they can't measure, claim nothing that noise could have made, and make the traffic
/// that they say. Nothing is measured here.
@Suite struct MeasuringScriptTests {
    /// Runs a script of the project, or Python code that uses the scripts' own modules.
    private func run(_ command: [String]) throws -> (status: Int32, output: String) {
        try Command.run(command, in: Repository.root, environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    }

    private func python(_ code: String) throws {
        let setting = "import sys; sys.path.insert(0, 'Scripts')\n"
        let (status, output) = try run(["python3", "-c", setting + code])
        #expect(status == 0, "\(output)")
    }

    @Test(arguments: [
        (["compare", "--capture", "no-such-file.pcap"], "No such file"),
        (["compare", "--capture", "Package.swift"], "not a pcap file"),
        (["compare", "--capture", "Examples/captures/web.pcap", "--flows", "no-such-file"], "can't be read"),
        (["compare", "--capture", "Examples/captures/web.pcap", "--switches", "vpp"], "--switches vpp"),
        (["compare", "--capture", "Examples/captures/web.pcap", "--plot", "no-such-folder/a.svg"], "no folder"),
        (["compare", "--capture", "Examples/captures/web.pcap", "--seconds", "0"], "--seconds"),
        (["plots", "--only", "clouds"], "--only clouds"),
        (["plots", "--core", "100000"], "--core 100000"),
        (["plots", "--redraw", "--out", "Examples"], "measure first"),
        (["instructions", "--workload", "clouds"], "invalid choice"),
        (["instructions", "--evs", "no-such-file"], "no such program"),
    ]) func whatCannotBeMeasuredIsRefused(arguments: [String], reason: String) throws {
        let (status, output) = try run(["Scripts/\(arguments[0])"] + arguments.dropFirst())
        #expect(status == 2 && output.contains(reason), "\(output)")
    }

    @Test func differencesWithinTheNoiseAreUndecided() throws {
        try python(
            """
            from measuring.figures import Figures
            def figures(*repetitions):
                made = Figures("x")
                for best in repetitions:
                    made.add([best, best + 5, best + 50], 10.0, 1.0)
                return made
            quiet, noisy = figures(100, 101, 100), figures(90, 110, 100)
            assert quiet.best == 100 and quiet.ratio_to(figures(50, 50.5, 50)) == 2
            assert quiet.ratio_to(figures(104, 105, 104)) == 100 / 104
            assert quiet.beyond(figures(80, 80, 81)) == 20
            assert quiet.ratio_to(figures(101, 101, 102)) is None
            assert noisy.ratio_to(figures(100, 101, 100)) is None and noisy.ratio_to(figures(112, 111, 111)) is None
            assert figures(100, 100).ratio_to(figures(101, 101)) is None, "a percent is never told"
            assert figures(100).ratio_to(figures(120)) is None, "one repetition: its windows are the doubt"
            assert Figures.restored(noisy.summary()).best == noisy.best
            """)
    }

    @Test func trafficIsWhatItSays() throws {
        try python(
            """
            import os, struct, tempfile
            from measuring import traffic
            flows = traffic.five_tuples(1000)
            assert flows[:10] == traffic.five_tuples(10) and len(set(flows)) == 1000
            for flow in flows[:100]:
                frame = traffic.frame(flow, size=60)
                total = sum(struct.unpack(">10H", frame[14:34]))
                assert len(frame) == 60 and (total & 0xFFFF) + (total >> 16) == 0xFFFF
                assert struct.unpack_from(">IIHH", frame, 26) == flow
            turns = list(traffic.in_turn(range(10), 25))
            assert sorted(turns[:10]) == sorted(turns[10:20]) == list(range(10)) and len(turns) == 25
            rules, met = traffic.tenant_rules(16, 64, 2000)
            assert len(rules) == 1024 and len({owner for _, owner in met}) == 16 and len(met) == 2000
            assert len({rule.partition(",")[0] for rule in rules}) == 16
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "a.pcap")
                traffic.write_capture(path, [b"\\0" * 60, b"\\0" * 100])
                assert traffic.capture_facts(path) == (2, 60, 100)
                with open(path, "r+b") as file:
                    file.truncate(150)
                try:
                    traffic.capture_facts(path)
                    raise SystemExit("a cut capture was taken")
                except ValueError as error:
                    assert "after 1 packets" in str(error)
            """)
    }

    @Test func drawingsAreWellFormed() throws {
        try python(
            """
            from xml.dom import minidom
            from measuring import drawing
            names = ["evs", "Open vSwitch default", "testpmd io", "Open vSwitch smc"]
            bars = minidom.parseString(drawing.bars("A <b> & c", "d", [(name, 50, 60) for name in names]))
            assert len(bars.getElementsByTagName("rect")) == 1 + len(names)
            for points in ([(1, 50, 60)], [(10 ** power, 50 + 9 ** power, 60 + 9 ** power) for power in range(7)]):
                drawn = minidom.parseString(drawing.lines("t", "s", "f", "x", [(name, points) for name in names]))
                lines = drawn.getElementsByTagName("polyline")
                assert len(lines) == len(names)
                for place in lines[0].getAttribute("points").split():
                    x, y = map(float, place.split(","))
                    assert 60 <= x <= drawing.WIDTH and 80 <= y <= 360
            """)
    }
}
