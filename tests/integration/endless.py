# SPDX-License-Identifier: BSD-3-Clause
"""A capture of short connections that net_pcap plays without end, and the truth of each of them.

Every tuple has two connections, one behind the other, whose SYNs bear different sequence numbers: so each is a new flow, in
every round. All connections of a kind have the same volume, which no flow's records may exceed, and which those of a flow that
ended whole must have.
"""

import collections
import itertools
import struct

LIST = """#! serial: 1
#! issuer: billing test
#! issued: 2026-01-01T00:00:00Z
#! expires: 2099-01-01T00:00:00Z
match,service,rating_group,from,until,verify,owner,note
.free.example,school,10,,,,,
web.example,library,11,,,,,
"""

FRAMES_MAX = 16000  # what net_pcap may hold in memory, and a little less

UP, DOWN = 0, 1
SYN, ACK, PUSH_ACK = 2, 16, 24
ACCESS_MAC, CORE_MAC = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"

Kind = collections.namedtuple("Kind", "rule volume")


def tls_hello(name):
    """A ClientHello (RFC 8446, section 4.1.2) with a server name."""
    server_name = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack("!HH", 0, len(server_name)) + server_name
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + struct.pack("!H", len(extensions)) + extensions
    handshake = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack("!H", len(handshake)) + handshake


def http_request(name):
    return b"GET / HTTP/1.1\r\nHost: " + name + b"\r\n\r\n"


def checksum(data):
    """RFC 1071."""
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


def packet(tuple_, way, seq, flags, payload=b""):
    """An Ethernet frame and the length of its IP packet."""
    (client, client_port), (server, server_port) = tuple_
    if way == UP:
        ends, ports, macs = (client, server), (client_port, server_port), CORE_MAC + ACCESS_MAC
    else:
        ends, ports, macs = (server, client), (server_port, client_port), ACCESS_MAC + CORE_MAC
    tcp = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, 1, 5 << 4, flags, 65535, 0, 0)
    pseudo = ends[0] + ends[1] + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + checksum(pseudo + tcp + payload) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0, 64, 6, 0, *ends)
    ip = ip[:10] + checksum(ip) + ip[12:]
    return macs + b"\x08\0" + ip + tcp + payload, 40 + len(payload)


def connection(tuple_, start, hello, data):
    """Frames of one connection, each with its way and IP length. data: packets of the server's."""
    yield UP, *packet(tuple_, UP, start, SYN)
    yield DOWN, *packet(tuple_, DOWN, start, SYN | ACK)
    yield UP, *packet(tuple_, UP, start + 1, PUSH_ACK, hello)
    for i in range(data):
        yield DOWN, *packet(tuple_, DOWN, start + 1 + i * 1000, PUSH_ACK, bytes([0xAA]) * 1000)


HELLOS = (
    (".free.example", 443, tls_hello(b"a.free.example")),
    ("web.example", 80, http_request(b"web.example")),
    (".free.example", 443, tls_hello(b"another.name.of.free.example")),
    (None, 443, tls_hello(b"charged.example")),
)


def truth(data):
    """By the last number of the server's address: the rule (None: charged), and a whole connection's volume, as
    [up_pkts, up_bytes, down_pkts, down_bytes]."""
    found = {}
    for number, (rule, port, hello) in enumerate(HELLOS):
        volume = [0, 0, 0, 0]
        for way, _, length in connection(((b"\0" * 4, 1), (b"\0" * 4, port)), 0, hello, data):
            volume[2 * way] += 1
            volume[2 * way + 1] += length
        found[number] = Kind(rule, volume)
    return found


def write(path, tuples=400, data=4):
    """The capture. A server's address says of which kind its connections are: 203.0.113.KIND."""
    frames = []
    for start in (1_000_000, 2_000_000):
        talks = []
        for i in range(tuples):
            kind = i % len(HELLOS)
            _, port, hello = HELLOS[kind]
            client = bytes([10, 77, i >> 8, i & 255])
            talks.append(connection(((client, 40000 + i), (bytes([203, 0, 113, kind]), port)), start, hello, data))
        for turn in itertools.zip_longest(*talks):
            frames += [frame for _, frame, _ in filter(None, turn)]
    assert len(frames) <= FRAMES_MAX, f"{len(frames)} frames are more than are kept in memory"
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for frame in frames:
            file.write(struct.pack("<IIII", 1_700_000_000, 0, len(frame), len(frame)) + frame)
