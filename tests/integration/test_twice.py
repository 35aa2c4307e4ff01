# SPDX-License-Identifier: BSD-3-Clause
"""Traffic that is seen from both sides of a gateway: a tap refuses it, what forwards goes on and says so.

Usage: test_twice.py ZERORATED ZERORATE
"""

import pathlib
import struct
import sys
import tempfile
import unittest

from daemon import PATIENCE_S, Daemon

LIST = """#! serial: 1
#! issuer: test
#! issued: 2026-01-01T00:00:00Z
#! expires: 2099-01-01T00:00:00Z
match,service,rating_group
.olm.vn,olm,90001
"""
SECONDS, PER_SECOND = 16, 1000
SENTENCE = "the same packets are seen twice, inside tunnels and outside of them: all of them are counted twice"

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "1"; flows = "4K"; {mode}
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={both},tx_pcap=/dev/null --vdev=net_pcap1,rx_pcap={none},tx_pcap=/dev/null";
  ports = ( {{ device = "net_pcap0"; {peer0} }}, {{ device = "net_pcap1"; {peer1} }} ); }};
tunnel_endpoints = [ "10.200.0.0/24" ];
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
records = {{ socket = "{{folder}}/records.sock"; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""


def ipv4(source, destination, proto, payload):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0, bytes(source), bytes(destination)) + payload


def packets(copies):
    """Of one download, each as the gateway's inner side sees it and, when copies are wanted, as its outer side does."""
    for number in range(SECONDS * PER_SECOND):
        time_us = number * 1_000_000 // PER_SECOND
        segment = struct.pack("!HHIIHHHH", 443, 40000, number * 100, 1, 0x5010, 1000, number + 1, 0) + bytes(100)
        inner = ipv4((203, 0, 113, 1), (10, 0, 0, 1), 6, segment)
        yield time_us, bytes(12) + b"\x08\x00" + inner
        if copies:
            tunnel = struct.pack("!BBHI", 0x30, 255, len(inner), 7) + inner
            udp = struct.pack("!HHHH", 2152, 2152, 8 + len(tunnel), 0) + tunnel
            yield time_us + 50, bytes(12) + b"\x08\x00" + ipv4((10, 200, 0, 1), (10, 200, 0, 2), 17, udp)


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for time_us, frame in frames:
            file.write(struct.pack("<IIII", 1_800_000_000 + time_us // 1_000_000, time_us % 1_000_000, len(frame), len(frame)) + frame)


class Twice(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        write_pcap(self.folder / "none.pcap", [])

    def tearDown(self):
        self.temporary.cleanup()

    def daemon(self, copies, inline=False):
        write_pcap(self.folder / "both.pcap", packets(copies))
        config = CONFIG.format(mode='mode = "inline";' if inline else "", both=self.folder / "both.pcap",
                               none=self.folder / "none.pcap", peer0='peer = "net_pcap1";' if inline else "",
                               peer1='peer = "net_pcap0";' if inline else "", folder="{folder}")
        return Daemon(*sys.argv[1:], config, LIST)

    def test_tap_ends(self):
        with self.daemon(copies=True) as daemon:
            self.assertEqual(daemon.process.wait(PATIENCE_S), 3)
            self.assertIn(f"<3>{SENTENCE}; give this gateway one side only, before its packet gateway or behind it", daemon.logged())
            self.assertEqual(daemon.logged().count(SENTENCE), 1)

    def test_one_side_is_taken(self):
        with self.daemon(copies=False) as daemon:
            status = daemon.wait_for(lambda status: status["totals"]["pkts"] == SECONDS * PER_SECOND)
            self.assertEqual(status["counters"]["seen_twice"], 0)
            self.assertEqual(daemon.end()[1], 0)
            self.assertNotIn(SENTENCE, daemon.logged())

    def test_what_forwards_goes_on(self):
        with self.daemon(copies=True, inline=True) as daemon:
            status = daemon.wait_for(lambda status: status["ports"][1]["tx_pkts"] == 2 * SECONDS * PER_SECOND)
            self.assertIn(SENTENCE, status["warnings"])
            daemon.wait_for(lambda _: SENTENCE in daemon.logged())
            self.assertEqual(daemon.status()["state"], "running")
            self.assertEqual(daemon.end()[1], 0)
            self.assertEqual(daemon.logged().count(SENTENCE), 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
