#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Rewrite a recorded Ethernet capture: put its packets into tunnels or tags, or move them in time.

Not every kernel has VLAN or GTP devices, so the outer headers of those captures are added to real traffic here.

    rewrap.py vlan IN OUT            802.1Q 100; IPv6 in QinQ 200/100 (up) and 201/100 (down)
    rewrap.py gtpu IN OUT            GTP-U between 192.0.2.1 (access) and 192.0.2.2; downlink with a PDU session container
    rewrap.py time START GAP IN OUT  begin at START (RFC 3339); every silence over 1.5 s becomes GAP seconds
"""
import datetime
import ipaddress
import struct
import sys

ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN, ETHERTYPE_SVLAN = 0x0800, 0x86DD, 0x8100, 0x88A8
SUBSCRIBERS = (ipaddress.ip_network("10.77.0.0/24"), ipaddress.ip_network("2001:db8:77::/64"))


def read(path):
    """The packets of a little-endian microsecond pcap file, as (time in microseconds, frame)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        sys.exit(f"{path}: not a little-endian pcap file with microseconds")
    at, packets = 24, []
    while at < len(data):
        seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
        packets.append((seconds * 1000000 + micros, data[at + 16:at + 16 + length]))
        at += 16 + length
    return packets


def write(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for time, frame in packets:
            file.write(struct.pack("<IIII", time // 1000000, time % 1000000, len(frame), len(frame)) + frame)


def ethertype(frame):
    return struct.unpack_from(">H", frame, 12)[0]


def source_and_destination(frame):
    first, size = (26, 4) if ethertype(frame) == ETHERTYPE_IPV4 else (22, 16)
    return (ipaddress.ip_address(frame[first:first + size]), ipaddress.ip_address(frame[first + size:first + 2 * size]))


def from_subscriber(frame):
    source, _ = source_and_destination(frame)
    return any(source in network for network in SUBSCRIBERS)


def vlan(frame):
    tag = struct.pack(">HH", ETHERTYPE_VLAN, 100)
    if ethertype(frame) == ETHERTYPE_IPV6:
        outer = 200 if from_subscriber(frame) else 201
        tag = struct.pack(">HH", ETHERTYPE_SVLAN, outer) + tag
    return frame[:12] + tag + frame[12:]


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def gtpu_header(length, teid, downlink):
    """3GPP TS 29.281, section 5.1; the PDU session container is TS 38.415's, of type DL with QFI 9."""
    if not downlink:
        return struct.pack(">BBHI", 0x30, 0xFF, length, teid)
    return struct.pack(">BBHIHBB", 0x34, 0xFF, length + 8, teid, 0, 0, 0x85) + bytes((1, 0x00, 0x09, 0))


def gtpu(frame):
    if ethertype(frame) not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return None
    up = from_subscriber(frame)
    subscriber = source_and_destination(frame)[0 if up else 1]
    teid = (0x1000 if up else 0x2000) + subscriber.packed[-1]
    inner = frame[14:]
    if ethertype(frame) == ETHERTYPE_IPV4:
        inner = inner[:struct.unpack_from(">H", inner, 2)[0]]
    payload = gtpu_header(len(inner), teid, not up) + inner
    ends = [ipaddress.ip_address("192.0.2.1").packed, ipaddress.ip_address("192.0.2.2").packed]
    source, destination = ends if up else reversed(ends)
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0, source, destination)
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    udp = struct.pack(">HHHH", 2152, 2152, 8 + len(payload), 0)
    return frame[:12] + struct.pack(">H", ETHERTYPE_IPV4) + header + udp + payload


def move(packets, start, gap):
    now = int(datetime.datetime.fromisoformat(start).timestamp()) * 1000000
    before, moved = packets[0][0], []
    for time, frame in packets:
        silence = time - before
        now += gap * 1000000 if silence > 1500000 else silence
        before = time
        moved.append((now, frame))
    return moved


def main(arguments):
    if len(arguments) == 5 and arguments[0] == "time":
        write(arguments[4], move(read(arguments[3]), arguments[1], int(arguments[2])))
        return
    if len(arguments) != 3 or arguments[0] not in ("vlan", "gtpu"):
        sys.exit(__doc__)
    wrap = {"vlan": vlan, "gtpu": gtpu}[arguments[0]]
    packets = ((time, wrap(frame)) for time, frame in read(arguments[1]))
    write(arguments[2], [(time, frame) for time, frame in packets if frame is not None])


if __name__ == "__main__":
    main(sys.argv[1:])
