"""One session of measuring: options that all scripts take, switches in turn, repetition by repetition."""
import contextlib
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

from . import machine, switches
from .figures import Figures


def add_options(parser, repetitions, seconds):
    """The options of every script that measures switches."""
    group = parser.add_argument_group("measuring")
    group.add_argument(
        "--reps", type=int, default=repetitions, metavar="N",
        help=f"repetitions; the switches take turns in each (default: {repetitions})")
    group.add_argument(
        "--seconds", type=float, default=seconds, metavar="S", help=f"of each measurement (default: {seconds:g})")
    group.add_argument(
        "--warm", type=float, default=1.0, metavar="S", help="before each measurement, uncounted (default: 1)")
    group.add_argument("--core", type=int, metavar="N", help="for polling (default: the last that may be used)")
    group.add_argument(
        "--control-core", type=int, metavar="N", help="for everything else (default: the first that may be used)")
    group.add_argument(
        "--memory", choices=["auto", "huge", "ordinary"], default="auto",
        help="of all switches alike; huge: free 2 MiB pages, nothing is mounted; auto: huge if 2 GB are free")
    group.add_argument("--evs", type=pathlib.Path, metavar="FILE", help="a binary (default: the release build)")
    group.add_argument(
        "--install", action="store_true", help="install missing Debian packages (done without asking when run as root)")


def check_options(parser, options):
    """Refuses, with exit code 2, what can't be measured."""
    if options.reps < 1 or options.reps > 1000:
        parser.error("--reps takes a number from 1 to 1000")
    if not 1 <= options.seconds <= 3600:
        parser.error("--seconds takes 1 (two windows) to 3600")
    if not 0 <= options.warm <= 600:
        parser.error("--warm takes 0 to 600 seconds")
    if options.evs and not os.access(options.evs, os.X_OK):
        parser.error(f"--evs {options.evs}: there is no such program")
    available = sorted(os.sched_getaffinity(0))
    for name, core in (("--core", options.core), ("--control-core", options.control_core)):
        if core is not None and core not in available:
            parser.error(f"{name} {core}: this process may use cores {', '.join(map(str, available))}")


def make(names, options):
    """The switches of some names (`evs`, `testpmd`, `ovs` with a setting after a colon), installed if need be."""
    kinds = {name.partition(":")[0] for name in names}
    packages = switches.packages(kinds)
    if packages and not machine.ensure_packages(packages, options.install):
        raise machine.Problem(f"needed: Debian's {' and '.join(packages)}; --install installs them")
    for kind, program in (("testpmd", shutil.which("dpdk-testpmd")), ("ovs", switches.DAEMON.exists())):
        if kind in kinds and not program:
            raise machine.Problem(f"{kind} is not on this machine; name others with --switches")
    made = []
    for name in names:
        kind, _, setting = name.partition(":")
        if kind == "evs":
            made.append(switches.Evs(options.evs or machine.release_build()))
        else:
            made.append(switches.Testpmd() if kind == "testpmd" else switches.OpenVSwitch(setting or "default"))
    return made


class Session(contextlib.ExitStack):
    """Cores, memory and a temporary folder, for the time of a `with` statement."""

    def __init__(self, options):
        super().__init__()
        self.options = options
        core, control = machine.cores(options.core, options.control_core)
        huge = machine.uses_huge_pages(options.memory)
        self.folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="evs-measure.")))
        self.place = switches.Place(core, control, huge, self.folder)
        self.stolen = machine.stolen_ticks(core)
        self.is_complete = True

    def measure(self, workload, chosen):
        """Figures of each switch. What fails twice is said and left out; the session is not complete then."""
        figures = {switch.name: Figures(switch.name) for switch in chosen}
        for repetition in range(self.options.reps):
            # Each is first once: what a machine does over time meets all alike.
            turn = repetition % len(chosen)
            for switch in chosen[turn:] + chosen[:turn]:
                progress(f"{workload.name}: {switch.name}, repetition {repetition + 1} of {self.options.reps}")
                try:
                    figures[switch.name].add(*self.one(workload, switch))
                except machine.Problem as problem:
                    self.is_complete = False
                    progress("")
                    print(f"note: {workload.name}: {switch.name} left out: {problem}", file=sys.stderr)
        progress("")
        return [each for each in figures.values() if each.windows]

    def one(self, workload, switch):
        """A measurement; on a busy machine a switch may miss its time, so there is a second try."""
        for last in (False, True):
            try:
                with switch.running(workload, self.place) as running:
                    windows, mpps, share = running.measure(self.options.warm, self.options.seconds)
                if windows:
                    return windows, mpps, share
                raise machine.Problem("no packet was forwarded")
            except machine.Problem:
                if last:
                    raise

    def description(self):
        """Where it was measured, in one line."""
        memory = "huge pages" if self.place.huge else "ordinary memory"
        return f"{machine.processor()}, core {self.place.core}, {memory}"

    def noise(self, measured):
        """How noisy the machine was while some figures were taken."""
        now = machine.stolen_ticks(self.place.core)
        return {
            "windowSpread": round(statistics.median(each.window_spread for each in measured), 4),
            "repetitionSpread": round(max(each.repetition_spread for each in measured), 4),
            "coreShare": round(min(each.share for each in measured), 3),
            "stolen": round((now[0] - self.stolen[0]) / max(now[1] - self.stolen[1], 1), 4)}


def progress(line):
    """One line that changes in place, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{line}\033[K", end="", file=sys.stderr, flush=True)
