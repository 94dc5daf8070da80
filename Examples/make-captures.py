#!/usr/bin/env python3
"""Writes the sample captures in Examples/captures; the same bytes each time.

web.pcap       A small office network of ten minutes' life: ARP, DHCP, DNS, web traffic over IPv4 and IPv6, pings,
               neighbour discovery, multicast DNS; ten hosts, a router, a name server and a web server. Some of them
               are on VLAN 20.
vlan.pcapng    Two interfaces of a trunk: VLANs 10, 20 and 30, priorities, and 802.1ad double tags; nanoseconds.

All addresses are from the ranges for documentation or private use, and all checksums are right.
"""
import os
import random
import struct

SEED = 20240501
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "captures")
BROADCAST = bytes([255] * 6)
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Host:
    """A host with a MAC address (of the local kind), an IPv4 and two IPv6 addresses, and maybe a VLAN."""

    def __init__(self, number, vlan=None):
        self.number = number
        self.vlan = vlan
        self.mac = bytes([2, 0, 0, 0, 0x10, number])
        self.ip = bytes([192, 168, vlan or 1, number])
        self.ip6 = bytes.fromhex("20010db8000100000000000000000000")[:14] + struct.pack(">H", number)
        interface = bytes([self.mac[0] ^ 2]) + self.mac[1:3] + b"\xff\xfe" + self.mac[3:]
        self.link_local = bytes.fromhex("fe80000000000000") + interface


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(source, destination, kind, payload, tags=()):
    frame = destination + source
    for tag_kind, control in tags:
        frame += struct.pack(">HH", tag_kind, control)
    frame += struct.pack(">H", kind) + payload
    return frame + bytes(max(0, 60 - len(frame)))


def ipv4(source, destination, protocol, payload, ttl=64, identification=0):
    header = struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, 0x4000, ttl, protocol, 0, source, destination)
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + payload


def ipv6(source, destination, protocol, payload, hops=64):
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, hops) + source + destination + payload


def sealed(source, destination, protocol, segment, place):
    """The segment with its checksum over the pseudo-header, at the given place."""
    if len(source) == 4:
        pseudo = source + destination + struct.pack(">BBH", 0, protocol, len(segment))
    else:
        pseudo = source + destination + struct.pack(">II", len(segment), protocol)
    value = checksum(pseudo + segment)
    if protocol == UDP and value == 0:
        value = 0xFFFF
    return segment[:place] + struct.pack(">H", value) + segment[place + 2:]


def ip(source, destination, protocol, segment, place, hops=64, identification=0):
    segment = sealed(source, destination, protocol, segment, place)
    if len(source) == 4:
        return 0x0800, ipv4(source, destination, protocol, segment, hops, identification)
    return 0x86DD, ipv6(source, destination, protocol, segment, hops)


def udp(source, destination, source_port, destination_port, data, hops=64):
    segment = struct.pack(">HHHH", source_port, destination_port, 8 + len(data), 0) + data
    return ip(source, destination, UDP, segment, 6, hops)


def tcp(source, destination, ports, sequence, acknowledgement, flags, data=b"", identification=0):
    options = b"\x02\x04\x05\xb4\x01\x01\x04\x02" if flags & SYN else b""
    segment = struct.pack(
        ">HHIIBBHHH", ports[0], ports[1], sequence, acknowledgement, (20 + len(options)) << 2, flags, 64240, 0, 0)
    return ip(source, destination, TCP, segment + options + data, 16, identification=identification)


def echo(source, destination, identifier, number, reply):
    if len(source) == 4:
        message = struct.pack(">BBHHH", 0 if reply else 8, 0, 0, identifier, number) + bytes(range(48))
        message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
        return 0x0800, ipv4(source, destination, ICMP, message)
    message = struct.pack(">BBHHH", 129 if reply else 128, 0, 0, identifier, number) + bytes(range(48))
    return ip(source, destination, ICMP6, message, 2)


def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


class Network:
    """Gathers frames with their times."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.frames = []

    def send(self, time, source, destination, packet, tags=None):
        if tags is None:
            tags = [(0x8100, source.vlan)] if source.vlan else []
        mac = destination if isinstance(destination, bytes) else destination.mac
        self.frames.append((time, ethernet(source.mac, mac, packet[0], packet[1], tags)))

    def gap(self, low=0.0001, high=0.002):
        return self.random.uniform(low, high)

    def arp(self, time, asker, asked):
        request = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1) + asker.mac + asker.ip + bytes(6) + asked.ip
        reply = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2) + asked.mac + asked.ip + asker.mac + asker.ip
        self.send(time, asker, BROADCAST, (0x0806, request))
        time += self.gap()
        self.send(time, asked, asker, (0x0806, reply))
        return time + self.gap()

    def neighbour(self, time, asker, asked):
        """Neighbour solicitation and advertisement (RFC 4861)."""
        group = bytes.fromhex("ff0200000000000000000001ff") + asked.link_local[13:]
        ask = struct.pack(">BBHI", 135, 0, 0, 0) + asked.link_local + b"\x01\x01" + asker.mac
        answer = struct.pack(">BBHI", 136, 0, 0, 0x60000000) + asked.link_local + b"\x02\x01" + asked.mac
        self.send(time, asker, b"\x33\x33" + group[12:], ip(asker.link_local, group, ICMP6, ask, 2, 255))
        time += self.gap()
        self.send(time, asked, asker, ip(asked.link_local, asker.link_local, ICMP6, answer, 2, 255))
        return time + self.gap()

    def dns(self, time, client, server, text, address):
        number, port = self.random.randrange(65536), self.random.randrange(32768, 61000)
        kind = 1 if len(address) == 4 else 28
        question = name(text) + struct.pack(">HH", kind, 1)
        answer = struct.pack(">HHHIH", 0xC00C, kind, 1, 300, len(address)) + address
        query = struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + question
        reply = struct.pack(">6H", number, 0x8180, 1, 1, 0, 0) + question + answer
        self.send(time, client, server, udp(client.ip, server.ip, port, 53, query))
        time += self.gap(0.001, 0.02)
        self.send(time, server, client, udp(server.ip, client.ip, 53, port, reply))
        return time + self.gap()

    def ping(self, time, client, server, count, six):
        identifier = self.random.randrange(65536)
        ends = (client.ip6, server.ip6) if six else (client.ip, server.ip)
        for number in range(1, count + 1):
            self.send(time, client, server, echo(ends[0], ends[1], identifier, number, False))
            self.send(time + self.gap(), server, client, echo(ends[1], ends[0], identifier, number, True))
            time += 1
        return time

    def web(self, time, client, server, six, port=80):
        """A connection with a few requests, each answered with a page in segments."""
        ends = (client.ip6, server.ip6) if six else (client.ip, server.ip)
        ports = (self.random.randrange(32768, 61000), port)
        sequence = [self.random.randrange(1 << 31), self.random.randrange(1 << 31)]
        identification = [self.random.randrange(1 << 15), self.random.randrange(1 << 15)]

        def segment(side, flags, data=b""):
            nonlocal time
            identification[side] += 1
            packet = tcp(
                ends[side], ends[1 - side], ports if side == 0 else ports[::-1], sequence[side],
                sequence[1 - side] if flags & ACK else 0, flags, data, identification[side])
            self.send(time, (client, server)[side], (server, client)[side], packet)
            sequence[side] += len(data) + (1 if flags & (SYN | FIN) else 0)
            time += self.gap()

        segment(0, SYN)
        if self.random.random() < 0.08:
            segment(1, RST | ACK)
            return time
        segment(1, SYN | ACK)
        segment(0, ACK)
        for page in range(self.random.randrange(1, 3)):
            segment(0, PSH | ACK, b"GET /%d HTTP/1.1\r\nHost: www.example.com\r\n\r\n" % page)
            rest = self.random.choice([120, 300, 700, 1900])
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % rest
            body = head + b"evs " * (rest // 4)
            while body:
                segment(1, ACK if len(body) > 1440 else PSH | ACK, body[:1440])
                body = body[1440:]
                segment(0, ACK)
            time += self.gap(0.05, 0.4)
        segment(0, FIN | ACK)
        segment(1, FIN | ACK)
        segment(0, ACK)
        return time

    def in_order(self):
        return sorted(self.frames, key=lambda frame: frame[0])


def dhcp(network, time, client, server):
    """Discover and offer (RFC 2131), as far as a switch could look."""
    number = network.random.randrange(1 << 32)
    for kind, source in ((1, client), (2, server)):
        offered = client.ip if kind == 2 else bytes(4)
        message = struct.pack(">BBBBIHH", kind, 1, 6, 0, number, 0, 0x8000) + bytes(4) + offered + bytes(8)
        message += client.mac + bytes(10 + 64 + 128) + b"\x63\x82\x53\x63\x35\x01" + bytes([kind]) + b"\xff"
        address = source.ip if source is server else bytes(4)
        ports = (68, 67) if kind == 1 else (67, 68)
        network.send(time, source, BROADCAST, udp(address, bytes([255] * 4), ports[0], ports[1], message))
        time += network.gap()
    return time


def web_capture():
    network = Network(SEED)
    chance = network.random
    router, resolver, server = Host(1), Host(2), Host(80)
    clients = [Host(number) for number in range(10, 17)]
    separate = [Host(number, vlan=20) for number in range(20, 23)]
    for index, client in enumerate(clients):
        time = dhcp(network, index * 3.0, client, router)
        time = network.neighbour(network.arp(time, client, router), client, router)
        network.arp(time, client, resolver)
    for round_number in range(40):
        time = 25 + round_number * 13 + chance.uniform(0, 9)
        client = chance.choice(clients)
        six = chance.random() < 0.35
        time = network.dns(time, client, resolver, "www.example.com", server.ip6 if six else server.ip)
        network.web(time, client, server, six, chance.choice([80, 80, 8080]))
        if round_number % 8 == 0:
            network.ping(time + 2, chance.choice(clients), router, 3, six)
        if round_number % 6 == 0:
            text = struct.pack(">6H", 0, 0, 1, 0, 0, 0) + name("_ipp._tcp.local") + struct.pack(">HH", 12, 1)
            packet = udp(client.ip, bytes([224, 0, 0, 251]), 5353, 5353, text, hops=255)
            network.send(time + 1, client, bytes.fromhex("01005e0000fb"), packet)
    for index in range(6):
        first, second = chance.sample(separate, 2)
        time = network.arp(100 + index * 60, first, second)
        network.web(network.ping(time, first, second, 1, index % 2 == 1), first, second, index % 3 == 0)
    return network.in_order()


def trunk_capture():
    network = Network(SEED + 1)
    chance = network.random
    rooms = {vlan: [Host(number, vlan=vlan) for number in range(30, 33)] for vlan in (10, 20, 30)}
    for index in range(45):
        vlan = chance.choice(list(rooms))
        first, second = chance.sample(rooms[vlan], 2)
        priority = chance.choice([0, 0, 3, 5])
        tags = [(0x8100, priority << 13 | vlan)]
        if index % 5 == 0:
            tags.insert(0, (0x88A8, 100))
        elif index % 11 == 0:
            tags = [(0x8100, 5 << 13)]
        data = bytes(chance.randrange(256) for _ in range(chance.choice([4, 40, 160])))
        network.send(index * 0.7, first, second, udp(first.ip, second.ip, 5004, 5004, data), tags)
        if index % 9 == 0:
            network.arp(index * 0.7 + 0.1, second, first)
    return network.in_order()


START = 1_714_557_600


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for time, frame in frames:
            microseconds = round(time * 1_000_000)
            seconds, fraction = START + microseconds // 1_000_000, microseconds % 1_000_000
            file.write(struct.pack("<4I", seconds, fraction, len(frame), len(frame)) + frame)


def block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def write_pcapng(path, frames):
    """One section with two interfaces; a frame of an odd-numbered host is of the second."""
    with open(path, "wb") as file:
        file.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        for text in (b"trunk0", b"trunk1"):
            options = struct.pack("<HH", 2, len(text)) + text + bytes(-len(text) % 4)
            options += struct.pack("<HHB3x", 9, 1, 9) + bytes(4)
            file.write(block(1, struct.pack("<HHI", 1, 0, 262144) + options))
        for time, frame in frames:
            nanoseconds = START * 1_000_000_000 + round(time * 1_000_000_000)
            head = struct.pack("<III", frame[11] & 1, nanoseconds >> 32, nanoseconds & 0xFFFFFFFF)
            file.write(block(6, head + struct.pack("<II", len(frame), len(frame)) + frame))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    write_pcap(os.path.join(FOLDER, "web.pcap"), web_capture())
    write_pcapng(os.path.join(FOLDER, "vlan.pcapng"), trunk_capture())
