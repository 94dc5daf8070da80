"""The packets that evs and Open vSwitch treat differently on purpose: which they are, in which tables.

A flow table names the differences that its flows bring about in a comment, `# excludes: NAME…`; the packets that the
rule of that name picks are then left out of that table's run, and no others. The reasons stand in differences.md.
"""
import re
import struct

TAGS = (0x8100, 0x88A8)


def _tags(packet):
    """The TCIs of a packet's tags, and where its EtherType stands."""
    place, found = 12, []
    while len(packet) >= place + 6 and struct.unpack_from(">H", packet, place)[0] in TAGS:
        found.append(struct.unpack_from(">H", packet, place + 2)[0])
        place += 4
    return found, place


def push_copies_tag(packet):
    """Tagged packets whose tag has anything to copy: identifier or priority."""
    tags, _ = _tags(packet)
    return bool(tags) and tags[0] & 0xEFFF != 0


RULES = {"push-copies-tag": push_copies_tag}


def excluded(flows):
    """The rules that a flow table names, as one predicate."""
    with open(flows) as file:
        named = [name for line in re.findall(r"^# excludes: (.*)$", file.read(), re.M) for name in line.split()]
    rules = [RULES[name] for name in named]
    return lambda packet: any(rule(packet) for rule in rules)
