"""Packets that real captures seldom hold: odd, broken and at the edges of the protocols. The same bytes each time.

Each function yields packets of one kind; `captures()` gives them by name. Every packet comes from, and goes to, one of
a few hosts, so that flows can pick them out.
"""
import random
import struct

SEED = 20240917
HOSTS = [bytes([2, 0, 0, 0, 0, number]) for number in range(1, 7)]
V4 = [bytes([10, 0, number // 4, number]) for number in range(1, 7)]
V6 = [bytes.fromhex("20010db8") + bytes(11) + bytes([number]) for number in range(1, 7)]
ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132


def total(data):
    if len(data) % 2:
        data += b"\0"
    value = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while value > 0xFFFF:
        value = (value & 0xFFFF) + (value >> 16)
    return ~value & 0xFFFF


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def frame(kind, payload, tags=(), source=0, destination=1, short=False):
    """An Ethernet frame; hosts by number or by address."""
    address = [HOSTS[host] if isinstance(host, int) else host for host in (destination, source)]
    data = address[0] + address[1]
    for tag in tags:
        data += struct.pack(">HH", *tag)
    data += struct.pack(">H", kind) + payload
    return data if short else data + bytes(max(0, 60 - len(data)))


def ipv4(protocol, payload, source=0, destination=1, ttl=64, options=b"", fragment=0, tos=0, wrong=False, length=None):
    size = 20 + len(options)
    ends = [V4[host] if isinstance(host, int) else host for host in (source, destination)]
    header = struct.pack(
        ">BBHHHBBH4s4s", 0x40 | size // 4, tos, size + len(payload) if length is None else length, 0x1234, fragment,
        ttl, protocol, 0, *ends)
    header += options
    check = total(header) ^ (0x5555 if wrong else 0)
    return header[:10] + struct.pack(">H", check) + header[12:] + payload


def ipv6(following, payload, source=0, destination=1, hops=64, label=0, traffic=0, length=None):
    ends = [V6[host] if isinstance(host, int) else host for host in (source, destination)]
    size = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28 | traffic << 20 | label, size, following, hops) + ends[0] + ends[1] + payload


def sealed(segment, place, protocol, ends, wrong=False):
    """The segment with its checksum, over the pseudo-header of its ends too, at a place."""
    pseudo = b"".join(ends) + struct.pack(">II", len(segment), protocol)
    check = total(pseudo + segment) or 0xFFFF
    return segment[:place] + struct.pack(">H", check ^ (0x0F0F if wrong else 0)) + segment[place + 2:]


def udp(ends, ports=(1000, 53), data=b"question", check=True, wrong=False):
    segment = struct.pack(">HHHH", *ports, 8 + len(data), 0) + data
    return sealed(segment, 6, UDP, ends, wrong) if check else segment


def tcp(ends, ports=(2000, 80), flags=0x18, data=b"GET / HTTP/1.1\r\n", options=b"", wrong=False):
    offset = (20 + len(options)) // 4 << 12
    segment = struct.pack(">HHIIHHHH", *ports, 7, 9, offset | flags, 8192, 0, 0) + options + data
    return sealed(segment, 16, TCP, ends, wrong)


def sctp(ports=(3000, 5060), chunks=b"\0\3\0\x14" + bytes(range(16)), wrong=False):
    head = struct.pack(">HHI", *ports, 99)
    check = struct.pack("<I", crc32c(head + bytes(4) + chunks) ^ (0xFF if wrong else 0))
    return head + check + chunks


def icmp(kind=8, code=0, rest=bytes(4), data=bytes(range(32))):
    message = struct.pack(">BBH", kind, code, 0) + rest + data
    return message[:2] + struct.pack(">H", total(message)) + message[4:]


def icmp6(kind, code, body, ends):
    return sealed(struct.pack(">BBH", kind, code, 0) + body, 2, ICMP6, ends)


def transports(ends):
    """One segment of each protocol, with its number."""
    yield TCP, tcp(ends)
    yield UDP, udp(ends)
    yield SCTP, sctp()
    if len(ends[0]) == 4:
        yield ICMP, icmp()
    else:
        yield ICMP6, icmp6(128, 0, bytes(4) + bytes(range(32)), ends)


E4, E6 = (V4[0], V4[1]), (V6[0], V6[1])


def packets(tags=(), source=0, destination=1):
    """A packet of each transport over IPv4 and IPv6, and an ARP request."""
    for protocol, segment in transports((V4[source], V4[destination])):
        yield frame(0x0800, ipv4(protocol, segment, source, destination), tags, source, destination)
    for protocol, segment in transports((V6[source], V6[destination])):
        yield frame(0x86DD, ipv6(protocol, segment, source, destination), tags, source, destination)
    yield frame(0x0806, arp(1, source, destination), tags, source, destination)


def arp(operation=1, source=0, destination=1, start=(1, 0x0800, 6, 4)):
    return struct.pack(">HHBBH", *start, operation) + HOSTS[source] + V4[source] + HOSTS[destination] + V4[destination]


def tagged():
    for tags in [
        [(0x8100, 5)], [(0x8100, 0xA005)], [(0x8100, 0)], [(0x8100, 0x6000)], [(0x88A8, 7)], [(0x88A8, 0xE00A)],
        [(0x8100, 0x1005)], [(0x8100, 0xFFF)], [(0x88A8, 0x2064), (0x8100, 0x4005)], [(0x8100, 10), (0x8100, 20)],
        [(0x88A8, 0), (0x8100, 5)], [(0x8100, 5), (0x8100, 0)], [(0x8100, 0), (0x8100, 0)],
        [(0x88A8, 30), (0x88A8, 40)], [(0x8100, 1), (0x8100, 2), (0x8100, 3)], [(0x88A8, 1), (0x8100, 2), (0x88A8, 3)],
        [(0x9100, 50)], [(0x8100, 5), (0x9100, 6)],
    ]:
        yield from packets(tags)
    for size in range(14, 24):  # tags and EtherTypes cut off
        yield frame(0x0800, b"", [(0x8100, 0x2005), (0x8100, 0x4006)], short=True)[:size]
        yield frame(0x0800, b"", [(0x88A8, 0x2005), (0x8100, 0x4006)], short=True)[:size]


def network():
    """IPv4 and IPv6 headers at their edges."""
    for protocol, segment in transports(E4):
        for ttl in (0, 1, 2, 255):
            yield frame(0x0800, ipv4(protocol, segment, ttl=ttl))
        for options in (b"\1" * 4, b"\x94\4\0\0", b"\7\x27\4" + bytes(37)):
            yield frame(0x0800, ipv4(protocol, segment, options=options))
        for tos in (1, 2, 3, 0x28, 0xB8, 0xFF):
            yield frame(0x0800, ipv4(protocol, segment, tos=tos))
        yield frame(0x0800, ipv4(protocol, segment, wrong=True))
        for fragment in (0x2000, 0x2001, 0x0001, 0x1FFF, 0x4000, 0x8000, 0x6000, 0xE000):
            yield frame(0x0800, ipv4(protocol, segment, fragment=fragment))
        for length in (0, 19, 20, 21, 24, 28, 40, 41, 200):
            yield frame(0x0800, ipv4(protocol, segment, length=length))
        yield frame(0x0800, ipv4(protocol, segment)) + bytes(300)
    for protocol, segment in transports(E6):
        for hops in (0, 1, 2, 255):
            yield frame(0x86DD, ipv6(protocol, segment, hops=hops))
        for traffic in (1, 2, 3, 0x28, 0xB8, 0xFF):
            yield frame(0x86DD, ipv6(protocol, segment, traffic=traffic, label=traffic * 0x1000 + 5))
        for length in (0, 1, 7, 8, 19, 20, 21, 200):
            yield frame(0x86DD, ipv6(protocol, segment, length=length))
    for protocol in (0, 2, 4, 41, 43, 44, 47, 50, 51, 59, 60, 103, 136, 255):
        yield frame(0x0800, ipv4(protocol, bytes(range(40))))
        yield frame(0x0800, ipv4(protocol, bytes(range(40)), fragment=0x2000))
        yield frame(0x86DD, ipv6(protocol, bytes(range(40))))
    for first in (0x40, 0x41, 0x44, 0x46, 0x4F, 0x55, 0x65, 0x05):  # versions and header lengths
        yield frame(0x0800, bytes([first]) + ipv4(UDP, udp(E4))[1:])
    yield frame(0x86DD, b"\x40" + ipv6(UDP, udp(E6))[1:])
    yield frame(0x86DD, ipv4(UDP, udp(E4)))
    yield frame(0x0800, ipv6(UDP, udp(E6)))
    for group in ((bytes.fromhex("01005e000005"), bytes([224, 0, 0, 5])), (b"\xff" * 6, b"\xff" * 4)):
        yield frame(0x0800, ipv4(UDP, udp((V4[0], group[1])), destination=group[1]), destination=group[0])


def options(kind, following, size=8):
    return bytes([following, size // 8 - 1, 1, size - 4]) + bytes(size - 4)


def extended():
    """IPv6 with extension headers."""
    routing = lambda following, left: bytes([following, 2, 0, left, 0, 0, 0, 0]) + V6[3]
    authentication = lambda following: bytes([following, 4, 0, 0]) + bytes(20)
    fragment = lambda following, place: struct.pack(">BBHI", following, 0, place, 77)
    for protocol, segment in transports(E6):
        chains = [
            (0, options(0, protocol)), (0, options(0, protocol, 24)), (60, options(60, protocol)),
            (0, options(0, 60) + options(60, 43) + routing(44, 1) + fragment(51, 0) + authentication(protocol)),
            (43, routing(protocol, 0)), (43, routing(protocol, 1)), (43, routing(60, 2) + options(60, protocol)),
            (51, authentication(protocol)), (60, options(60, 0) + options(0, protocol)),
            (44, fragment(protocol, 0)), (44, fragment(protocol, 1)), (44, fragment(protocol, 6)),
            (44, fragment(protocol, 8)), (44, fragment(protocol, 0xFFF9)), (0, options(0, 44) + fragment(protocol, 1)),
            (44, fragment(60, 1) + options(60, protocol)), (59, b""), (50, bytes(8)), (0, options(0, 59)),
            (60, options(60, 60) + options(60, 60) + options(60, protocol)),
            (44, fragment(44, 0) + fragment(protocol, 9)),
        ]
        for following, chain in chains:
            whole = chain + segment
            yield frame(0x86DD, ipv6(following, whole))
            for cut in (4, len(chain) - 1, len(chain), len(chain) + 3):
                yield frame(0x86DD, ipv6(following, whole[:max(0, cut)]), short=True)
            yield frame(0x86DD, ipv6(following, whole), short=True)[:14 + 40 + len(chain) + 2]


def transport():
    """Transport headers at their edges."""
    for ends, kind, wrap in ((E4, 0x0800, ipv4), (E6, 0x86DD, ipv6)):
        for ports in ((0, 0), (0, 80), (80, 0), (65535, 1), (53, 53), (80, 443), (1024, 1023)):
            yield frame(kind, wrap(UDP, udp(ends, ports)))
            yield frame(kind, wrap(TCP, tcp(ends, ports)))
            yield frame(kind, wrap(SCTP, sctp(ports)))
            yield frame(kind, wrap(UDP, udp(ends, ports, check=False)))
        for flags in (0, 1, 2, 4, 0x10, 0x12, 0x14, 0x29, 0x3F, 0xC2, 0x1FF, 0xFFF):
            yield frame(kind, wrap(TCP, tcp(ends, flags=flags)))
        yield frame(kind, wrap(TCP, tcp(ends, options=b"\2\4\5\xb4\1\1\4\2", flags=2, data=b"")))
        yield frame(kind, wrap(TCP, tcp(ends, wrong=True)))
        yield frame(kind, wrap(UDP, udp(ends, wrong=True)))
        yield frame(kind, wrap(SCTP, sctp(wrong=True)))
        for data in (b"", b"x", bytes(1400)):
            yield frame(kind, wrap(UDP, udp(ends, data=data)))
            yield frame(kind, wrap(TCP, tcp(ends, data=data)))
        yield frame(kind, wrap(SCTP, sctp(chunks=b"")))
        yield frame(kind, wrap(SCTP, sctp(chunks=b"\1\0\0\x14" + bytes(16) + b"\6\0\0\4" + b"\x0b\0\0\5x\0\0\0")))
        # UDP whose checksum comes out, or is changed into, zero.
        for word in range(0, 65536, 4099):
            yield frame(kind, wrap(UDP, udp(ends, data=struct.pack(">H", word))))
        zero = udp(ends, data=struct.pack(">H", total(udp(ends, data=bytes(2), check=False)) & 0xFFFF))
        yield frame(kind, wrap(UDP, zero))
        for length in (0, 7, 8, 9, 500):
            segment = udp(ends)
            yield frame(kind, wrap(UDP, segment[:4] + struct.pack(">H", length) + segment[6:]))
        for first in (0x00, 0x40, 0x60, 0xF0):  # data offsets
            segment = tcp(ends)
            yield frame(kind, wrap(TCP, segment[:12] + bytes([first]) + segment[13:]))


def control():
    """ICMP and ICMPv6: errors, and neighbour discovery with options."""
    inner = ipv4(UDP, udp(E4), destination=0, source=1)
    for kind, code in ((3, 0), (3, 3), (3, 4), (4, 0), (5, 1), (11, 0), (12, 0), (0, 0), (8, 0), (13, 0), (255, 255)):
        yield frame(0x0800, ipv4(ICMP, icmp(kind, code, data=inner)))
    inner = ipv6(UDP, udp(E6), destination=0, source=1)
    kinds = ((1, 0), (1, 4), (2, 0), (3, 0), (4, 1), (128, 0), (129, 0), (130, 0), (133, 0), (134, 0), (143, 0))
    for kind, code in kinds:
        yield frame(0x86DD, ipv6(ICMP6, icmp6(kind, code, bytes(4) + inner, E6)))
    source, target = b"\1\1" + HOSTS[0], b"\2\1" + HOSTS[1]
    lists = [
        b"", source, target, source + target, target + source, source + source, target + target,
        b"\x0e\1" + bytes(6) + source, b"\1\2" + bytes(14), b"\1\0" + bytes(6), source + b"\5\0" + bytes(6),
        source + b"\2", source + b"\2\xff" + bytes(6), b"\2\1" + bytes(6), b"\1\1" + bytes(6) + source, source[:7],
    ]
    for kind in (135, 136):
        for code in (0, 1):
            for list_ in lists:
                message = icmp6(kind, code, bytes(4) + V6[2] + list_, E6)
                yield frame(0x86DD, ipv6(ICMP6, message, hops=255))
        for cut in (1, 3, 4, 7, 8, 15, 23, 24, 27, 31):
            message = icmp6(kind, 0, bytes(4) + V6[2] + source, E6)
            yield frame(0x86DD, ipv6(ICMP6, message[:cut], hops=255), short=True)
    yield frame(0x86DD, ipv6(ICMP6, icmp6(135, 0, bytes(4) + bytes(16) + source, E6), hops=255))


def others():
    """ARP, LLC, SNAP, MPLS and EtherTypes that nobody parses."""
    for operation in (0, 1, 2, 3, 4, 255, 256, 1000, 65535):
        yield frame(0x0806, arp(operation), destination=b"\xff" * 6)
        yield frame(0x8035, arp(operation), destination=b"\xff" * 6)
    for start in ((6, 0x0800, 6, 4), (1, 0x86DD, 6, 4), (1, 0x0800, 8, 4), (1, 0x0800, 6, 16), (1, 0x0800, 6, 0)):
        yield frame(0x0806, arp(start=start))
    for size in (0, 6, 8, 14, 18, 24, 27, 28):
        yield frame(0x0806, arp()[:size], short=True)
    yield frame(0x0806, arp(1, 0, 0), destination=b"\xff" * 6)
    inside = ipv4(UDP, udp(E4))
    for snap in (b"\xaa\xaa\3\0\0\0\x08\0", b"\xaa\xaa\3\0\0\0\x86\xdd", b"\xaa\xaa\3\0\0\x0c\x20\0", b"\x42\x42\3",
                 b"\xff\xff", b"\xaa\xaa\3\0\0\0\5\xff", b"\xaa\xaa\3", b"\xaa\xaa\3\0\0\0\x81\0\0\5\x08\0"):
        yield frame(len(snap + inside), snap + inside)
        yield frame(len(snap + inside), snap + inside, [(0x8100, 5)])
        yield frame(0x05FF, snap, short=True)
    for kind in (0x0000, 0x05DC, 0x05FF, 0x0600, 0x0601, 0x88E7, 0x894F, 0x88CC, 0x8863, 0x8864, 0xFFFF, 0x6558):
        yield frame(kind, bytes(range(60)))
        yield frame(kind, b"", short=True)
    for labels in ([0x00064140], [0x00064040, 0x000C8140], [0x00001040, 0x00002040, 0x00003040, 0x000041FF],
                   [0x00064040], [0x000641FF, 0x12345678], [0x00000140], [0x00064100], [0x00064101]):
        stack = b"".join(struct.pack(">I", label) for label in labels)
        for kind in (0x8847, 0x8848):
            yield frame(kind, stack + inside)
            yield frame(kind, stack + inside, [(0x8100, 5)])
            yield frame(kind, stack[:3], short=True)
    yield frame(0x88E7, struct.pack(">I", 0x08001234) + HOSTS[2] + HOSTS[3] + b"\x08\0" + inside)


def bridged():
    """What a learning bridge looks at: who talks to whom, by VLAN; groups and reserved addresses."""
    for number in range(16):
        yield frame(0x88B5, bytes(46), destination=bytes.fromhex("0180c20000") + bytes([number]))
    for text in ("0180c2000010", "0180c2000020", "0180c200002f", "01000ccccccc", "01000ccccccd", "01000c000000",
                 "0100cccccccc", "01e02b000000", "01e02b000004", "01e02b000006", "00e02b000000", "00e02b000004",
                 "00e02b000006", "01000ccdcdcd", "000000000000", "ffffffffffff", "333300000001", "01005e000001"):
        yield frame(0x88B5, bytes(46), destination=bytes.fromhex(text))
        yield frame(0x88B5, bytes(46), destination=bytes.fromhex(text), tags=[(0x8100, 9)])
    for source in (bytes(6), b"\xff" * 6, bytes.fromhex("01005e000001"), bytes.fromhex("0180c2000000")):
        yield frame(0x88B5, bytes(46), source=source, destination=2)
        yield frame(0x88B5, bytes(46), source=3, destination=source)
    tags = ((0x8100, 5), (0x8100, 6), (0x88A8, 5), (0x8100, 0), (0x8100, 0xE005), (0x8100, 0x2000))
    for vlan in [[]] + [[tag] for tag in tags]:
        for source in range(4):
            for destination in range(4):
                yield from list(packets(vlan, source, destination))[::3]
    yield frame(0x0806, arp(2, 2, 2), source=2, destination=b"\xff" * 6)


def cut():
    """A packet of each kind, cut off everywhere."""
    whole = [*packets(), *packets([(0x8100, 5)]), frame(0x0800, ipv4(TCP, tcp(E4), options=b"\1" * 8))]
    whole.append(frame(0x86DD, ipv6(0, options(0, 44) + struct.pack(">BBHI", UDP, 0, 1, 5) + udp(E6))))
    for packet in whole:
        for size in range(14, min(len(packet), 100)):
            yield packet[:size]


def damaged():
    """Bits turned at random in packets of each kind."""
    chance = random.Random(SEED)
    whole = [*packets(), *packets([(0x8100, 5)]), *packets([(0x88A8, 9), (0x8100, 5)]), *extended(), *control()]
    for _ in range(1500):
        packet = bytearray(chance.choice(whole))
        for _ in range(chance.choice([1, 1, 2, 5])):
            place = chance.randrange(len(packet))
            packet[place] = chance.choice([0, 1, 255, packet[place] ^ 1 << chance.randrange(8), chance.randrange(256)])
        yield bytes(packet)


def captures():
    """Name and packets of each crafted capture."""
    for make in (tagged, network, extended, transport, control, others, bridged, cut, damaged):
        yield make.__name__, list(make())
