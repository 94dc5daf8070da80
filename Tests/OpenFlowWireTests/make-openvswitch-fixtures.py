#!/usr/bin/env python3
"""Writes Fixtures/ovs-ofctl.txt: what Open vSwitch's tool sends for flows, one a line: the version, the bytes of the
flow mod, the actions.

Needs ovs-ofctl (Debian: openvswitch-common). Run it when a case is added:

    Tests/OpenFlowWireTests/make-openvswitch-fixtures.py > Tests/OpenFlowWireTests/Fixtures/ovs-ofctl.txt
"""
import os
import socket
import struct
import subprocess
import tempfile

HELLO, FLOW_MOD = 0, 14
BARRIERS = {1: (18, 19), 4: (20, 21), 6: (20, 21)}
VERSIONS = {1: "OpenFlow10", 4: "OpenFlow13", 6: "OpenFlow15"}
ACTIONS = [
    "multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])",
    "multipath(symmetric_l4,1,hash_threshold,65536,0,NXM_NX_REG1[0..15])",
    "multipath(symmetric_l3l4,65535,hrw,4,9,NXM_NX_REG2[3..4])",
    "multipath(symmetric_l3l4+udp,0,iter_hash,300,512,OXM_OF_METADATA[20..60])",
    "multipath(nw_src,7,modulo_n,16,4294967295,NXM_OF_ETH_DST[0..3])",
    "multipath(nw_dst,8,modulo_n,2,0,NXM_NX_TUN_ID[63])",
    "multipath(symmetric_l3,9,modulo_n,3,0,NXM_OF_IN_PORT[])",
    "bundle(eth_src,0,hrw,ofport,members:4,8)",
    "bundle(symmetric_l3l4,65535,active_backup,ofport,members:)",
    "bundle(nw_src,7,hrw,ofport,members:1,2,3,LOCAL,IN_PORT,FLOOD,ANY,65279)",
    "bundle_load(symmetric_l4,50,active_backup,ofport,NXM_NX_REG0[],members:1)",
    "bundle_load(symmetric_l3,1,hrw,ofport,NXM_NX_REG1[16..31],members:5,6,7,8,9)",
    "clone(drop)",
    "clone(output:1,clone(set_queue:5,output:2),exit),output:3",
    "clone(push:NXM_NX_REG0[],resubmit(,4)),clone(bundle(eth_src,0,hrw,ofport,members:4,8),note:01.02.03.04.05.06)",
]


class Switch:
    """Takes one connection, and keeps the flow mods that come by it."""

    def __init__(self, path, version):
        self.version = version
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)

    def _send(self, kind, xid):
        self.connection.sendall(struct.pack(">BBHI", self.version, kind, 8, xid))

    def _read(self, count):
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            if not more:
                return None
            data += more
        return data

    def flow_mods(self):
        self.connection, _ = self.listener.accept()
        self._send(HELLO, 1)
        found = []
        while header := self._read(8):
            _, kind, length, xid = struct.unpack(">BBHI", header)
            body = self._read(length - 8) if length > 8 else b""
            if kind == FLOW_MOD:
                found.append(header[:4] + struct.pack(">I", 0x1234) + body)
            elif kind == BARRIERS[self.version][0]:
                self._send(BARRIERS[self.version][1], xid)
        return found


def main():
    for version, name in VERSIONS.items():
        for action in ACTIONS:
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "switch")
                switch = Switch(path, version)
                command = ["ovs-ofctl", "-O", name, "--no-names", "add-flow", "unix:" + path, "actions=" + action]
                tool = subprocess.Popen(command)
                mods = switch.flow_mods()
                if tool.wait() or len(mods) != 1:
                    raise SystemExit("error: ovs-ofctl does not send %s in %s" % (action, name))
                print(version, mods[0].hex(), action)


if __name__ == "__main__":
    main()
