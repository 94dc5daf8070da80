"""Capture files as lists of packets: pcap and pcapng in, pcap out."""
import struct

# What a dummy device of Open vSwitch takes: a whole Ethernet header, and no more than the MTU given to it.
SHORTEST, LONGEST = 14, 9000


def read(path):
    """The bytes of each packet in a capture, in order; a record cut off at the end of the file is left out."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24:
        return []
    if struct.unpack("<I", data[:4])[0] == 0x0A0D0D0A:
        return list(_pcapng(data))
    little = data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")
    return list(_pcap(data, "<" if little else ">", 24)[0])


def _pcap(data, order, offset):
    packets = []
    while offset + 16 <= len(data):
        size = struct.unpack_from(order + "I", data, offset + 8)[0]
        if offset + 16 + size > len(data):
            break
        packets.append(data[offset + 16:offset + 16 + size])
        offset += 16 + size
    return packets, offset


def read_from(path, offset):
    """The packets of a little-endian pcap file from an offset on, and the offset after the last whole one.

    For a file that still grows. The file's header is stepped over when the offset is 0.
    """
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read()
    packets, end = _pcap(data, "<", 24 if offset == 0 else 0)
    return packets, offset + end


def _pcapng(data):
    """Enhanced and simple packet blocks of every section."""
    order, offset = "<", 0
    while offset + 12 <= len(data):
        if data[offset:offset + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[offset + 8:offset + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, length = struct.unpack_from(order + "II", data, offset)
        if length < 12 or offset + length > len(data):
            return
        if kind == 6:
            size = struct.unpack_from(order + "I", data, offset + 20)[0]
            yield data[offset + 28:offset + 28 + size]
        elif kind == 3:
            size = struct.unpack_from(order + "I", data, offset + 8)[0]
            yield data[offset + 12:offset + 12 + min(size, length - 16)]
        offset += length


def fitting(packets):
    """Those that both switches can take in."""
    return [packet for packet in packets if SHORTEST <= len(packet) <= LONGEST]


def write(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, packet in enumerate(packets):
            head = (number // 1000, number % 1000 * 1000, len(packet), len(packet))
            file.write(struct.pack("<IIII", *head) + packet)
