# SPDX-License-Identifier: BSD-3-Clause
"""The daemon in the way of real traffic: everything passes, what is free carries a mark, volumes are the kernel's.

Usage: test_inline.py ZERORATED ZERORATE LIST     as root; status 77 and the reason where it cannot run

The row of test_live.py with a fourth namespace between the subscriber and the gateway, in which there is nothing but two
interfaces without addresses and zerorated. What goes up is looked at by the gateway's nftables, what comes down by the
subscriber's. The subscriber marks its own packets to some charged servers, which must not help.
"""

import json
import os
import signal
import subprocess
import sys
import unittest

import test_live
from test_live import CASES, GATEWAY, NAMESPACES, SKIPPED, SUBSCRIBER, Live, Net, inside, is_talk, run

BOX = f"zr-live-{os.getpid()}-box"
SERVERS = sorted({case.server for case in CASES})
CHEATED = {"203.0.113.21", "203.0.113.23", "2001:db8:203::20"}

# Frames of no protocol that anybody here speaks, with and without tags, to one and to many, short and full.
FRAMES = [bytes.fromhex(head) + bytes(length) for head, length in (
    ("ffffffffffff 027700000001 88b5", 46), ("0180c200000e 027700000001 88cc", 46), ("333300000001 027700000001 88b5", 1500),
    ("027700000002 027700000001 8100 a007 88b5", 46), ("027700000002 027700000001 8100 0064 8100 0007 88b5", 46),
    ("027700000002 027700000001 8100 0007 0800", 30), ("027700000002 027700000001 0026 424203", 35), ("027700000002 027700000001 0800 45000400", 60),
)]
SEND = """import socket, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind(("line", 0))
for line in sys.stdin:
    raw.send(bytes.fromhex(line))
"""
# The kernel takes the outer tag off and tells it beside the frame (packet(7), PACKET_AUXDATA).
RECEIVE = """import socket, struct, sys
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
raw.bind(("access", 3))
raw.setsockopt(263, 8, 1)
raw.settimeout(20)
print("ready", flush=True)
left = int(sys.argv[1])
while left:
    frame, more, _, _ = raw.recvmsg(2000, 100)
    if frame[6:12].hex() != "027700000001":
        continue
    for level, kind, data in more:
        status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data)
        if status & 16:
            frame = frame[:12] + struct.pack("!HH", tpid if status & 64 else 0x8100, tci) + frame[12:]
    print(frame.hex(), flush=True)
    left -= 1
"""

# Rings hold all frames of this test; a queue for each worker to send from.
RING = "framesz=2048,framecnt=8192,blocksz=65536,qpairs=2"
CONFIG = f"""gateway = "test-gw";
dataplane = {{ workers = "1-2"; flows = "64K"; mode = "inline";
  eal = "--no-huge --no-pci --no-shconf -m 512 --vdev=net_af_packet0,iface=left,{RING} --vdev=net_af_packet1,iface=right,{RING}";
  ports = ( {{ device = "net_af_packet0"; role = "access"; peer = "net_af_packet1"; }},
            {{ device = "net_af_packet1"; role = "core"; peer = "net_af_packet0"; }} );
  mark = {{ default = "AF11"; rating_groups = ( {{ rating_group = 90003; dscp = "AF21"; }} ); }}; }};
subscribers = [ "10.77.0.0/24", "2001:db8:77::/64" ];
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
records = {{ socket = "{{folder}}/records.sock"; charged_flows = true; consumers = [ "billing" ]; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""


class InlineNet(Net):
    """The row with the box in it."""

    @staticmethod
    def join(one, device, ipv4, ipv6, other, other_device, other_ipv4, other_ipv6):
        Net.join(one, device, ipv4, ipv6, other, other_device, other_ipv4, other_ipv6)
        if one != SUBSCRIBER:
            return
        # Cut the line and put the box between its ends: what was one link becomes two.
        run("ip", "-n", one, "link", "del", device)
        run(*inside(BOX, "sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"))
        for name, end, box_end, *addresses in ((one, device, "left", ipv4, ipv6), (other, other_device, "right", other_ipv4, other_ipv6)):
            run("ip", "-n", name, "link", "add", end, "mtu", 1500, "type", "veth", "peer", "name", box_end, "mtu", 1500, "netns", BOX)
            for space, link in ((name, end), (BOX, box_end)):
                run(*inside(space, "ethtool", "-K", link, "tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off"))
                run("ip", "-n", space, "link", "set", link, "up")
            for address in addresses:
                run("ip", "-n", name, "addr", "add", address, "dev", end, *(["nodad"] if ":" in address else []))

    def count(self):
        super().count()
        self.count_marks(GATEWAY, "forward", "daddr")
        self.count_marks(SUBSCRIBER, "input", "saddr")
        cheats = [f"{family(server)} daddr {server} {family(server)} dscp set af11" for server in sorted(CHEATED)]
        run(*inside(SUBSCRIBER, "nft", "-f", "-"), input=(
            "table inet cheat { chain out { type filter hook output priority 0; policy accept;\n%s\n}\n}\n" % "\n".join(cheats)).encode())

    @staticmethod
    def count_marks(namespace, hook, side):
        # Without ICMP: a kernel gives its errors a code point of their own.
        rules = [f'meta l4proto {{ tcp, udp }} {family(server)} {side} {server} {family(server)} dscp {mark} counter comment "{server} {mark}"'
                 for server in SERVERS for mark in ("cs0", "af11", "af21")]
        table = "table inet marks { chain look { type filter hook %s priority 1; policy accept;\n%s\n}\n}\n"
        run(*inside(namespace, "nft", "-f", "-"), input=(table % (hook, "\n".join(rules))).encode())

    @staticmethod
    def marks(namespace):
        """Bytes by server and code point."""
        marks = {}
        for item in json.loads(run(*inside(namespace, "nft", "-j", "list", "chain", "inet", "marks", "look")))["nftables"]:
            if "rule" in item:
                server, mark = item["rule"]["comment"].split()
                marks[server, mark] = next(part["counter"]["bytes"] for part in item["rule"]["expr"] if "counter" in part)
        return marks

    def fetch(self, case):
        if case == CASES[0]:
            self.odd = self.send_odd_frames()
            # ARP and neighbour discovery go through; so do packets of full size.
            for address in ("10.77.0.1", "2001:db8:77::1"):
                run(*inside(SUBSCRIBER, "ping", "-c", 2, "-W", 5, "-M", "do", "-s", 1440, address))
        super().fetch(case)


    @staticmethod
    def send_odd_frames():
        """What came of FRAMES at the other side."""
        with subprocess.Popen(inside(GATEWAY, sys.executable, "-c", RECEIVE, len(FRAMES)), stdout=subprocess.PIPE, text=True) as receiver:
            receiver.stdout.readline()
            run(*inside(SUBSCRIBER, sys.executable, "-c", SEND), input="".join(frame.hex() + "\n" for frame in FRAMES).encode())
            return [bytes.fromhex(line) for line in receiver.stdout]


def family(address):
    return "ip6" if ":" in address else "ip"


class Inline(Live):
    """All of Live, and what the box did to what passed it."""

    config = CONFIG
    namespace = BOX

    def expected(self, direction):
        """Bytes by server and code point, by the records: what was free and not credited later is marked."""
        sums = {(server, mark): 0 for server in SERVERS for mark in ("cs0", "af11", "af21")}
        for record in self.usage:
            server = record["server_ip"]
            if server not in SERVERS or not is_talk(record):
                continue
            late = record.get(f"retro_{direction}_bytes", 0)
            mark = "cs0" if record["verdict"] == "charged" else "af21" if record["rating_group"] == 90003 else "af11"
            sums[server, mark] += record[f"{direction}_bytes"] - late
            sums[server, "cs0"] += late
        return sums

    def test_marks_on_the_way_up(self):
        self.assertEqual(self.net.marks(GATEWAY), self.expected("up"))

    def test_marks_on_the_way_down(self):
        self.assertEqual(self.net.marks(SUBSCRIBER), self.expected("down"))

    def test_frames_of_any_kind_pass(self):
        self.assertEqual(sorted(frame.hex() for frame in self.net.odd), sorted(frame.hex() for frame in FRAMES))

    def test_both_marks_were_there(self):
        marked = {mark for (_, mark), octets in self.net.marks(GATEWAY).items() if octets}
        self.assertEqual(marked, {"cs0", "af11", "af21"})
        self.assertGreater(self.status["marks"]["cleared"], 10)
        self.assertEqual(self.status["marks"]["mark_skipped"], 0)

    def test_what_comes_in_goes_out(self):
        self.assertEqual(self.status["mode"], "inline")
        ports = self.status["ports"]
        for port, peer in (ports, reversed(ports)):
            self.assertTrue(port["link_up"])
            self.assertEqual(port["peer"], peer["device"])
            self.assertGreater(port["rx_pkts"], 100)
            self.assertEqual((port["rx_pkts"], port["rx_bytes"]), (peer["tx_pkts"], peer["tx_bytes"]), port["device"])
            self.assertEqual({name for name, drop in port["tx_drops"].items() if drop["pkts"]}, set())
            self.assertEqual({name for name, count in port["drops"].items() if count}, set())


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = test_live.why_not()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    NAMESPACES.append(BOX)
    with InlineNet() as net:
        Inline.net = net
        Inline.gather(net, *sys.argv[1:])
        # The counters go with the namespaces.
        return 0 if unittest.main(argv=sys.argv[:1], exit=False, defaultTest="Inline").result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
