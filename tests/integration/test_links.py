# SPDX-License-Identifier: BSD-3-Clause
"""Links that come and go under zerorated inline, and interfaces that take less than their peer gives.

Usage: test_links.py ZERORATED ZERORATE     as root; status 77 and the reason where it cannot run

One network namespace: frames go in at one end of a veth pair and come out at an end of another one; zerorated holds the two ends
between. Whatever happens there, each frame that came in was sent or is counted under a name, and what was sent arrives.
"""

import collections
import os
import shutil
import signal
import subprocess
import sys
import unittest

from daemon import Daemon
from netns import SKIPPED, Failed, inside, remove_namespace, run

BOX = f"zr-links-{os.getpid()}"
LIST = """#! serial: 1
#! issuer: test
#! issued: 2026-01-01T00:00:00Z
#! expires: 2099-01-01T00:00:00Z
match,service,rating_group
.olm.vn,olm,90001
"""
DOWN = "port net_af_packet1 has no link; what is to go out of it is lost (tx_link_down)"
UP = "port net_af_packet1 has its link again"
RING = "framesz=4096,framecnt=1024,blocksz=65536"
CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "1"; flows = "4K"; mode = "inline";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_af_packet0,iface=left,{ring} --vdev={vdev}";
  ports = ( {{ device = "net_af_packet0"; peer = "{device}"; }}, {{ device = "{device}"; peer = "net_af_packet0"; }} ); }};
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
records = {{ socket = "{{folder}}/records.sock"; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""
VETH = CONFIG.format(ring=RING, device="net_af_packet1", vdev=f"net_af_packet1,iface=right,{RING}")
TAP = CONFIG.format(ring=RING, device="net_tap0", vdev="net_tap0,iface=right")

# Frames as hex, one a line, sent at an interface; and the lengths of so many frames that come to one.
SEND = """import socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
for line in sys.stdin:
    raw.send(bytes.fromhex(line))
"""
# One frame again and again.
FLOOD = """import socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind((sys.argv[1], 0))
raw.send(bytes.fromhex(sys.argv[2]))
print("ready", flush=True)
while True:
    raw.send(bytes.fromhex(sys.argv[2]))
"""
# The kernel tells a tag beside the frame: so much was taken off.
RECEIVE = """import errno, socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
raw.bind((sys.argv[1], 3))
raw.setsockopt(263, 8, 1)
raw.settimeout(30)
print("ready", flush=True)
left = int(sys.argv[2])
while left:
    try:
        frame, more, _, address = raw.recvmsg(5000, 100)
    except OSError as error:
        # Its own link went down: it comes back.
        if error.errno != errno.ENETDOWN:
            raise
        continue
    if address[2] != socket.PACKET_OUTGOING and frame[6:12] == bytes(5) + b"\\x07":
        tagged = any(data[0] & 16 for _, _, data in more)
        print(len(frame) + 4 * tagged, flush=True)
        left -= 1
"""


def frame(length, tagged=False):
    """A frame of so many bytes, of no protocol that anybody here speaks."""
    head = bytes.fromhex("020000000001 000000000007" + ("8100 0005 88b5" if tagged else "88b5"))
    return head + bytes(length - len(head))


class Receiver:
    """Notes the lengths of so many frames that come to an interface."""

    def __init__(self, interface, count):
        self.process = subprocess.Popen(inside(BOX, sys.executable, "-c", RECEIVE, interface, count), stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        assert self.process.stdout.readline() == "ready\n"
        return self

    def lengths(self):
        return sorted(map(int, self.process.stdout))

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def why_not():
    """The reason why this test cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root, for a network namespace"
    missing = [program for program in ("ip",) if not shutil.which(program)]
    if missing:
        return "missing: " + ", ".join(missing) + " (tests/support/setup.sh tests)"
    try:
        run("ip", "netns", "add", BOX)
        run("ip", "-n", BOX, "link", "add", "probe", "type", "veth", "peer", "name", "other")
        run(*inside(BOX, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"))
    except Failed as failure:
        return f"not allowed here: {failure}"
    finally:
        remove_namespace(BOX)
    return None


class Links(unittest.TestCase):
    def setUp(self):
        self.addCleanup(remove_namespace, BOX)
        run("ip", "netns", "add", BOX)
        run(*inside(BOX, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"))
        self.pair("end0", "left")

    @staticmethod
    def link(*words):
        run("ip", "-n", BOX, "link", *words)

    def pair(self, end, box_end, mtu=1500):
        self.link("add", end, "mtu", mtu, "type", "veth", "peer", "name", box_end, "mtu", mtu)
        for name in (end, box_end):
            self.link("set", name, "up")

    @staticmethod
    def send(end, *frames):
        run(*inside(BOX, sys.executable, "-c", SEND, end), input="".join(one.hex() + "\n" for one in frames).encode())

    def daemon(self, config=VETH):
        return Daemon(*sys.argv[1:], config, LIST, command=inside(BOX))

    def assert_exact(self, daemon, received):
        """All of what came in at the left port was sent at the other, or is dropped by a name: which, and the status."""
        status = daemon.wait_for(lambda status: status["ports"][0]["rx_pkts"] >= received)
        left, right = status["ports"]
        drops = {name: drop for name, drop in right["tx_drops"].items() if drop["pkts"]}
        self.assertEqual(left["rx_pkts"], right["tx_pkts"] + sum(drop["pkts"] for drop in drops.values()))
        self.assertEqual(left["rx_bytes"], right["tx_bytes"] + sum(drop["bytes"] for drop in drops.values()))
        self.assertEqual(left["rx_pkts"], received)
        self.assertEqual(right["tx_errors"], 0)
        return {name: (drop["pkts"], drop["bytes"]) for name, drop in drops.items()}, status

    def test_link_that_goes_and_comes_back(self):
        self.pair("end1", "right")
        with self.daemon() as daemon, Receiver("end1", 5) as receiver:
            self.send("end0", frame(60), frame(61))
            daemon.wait_for(lambda status: status["ports"][1]["tx_pkts"] == 2)
            self.link("set", "end1", "down")
            status = daemon.wait_for(lambda status: not status["ports"][1]["link_up"] and DOWN in daemon.logged())
            self.assertIn("port net_af_packet1 has no link", status["warnings"])
            self.assertTrue(status["ports"][0]["link_up"])
            self.send("end0", *[frame(100)] * 10)
            drops, _ = self.assert_exact(daemon, 12)
            self.assertEqual(drops, {"tx_link_down": (10, 1000)})
            self.link("set", "end1", "up")
            daemon.wait_for(lambda status: status["ports"][1]["link_up"] and UP in daemon.logged())
            self.send("end0", frame(70), frame(71), frame(72))
            # No frame that was to go out before comes late.
            self.assertEqual(receiver.lengths(), [60, 61, 70, 71, 72])
            self.assertEqual(self.assert_exact(daemon, 15)[0], drops)
            self.assertEqual(daemon.end()[1], 0)
            self.assertEqual((daemon.logged().count(DOWN), daemon.logged().count(UP)), (1, 1))

    def test_peer_that_takes_less(self):
        """What its interface would lose without a word is counted; the length that fits is the kernel's, to the byte."""
        self.pair("end1", "right", 1300)
        with self.daemon() as daemon, Receiver("end1", 6) as receiver:
            self.send("end0", frame(1314), frame(1315), frame(1318, tagged=True), frame(1319, tagged=True), frame(1318), frame(1514), frame(60))
            drops, _ = self.assert_exact(daemon, 7)
            self.assertEqual(drops, {"tx_too_long": (4, 1315 + 1319 + 1318 + 1514)})
            for name in ("end1", "right"):
                self.link("set", name, "mtu", 1500)
            # The link was looked at once more when another one is seen to be gone.
            self.link("set", "end0", "down")
            daemon.wait_for(lambda status: not status["ports"][0]["link_up"])
            self.link("set", "end0", "up")
            daemon.wait_for(lambda status: status["ports"][0]["link_up"])
            self.send("end0", frame(1514), frame(1518, tagged=True), frame(61))
            self.assertEqual(receiver.lengths(), [60, 61, 1314, 1318, 1514, 1518])
            self.assertEqual(self.assert_exact(daemon, 10)[0], drops)

    def test_interface_that_is_removed(self):
        """It was the left port's; the right one goes on, and so does the daemon."""
        self.pair("end1", "right")
        with self.daemon() as daemon:
            self.send("end1", *[frame(100)] * 5)
            daemon.wait_for(lambda status: status["ports"][0]["tx_pkts"] == 5)
            self.link("del", "left")
            self.send("end1", *[frame(100)] * 5)
            daemon.wait_for(lambda status: not status["ports"][0]["link_up"])
            self.send("end1", *[frame(100)] * 5)
            status = daemon.wait_for(lambda status: status["ports"][1]["rx_pkts"] == 15)
            left = status["ports"][0]
            # Until it was noticed, its driver took what it could not send.
            self.assertEqual(left["tx_pkts"] + sum(drop["pkts"] for drop in left["tx_drops"].values()), 15)
            self.assertGreaterEqual(left["tx_drops"]["tx_link_down"]["pkts"], 5)
            self.assertEqual(status["state"], "running")
            self.assertEqual(daemon.end()[1], 0)

    def test_frames_of_other_interfaces_are_no_ports(self):
        """The driver opens its sockets before it binds them, and has what came in at any interface meanwhile."""
        self.pair("end1", "right")
        self.pair("elsewhere", "aside")
        flood = subprocess.Popen(inside(BOX, sys.executable, "-c", FLOOD, "elsewhere", frame(200).hex()), stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(flood.stdout.readline(), "ready\n")
            with self.daemon() as daemon:
                self.send("end0", *[frame(100)] * 5)
                status = daemon.wait_for(lambda status: status["ports"][1]["tx_pkts"] >= 5)
                self.assertEqual([(port["rx_pkts"], port["tx_pkts"]) for port in status["ports"]], [(5, 0), (0, 5)])
                self.assertEqual(daemon.end()[1], 0)
        finally:
            flood.kill()
            flood.communicate()

    def test_long_frame_keeps_no_other_from_going_out(self):
        """net_tap stops at one that it does not take."""
        if not os.path.exists("/dev/net/tun"):
            self.skipTest("no /dev/net/tun here")
        for name in ("end0", "left"):
            self.link("set", name, "mtu", 3000)
        with self.daemon(TAP) as daemon, Receiver("right", 40) as receiver:
            sizes = collections.Counter()
            for size in range(100, 140):
                sizes[size] += 1
                self.send("end0", frame(2000), frame(size)) if size % 10 else self.send("end0", *[frame(2000)] * 20, frame(size))
            received = 2 * 36 + 21 * 4
            drops, _ = self.assert_exact(daemon, received)
            self.assertEqual(drops, {"tx_too_long": (received - 40, 2000 * (received - 40))})
            self.assertEqual(receiver.lengths(), sorted(sizes.elements()))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    return 0 if unittest.main(argv=sys.argv[:1], exit=False, verbosity=2).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
