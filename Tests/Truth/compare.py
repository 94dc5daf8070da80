"""Each flow table in both switches, and what to say where they differ."""
import difflib
import os
import re
import time

import differences
from openvswitch import OpenVSwitch
from replay import Replay

PORTS = 4
# Every table is played with evs as it comes; these tables in other ways too, which must make no difference.
OTHER_WAYS = {"no cache": ("--no-cache",), "two workers": ("--workers", "2")}
SHOWN = 8


class Comparison:
    """All the runs, and their result."""

    def __init__(self, options, binary, captures, tables):
        self.options = options
        self.binary = binary
        self.captures = [capture for capture in captures if re.search(options.captures, capture[0])]
        self.tables = [table for table in tables if re.search(options.tables, _name(table))]
        self.failed = []
        self.runs = 0

    def run(self):
        """Plays everything; the exit code."""
        started = time.monotonic()
        with OpenVSwitch(PORTS) as vswitch, Replay(self.binary, PORTS) as evs:
            for table in self.tables:
                self._compare(table, vswitch, evs)
        count = sum(len(packets) for _, packets, _ in self.captures)
        print("%d packets of %d captures, %d flow tables, %d replays: %d differ (%.0f s)" % (
            count, len(self.captures), len(self.tables), self.runs, len(self.failed), time.monotonic() - started))
        return 1 if self.failed or not self.runs else 0

    def _compare(self, table, vswitch, evs):
        excluded = differences.excluded(table)
        labels, packets = [], []
        for name, capture, index in self.captures:
            if self._meets(table, index):
                fit = [(number, packet) for number, packet in enumerate(capture, 1) if not excluded(packet)]
                labels += [(name, number) for number, _ in fit]
                packets += [packet for _, packet in fit]
        started = time.monotonic()
        vswitch.load(table)
        truth = vswitch.replay(packets)
        middle = time.monotonic()
        for way, arguments in [("", ()), *OTHER_WAYS.items()]:
            if way and not self._goes_other_ways(table):
                continue
            self.runs += 1
            what = _name(table) + (" with " + way if way else "")
            try:
                outcome = evs(table, {"p1": packets}, *arguments)
            except RuntimeError as error:
                self._fail(what, str(error))
                continue
            wrong = [port for port in truth if truth[port] != outcome[port]]
            if wrong:
                self._fail(what, "%s differ" % ", ".join(wrong))
                if not way and self.options.explain:
                    self._explain(table, vswitch, packets, labels, truth, outcome, wrong)
            else:
                print("ok     %-40s %6d in, %6d out" % (what, len(packets), sum(map(len, truth.values()))))
        print("       %.1f s, %.1f s" % (middle - started, time.monotonic() - middle))

    def _meets(self, table, index):
        """Whether a table is played the capture with that number: crafted ones always, of the others every third."""
        return index == 0 or self.options.all or (self.tables.index(table) + index) % 3 == 0

    def _goes_other_ways(self, table):
        return self.tables.index(table) % 3 == 0

    def _fail(self, what, why):
        self.failed.append(what)
        print("FAILED %-40s %s" % (what, why))

    def _explain(self, table, vswitch, packets, labels, truth, outcome, wrong):
        """Which packets came out differently: plays one at a time to know which one came of which."""
        vswitch.load(table)
        origins = {port: [] for port in truth}
        for index, packet in enumerate(packets):
            for port, left in vswitch.replay([packet]).items():
                origins[port] += [index] * len(left)
        shown = 0
        for port in wrong:
            if len(origins[port]) != len(truth[port]):
                print("  %s: Open vSwitch does not repeat itself" % port)
                continue
            matcher = difflib.SequenceMatcher(None, truth[port], outcome[port], autojunk=False)
            for kind, first, last, start, end in matcher.get_opcodes():
                if kind == "equal" or shown >= SHOWN:
                    continue
                shown += 1
                place = first if first < last else max(0, first - 1)
                index = origins[port][place] if origins[port] else 0
                near = "" if first < last else " after"
                print("  %s:%s packet %d of %s" % (port, near, labels[index][1], labels[index][0]))
                print("    in   %s" % packets[index].hex()[:240])
                for packet in truth[port][first:last][:3]:
                    print("    ovs  %s" % packet.hex()[:240])
                for packet in outcome[port][start:end][:3]:
                    print("    evs  %s" % packet.hex()[:240])


def _name(table):
    return os.path.basename(table).removesuffix(".flows")
