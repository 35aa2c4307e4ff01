# SPDX-License-Identifier: BSD-3-Clause
"""Every host by TLS, HTTP and QUIC, over IPv4 and IPv6, between real servers and clients: it is told the same, however it is reached.

Usage: test_fairness_live.py ZERORATED ZERORATE ZERORATE-CONSUMER TRUTH     as root; status 77 and the reason where it cannot run

Hosts are those of test_end_to_end.py and of the golden captures (TRUTH, tests/golden/truth.tsv). Each is fetched six ways while its
entry asks for nothing, for a flag and for evidence, before anybody asked the resolver for it and afterwards. Namespaces, servers and
meters are those of test_end_to_end.py (row.py, measured.py).
"""

import collections
import concurrent.futures
import datetime
import pathlib
import signal
import sys
import unittest

import netns
from billing import StockConsumer
from daemon import PATIENCE_S, Daemon
from internet import RESOLVERS
from measured import DATAPLANE, Measured
from meter import total
from netns import SKIPPED, inside, run
from row import BOX, SUBSCRIBER, Row
from test_end_to_end import CASES, SWAPS

PROGRAMS = ("ip", "ss", "nft", "ethtool", "openssl", "unbound", "nginx", "caddy", "gtlsclient", "curl", "dig")
AT_A_TIME = 4
WAYS = {("tcp", 443): ("tls_sni", "sni"), ("tcp", 80): ("http_host", "host"), ("udp", 443): ("quic_sni", "quic_sni")}
NAME_SIGNALS = {evidence for evidence, _ in WAYS.values()} | {"dtls_sni"}
# By the list's serial: what entries ask for, and whether the subscriber has asked the resolver.
PHASES = {1: ("off", False), 2: ("flag", False), 3: ("require", False), 4: ("require", True), 5: ("flag", True), 6: ("off", True)}
ENTRIES = {".olm.vn": "90001", "*.hocmai.vn": "90002", "thi.moet.gov.vn": "90001", ".k12online.vn": "90001", ".vnedu.vn": "90002",
           "temis.csdl.edu.vn": "90002"}

CONFIG = f"""gateway = "test-gw";
{DATAPLANE.format(more="")}trusted_resolvers = [ {", ".join(f'"{address}"' for address in RESOLVERS)} ];
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
records = {{ socket = "{{folder}}/records.sock"; charged_flows = true; consumers = [ "billing" ]; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""

Server = collections.namedtuple("Server", "address name by port")


def list_of(serial):
    """Its services are its own: so the next list cuts all that these entries say of flows that are still open."""
    verify = PHASES[serial][0]
    return "\n".join([f"#! serial: {serial}", "#! issuer: test", "#! issued: 2026-01-01T00:00:00Z", "#! expires: 2099-01-01T00:00:00Z",
                      "match,service,rating_group,verify", *(f"{match},phase-{serial},{group},{verify}" for match, group in ENTRIES.items()), "!quangcao.olm.vn,,,", ""])


def names_of(truth):
    rows = [line.split("\t") for line in pathlib.Path(truth).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return sorted({row[1] for row in rows if row[1] != "-"} | {case.name for case in [*CASES, *SWAPS]})


def addresses_of(names):
    """By name: of either family."""
    return {name: (f"198.51.100.{number}", f"2001:db8:204::{number:x}") for number, name in enumerate(names, 1)}


class Visit:
    """All hosts, all ways, one phase after the other."""

    def __init__(self, row, daemon, addresses):
        self.row, self.daemon, self.addresses = row, daemon, addresses
        self.began = {}

    def all(self):
        asked = False
        for serial, (_, ask) in PHASES.items():
            self.daemon.write_list(list_of(serial))
            self.daemon.wait_for(lambda status: status["list"]["serial"] == serial and status["list"]["phase"] == "in_force")
            if ask and not asked:
                self.ask()
            asked = ask
            self.began[serial] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            for v6 in (False, True):
                self.fetch(v6)

    def ask(self):
        for v6, (own, kind) in enumerate((("10.77.0.11", "A"), ("2001:db8:77::11", "AAAA"))):
            words = [word for name in self.addresses for word in (name, kind)]
            answers = run(*inside(SUBSCRIBER, "dig", "+short", "+tries=3", "+time=10", "-b", own, f"@{RESOLVERS[v6]}", *words)).decode().split()
            assert answers == [both[v6] for both in self.addresses.values()], answers

    def fetch(self, v6):
        """The subscriber's machine knows one family's addresses, so that it asks nobody and goes where it shall."""
        (self.row.folder / "hosts").write_text("".join(f"{both[v6]} {name}\n" for name, both in self.addresses.items()))
        for scheme in ("https", "http"):
            urls = [word for name in self.addresses for word in ("-o", "/dev/null", f"{scheme}://{name}/page")]
            run(*self.row.as_subscriber("curl", "-sSf", "-Z", "--parallel-max", AT_A_TIME, "--noproxy", "*", "--cacert",
                                        self.row.folder / "ca.pem", *urls), timeout=6 * PATIENCE_S)
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(self.fetch_by_quic, self.addresses))

    def fetch_by_quic(self, name):
        run(*self.row.as_subscriber("gtlsclient", "-q", "--handshake-timeout=60s", "--exit-on-all-streams-close", name, 443,
                                    f"https://{name}/page"), timeout=3 * PATIENCE_S)


class FairnessLive(Measured, unittest.TestCase):
    """What was gathered by gather() holds."""

    @classmethod
    def gather(cls, row, addresses, zerorated, zerorate, consumer):
        cls.addresses = addresses
        cls.hosts = [Server(address, name, "", 0) for name, both in addresses.items() for address in both]
        with Daemon(zerorated, zerorate, CONFIG, list_of(1), inside(BOX)) as daemon, StockConsumer(consumer, daemon, "billing") as billing:
            visit = Visit(row, daemon, addresses)
            visit.all()
            cls.finish(row, daemon, billing)
        cls.take_stories(visit.began)

    @classmethod
    def take_stories(cls, began):
        """By phase and name, and then by way: what the first parts of flows say that began then. Later ones are what other lists make of them."""
        def phase_of(record):
            return max(serial for serial, time in began.items() if time <= record["first"])
        names = {address: (name, family) for name, both in cls.addresses.items() for family, address in zip("46", both)}
        first = {}
        for record in cls.usage:
            if record["server_ip"] in names and record["proto"] in ("tcp", "udp"):
                first.setdefault(record["flow"], record)
        cls.stories = collections.defaultdict(lambda: collections.defaultdict(set))
        for record in first.values():
            name, family = names[record["server_ip"]]
            way = record["proto"], record["server_port"]
            cls.stories[phase_of(record), name][(*way, family)].add(cls.story(record, way))

    @staticmethod
    def story(record, way):
        """What has to be the same. Where the name was read is the way's own; when the network's table came does not belong to it."""
        signal_of_way, reason_of_way = WAYS[way]
        evidence = set(record["evidence"])
        own = evidence & NAME_SIGNALS == {signal_of_way}
        reason = record["reason"]
        if record["verdict"] == "free":
            reason = "name" if reason == reason_of_way else f"{reason}, of another way"
        return (record["verdict"], reason, own, tuple(sorted(evidence - NAME_SIGNALS - {"dns_seen"})), tuple(record.get("flags", ())),
                record.get("rule"), record.get("service"), record.get("rating_group"))

    def test_each_host_was_reached_all_ways_in_each_phase(self):
        for serial in PHASES:
            for name in self.addresses:
                self.assertEqual(set(self.stories[serial, name]), {(*way, family) for way in WAYS for family in "46"}, (serial, name))

    def test_all_ways_are_told_the_same(self):
        for (serial, name), ways in self.stories.items():
            with self.subTest(phase=PHASES[serial], name=name):
                told = set.union(*ways.values())
                self.assertEqual(len(told), 1, dict(ways))
                self.assertTrue(next(iter(told))[2], "its name was read elsewhere")

    def one(self, serial, name):
        return next(iter(self.stories[serial, name]["tcp", 443, "4"]))

    def test_they_are_told_what_is_right(self):
        truth = {case.name: case.verdict for case in CASES} | {swap.name: swap.before[0] for swap in SWAPS if "vnedu" not in swap.name}
        for name in self.addresses:
            plain = self.one(1, name)
            if name in truth:
                self.assertEqual(plain[0], truth[name], name)
            for serial, (verify, asked) in PHASES.items():
                verdict, reason, _, evidence, flags, *entry = self.one(serial, name)
                if plain[0] == "charged":
                    self.assertEqual((verdict, reason, flags, entry), (plain[0], plain[1], (), list(plain[5:])), (serial, name))
                    continue
                backed = verify != "require" or asked
                self.assertEqual((verdict, reason), ("free", "name") if backed else ("charged", "unlearned"), (serial, name))
                self.assertEqual(evidence, ("dns_subscriber",) if asked else (), (serial, name))
                self.assertEqual(flags, ("spoof_suspect",) if verify == "flag" and not asked else (), (serial, name))
                self.assertEqual(entry, [plain[5], f"phase-{serial}", plain[7]], (serial, name))
        self.assertEqual({self.one(1, name)[1] for name in self.addresses}, {"name", "no_match", "excluded"})


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = netns.why_not(BOX, *PROGRAMS)
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    *programs, truth = sys.argv[1:]
    addresses = addresses_of(names_of(truth))
    servers = [Server(address, name, by, port) for by, port in (("caddy", 443), ("nginx", 80))
               for name, both in addresses.items() for address in both]
    with Row(servers, ()) as row:
        FairnessLive.gather(row, addresses, *programs)
    passed = total(FairnessLive.kernel[way]["ip"] for way in ("up", "down"))
    print(f"the kernels behind the box counted {passed.pkts} packets, {passed.bytes} bytes of IP for {len(addresses)} hosts")
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id().rpartition('.')[2]}: {reason}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
