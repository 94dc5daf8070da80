"""Captures and flow tables for measurements: the same bytes for the same arguments, from Python alone."""
import itertools
import random
import struct

SOURCE_MAC, DESTINATION_MAC = 0x020000000001, 0x020000000002
# Sources are in 10.0.0.0/8, destinations in 172.16.0.0/12, ports from 1024 on.
SOURCES, DESTINATIONS = (0x0A000000, 8), (0xAC100000, 12)
# What a switch that keeps a whole capture in packet buffers has room for; more packets need several sources.
CAPTURE_LIMIT = 250_000


def five_tuples(count, seed=1):
    """Distinct (source, destination, source port, destination port); fewer of them are the first of more."""
    chance, found = random.Random(seed), {}
    while len(found) < count:
        found[
            SOURCES[0] | chance.getrandbits(32 - SOURCES[1]),
            DESTINATIONS[0] | chance.getrandbits(32 - DESTINATIONS[1]),
            chance.randrange(1024, 65536), chance.randrange(1024, 65536)] = True
    return list(found)


def frame(flow, size=64, source=SOURCE_MAC, destination=DESTINATION_MAC):
    """An Ethernet frame (without check sequence) with IPv4 and UDP; the payload is zeros."""
    source_address, destination_address, source_port, destination_port = flow
    length = size - 14
    total = 0x4500 + length + 0x4011 + (source_address >> 16) + (source_address & 0xFFFF)
    total += (destination_address >> 16) + (destination_address & 0xFFFF)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    head = struct.pack(
        ">HIHIHHHIHHIIHHHH", destination >> 32, destination & 0xFFFFFFFF, source >> 32, source & 0xFFFFFFFF, 0x0800,
        0x4500, length, 0, 0x4011, total ^ 0xFFFF, source_address, destination_address,
        source_port, destination_port, length - 20, 0)
    return head.ljust(size, b"\0")


def write_capture(path, frames):
    """A pcap file, one microsecond between frames; how many there are."""
    count = 0
    with open(path, "wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for count, each in enumerate(frames, 1):
            file.write(struct.pack("<IIII", count // 1_000_000, count % 1_000_000, len(each), len(each)) + each)
    return count


def capture_facts(path):
    """How many packets a pcap file has, and the lengths of the shortest and longest; ValueError says what is wrong."""
    with open(path, "rb") as file:
        data = file.read()
    orders = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
    order = orders.get(data[:4])
    if len(data) < 24 or order is None:
        raise ValueError("is not a pcap file (tcpdump -r FILE -w OTHER makes one of a pcapng file)")
    if struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF != 1:
        raise ValueError("does not hold Ethernet frames")
    place, lengths = 24, []
    while place < len(data):
        if place + 16 > len(data):
            raise ValueError(f"is cut off after {len(lengths):,} packets")
        kept = struct.unpack_from(order + "I", data, place + 8)[0]
        place += 16 + kept
        if place > len(data):
            raise ValueError(f"is cut off after {len(lengths):,} packets")
        lengths.append(kept)
    if not lengths:
        raise ValueError("holds no packet")
    return len(lengths), min(lengths), max(lengths)


def in_turn(items, count, seed=1):
    """`count` of the items: each as often as any other, in a new order each time round."""
    chance, items = random.Random(seed), list(items)
    while count > 0:
        chance.shuffle(items)
        yield from items[:count]
        count -= len(items)


def address(number, length=32):
    """An IPv4 address in dots, with its prefix's length unless that is all of it."""
    text = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
    return text if length == 32 else f"{text}/{length}"


def mac(number):
    return ":".join(f"{number >> shift & 255:02x}" for shift in range(40, -1, -8))


def exact_rules(flows):
    """A flow for each five-tuple, to port 2."""
    for source, destination, source_port, destination_port in flows:
        yield (
            f"priority=100,udp,nw_src={address(source)},nw_dst={address(destination)},tp_src={source_port},"
            f"tp_dst={destination_port},actions=output:2")


def tenant_rules(masks, each, flows, seed=1, apart=False):
    """Rules of `masks` shapes, `each` of every shape, and traffic that meets them evenly.

    Every shape has prefixes of its own lengths, with or without ports, and a destination MAC of its own: the tenants
    of a switch, each with its own habits. They share a table, or have one each (`apart`). Returns the rules, and
    (five-tuple, destination MAC) for each flow.
    """
    chance = random.Random(seed * 1000 + masks)
    shapes = list(itertools.product(range(12, 33, 2), range(14, 33, 2), (False, True), (False, True)))
    chance.shuffle(shapes)
    if masks > len(shapes):
        raise ValueError(f"there are only {len(shapes)} shapes of rules")
    rules, parts = [], []
    for tenant, (source_length, destination_length, has_source, has_destination) in enumerate(shapes[:masks]):
        owner = 0x020000010000 + tenant
        if apart:
            rules.append(f"dl_dst={mac(owner)},actions=goto_table:{tenant + 1}")
        for source, destination, source_port, destination_port in five_tuples(each, seed=chance.getrandbits(32)):
            source &= -1 << (32 - source_length)
            destination &= -1 << (32 - destination_length)
            text = f"table={tenant + 1},udp" if apart else f"priority={100 + tenant},udp,dl_dst={mac(owner)}"
            text += f",nw_src={address(source, source_length)},nw_dst={address(destination, destination_length)}"
            text += f",tp_src={source_port}" if has_source else ""
            text += f",tp_dst={destination_port}" if has_destination else ""
            rules.append(text + ",actions=output:2")
            parts.append((
                (source, 32 - source_length), (destination, 32 - destination_length),
                source_port if has_source else None, destination_port if has_destination else None, owner))
    traffic = []
    for (source, free), (destination, loose), source_port, destination_port, owner in in_turn(parts, flows, seed):
        traffic.append(((
            source | chance.getrandbits(32) & ((1 << free) - 1),
            destination | chance.getrandbits(32) & ((1 << loose) - 1),
            source_port or chance.randrange(1024, 65536), destination_port or chance.randrange(1024, 65536)), owner))
    chance.shuffle(traffic)
    return rules, traffic


def chained_tables(depth):
    """A chain of tables that every packet goes through: each matches another field, the last one sends to port 2."""
    matches = [
        ["ip"], [f"ip,nw_src={address(*SOURCES)}"], ["udp"], [f"dl_dst={mac(DESTINATION_MAC)}"],
        [f"ip,nw_dst={address(*DESTINATIONS)}"], ["udp,tp_dst=0/0x8000", "udp,tp_dst=0x8000/0x8000"],
        [f"dl_src={mac(SOURCE_MAC)}"], ["udp,tp_src=0/0x8000", "udp,tp_src=0x8000/0x8000"]]
    for table in range(depth):
        then = f"goto_table:{table + 1}" if table < depth - 1 else "output:2"
        for match in matches[table % len(matches)]:
            yield f"table={table},priority=10,{match},actions={then}"


def write_rules(path, rules):
    with open(path, "w") as file:
        file.writelines(rule + "\n" for rule in rules)
