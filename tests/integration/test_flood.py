# SPDX-License-Identifier: BSD-3-Clause
"""Floods against the real daemon while a listed download goes on: its volume is exact to the byte, it has one final record and
stays free; the sums add up; the process takes no more memory than it had.

Usage: test_flood.py ZERORATED ZERORATE     as root; status 77 and the reason where it cannot run

Frames are sent at one end of a line in a namespace of their own, and zerorated listens at the other. Never more are on their way
than the socket's ring holds, so that none is lost however busy the machine is.
"""

import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import unittest

import endless
import netns
from daemon import Daemon, Stream
from netns import SKIPPED, inside, remove_namespace, run

BOX = f"zr-flood-{os.getpid()}"
ZERORATED, ZERORATE = [""] * 2

FRAMES = 60000     # of the flood
EVERY = 40         # so many of them between two packets of the download
AT_A_TIME = 4000   # of the 16384 that the ring holds
GROWS_MOST_KIB = 16 << 10  # what the rest of the daemon may take: its database, answers to questions
CLIENT, SERVER, RESOLVER = (socket.inet_aton(text) for text in ("10.77.0.11", "203.0.113.10", "192.0.2.53"))

# Every bound of memory is passed many times over.
CONFIG = """gateway = "test-gw";
dataplane = { workers = "1"; flows = "4K"; reassembly_memory = "1MiB";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_af_packet0,iface=access,framesz=2048,framecnt=16384,blocksz=65536";
  ports = ( { device = "net_af_packet0"; } ); };
subscribers = [ "10.0.0.0/8" ];
trusted_resolvers = [ "192.0.2.53/32" ];
list = { file = "{folder}/list.csv"; state = "{folder}/state"; shrink_limit = 100; };
records = { socket = "{folder}/records.sock"; consumers = [ "billing" ]; };
ledger = { folder = "{folder}/ledger"; };
control = { socket = "{folder}/control.sock"; };
"""
LIST = endless.LIST + ".media.example,media,12,,,learn,,\n"

SEND = """import socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
for line in sys.stdin:
    for frame in line.split():
        raw.send(bytes.fromhex(frame))
    print("sent", flush=True)
"""


def ipv6_fragment(client, number, at):
    """A part of a datagram that has no end. (A packet socket keeps fragments of IPv4 back until they are whole.)"""
    source, destination = b"\x20\1\x0d\xb8" + bytes(8) + client, b"\x20\1\x0d\xb8" + bytes(8) + SERVER
    part = struct.pack("!BBHI", 17, 0, at | 1, number) + bytes(1200)
    head = struct.pack("!IHBB", 6 << 28, len(part), 44, 64) + source + destination
    return endless.CORE_MAC + endless.ACCESS_MAC + b"\x86\xdd" + head + part, len(head + part)


def ipv4(client, server, proto, payload):
    """A frame from the client, and the length of its IP packet."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0, client, server)
    head = head[:10] + endless.checksum(head) + head[12:]
    return endless.CORE_MAC + endless.ACCESS_MAC + b"\x08\0" + head + payload, 20 + len(payload)


def udp(client, client_port, server, server_port, payload):
    return ipv4(client, server, 17, struct.pack("!HHHH", client_port, server_port, 8 + len(payload), 0) + payload)


def forged_answer(number):
    """An answer that says where a listed name is."""
    name = b"".join(bytes([len(label)]) + label for label in (b"w%d" % number, b"media", b"example")) + b"\0"
    return (struct.pack("!HHHHHH", number & 0xFFFF, 0x8180, 1, 1, 0, 0) + name + struct.pack("!HH", 1, 1)
            + b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + bytes([198, 51, 100, number & 255]))


def flood(number, chance):
    """The frames of one stranger, each with its IP length."""
    client = bytes([10, 80 + number % 100, number >> 8 & 255, number & 255])
    port = 1024 + number % 60000
    tuple_ = (client, port), (SERVER, 443)
    kind = number % 7
    if kind == 0:
        return [udp(client, port, SERVER, 9000, b"x")]
    if kind == 1:
        return [endless.packet(tuple_, endless.UP, number, endless.SYN)]
    if kind == 2:
        hello = endless.tls_hello(b"never.free.example")
        return [endless.packet(tuple_, endless.UP, 1, endless.SYN),
                endless.packet(tuple_, endless.UP, 2, endless.PUSH_ACK, hello[:len(hello) // 2])]
    if kind == 3:
        return [ipv6_fragment(client, number, chance.randrange(2) * 1200)]
    if kind == 4:
        long_header = b"\xc3\0\0\0\1\x08" + chance.randbytes(8) + b"\0\0\x44\x9e" + chance.randbytes(1182)
        return [udp(client, port, SERVER, 443, long_header)]
    if kind == 5:
        return [udp(RESOLVER, 53, client, port, forged_answer(number)),
                udp(client, port, bytes([198, 51, 100, number & 255]), 9000, b"x")]
    return [endless.packet(tuple_, endless.UP, 1, endless.PUSH_ACK, endless.tls_hello(b"charged.example"))]


def traffic():
    """All frames in order, each with its IP length and the way of the download that it belongs to, None for the flood's."""
    chance = random.Random(8)
    download = endless.connection(((CLIENT, 40000), (SERVER, 443)), 1000, endless.tls_hello(b"film.free.example"), FRAMES // EVERY)
    sent = []
    number = 0
    while len(sent) < FRAMES:
        sent += [(*frame, None) for frame in flood(number, chance)]
        number += 1
        if number % EVERY == 0:
            sent += [(frame, length, way) for way, frame, length in [next(download)]]
    return sent + [(frame, length, way) for way, frame, length in download]


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


class Sender:
    def __init__(self):
        self.process = subprocess.Popen(inside(BOX, sys.executable, "-c", SEND, "far"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def send(self, frames):
        self.process.stdin.write(" ".join(frame.hex() for frame in frames) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "sent\n"

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Flood(unittest.TestCase):
    def test_download_under_floods(self):
        sent = traffic()
        with Daemon(ZERORATED, ZERORATE, CONFIG, LIST, inside(BOX)) as daemon:
            stream = Stream(daemon, op="subscribe", consumer="billing")
            self.addCleanup(stream.close)
            sender = Sender()
            self.addCleanup(sender.close)
            before = status = None
            for at in range(0, len(sent), AT_A_TIME):
                part = sent[at:at + AT_A_TIME]
                sender.send([frame for frame, _, _ in part])
                status = daemon.wait_for(lambda status, due=at + len(part): status["totals"]["pkts"] >= due)
                self.assertEqual(status["exactness_bytes"], 0)
                self.assertLessEqual(status["flows"]["open"], status["flows"]["max"])
                if before is None:
                    before = resident_kib(daemon.process.pid)
            after = resident_kib(daemon.process.pid)
            self.assertEqual(daemon.end()[1], 0)
            messages = stream.to_end()
        self.sums(sent, status)
        self.download(sent, [message["record"] for message in messages if message["op"] == "record"])
        counters = status["counters"]
        for name in ("evicted_undecided", "evicted_charged", "hellos_given_up", "datagrams_given_up", "dns_unasked"):
            self.assertGreater(counters[name], 0, name)
        self.assertEqual((counters["evicted_free"], counters["lessons"]), (0, 0))
        # A sanitizer keeps what was freed.
        if b"__asan_init" not in pathlib.Path(ZERORATED).read_bytes():
            self.assertLessEqual(after, before + GROWS_MOST_KIB)

    def sums(self, sent, status):
        totals = status["totals"]
        self.assertEqual((totals["pkts"], totals["bytes"]), (len(sent), sum(length for _, length, _ in sent)))
        parts = [totals["free"], totals["charged"], *totals["unaccounted"].values()]
        self.assertEqual(sum(part["bytes"] for part in parts), totals["bytes"])
        self.assertEqual(sum(part["pkts"] for part in parts), totals["pkts"])
        self.assertEqual(totals["free"]["bytes"], sum(length for _, length, way in sent if way is not None))
        self.assertEqual({name: count for name, count in status["ports"][0]["drops"].items() if count}, {})

    def download(self, sent, records):
        usage = [record for record in records if record["type"] == "usage" and record["verdict"] == "free"]
        self.assertEqual({record["client_port"] for record in usage}, {40000})
        self.assertEqual([record["cause"] for record in usage].count("shutdown"), 1)
        self.assertEqual([record.get("final") for record in usage].count(True), 1)
        for way, name in ((endless.UP, "up"), (endless.DOWN, "down")):
            mine = [length for _, length, of in sent if of == way]
            self.assertEqual(sum(record[f"{name}_pkts"] for record in usage), len(mine))
            self.assertEqual(sum(record[f"{name}_bytes"] for record in usage), sum(mine))


def main():
    global ZERORATED, ZERORATE
    ZERORATED, ZERORATE = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = netns.why_not(BOX, "ip", "nft", "ethtool")
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    try:
        run("ip", "netns", "add", BOX)
        netns.set_sysctl(BOX, ipv6__conf__all__disable_ipv6=1, ipv6__conf__default__disable_ipv6=1)
        netns.link(BOX, "far", BOX, "access")
        return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1
    finally:
        remove_namespace(BOX)


if __name__ == "__main__":
    sys.exit(main())
