# SPDX-License-Identifier: BSD-3-Clause
"""Who pays for attacks by real programs: a fraudster's curl, dig and gtlsclient, the gateway's path, and real servers.

Usage: test_attacks_live.py ZERORATED ZERORATE     as root; status 77 and the reason where it cannot run

test_end_to_end's namespaces. One list has a domain for each `verify`, one daemon judges them all, and unbound is its trusted resolver;
another unbound, which nobody trusts, gives forged answers. Each attack goes to an address of its own, so that the
kernel's counters behind the box say what it moved; the ledger says who paid.
"""

import collections
import json
import pathlib
import signal
import sqlite3
import sys
import unittest

import internet
import netns
from daemon import PATIENCE_S, Daemon
from internet import FILES, RESOLVERS
from meter import NOTHING, Volume, total
from netns import SKIPPED, inside, run
from row import BOX, SERVER, SUBSCRIBER, Row
from test_end_to_end import CONFIG, WAYS, recorded

PROGRAMS = ("ip", "ss", "nft", "ethtool", "openssl", "unbound", "nginx", "curl", "dig")
VERIFIES = ("off", "flag", "require")
RESOLVER, _ = RESOLVERS
FORGER = "203.0.113.54"
GAME = "game.example.net"
DNS_FREE_BYTES = 4000
# What the forger answers for, below each listed domain, by attack.
FORGED = {"dns": "bai", "quic": "phim"}
DIG = ("dig", "+tries=3", "+time=10")
# Questions of the DNS tunnel; each takes more than a hundred bytes, with its answer.
TUNNEL = [f"0123456789abcdef{number:02}.off.vn" for number in range(60)]

LIST = """#! serial: 1
#! issuer: test
#! issued: 2026-01-01T00:00:00Z
#! expires: 2099-01-01T00:00:00Z
match,service,rating_group,verify
""" + "".join(f".{verify}.vn,{verify},90001,{verify}\n" for verify in VERIFIES)
EVIDENCE = f"""trusted_resolvers = [ "{RESOLVER}/32" ];
evidence = {{ dns_free = "listed"; dns_free_bytes = "{DNS_FREE_BYTES}B"; }};
"""

# address: of the server; name, by, port: what it is, and who serves it. attack: what is done with it, under which verify.
Case = collections.namedtuple("Case", "address name by port client attack verify")
# What is due of an attack's address, by verify: a set of (verdict, reason, evidence, flags).
SNI, HOST, QUIC = ("sni", "tls_sni"), ("host", "http_host"), ("quic_sni", "quic_sni")


def backed(kind):
    reason, evidence = kind
    return dict.fromkeys(VERIFIES, {("free", reason, f"{evidence}|dns_subscriber", None)})


def forged(kind):
    reason, evidence = kind
    return {"off": {("free", reason, evidence, None)}, "flag": {("free", reason, evidence, "spoof_suspect")},
            "require": {("charged", "unlearned", evidence, None)}}


def with_another(due):
    return {verify: records | {("charged", "no_match", "http_host", None)} for verify, records in due.items()}


DUE = {
    "none": backed(SNI),
    "sni": forged(SNI),
    "quic": forged(QUIC),
    "host": forged(HOST),
    "dns": forged(SNI),
    "second": with_another(backed(HOST)),
}


def cases():
    for number, verify in enumerate(VERIFIES):
        for tens, attack, name, by, port, client in (
                (1, "none", f"bai.{verify}.vn", "nginx", 443, "curl"), (2, "sni", f"proxy{number}.example.net", "nginx", 443, "curl"),
                (3, "quic", f"quic{number}.example.net", "caddy", 443, "gtlsclient"), (4, "host", f"game{number}.example.net", "nginx", 80, "curl"),
                (5, "dns", f"forged{number}.example.net", "nginx", 443, "curl"), (6, "second", f"web.{verify}.vn", "nginx", 80, "curl")):
            yield Case(f"203.0.113.{tens}{number}", name, by, port, client, attack, verify)


class Internet(internet.Internet):
    """With a resolver that says for every listed name the address where its forger wants it."""

    def start_unbound(self):
        super().start_unbound()
        data = [f' local-data: "{FORGED[case.attack]}.{case.verify}.vn. 300 A {case.address}"' for case in cases() if case.attack in FORGED]
        honest = (self.folder / "unbound.conf").read_text().replace("unbound.pid", "forger.pid").splitlines()
        common = [line for line in honest if line.split()[:1] not in (["interface:"], ["local-data:"], ["server:"])]
        (self.folder / "forger.conf").write_text("\n".join(["server:", f" interface: {FORGER}", *data, *common, ""]))
        self.run_server("forger", "unbound", "-d", "-c", self.folder / "forger.conf")


class AttackedRow(Row):
    def __init__(self, kept):
        # The forger is waited for, and counted, like a server of hosts.
        super().__init__([*kept, Case(FORGER, "forger.example.net", "unbound", 53, "dig", None, None)], ())
        self.internet = Internet(SERVER, self.folder, self.hosts)

    def attack(self, case):
        """What the fraudster does. His QUIC client asks the forger, what else asks at all the trusted resolver."""
        resolver = FORGER if case.attack == "quic" else RESOLVER
        (self.folder / "resolv.conf").write_text(f"nameserver {resolver}\noptions timeout:10 attempts:3\n")
        name = f"bai.{case.verify}.vn"
        how = {
            "none": self.curl(f"https://{name}/picture"),
            "sni": self.curl("--connect-to", f"{name}:443:{case.address}:443", f"https://{name}/picture"),
            "quic": ("gtlsclient", "-q", "--handshake-timeout=60s", "--exit-on-all-streams-close", (quic := f"phim.{case.verify}.vn"), 443,
                     f"https://{quic}/picture"),
            "host": self.curl("-H", f"Host: {name}", f"http://{case.address}/picture"),
            "second": (*self.curl(f"http://{case.name}/page"), "--next", *self.curl("-H", f"Host: {GAME}", f"http://{case.name}/picture")[1:]),
        }
        if case.attack == "dns":
            said = run(*inside(SUBSCRIBER, *DIG, "+short", f"@{FORGER}", name)).decode().strip()
            assert said == case.address, f"the forger said {said}"
            how["dns"] = self.curl("--resolve", f"{name}:443:{said}", f"https://{name}/picture")
        run(*self.as_subscriber(*how[case.attack]), timeout=3 * PATIENCE_S)

    def curl(self, *rest):
        return "curl", "-4", "-sSf", "-o", "/dev/null", "--noproxy", "*", "--http1.1", "--cacert", self.folder / "ca.pem", *rest


class Live(unittest.TestCase):
    """What was gathered by gather() holds."""

    @classmethod
    def gather(cls, row, kept, zerorated, zerorate):
        cls.cases = kept
        with Daemon(zerorated, zerorate, CONFIG + EVIDENCE, LIST, inside(BOX)) as daemon:
            for case in kept:
                row.attack(case)
            run(*inside(SUBSCRIBER, *DIG, f"@{RESOLVER}", *TUNNEL), timeout=3 * PATIENCE_S)
            cls.quiet, cls.status = netns.quiet(row.counted, daemon)
            cls.exit_status = daemon.end()[1]
            cls.kernel = row.counted()
            cls.log = daemon.logged()
            cls.fraud = json.loads(run(zerorate, "fraud", "--format", "json", "--ledger", f"{daemon.folder}/ledger"))
            cls.usage = [record for file in sorted(pathlib.Path(daemon.folder, "ledger").glob("records-*.db")) for record in usage(file)]

    def setUp(self):
        drops = [drop for port in self.status["ports"] for drop in port["tx_drops"].values()]
        if total(map(volume, drops)) != NOTHING or "overload" in self.status["totals"]["reasons"]:
            self.skipTest("packets were dropped or went on unread: the machine is too busy to compare volumes")

    def of(self, address, verdict=None):
        return [record for record in self.usage if record["server_ip"] == address and record["proto"] in ("tcp", "udp") and
                verdict in (None, record["verdict"])]

    def moved(self, address):
        """By the kernel, but for what it says itself of a datagram that nobody waits for any more, which is a flow of its own."""
        talk = [record for record in self.usage if record["server_ip"] == address and record["proto"] not in ("tcp", "udp")]
        self.assertEqual({record["verdict"] for record in talk} - {"charged"}, set())
        return total(self.kernel[way][address] - recorded(way, talk) for way in WAYS)

    def test_volumes_are_the_kernels(self):
        for address in [*(case.address for case in self.cases), RESOLVER, FORGER]:
            for way in WAYS:
                with self.subTest(server=address, way=way):
                    self.assertGreater(self.kernel[way][address].pkts, 0)
                    self.assertEqual(recorded(way, [record for record in self.usage if record["server_ip"] == address]),
                                     self.kernel[way][address])

    def test_totals_are_the_kernels(self):
        totals = self.status["totals"]
        self.assertEqual(volume(totals["free"]) + volume(totals["charged"]), total(self.quiet[way]["ip"] for way in WAYS))
        self.assertEqual(volume(totals), volume(totals["free"]) + volume(totals["charged"]) + total(map(volume, totals["unaccounted"].values())))
        self.assertEqual(self.status["exactness_bytes"], 0)
        self.assertEqual(self.exit_status, 0, self.log)

    def test_who_pays(self):
        for case in self.cases:
            with self.subTest(attack=case.attack, verify=case.verify):
                self.assertGreater(self.kernel["down"][case.address].bytes, FILES["picture"] if case.attack != "second" else FILES["page"])
                # Evidence of the whole network's is there, or not yet.
                said = {(record["verdict"], record["reason"], record["evidence"].replace("|dns_seen", ""), record["flags"])
                        for record in self.of(case.address)}
                self.assertEqual(said, DUE[case.attack][case.verify])

    def test_what_is_free_to_the_byte(self):
        """A connection is free from its first packet to its last, or charged; one with two hosts is both."""
        for case in self.cases:
            with self.subTest(attack=case.attack, verify=case.verify):
                free, charged = (self.volumes(case.address, verdict) for verdict in ("free", "charged"))
                self.assertEqual(free + charged, self.moved(case.address))
                if case.attack == "second":
                    self.assertEqual(len({record["flow"] for record in self.of(case.address)}), 1, "curl did not go on with its connection")
                    self.assertGreater(charged.bytes, FILES["picture"])
                    self.assertIn(free.bytes, range(FILES["page"], 2 * FILES["page"]))
                else:
                    verdict, = {verdict for verdict, *_ in DUE[case.attack][case.verify]}
                    self.assertEqual({"free": free, "charged": charged}[verdict], self.moved(case.address))

    def volumes(self, address, verdict):
        return total(recorded(way, self.of(address, verdict)) for way in WAYS)

    def test_dns_is_free_within_the_days_bytes(self):
        free, charged = self.volumes(RESOLVER, "free"), self.volumes(RESOLVER, "charged")
        self.assertEqual(free + charged, self.moved(RESOLVER))
        self.assertLessEqual(free.bytes, DNS_FREE_BYTES)
        self.assertGreater(free.bytes, DNS_FREE_BYTES - 200)
        self.assertGreater(charged.bytes, DNS_FREE_BYTES)
        self.assertEqual({record["reason"] for record in self.of(RESOLVER, "free")}, {"dns_free"})
        self.assertEqual({record["verdict"] for record in self.of(FORGER)}, {"charged"})

    def test_fraud_names_the_subscriber(self):
        """With the bytes that the kernel counted for what the fraudster did under flag and under require."""
        by_verify = {verify: total(self.moved(case.address) for case in self.cases
                                   if case.verify == verify and DUE[case.attack] in (forged(SNI), forged(QUIC), forged(HOST)))
                     for verify in VERIFIES}
        row, = self.fraud
        self.assertEqual((row["suspect"], row["kinds"]), ("10.77.0.11", "spoof_suspect|unlearned"))
        self.assertEqual((row["free_bytes"], row["charged_bytes"]), (by_verify["flag"].bytes, by_verify["require"].bytes))


def volume(member):
    """Of the daemon's status."""
    return Volume(member["bytes"], member["pkts"])


def usage(file):
    """A ledger's usage records, by column."""
    database = sqlite3.connect(file)
    database.row_factory = sqlite3.Row
    records = [dict(record) for record in database.execute("SELECT * FROM records WHERE type = 'usage'")]
    database.close()
    return records


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = netns.why_not(BOX, *PROGRAMS)
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    kept = []
    for case in cases():
        absent = netns.missing(case.client, case.by)
        if absent:
            print(f"skipped: {' and '.join(absent)} missing (tests/support/setup.sh tests): {case.attack} under {case.verify}")
        else:
            kept.append(case)
    with AttackedRow(kept) as row:
        Live.gather(row, kept, *sys.argv[1:])
    for case in kept:
        who = ", ".join(sorted({f"{record['verdict']} {record['reason']}" for record in Live.usage if record["server_ip"] == case.address}))
        print(f"{case.attack:8} {case.verify:8} {total(Live.kernel[way][case.address] for way in WAYS).bytes:8} bytes: {who}")
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id().rpartition('.')[2]}: {reason}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
