#!/usr/bin/env python3
"""Writes the seeds of the capture fuzzer into the corpus folder beside it: one small file a format."""
import gzip
import os
import struct

PACKETS = [(1, 2, bytes(range(60))), (3, 4, b""), (5, 6, bytes(14))]


def pcap(order, magic, extra=b""):
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, 1)
    for seconds, fraction, packet in PACKETS:
        data += struct.pack(order + "4I", seconds, fraction, len(packet), len(packet) + 1) + extra + packet
    return data


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def pcapng(order, resolution, link_type=1):
    data = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    for name in (b"eth0", b"eth1"):
        options = struct.pack(order + "HH", 2, 4) + name + struct.pack(order + "HHB3x", 9, 1, resolution)
        options += struct.pack(order + "HHq", 14, 8, 3) + bytes(4)
        data += block(order, 1, struct.pack(order + "HHI", link_type, 0, 65535) + options)
    for number, (seconds, fraction, packet) in enumerate(PACKETS):
        lengths = struct.pack(order + "II", len(packet), len(packet))
        data += block(order, 6, struct.pack(order + "III", number % 2, seconds, fraction) + lengths + packet)
    packet = PACKETS[0][2]
    data += block(order, 3, struct.pack(order + "I", len(packet)) + packet)
    data += block(order, 2, struct.pack(order + "HHIIII", 1, 0, 1, 2, len(packet), len(packet)) + packet)
    return data + block(order, 0x0BAD, b"unknown")


SEEDS = {
    "pcap-us-little": pcap("<", 0xA1B2C3D4),
    "pcap-us-big": pcap(">", 0xA1B2C3D4),
    "pcap-ns-little": pcap("<", 0xA1B23C4D),
    "pcap-ns-big": pcap(">", 0xA1B23C4D),
    "pcap-patched": pcap("<", 0xA1B2CD34, bytes(8)),
    "pcap-cut": pcap("<", 0xA1B2C3D4)[:-3],
    "pcapng-us-little": pcapng("<", 6),
    "pcapng-ns-big": pcapng(">", 9),
    "pcapng-binary": pcapng("<", 0x94),
    "pcapng-wireless": pcapng("<", 6, 105),
    "pcap-gzip": gzip.compress(pcap("<", 0xA1B2C3D4), mtime=0),
    "pcapng-gzip": gzip.compress(pcapng("<", 9), mtime=0),
}

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
for name, data in SEEDS.items():
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
