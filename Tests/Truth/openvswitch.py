"""A private Open vSwitch with dummy devices: packets in by its control socket, packets out into captures.

Nothing is lost in queues: packets are handed in a few at a time, and the next only when all of those are through.
Needs no privilege.
"""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

import captures

DAEMON = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
# A dummy device queues a hundred packets and drops the rest.
AT_ONCE = 90


class Unixctl:
    """A control socket: JSON-RPC, one request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.decoder = json.JSONDecoder()

    def __call__(self, method, *params):
        request = {"method": method, "params": list(params), "id": 0}
        self.socket.sendall(json.dumps(request).encode())
        text = ""
        while True:
            data = self.socket.recv(1 << 20)
            if not data:
                raise RuntimeError("Open vSwitch ended while it was asked for " + method)
            text += data.decode()
            try:
                answer, _ = self.decoder.raw_decode(text)
            except json.JSONDecodeError:
                continue
            if answer.get("error"):
                raise RuntimeError("%s: %s" % (method, answer["error"]))
            return answer["result"]

    def close(self):
        self.socket.close()


class OpenVSwitch:
    """A bridge with ports p1, p2, …; used in a `with` statement, which ends its processes."""

    def __init__(self, ports):
        self.ports = ["p%d" % number for number in range(1, ports + 1)]
        self.folder = tempfile.mkdtemp(prefix="evs-truth-")
        names = ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")
        self.environment = dict(os.environ, **{name: self.folder for name in names})
        self.children = []
        self.control = None
        self.offsets = {}
        self.received = 0

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.control:
            self.control.close()
        for child in reversed(self.children):
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _run(self, *command):
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("%s: %s" % (command[0], done.stderr.strip()))

    def _spawn(self, *command):
        null = subprocess.DEVNULL
        self.children.append(subprocess.Popen(command, env=self.environment, stdin=null, stdout=null, stderr=null))

    def _wait_for(self, name):
        deadline = time.monotonic() + 30
        while not os.path.exists(self._path(name)):
            if time.monotonic() > deadline or self.children[-1].poll() is not None:
                raise RuntimeError("Open vSwitch did not start: no %s" % name)
            time.sleep(0.02)

    def _start(self):
        database = "unix:" + self._path("db.sock")
        self._run("ovsdb-tool", "create", self._path("conf.db"), SCHEMA)
        self._spawn("ovsdb-server", self._path("conf.db"), "--remote=p" + database, "--unixctl=" + self._path("db.ctl"))
        self._wait_for("db.sock")
        vsctl = ("ovs-vsctl", "--timeout=30", "--db=" + database)
        # Open vSwitch looks behind one VLAN tag only, unless told otherwise. Without room for cached flows each packet
        # goes through the tables; cached ones follow a newly learned address only after a while.
        settings = ("other_config:vlan-limit=2", "other_config:flow-limit=0")
        self._run(*vsctl, "--no-wait", "init", "--", "set", "Open_vSwitch", ".", *settings)
        self._spawn(
            DAEMON, database, "--enable-dummy=override", "--disable-system", "--verbose=off",
            "--unixctl=" + self._path("control"))
        self._wait_for("control")
        command = ["add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "fail-mode=secure",
                   "protocols=OpenFlow10,OpenFlow13,OpenFlow15", "other-config:disable-in-band=true"]
        for number, port in enumerate(self.ports, 1):
            command += ["--", "add-port", "br0", port, "--", "set", "interface", port, "type=dummy",
                        "mtu_request=9100", "ofport_request=%d" % number,
                        "options:tx_pcap=" + self._path(port + ".pcap")]
            self.offsets[port] = 0
        self._run(*vsctl, *command)
        self.control = Unixctl(self._path("control"))

    def load(self, flows):
        """Replaces every flow and forgets every address learned."""
        bridge = "unix:" + self._path("br0.mgmt")
        self._run("ovs-ofctl", "-O", "OpenFlow15", "del-flows", bridge)
        # Some old actions can only be said in OpenFlow 1.0, which in turn has no write_actions: it would be left out.
        try:
            self._run("ovs-ofctl", "-O", "OpenFlow15", "add-flows", bridge, flows)
        except RuntimeError:
            with open(flows) as file:
                if "write_" in file.read():
                    raise
            self._run("ovs-ofctl", "-O", "OpenFlow10", "add-flows", bridge, flows)
        self.control("fdb/flush", "br0")
        # What was cached of the last flows goes too, before the first packet.
        self.control("revalidator/purge")
        self._collect()

    def replay(self, packets, port="p1"):
        """What leaves each port, in order, when the packets come in."""
        for start in range(0, len(packets), AT_ONCE):
            some = packets[start:start + AT_ONCE]
            self.control("netdev-dummy/receive", port, *[packet.hex() for packet in some])
            self.received += len(some)
            self._settle()
        return self._collect()

    def _settle(self):
        """Waits until every packet handed in is through: its last output happens before it counts as received."""
        deadline = time.monotonic() + 60
        while self._count_received() < self.received:
            if time.monotonic() > deadline:
                raise RuntimeError("Open vSwitch took %d of %d packets" % (self._count_received(), self.received))

    def _count_received(self):
        """Packets that came in by any port but the bridge's own, since the start."""
        total, counts = 0, False
        for line in self.control("dpctl/show", "-s", "dummy@ovs-dummy").splitlines():
            words = line.split()
            if words[0] == "port":
                counts = words[2] in self.ports
            elif counts and words[0] == "RX" and words[1].startswith("packets:"):
                total += int(words[1].partition(":")[2])
        return total

    def _collect(self):
        result = {}
        for port in self.ports:
            path = self._path(port + ".pcap")
            result[port], self.offsets[port] = captures.read_from(path, self.offsets[port])
        return result
