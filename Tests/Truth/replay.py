"""evs, playing captures."""
import json
import os
import shutil
import subprocess
import tempfile

import captures


class Replay:
    """Runs of evs with captures from, and into, a folder of its own."""

    def __init__(self, binary, ports):
        self.binary = binary
        self.ports = ports
        self.folder = tempfile.mkdtemp(prefix="evs-truth-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __call__(self, flows, inputs, *options):
        """What leaves each port when the packets of `inputs`, by port, come in.

        Raises RuntimeError when evs fails, or when its counts don't add up to the packets that came in.
        """
        out = os.path.join(self.folder, "out")
        shutil.rmtree(out, ignore_errors=True)
        command = [self.binary, "replay", "--flows", flows, "--ports", str(self.ports), "--out", out, "--json"]
        command += options
        for port, packets in inputs.items():
            path = os.path.join(self.folder, port + ".pcap")
            captures.write(path, packets)
            command += ["--in", "%s=%s" % (port, path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise RuntimeError("evs ended with %d: %s" % (done.returncode, done.stderr.strip()))
        counts = json.loads(done.stdout)
        received = sum(map(len, inputs.values()))
        if not counts["balanced"] or counts["packets"]["received"] != received:
            raise RuntimeError("evs does not account for %d packets: %s" % (received, done.stdout.strip()))
        result = {name: captures.read(os.path.join(out, name + ".pcap")) for name in self._names()}
        delivered = {port["name"]: port["delivered"] for port in counts["ports"]}
        for name, packets in result.items():
            if delivered[name] != len(packets):
                counts = (delivered[name], name, len(packets))
                raise RuntimeError("evs says %d packets left %s, the file has %d" % counts)
        return result

    def _names(self):
        return ["p%d" % number for number in range(1, self.ports + 1)]
