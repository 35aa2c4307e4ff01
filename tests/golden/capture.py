# SPDX-License-Identifier: BSD-3-Clause
"""An independent, slow reading of the shipped captures: what every tuple's volume must be.

Knows only what the captures of this folder hold: pcap and pcapng, Ethernet, VLAN tags, GTP-U, IPv4, IPv6.
"""
import ipaddress
import struct

UNACCOUNTED = "unaccounted"
EXTENSION_HEADERS = (0, 43, 60)
FRAGMENT, TCP, UDP, GTPU_PORT = 44, 6, 17, 2152


def _pcap(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at = 24
    while at < len(data):
        length, = struct.unpack_from(order + "I", data, at + 8)
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def _pcapng(data):
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from(order + "II", data, at)
        if kind == 6:
            captured, = struct.unpack_from(order + "I", data, at + 20)
            yield data[at + 28:at + 28 + captured]
        at += length


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    return _pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else _pcap(data)


class Packet:
    """One IP packet: volume, addresses, protocol, ports; fragment is the key of its datagram or None."""

    def __init__(self, ip):
        self.fragment, self.has_ports = None, True
        if ip[0] >> 4 == 4:
            rest = self._ipv4(ip)
        else:
            rest = self._ipv6(ip)
        self.ports = (0, 0)
        if self.has_ports and self.proto in (TCP, UDP):
            self.ports = struct.unpack_from(">HH", rest)
        self.payload = rest[8:]

    def _ipv4(self, ip):
        self.bytes, identification, offset = struct.unpack_from(">HHH", ip, 2)
        self.proto, self.source, self.destination = ip[9], ip[12:16], ip[16:20]
        if offset & 0x3FFF:
            self.fragment = (self.source, self.destination, self.proto, identification)
            self.has_ports = offset & 0x1FFF == 0
        return ip[(ip[0] & 15) * 4:self.bytes]

    def _ipv6(self, ip):
        self.bytes = 40 + struct.unpack_from(">H", ip, 4)[0]
        self.source, self.destination = ip[8:24], ip[24:40]
        proto, at = ip[6], 40
        while proto in EXTENSION_HEADERS or proto == FRAGMENT:
            if proto == FRAGMENT:
                offset, identification = struct.unpack_from(">HI", ip, at + 2)
                self.fragment = (self.source, self.destination, ip[at], identification)
                self.has_ports = offset & 0xFFF8 == 0
                proto, at = ip[at], at + 8
            else:
                proto, at = ip[at], at + 8 + ip[at + 1] * 8
        self.proto = proto
        return ip[at:self.bytes]


def _parse(frame):
    at = 12
    ethertype, = struct.unpack_from(">H", frame, at)
    while ethertype in (0x8100, 0x88A8):
        at += 4
        ethertype, = struct.unpack_from(">H", frame, at)
    if ethertype not in (0x0800, 0x86DD):
        return None
    packet = Packet(frame[at + 2:])
    while packet.proto == UDP and packet.ports[1] == GTPU_PORT:
        flags, skip = packet.payload[0], 8
        if flags & 7:
            following, skip = packet.payload[11], 12
            while flags & 4 and following:
                size = packet.payload[skip] * 4
                following = packet.payload[skip + size - 1]
                skip += size
        packet = Packet(packet.payload[skip:])
    return packet


def endpoint(address, port):
    return (ipaddress.ip_address(address), port)


def volumes(path):
    """{(protocol, source endpoint, destination endpoint): [packets, bytes]}, one entry per direction.

    Frames without an IP header are summed under UNACCOUNTED, with their frame length.
    """
    result, ports = {}, {}
    parsed = [(frame, _parse(frame)) for frame in frames(path)]
    for _, packet in parsed:
        if packet and packet.fragment and packet.has_ports:
            ports[packet.fragment] = packet.ports
    for frame, packet in parsed:
        key, size = UNACCOUNTED, len(frame)
        if packet:
            source, destination = ports.get(packet.fragment, packet.ports)
            key = (packet.proto, endpoint(packet.source, source), endpoint(packet.destination, destination))
            size = packet.bytes
        volume = result.setdefault(key, [0, 0])
        volume[0] += 1
        volume[1] += size
    return result
