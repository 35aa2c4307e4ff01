# SPDX-License-Identifier: BSD-3-Clause
"""The kernel as a meter: named nftables counters where frames come in at the end of a line, for tests.

They stand before the kernel looks at a packet, and count its bytes from the IP header on, which is what a charging function
counts; of other frames, what follows the Ethernet header.
"""

import collections
import json
import re

from netns import family, inside, run

ETHERNET_BYTES = 14


# What stands behind the IP header is told by offsets in bits, since a kernel (6.18) was seen that finds it at times only, here.
MATCHES = (
    ("ip", "meta protocol { ip, ip6 }"), ("not_ip", "meta protocol != { ip, ip6 }"), ("arp", "meta protocol arp"),
    ("nd", "ip6 nexthdr ipv6-icmp @nh,320,8 { 135, 136 }"), ("mld", "ip6 nexthdr hopopt @nh,384,8 143"),
    ("rst", "ip protocol tcp @nh,264,8 & 4 != 0"), ("rst", "ip6 nexthdr tcp @nh,424,8 & 4 != 0"),
)


class Volume(collections.namedtuple("Volume", "bytes pkts")):
    def __add__(self, other):
        return Volume(self.bytes + other.bytes, self.pkts + other.pkts)

    def __sub__(self, other):
        return Volume(self.bytes - other.bytes, self.pkts - other.pkts)


NOTHING = Volume(0, 0)


def total(volumes):
    return sum(volumes, start=NOTHING)


class Meter:
    """What comes in at a device. side: "daddr" or "saddr", where the servers' addresses stand. marks: code points by nftables' names."""

    def __init__(self, namespace, device, side, servers, marks):
        self.namespace = namespace
        self.names = {}
        rules = []
        for server in sorted(servers):
            of_server = f"{family(server)} {side} {server}"
            rules.append(f"{of_server} counter name {self.name(server)}")
            rules += [f"{of_server} {family(server)} dscp {mark} counter name {self.name(server, mark)}" for mark in marks]
        for mark in marks:
            rules += [f"{ip} dscp {mark} counter name {self.name(mark)}" for ip in ("ip", "ip6")]
        for name, match in MATCHES:
            rules.append(f"{match} counter name {self.name(name)}")
        counters = "\n".join(f"counter {name} {{ }}" for name in self.names)
        rules = "\n".join(rules)
        run(*inside(namespace, "nft", "-f", "-"), input=(
            f"table netdev zr_meter {{\n{counters}\nchain look {{ type filter hook ingress device {device} priority 0; policy accept;\n"
            f"{rules}\n}}\n}}\n").encode())

    def name(self, *what):
        """A counter's name as nftables takes it."""
        name = "n_" + re.sub(r"[^0-9a-z]", "_", "_".join(what))
        self.names[name] = what if len(what) > 1 else what[0]
        return name

    def read(self):
        """Volumes by server, (server, mark), mark, and "ip", "not_ip", "arp", "nd", "mld", "rst"."""
        volumes = {}
        for item in json.loads(run(*inside(self.namespace, "nft", "-j", "list", "counters", "table", "netdev", "zr_meter")))["nftables"]:
            if "counter" in item:
                volumes[self.names[item["counter"]["name"]]] = Volume(item["counter"]["bytes"], item["counter"]["packets"])
        return volumes
