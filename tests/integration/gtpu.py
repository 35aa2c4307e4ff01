# SPDX-License-Identifier: BSD-3-Clause
"""A mobile network for tests: real GTP-C and GTP-U by osmo-ggsn and sgsnemu, the box on the line between them.

Five namespaces in a row: subscriber, SGSN, box, GGSN (test_live's gateway) and servers. sgsnemu makes one PDP context of each
kind and gives the subscriber a tun device for it; osmo-ggsn has one for each pool. The line between SGSN and GGSN goes through the box,
two interfaces without addresses. The kernel counts behind the GGSN what it forwards, as in test_live, and at both ends
of the line what arrives. Neither program knows PDP contexts of both families at once: sgsnemu asks for v4 or v6.
"""

import ipaddress
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import time

from daemon import PATIENCE_S
from test_inline import SERVERS, InlineNet
from test_live import GATEWAY, NAMESPACES, SERVER, SUBSCRIBER, Net, inside, run

SGSN, BOX = [f"zr-live-{os.getpid()}-{name}" for name in ("sgsn", "box")]
NAMESPACES += [SGSN, BOX]
GGSN_IP = "10.200.0.10"
# An idle subscriber comes first, so that tunnel ids differ by direction. 2123 is GTP-C, 2152 GTP-U.
CONTEXTS = ("idle", "10.200.0.1", "v4"), ("tun4", "10.200.0.2", "v4"), ("tun6", "10.200.0.3", "v6")
TUN = pathlib.Path("/dev/net/tun")
# Before the inner header: IP, UDP, and GTP-U with a sequence number, which both programs send.
OUTER_LEN = 20 + 8 + 12
LINE_MTU = 1500
ARP_FRAME_LEN = 14 + 28
CODE_POINTS = {"cs0": 0, "af11": 10, "af21": 18}

# The pool's first address is the GGSN's own, the second the idle subscriber's, the third 10.77.0.11.
GGSN = """log stderr
 logging filter all 1
 logging color 0
 logging timestamp 0
 logging level ggsn info
line vty
 no login
ggsn ggsn0
 gtp state-dir {folder}
 gtp bind-ip {ip}
 apn v4
  gtpu-mode tun
  tun-device pool4
  type-support v4
  ip prefix dynamic 10.77.0.8/29
  ip ifconfig 10.77.0.9/29
  no shutdown
 apn v6
  gtpu-mode tun
  tun-device pool6
  type-support v6
  ipv6 prefix dynamic 2001:db8:77::/56
  ipv6 ifconfig 2001:db8:77::1/56
  no shutdown
 no shutdown ggsn
"""
# What is said before it asks is not heard.
VTY = """import socket
vty = socket.create_connection(("127.0.0.1", 4260), 20)
for line in ("terminal length 0", "show pdp-context ggsn ggsn0", "exit"):
    said = b""
    while not said.endswith(b"> "):
        part = vty.recv(4096)
        assert part, "osmo-ggsn hung up"
        said += part
    vty.sendall(line.encode() + b"\\n")
    print(said.decode(errors="replace"))
"""
# An echo request of GTP-U version 1 and its answer (3GPP TS 29.281, section 7.2).
ECHO = """import socket, sys
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.bind((sys.argv[1], 0))
line.settimeout(20)
line.sendto(bytes.fromhex("32010004000000000001 0000"), (sys.argv[2], 2152))
assert line.recv(100)[1] == 2
"""


def why_no_tun():
    """The reason why there are no tun devices here, or None; the node is made if it is missing."""
    try:
        if not TUN.exists():
            TUN.parent.mkdir(exist_ok=True)
            os.mknod(TUN, 0o666 | stat.S_IFCHR, os.makedev(10, 200))
        os.close(os.open(TUN, os.O_RDWR))
    except OSError as error:
        return f"no tun devices: {error}"
    return None


def await_true(condition, what):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(what())


def set_in(namespace, *settings):
    """Settings below /proc/sys/net, NAME=VALUE."""
    for setting in settings:
        name, value = setting.split("=")
        run(*inside(namespace, "sh", "-c", f"echo {value} >/proc/sys/net/{name}"))


# Pieces are counted as they come, the rest behind the kernel's reassembly.
LINE_TABLE = """table inet gn {{
  chain pieces {{ type filter hook prerouting priority -450; policy accept; iifname "gn" ip frag-off & 0x3fff != 0 counter comment "pieces"
  }}
  chain look {{ type filter hook input priority 0; policy accept; iifname != "gn" accept
{rules}
  }}
}}
table arp gn {{ chain look {{ type filter hook input priority 0; policy accept; iifname "gn" counter comment "arp"
  }}
}}
"""


class TunnelNet(InlineNet):
    """The network. Nobody has a PDP context until attach()."""

    def link(self):
        for name in NAMESPACES:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        # Nothing may be sent that no program here asked for: it would be in no counter but one.
        set_in(SUBSCRIBER, "ipv6/conf/default/router_solicitations=0")
        # What is under way fits into the queues of both programs, so that they lose nothing however busy the machine is.
        for name in (SUBSCRIBER, SERVER):
            set_in(name, "ipv4/tcp_rmem='4096 65536 65536'")
        self.join(SERVER, "line", "10.78.0.2/24", "2001:db8:78::2/64", GATEWAY, "core", "10.78.0.1/24", "2001:db8:78::1/64")
        run("ip", "-n", SERVER, "route", "add", "default", "via", "10.78.0.1")
        run("ip", "-n", SERVER, "route", "add", "default", "via", "2001:db8:78::1")
        for server in SERVERS:
            route = f"{server}/{128 if ':' in server else 32}"
            run("ip", "-n", SERVER, "addr", "add", route, "dev", "lo", *(["nodad"] if ":" in server else []))
            run("ip", "-n", GATEWAY, "route", "add", route, "via", "2001:db8:78::2" if ":" in server else "10.78.0.2")
        self.line()
        set_in(GATEWAY, "ipv4/ip_forward=1", "ipv6/conf/all/forwarding=1")

    @staticmethod
    def line():
        """From SGSN to GGSN, IPv4 only, with the box in it."""
        set_in(BOX, "ipv6/conf/default/disable_ipv6=1")
        ends = (SGSN, "left", [ip for _, ip, _ in CONTEXTS]), (GATEWAY, "right", [GGSN_IP])
        for name, box_end, addresses in ends:
            run("ip", "-n", name, "link", "add", "gn", "mtu", LINE_MTU, "type", "veth", "peer", "name", box_end, "mtu", LINE_MTU, "netns", BOX)
            for space, link in ((name, "gn"), (BOX, box_end)):
                run(*inside(space, "ethtool", "-K", link, "tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off"))
            set_in(name, "ipv6/conf/gn/disable_ipv6=1", "ipv4/neigh/gn/base_reachable_time_ms=36000000", "ipv4/neigh/gn/delay_first_probe_time=36000")
            for space, link in ((name, "gn"), (BOX, box_end)):
                run("ip", "-n", space, "link", "set", link, "up")
            for address in addresses:
                run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "gn")

    # What is counted.

    def count(self):
        """All counters, from nothing."""
        for name in (GATEWAY, SUBSCRIBER, SGSN):
            run(*inside(name, "nft", "flush", "ruleset"))
        super().count()
        for name, side in ((GATEWAY, "daddr"), (SGSN, "saddr")):
            run(*inside(name, "nft", "-f", "-"), input=LINE_TABLE.format(rules="\n".join(line_rules(side))).encode())

    @staticmethod
    def arrived(namespace):
        """What came over the line to this end: {name: (bytes, packets)}."""
        counts = {}
        for item in json.loads(run(*inside(namespace, "nft", "-j", "list", "ruleset")))["nftables"]:
            if "rule" in item and item["rule"]["table"] == "gn" and "comment" in item["rule"]:
                counter = next(part["counter"] for part in item["rule"]["expr"] if "counter" in part)
                counts[item["rule"]["comment"]] = (counter["bytes"], counter["packets"])
        return counts

    # Who is there.

    def serve(self):
        super().serve()
        self.spawn(GATEWAY, "ggsn", "osmo-ggsn", "-c", self.write("ggsn.cfg", GGSN.format(folder=self.folder, ip=GGSN_IP)))
        await_true(lambda: b":084B " in run(*inside(GATEWAY, "cat", "/proc/net/udp")), lambda: f"no GGSN:\n{self.logged('ggsn')}")
        for pool in ("pool4", "pool6"):
            run("ip", "-n", GATEWAY, "link", "set", pool, "txqueuelen", 4000)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def spawn(self, namespace, name, *command):
        with open(self.folder / f"{name}.log", "wb") as log:
            self.servers.append(subprocess.Popen(inside(namespace, *command), stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def logged(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def attach(self):
        """PDP contexts, through the box."""
        for number, (device, ip, kind) in enumerate(CONTEXTS):
            state = self.folder / device
            state.mkdir()
            self.spawn(SGSN, device, "sgsnemu", "--listen", ip, "--remote", GGSN_IP, "--createif", "--tun-device", device, "--netns", SUBSCRIBER,
                       "--pdp-type", kind, "--apn", kind, "--imsi", f"24001012345678{number}", "--statedir", state, "--pidfile", state / "pid")
            await_true(lambda device=device: self.addresses(device), lambda device=device: f"no PDP context:\n{self.logged(device)}\n{self.logged('ggsn')}")
        run("ip", "-n", SUBSCRIBER, "route", "replace", "default", "dev", "tun4")
        run("ip", "-n", SUBSCRIBER, "-6", "route", "replace", "default", "dev", "tun6")

    @staticmethod
    def addresses(device):
        """Those that the network gave to it."""
        links = subprocess.run(["ip", "-j", "-n", SUBSCRIBER, "addr", "show", "dev", device, "scope", "global"], capture_output=True)
        return [info["local"] for link in json.loads(links.stdout or "[]") for info in link.get("addr_info", []) if "local" in info]

    @staticmethod
    def inner_mtu(mtu):
        for name, devices in ((SUBSCRIBER, ("tun4", "tun6")), (GATEWAY, ("pool4", "pool6"))):
            for device in devices:
                run("ip", "-n", name, "link", "set", device, "mtu", mtu)
        # What was learned of the path before.
        for name in (SUBSCRIBER, SERVER):
            for version in ("-4", "-6"):
                run("ip", version, "-n", name, "route", "flush", "cache")

    @staticmethod
    def contexts():
        """What the GGSN says that it agreed on: {subscriber's address or prefix: (TEID up, TEID down)}."""
        said = run(*inside(GATEWAY, sys.executable, "-c", VTY)).decode()
        found = re.findall(r"Data: [^:]+:([0-9a-f]{8}) <-> [^:]+:([0-9a-f]{8})\s.*?End-User Address \(IPv[46]\): (\S+)", said, re.DOTALL)
        return {address: (int(up, 16), int(down, 16)) for up, down, address in found}

    @staticmethod
    def speak_outside():
        """What a tunnel's ends say to each other beside it."""
        run(*inside(SGSN, sys.executable, "-c", ECHO, CONTEXTS[0][1], GGSN_IP))
        run(*inside(SGSN, "ping", "-c", 1, "-W", PATIENCE_S, GGSN_IP))

    @staticmethod
    def curl(case, *more):
        """The command of a transfer that goes on beside others."""
        where = f"{case.name}:{case.port}:" + (f"[{case.server}]" if ":" in case.server else case.server)
        return inside(SUBSCRIBER, "curl", "-sk", "-o", "/dev/null", "--noproxy", "*", "--resolve", where, *more,
                      f"{'http' if case.port == 80 else 'https'}://{case.name}/{case.path}")

    def fetch(self, case):
        Net.fetch(self, case)


def line_rules(side):
    """What arrives over the line: user packets by both code points and by server, at the inner header's side; all else by what it is."""
    user = "udp dport 2152 @th,64,16 0x32ff"
    for outer in CODE_POINTS:
        for inner, value in CODE_POINTS.items():
            for version, at in ((4, 168), (6, 164)):
                yield f'{user} ip dscp {outer} @th,160,4 {version} @th,{at},6 {value} counter comment "{inner} in {outer}, v{version}"'
    for server in SERVERS:
        # Without ICMP, as in test_inline.
        address = int(ipaddress.ip_address(server))
        if ":" in server:
            one, code_point = f"@th,160,4 6 @th,{224 if side == 'saddr' else 352},128 {address:#x} @th,208,8 != 58", "@th,164,6"
        else:
            one, code_point = f"@th,160,4 4 @th,{256 if side == 'saddr' else 288},32 {address:#x} @th,232,8 != 1", "@th,168,6"
        for inner, value in CODE_POINTS.items():
            yield f'{user} {one} {code_point} {value} counter comment "{server} {inner}"'
        yield f'{user} {one} meta length > {LINE_MTU} counter comment "{server} whole"'
    yield f'{user} meta length > {LINE_MTU} counter comment "whole"'
    yield f'{user} counter accept comment "user"'
    yield 'udp dport 2123 counter accept comment "control"'
    yield 'udp dport 2152 counter accept comment "echo"'
    yield 'udp sport 2152 counter accept comment "echoed"'
    yield 'ip protocol icmp counter accept comment "icmp"'
    yield 'counter comment "other"'
