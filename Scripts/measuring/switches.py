"""The switches that are measured, each in its own way, on the same devices, core and memory.

A switch is a context manager: `with switch.running(workload, place)` it forwards; `measure` then gives windows. None
touches the machine's own Open vSwitch, network cards or files: devices are virtual, folders temporary.
"""
import contextlib
import json
import os
import pathlib
import re
import select
import subprocess
import time

from . import machine

WINDOW = 0.5
SINK = "net_null1,size=64,no-rx=1"
DAEMON = pathlib.Path("/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk")
SCHEMA = pathlib.Path("/usr/share/openvswitch/vswitch.ovsschema")
SETTINGS = {
    "default": {},
    "emc-always": {"emc-insert-inv-prob": "1"},
    "emc-off": {"emc-insert-inv-prob": "0"},
    "smc": {"emc-insert-inv-prob": "0", "smc-enable": "true"},
}
# In Open vSwitch ports of one MTU share a pool of 262,144 buffers (16,384 below 1,500), which one capture may fill.
MTUS = (1500, 2524, 3548, 4572, 5596)


# A switch may take so long to bring in what it caches before it is measured: in all, and for each new flow.
SETTLE_LIMIT, SETTLE_EACH = 20.0, 500e-6


class Workload:
    """What comes in (captures without end, or frames of nothing), and the flows that decide; None: NORMAL.

    `distinct` says how many packets the flows may treat each in its own way.
    """

    def __init__(self, name, captures=(), flows=None, size=64, packets=0, distinct=1):
        self.name, self.flows, self.size, self.packets = name, flows, size, packets
        self.settle = min(SETTLE_LIMIT, SETTLE_EACH * distinct)
        self.sources = [f"net_pcap{index},rx_pcap={path},infinite_rx=1" for index, path in enumerate(captures)]
        if not self.sources:
            self.sources = [f"net_null0,size={size}"]


class Place:
    """Where switches run: cores, memory, a folder of their own."""

    def __init__(self, core, control, huge, folder):
        self.core, self.control, self.huge, self.folder = core, control, huge, pathlib.Path(folder)

    def environment_arguments(self, megabytes=2048):
        """For DPDK's environment: nothing of the machine's is probed, nothing is left in the file system."""
        common = ["--no-pci", "--no-telemetry"]
        return common + (["--in-memory"] if self.huge else ["--no-huge", "--no-shconf", "-m", str(megabytes)])


EAL_DEBUG = "--log-level=lib.eal:debug"


def ticks_a_second(log):
    """The frequency of the time-stamp counter, which DPDK's environment tells when it is started with EAL_DEBUG."""
    found = re.search(r"TSC frequency is ~(\d+) (K?)Hz", log)
    if not found:
        raise machine.Problem("DPDK does not tell the frequency of the time-stamp counter")
    return int(found[1]) * (1000 if found[2] else 1)


class Windows:
    """Counts taken every half second."""

    def __init__(self, read, warm, seconds):
        time.sleep(warm)
        self.readings = [read()]
        while self.readings[-1]["seconds"] - self.readings[0]["seconds"] < seconds - WINDOW / 10:
            time.sleep(WINDOW)
            self.readings.append(read())

    def pairs(self):
        return zip(self.readings, self.readings[1:])

    def total(self, name):
        return self.readings[-1][name] - self.readings[0][name]

    @property
    def mpps(self):
        return self.total("packets") / self.total("seconds") / 1e6

    @property
    def share(self):
        return self.total("onCore") / self.total("seconds")


class Evs:
    """evs, by `evs bench`, which measures itself."""

    def __init__(self, binary):
        self.name, self.binary = "evs", binary

    @contextlib.contextmanager
    def running(self, workload, place):
        self.command = [self.binary, "bench", "--core", place.core, "--ctl-core", place.control, "--tx", SINK]
        for source in workload.sources:
            self.command += ["--rx", source]
        if workload.flows:
            self.command += ["--rules", workload.flows]
        if place.huge:
            self.command += ["--huge-dir", "/dev/hugepages"]
        self.core, self.settle = place.core, workload.settle
        yield self

    def measure(self, warm, seconds):
        """(cycles a packet in each window, packets in millions a second, share of the core)"""
        warm += self.settle
        command = self.command + ["--warm", warm, "--secs", seconds]
        with machine.Child(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            # It does not say what share of the core it has; that is looked at from when it polls.
            machine.wait_until(
                lambda: child.seconds_on(self.core) > 0.1 or child.process.poll() is not None, "evs starts", 120)
            start, before = time.monotonic(), child.seconds_on(self.core)
            time.sleep(0.6 * (warm + seconds))
            share = (child.seconds_on(self.core) - before) / (time.monotonic() - start)
            result = json.loads(child.output(seconds + warm + 180).splitlines()[-1])
        return result["win"], result["mpps"], min(share, 1.0)


class Testpmd:
    """DPDK's own forwarder in the mode `io`: the least that any switch on these devices costs."""

    def __init__(self):
        self.name = "testpmd io"

    @contextlib.contextmanager
    def running(self, workload, place):
        buffers = workload.packets + 200_000
        devices = [f"--vdev={each}" for each in workload.sources + [SINK]]
        topology = "paired" if len(workload.sources) == 1 else "chained"
        # Its answers would stay in a buffer that only its prompt empties.
        command = ["stdbuf", "-oL", "dpdk-testpmd", "-l", f"{place.control},{place.core}", *devices]
        command += place.environment_arguments() + [EAL_DEBUG, "--", "-i", "--forward-mode=io"]
        command += ["--nb-cores=1", f"--total-num-mbufs={buffers}", "--mbcache=512", "--burst=32"]
        command += ["--no-lsc-interrupt", f"--port-topology={topology}"]
        pipe = subprocess.PIPE
        with machine.Child(*command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, bufsize=0) as self.child:
            self.core = place.core
            self.ticks_a_second = ticks_a_second(self.answer(60))
            self.ask("start")
            yield self
            self.ask("stop")

    def ask(self, line):
        self.child.process.stdin.write(line.encode() + b"\n")
        return self.answer(20)

    def answer(self, seconds):
        """What comes up to the next prompt."""
        text, deadline, stream = b"", time.monotonic() + seconds, self.child.process.stdout
        while not text.endswith(b"testpmd> "):
            ready = select.select([stream], [], [], max(deadline - time.monotonic(), 0))[0]
            data = os.read(stream.fileno(), 1 << 16) if ready else b""
            if not data:
                end = text[-1500:].decode(errors="replace")
                raise machine.Problem(f"testpmd {'ended' if ready else 'hangs'}: {end}")
            text += data
        return text.decode(errors="replace")

    def read(self):
        before = time.monotonic()
        text = self.ask("show port stats all")
        packets = sum(int(each) for each in re.findall(r"RX-packets:\s*(\d+)", text))
        seconds = (before + time.monotonic()) / 2
        return {"seconds": seconds, "packets": packets, "onCore": self.child.seconds_on(self.core)}

    def measure(self, warm, seconds):
        windows = Windows(self.read, warm, seconds)
        cycles = []
        for old, new in windows.pairs():
            busy = min(new["seconds"] - old["seconds"], new["onCore"] - old["onCore"])
            if new["packets"] > old["packets"]:
                cycles.append(self.ticks_a_second * busy / (new["packets"] - old["packets"]))
        return cycles, windows.mpps, min(windows.share, 1.0)


class OpenVSwitch:
    """Open vSwitch on DPDK with a database, sockets and a network namespace of its own."""

    def __init__(self, setting="default"):
        self.name, self.setting = f"Open vSwitch {setting}", setting

    @contextlib.contextmanager
    def running(self, workload, place):
        self.folder = place.folder / "openvswitch"
        self.folder.mkdir()
        self.core, self.control = place.core, place.control
        names = ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")
        self.environment = {**os.environ, **{each: str(self.folder) for each in names}}
        with contextlib.ExitStack() as stack:
            stack.callback(machine.remove, self.folder)
            self.start(stack, place)
            self.add_ports(workload)
            self.settle()
            yield self
            with contextlib.suppress(machine.Problem, subprocess.TimeoutExpired):
                self.tell("exit", "--cleanup")
                self.daemon.process.wait(10)

    def start(self, stack, place):
        database, quiet = f"unix:{self.folder}/db.sock", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        machine.output("ovsdb-tool", "create", self.folder / "conf.db", SCHEMA)
        server = machine.Child(
            "ovsdb-server", self.folder / "conf.db", f"--remote=p{database}", f"--unixctl={self.folder}/db.ctl",
            f"--log-file={self.folder}/db.log", core=self.control, env=self.environment, **quiet)
        stack.enter_context(server)
        machine.wait_until((self.folder / "db.sock").exists, "Open vSwitch's database")
        options = {
            "dpdk-init": "true", "dpdk-lcore-mask": hex(1 << self.control), "pmd-cpu-mask": hex(1 << self.core),
            "dpdk-extra": " ".join(self.environment_arguments(place)), **SETTINGS[self.setting]}
        self.vsctl("--no-wait", "init")
        self.vsctl(
            "--no-wait", "set", "Open_vSwitch", ".",
            *[f"other_config:{name}={json.dumps(value)}" for name, value in options.items()])
        # Every Open vSwitch in userspace makes an interface of the same name.
        namespace = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        self.daemon = stack.enter_context(machine.Child(
            *namespace, DAEMON, database, f"--unixctl={self.folder}/control", f"--log-file={self.folder}/log",
            "-vconsole:off", "-vdpdk:file:dbg", core=self.control, env=self.environment, **quiet))
        self.vsctl(
            "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", "fail_mode=secure",
            "other-config:hwaddr=02:00:00:00:ff:fe")
        machine.wait_until((self.folder / "br0.mgmt").exists, "Open vSwitch's bridge")
        self.ticks_a_second = ticks_a_second((self.folder / "log").read_text())
        # Else it begins with room for few and makes more only from second to second.
        self.tell("upcall/set-flow-limit", "2000000")

    @staticmethod
    def environment_arguments(place):
        # It asks for --in-memory of its own accord, which does not go with --no-huge, unless it is told this.
        return place.environment_arguments() + [EAL_DEBUG] + ([] if place.huge else ["--legacy-mem"])

    def add_ports(self, workload):
        bridge = f"unix:{self.folder}/br0.mgmt"
        # NORMAL is to flood to the sink, not to the bridge's own interface too.
        self.run("ovs-ofctl", "mod-port", bridge, "br0", "no-flood")
        self.add_port("sink", SINK, 2, max(1500, workload.size - 14))
        if workload.flows:
            try:
                self.run("ovs-ofctl", "--bundle", "-O", "OpenFlow15", "add-flows", bridge, workload.flows, seconds=600)
            except machine.Problem:
                # Some old actions can only be said in OpenFlow 1.0.
                self.run("ovs-ofctl", "-O", "OpenFlow10", "add-flows", bridge, workload.flows, seconds=600)
        else:
            self.run("ovs-ofctl", "add-flow", bridge, "actions=NORMAL")
        for index, source in enumerate(workload.sources):
            mtu = max(1500, workload.size - 14) if index == 0 else MTUS[index % len(MTUS)]
            self.add_port(f"source{index}", source, 1 if index == 0 else index + 2, mtu)

    def add_port(self, name, device, number, mtu):
        self.vsctl(
            "add-port", "br0", name, "--", "set", "Interface", name, "type=dpdk", f"ofport_request={number}",
            f"mtu_request={mtu}", f"options:dpdk-devargs={json.dumps(device)}")
        error = self.vsctl("get", "Interface", name, "error").strip()
        if error not in ("[]", '""'):
            raise machine.Problem(f"Open vSwitch: {device}: {error}{self.last_words()}")

    def last_words(self):
        log = self.folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return "".join(f"\n  {line}" for line in lines if re.search(r"\|(WARN|ERR|EMER)\|", line))[-1500:]

    def settle(self):
        """Until no more flows are brought in."""
        last, deadline = None, time.monotonic() + SETTLE_LIMIT
        while time.monotonic() < deadline:
            time.sleep(0.7)
            flows = re.search(r"\(current (\d+)\)", self.tell("upcall/show"))
            if last is not None and flows and flows[1] == last:
                return
            last = flows[1] if flows else None

    def run(self, *command, seconds=120):
        try:
            return machine.output(*command, seconds=seconds, core=self.control, env=self.environment)
        except machine.Problem as problem:
            raise machine.Problem(f"Open vSwitch: {problem}{self.last_words()}") from None

    def vsctl(self, *arguments):
        return self.run("ovs-vsctl", f"--db=unix:{self.folder}/db.sock", "--timeout=30", *arguments)

    def tell(self, *arguments):
        return self.run("ovs-appctl", "-t", self.folder / "control", *arguments)

    def read(self):
        text = self.tell("dpif-netdev/pmd-stats-show").partition("pmd thread numa_id")[2].partition("main thread")[0]
        counts = dict(re.findall(r"^\s*([a-z ]+): (\d+)", text, re.MULTILINE))
        return {
            "seconds": time.monotonic(), "onCore": self.daemon.seconds_on(self.core),
            "packets": int(counts["packets received"]), "busy": int(counts["processing cycles"]),
            "idle": int(counts["idle cycles"])}

    def measure(self, warm, seconds):
        windows = Windows(self.read, warm, seconds)
        cycles = []
        for old, new in windows.pairs():
            # Its counters of cycles go on while others have the core, and are up to date once a round of polling.
            busy, packets = new["busy"] - old["busy"], new["packets"] - old["packets"]
            counted = busy + new["idle"] - old["idle"]
            had = (new["onCore"] - old["onCore"]) * self.ticks_a_second
            if packets > 0 and counted > 0:
                cycles.append(busy / packets * min(1.0, had / counted))
        return cycles, windows.mpps, min(windows.share, 1.0)


def packages(names):
    """Debian's packages for some switches."""
    needed = {"testpmd": "dpdk-dev", "ovs": "openvswitch-switch-dpdk"}
    return [needed[each] for each in names if each in needed]
