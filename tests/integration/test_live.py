# SPDX-License-Identifier: BSD-3-Clause
"""The daemon beside a gateway: real clients and servers, volumes compared with the kernel's own counters.

Usage: test_live.py ZERORATED ZERORATE LIST     as root; status 77 and the reason where it cannot run

Three network namespaces in a row, subscriber, gateway and server. The gateway forwards plainly and its forward chain counts
IP bytes and packets per server address and direction. zerorated listens at the gateway's access interface: a packet socket
there gets frames that come in and frames that go out, each once. Nothing leaves the namespaces.
"""

import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import netns
from daemon import PATIENCE_S, Daemon, Stream
from netns import SKIPPED, inside, remove_namespace, run

PROGRAMS = ("ip", "nft", "ethtool", "nginx", "gtlsserver", "curl", "openssl", "gtlsclient")
SUBSCRIBER, GATEWAY, SERVER = NAMESPACES = [f"zr-live-{os.getpid()}-{name}" for name in ("sub", "gw", "srv")]

# Server address, port, how it is fetched, the name that is told, and what must come of it. Addresses serve one case each.
Case = collections.namedtuple("Case", "server port how name path verdict reason")
CASES = (
    Case("203.0.113.10", 443, "curl", "olm.vn", "picture", "free", "sni"),
    Case("203.0.113.11", 80, "curl", "lms.vnedu.vn", "picture", "free", "host"),
    Case("203.0.113.12", 443, "openssl", "api.hocmai.vn", "page", "free", "sni"),
    Case("203.0.113.13", 443, "quic", "truong.k12online.vn", "picture", "free", "quic_sni"),
    Case("203.0.113.14", 80, "upload", "lms.vnedu.vn", "upload", "free", "host"),
    Case("203.0.113.20", 443, "curl", "quangcao.olm.vn", "picture", "charged", "excluded"),
    Case("203.0.113.21", 80, "curl", "game.example.net", "picture", "charged", "no_match"),
    Case("203.0.113.22", 443, "openssl", None, "page", "charged", "no_name"),
    Case("203.0.113.23", 443, "quic", "www.example.vn", "picture", "charged", "no_match"),
    Case("203.0.113.24", 443, "curl", "hocmai.vn", "page", "charged", "no_match"),
    Case("203.162.10.5", 8802, "quic", "live.example.net", "picture", "free", "prefix"),
    Case("2001:db8:203::10", 443, "curl", "www.olm.vn", "picture", "free", "sni"),
    Case("2001:db8:203::11", 443, "quic", "olm.vn", "page", "free", "quic_sni"),
    Case("2001:db8:203::20", 80, "curl", "www.example.vn", "page", "charged", "no_match"),
)

# The socket's ring holds all frames of this test, so that none is lost however busy the machine is.
CONFIG = """gateway = "test-gw";
dataplane = { workers = "1-2"; flows = "64K";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_af_packet0,iface=access,framesz=2048,framecnt=16384,blocksz=65536";
  ports = ( { device = "net_af_packet0"; role = "both"; } ); };
subscribers = [ "10.77.0.0/24", "2001:db8:77::/64" ];
list = { file = "{folder}/list.csv"; state = "{folder}/state"; shrink_limit = 100; };
records = { socket = "{folder}/records.sock"; charged_flows = true; consumers = [ "billing" ]; };
ledger = { folder = "{folder}/ledger"; };
control = { socket = "{folder}/control.sock"; };
"""

NGINX = """daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  server {{
    listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl;
    root {folder}; default_type application/octet-stream;
    location /film {{ limit_rate 300k; }}
    location /upload {{ client_max_body_size 1m; return 204; }}
  }}
}}
"""


def why_not():
    """The reason why this test cannot run here, or None."""
    return netns.why_not(GATEWAY, *PROGRAMS)


class Net:
    """The namespaces, the servers and the kernel's counters."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.servers = []

    def __enter__(self):
        try:
            self.link()
            self.count()
            self.serve()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in NAMESPACES:
            remove_namespace(name)
        for server in self.servers:
            server.wait()
        self.temporary.cleanup()

    def link(self):
        for name in NAMESPACES:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        self.join(SUBSCRIBER, "line", "10.77.0.11/24", "2001:db8:77::11/64", GATEWAY, "access", "10.77.0.1/24", "2001:db8:77::1/64")
        self.join(SERVER, "line", "10.78.0.2/24", "2001:db8:78::2/64", GATEWAY, "core", "10.78.0.1/24", "2001:db8:78::1/64")
        netns.set_sysctl(GATEWAY, ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
        for name, side in ((SUBSCRIBER, 77), (SERVER, 78)):
            run("ip", "-n", name, "route", "add", "default", "via", f"10.{side}.0.1")
            run("ip", "-n", name, "route", "add", "default", "via", f"2001:db8:{side}::1")
        for server in {case.server for case in CASES}:
            route = f"{server}/{128 if ':' in server else 32}"
            run("ip", "-n", SERVER, "addr", "add", route, "dev", "lo", *(["nodad"] if ":" in server else []))
            run("ip", "-n", GATEWAY, "route", "add", route, "via", "2001:db8:78::2" if ":" in server else "10.78.0.2")

    @staticmethod
    def join(one, device, ipv4, ipv6, other, other_device, other_ipv4, other_ipv6):
        netns.link(one, device, other, other_device)
        netns.add_addresses(one, device, ipv4, ipv6)
        netns.add_addresses(other, other_device, other_ipv4, other_ipv6)

    @staticmethod
    def count():
        rules = []
        for server in {case.server for case in CASES}:
            family = "ip6" if ":" in server else "ip"
            rules.append(f'{family} daddr {server} counter comment "{server} up"')
            rules.append(f'{family} saddr {server} counter comment "{server} down"')
        table = "table inet volumes { chain forward { type filter hook forward priority 0; policy accept;\n%s\n}\n}\n"
        run(*inside(GATEWAY, "nft", "-f", "-"), input=(table % "\n".join(rules)).encode())

    @staticmethod
    def counted():
        """What the kernel forwarded: {(server, direction): (bytes, packets)}."""
        volumes = {}
        for item in json.loads(run(*inside(GATEWAY, "nft", "-j", "list", "chain", "inet", "volumes", "forward")))["nftables"]:
            if "rule" in item:
                server, direction = item["rule"]["comment"].split()
                counter = next(part["counter"] for part in item["rule"]["expr"] if "counter" in part)
                volumes[server, direction] = (counter["bytes"], counter["packets"])
        return volumes

    def serve(self):
        for name, size in (("page", 5000), ("picture", 200_000)):
            (self.folder / name).write_bytes(os.urandom(size))
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=vn",
            "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem")
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder))
        self.start("nginx", "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.log")
        for case in CASES:
            if case.how == "quic":
                self.start("gtlsserver", "-q", "-d", self.folder, case.server, case.port, self.folder / "key.pem",
                           self.folder / "cert.pem")
        self.await_servers()

    def start(self, *command):
        self.servers.append(subprocess.Popen(inside(SERVER, *command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                             stderr=subprocess.DEVNULL))

    def await_servers(self):
        udp = sum(case.how == "quic" for case in CASES)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            listening = run(*inside(SERVER, "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6"))
            states = [line.split()[3] for line in listening.decode().splitlines()]
            # 0A: a TCP socket that listens; 07: a UDP socket that is bound.
            if states.count("0A") >= 4 and states.count("07") >= udp:
                return
            time.sleep(0.05)
        raise AssertionError("the servers do not listen: " + " ".join(states))

    def fetch(self, case):
        where = f"[{case.server}]" if ":" in case.server else case.server
        url = f"{'http' if case.port == 80 else 'https'}://{case.name}/{case.path}"
        if case.how in ("curl", "upload"):
            more = ["--data-binary", f"@{self.folder}/picture", "-H", "Expect:"] if case.how == "upload" else []
            run(*inside(SUBSCRIBER, "curl", "-skSf", "-o", "/dev/null", "--noproxy", "*", "--resolve",
                        f"{case.name}:{case.port}:{where}", *more, url))
        elif case.how == "openssl":
            name = ["-servername", case.name] if case.name else ["-noservername"]
            answer = run(*inside(SUBSCRIBER, "openssl", "s_client", "-connect", f"{where}:{case.port}", "-quiet",
                                 *name), input=f"GET /{case.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert b" 200 OK" in answer, answer[:100]
        else:
            # It tells no name for an address, and "ip netns exec" has mounts of its own.
            (self.folder / "hosts").write_text(f"{case.server} {case.name}\n")
            run(*inside(SUBSCRIBER, "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', self.folder / "hosts", "gtlsclient", "-q",
                        "--exit-on-all-streams-close", case.name, case.port, url))


def quiet(net, daemon):
    """Wait until nothing has moved for a second; the kernel's counters and the daemon's status then."""
    return netns.quiet(net.counted, daemon)


def is_talk(record):
    """No ICMP error, which a client's kernel sends when a late packet finds the socket closed: a flow of its own."""
    return record["proto"] in ("tcp", "udp")


class Live(unittest.TestCase):
    """What was gathered by gather() holds."""

    config = CONFIG
    namespace = GATEWAY
    subscribers = "10.77.0.11", "2001:db8:77::/64"
    cases = CASES

    @classmethod
    def gather(cls, net, zerorated, zerorate, list_path):
        # The day on which the sample expires will come.
        text = re.sub("#! expires: .*", "#! expires: 2099-12-31T23:59:59+07:00", pathlib.Path(list_path).read_text())
        with Daemon(zerorated, zerorate, cls.config, text, inside(cls.namespace)) as daemon:
            stream = Stream(daemon, op="subscribe", consumer="billing")
            for case in CASES:
                net.fetch(case)
            cls.kernel, cls.status = quiet(net, daemon)
            cls.exit_status = daemon.end()[1]
            messages = stream.to_end()
            stream.close()
            cls.log = daemon.logged()
        assert net.counted() == cls.kernel, "packets came while the daemon ended"
        cls.messages = messages
        cls.usage = [message["record"] for message in messages
                     if message["op"] == "record" and message["record"]["type"] == "usage"]

    def test_volumes_are_the_kernels(self):
        recorded = {key: (0, 0) for key in self.kernel}
        for record in self.usage:
            for direction in ("up", "down"):
                key = record["server_ip"], direction
                octets, pkts = recorded.get(key, (0, 0))
                recorded[key] = (octets + record[f"{direction}_bytes"], pkts + record[f"{direction}_pkts"])
        for key, volume in self.kernel.items():
            self.assertGreater(volume[1], 2, key)
            self.assertEqual(recorded[key], volume, key)

    def test_reasons(self):
        for case in self.cases:
            with self.subTest(server=case.server, how=case.how, name=case.name):
                of_case = [record for record in self.usage if record["server_ip"] == case.server and is_talk(record)]
                self.assertEqual({(record["verdict"], record["reason"]) for record in of_case}, {(case.verdict, case.reason)})
                self.assertEqual({record["server_port"] for record in of_case}, {case.port})
                self.assertEqual({record["subscriber"]["ip"] for record in of_case},
                                 {self.subscribers[":" in case.server]})
                names = {record.get("name") for record in of_case}
                self.assertEqual(names, {case.name if case.verdict == "free" and case.reason != "prefix" else None})

    def test_records_are_all_there(self):
        self.assertEqual({message["op"] for message in self.messages} - {"hello", "record", "alive"}, set())
        numbers = [message["record"]["seq"] for message in self.messages if message["op"] == "record"]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_daemon_is_exact(self):
        self.assertEqual(self.status["exactness_bytes"], 0)
        self.assertEqual({name: count for name, count in self.status["ports"][0]["drops"].items() if count}, {})
        for worker in self.status["workers"]:
            self.assertEqual(worker["records_lost"], {"pkts": 0, "bytes": 0})
        servers = {case.server for case in self.cases if case.verdict == "free"}
        free = sum(self.kernel[server, way][0] for server in servers for way in ("up", "down"))
        errors = sum(record["up_bytes"] + record["down_bytes"] for record in self.usage
                     if record["server_ip"] in servers and not is_talk(record))
        self.assertEqual(self.status["totals"]["free"]["bytes"], free - errors)
        self.assertEqual(self.exit_status, 0, self.log)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    with Net() as net:
        Live.gather(net, *sys.argv[1:])
    octets, pkts = map(sum, zip(*Live.kernel.values()))
    print(f"the kernel forwarded {pkts} packets, {octets} bytes for {len(CASES)} servers")
    return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
