"""The packets that evs and Open vSwitch treat differently on purpose: which they are, in which tables.

A flow table names the differences that its flows bring about in a comment, `# excludes: NAME…`; the packets that the
rule of that name picks are then left out of that table's run, and no others. The reasons stand in differences.md.
"""
import re
import struct

TAGS = (0x8100, 0x88A8)
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
ROUTING, FRAGMENT, AUTHENTICATION = 43, 44, 51
EXTENSIONS = (0, ROUTING, FRAGMENT, AUTHENTICATION, 60)


class Headers:
    """What a rule needs to know of a packet."""

    def __init__(self, packet):
        self.packet = packet
        place, self.tags = 12, []
        while self._number(place) in TAGS and len(packet) >= place + 6:
            self.tags.append(self._number(place + 2))
            place += 4
        self.type = self._number(place)
        self.payload = place + 2
        self.protocol = self.fragment = self.routes = None
        if self.type == 0x0800 and len(packet) >= self.payload + 20:
            self.protocol = packet[self.payload + 9]
            self.fragment = self._number(self.payload + 6) & 0x3FFF
        elif self.type == 0x86DD and len(packet) >= self.payload + 40:
            self._walk(packet[self.payload + 6], self.payload + 40)

    def _number(self, place):
        return struct.unpack_from(">H", self.packet, place)[0] if len(self.packet) >= place + 2 else None

    def _walk(self, following, place):
        """Along the extension headers of IPv6; the routing header's segments left, the fragment header's bits."""
        while following in EXTENSIONS and len(self.packet) >= place + 8:
            units = self.packet[place + 1]
            if following == ROUTING:
                self.routes = self.packet[place + 3]
            if following == FRAGMENT:
                self.fragment = self._number(place + 2)
                units = 0
            size = (units + 2) * 4 if following == AUTHENTICATION else (units + 1) * 8
            following, place = self.packet[place], place + size
        self.protocol = following


def push_copies_tag(headers):
    """Tagged packets whose outer tag has anything to copy: identifier or priority."""
    return bool(headers.tags) and headers.tags[0] & 0xEFFF != 0


def more_tags(headers):
    """Packets that already have as many tags as Open vSwitch knows of."""
    return len(headers.tags) >= 2 or headers.type in TAGS


def drop_eligible(headers):
    """Packets with a tag whose drop eligible indicator is set."""
    return any(tag & 0x1000 for tag in headers.tags)


def null_among_tags(headers):
    """Packets with several tags, one of which has neither identifier nor priority."""
    return len(headers.tags) > 1 and any(tag & 0xEFFF == 0 for tag in headers.tags[:2])


def null_tag(headers):
    """Packets whose outer tag has neither identifier nor priority."""
    return bool(headers.tags) and headers.tags[0] & 0xEFFF == 0


def snap_tag(headers):
    """LLC/SNAP frames whose inner EtherType is that of a tag."""
    start = headers.packet[headers.payload:headers.payload + 8]
    return (headers.type or 0) < 0x600 and start[:6] == b"\xaa\xaa\3\0\0\0" and start[6:] in (b"\x81\0", b"\x88\xa8")


def later_fragment(headers):
    """Later fragments of IPv4 packets with TCP, UDP or ICMP."""
    return headers.type == 0x0800 and bool((headers.fragment or 0) & 0x1FFF) and headers.protocol in (ICMP, TCP, UDP)


def no_protocol(headers):
    """IPv4 packets whose protocol, and ARP packets whose operation, is number 0."""
    operation = headers.packet[headers.payload + 6:headers.payload + 8]
    return headers.type == 0x0800 and headers.protocol == 0 or headers.type == 0x0806 and operation == b"\0\0"


def routing_header(headers):
    """IPv6 packets that have segments left in a routing header."""
    return headers.type == 0x86DD and bool(headers.routes)


def atomic_fragment(headers):
    """IPv6 packets with a fragment header that says that they are whole."""
    return headers.type == 0x86DD and headers.fragment is not None and headers.fragment & 0xFFF9 == 0


def mpls_cut(headers):
    """MPLS packets without a whole label stack entry."""
    return headers.type in (0x8847, 0x8848) and len(headers.packet) < headers.payload + 4


def icmp(headers):
    """ICMP and ICMPv6."""
    return headers.protocol == (ICMP if headers.type == 0x0800 else ICMP6)


def arp_operation(headers):
    """ARP and RARP packets whose operation has a number above 255."""
    high = headers.packet[headers.payload + 6:headers.payload + 7]
    return headers.type in (0x0806, 0x8035) and high not in (b"", b"\0")


def arp_cut(headers):
    """ARP packets that are not whole, or not for IPv4 over Ethernet."""
    start = headers.packet[headers.payload:headers.payload + 6]
    whole = len(headers.packet) >= headers.payload + 28
    return headers.type == 0x0806 and (not whole or start != b"\0\1\x08\0\6\4")


RULES = {rule.__name__.replace("_", "-"): rule for rule in (
    push_copies_tag, more_tags, drop_eligible, null_tag, null_among_tags, snap_tag, later_fragment, no_protocol,
    routing_header, atomic_fragment, mpls_cut, icmp, arp_operation, arp_cut)}


def excluded(flows):
    """The rules that a flow table names, as one predicate over packets."""
    with open(flows) as file:
        named = [name for line in re.findall(r"^# excludes: (.*)$", file.read(), re.M) for name in line.split()]
    rules = [RULES[name] for name in named]

    def predicate(packet):
        if not rules:
            return False
        headers = Headers(packet)
        return any(rule(headers) for rule in rules)
    return predicate
