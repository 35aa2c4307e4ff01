# SPDX-License-Identifier: BSD-3-Clause
"""The daemon as a gateway's path, between the programs that people use and those that serve them.

Usage: test_end_to_end.py ZERORATED ZERORATE ZERORATE-CONSUMER     as root; status 77 and the reason where it cannot run

Three network namespaces in a row: a subscriber, a box with nothing but zerorated and two interfaces without addresses, and the
servers. curl, gtlsclient, chromium and dig ask nginx, caddy, gtlsserver and unbound, under names that are listed, not listed and
excluded. What comes out of the box is counted by the kernels behind it (meter.py), and zerorate-consumer keeps the records. While
downloads run the list is exchanged. Every host has an address of its own, so that the kernel's counters tell free from charged.
caddy, gtlsserver, gtlsclient, chromium and dig take their parts of the test with them where they are missing, and that is said.
"""

import collections
import signal
import subprocess
import sys
import unittest

import netns
from billing import StockConsumer
from daemon import PATIENCE_S, Daemon
from internet import FILES, RESOLVERS
from measured import DATAPLANE, WAYS, Measured, recorded
from meter import total
from netns import SKIPPED, inside, run, wait_until
from row import BOX, SUBSCRIBER, Row

PROGRAMS = ("ip", "ss", "nft", "ethtool", "ping", "openssl", "unbound", "nginx", "curl")
RESOLVED = ("olm.vn", "hocmai.vn")
TALK = ("arp", "nd", "mld")
MARKS = {90001: "af11", 90002: "af21"}

LIST = """#! serial: 1
#! issuer: test
#! issued: 2026-01-01T00:00:00Z
#! expires: 2099-01-01T00:00:00Z
match,service,rating_group
.olm.vn,olm,90001
!quangcao.olm.vn,,
*.hocmai.vn,hocmai,90002
thi.moet.gov.vn,moet,90001
.k12online.vn,k12,90001
"""
NEXT_LIST = (LIST.replace("serial: 1", "serial: 2").replace(".k12online.vn,k12,90001\n", "") +
             ".vnedu.vn,vnedu,90002\n!phim.hocmai.vn,,\n")

# client: the program, and the rest of its command line. seen: what the server says of how it came (internet.py).
Case = collections.namedtuple("Case", "address name by port client file verdict reason seen", defaults=[()])
TLS10 = ("--tls-max", "1.0", "--ciphers", "DEFAULT@SECLEVEL=0", "--http1.1")
TLS12 = ("--tls-max", "1.2", "--http1.1")
TLS13 = ("--tlsv1.3", "--http2")
CASES = [
    Case("203.0.113.10", "olm.vn", "nginx", 443, ("curl", *TLS12), "picture", "free", "sni", ("HTTP/1.1", "TLSv1.2")),
    Case("2001:db8:203::10", "www.olm.vn", "nginx", 443, ("curl", *TLS13), "picture", "free", "sni", ("HTTP/2.0", "TLSv1.3")),
    Case("203.0.113.11", "cu.olm.vn", "nginx", 443, ("curl", *TLS10), "page", "free", "sni", ("HTTP/1.1", "TLSv1")),
    Case("203.0.113.12", "lop.hocmai.vn", "nginx", 443, ("curl", *TLS13), "picture", "free", "sni", ("HTTP/2.0", "TLSv1.3")),
    Case("2001:db8:203::12", "a.b.hocmai.vn", "nginx", 443, ("curl", *TLS12), "page", "free", "sni", ("HTTP/1.1", "TLSv1.2")),
    Case("2001:db8:203::13", "thi.moet.gov.vn", "nginx", 80, ("curl",), "picture", "free", "host", ("HTTP/1.1", "-")),
    Case("203.0.113.14", "bai.olm.vn", "nginx", 80, ("curl",), "page", "free", "host", ("HTTP/1.1", "-")),
    Case("2001:db8:203::15", "nop.olm.vn", "nginx", 443, ("curl", "--tlsv1.3", "--http1.1"), "upload", "free", "sni", ("HTTP/1.1", "TLSv1.3")),
    Case("203.0.113.20", "quangcao.olm.vn", "nginx", 443, ("curl", *TLS13), "picture", "charged", "excluded", ("HTTP/2.0", "TLSv1.3")),
    Case("2001:db8:203::20", "hocmai.vn", "nginx", 443, ("curl", *TLS12), "page", "charged", "no_match", ("HTTP/1.1", "TLSv1.2")),
    Case("203.0.113.21", "game.example.net", "nginx", 80, ("curl",), "picture", "charged", "no_match", ("HTTP/1.1", "-")),
    Case("2001:db8:203::21", "xem.quangcao.olm.vn", "nginx", 80, ("curl",), "page", "charged", "excluded", ("HTTP/1.1", "-")),
    Case("203.0.113.22", "www.example.vn", "nginx", 443, ("curl", *TLS10), "page", "charged", "no_match", ("HTTP/1.1", "TLSv1")),
    Case("2001:db8:203::22", "baddomain-olm.vn", "nginx", 443, ("curl", *TLS13), "page", "charged", "no_match", ("HTTP/2.0", "TLSv1.3")),
    Case("203.0.113.30", "phim.olm.vn", "gtlsserver", 443, ("gtlsclient",), "picture", "free", "quic_sni"),
    Case("2001:db8:203::30", "video.example.net", "gtlsserver", 443, ("gtlsclient",), "picture", "charged", "no_match"),
    Case("203.0.113.31", "q.quangcao.olm.vn", "gtlsserver", 443, ("gtlsclient",), "page", "charged", "excluded"),
    Case("2001:db8:203::31", "anh.hocmai.vn", "caddy", 443, ("gtlsclient",), "picture", "free", "quic_sni", ("HTTP/3.0",)),
    Case("203.0.113.32", "cdn.example.net", "caddy", 443, ("gtlsclient",), "picture", "charged", "no_match", ("HTTP/3.0",)),
    # One page, and what it is made of.
    Case("203.0.113.40", "lesson.olm.vn", "nginx", 443, ("chromium",), "lesson.html", "free", "sni", ("HTTP/2.0", "TLSv1.3")),
    Case("2001:db8:203::40", "static.hocmai.vn", "nginx", 443, ("chromium",), "part.js", "free", "sni", ("HTTP/2.0", "TLSv1.3")),
    Case("203.0.113.41", "ads.example.net", "nginx", 443, ("chromium",), "part.js", "charged", "no_match", ("HTTP/2.0", "TLSv1.3")),
    Case("2001:db8:203::41", "dem.quangcao.olm.vn", "nginx", 443, ("chromium",), "part.js", "charged", "excluded", ("HTTP/2.0", "TLSv1.3")),
    Case("203.0.113.42", "truc-tiep.olm.vn", "caddy", 443, ("chromium", "quic"), "part.js", "free", "quic_sni", ("HTTP/3.0",)),
    Case("2001:db8:203::42", "sau.hocmai.vn", "caddy", 443, ("chromium", "quic"), "part.js", "free", "quic_sni", ("HTTP/3.0",)),
    Case("203.0.113.43", "tracker.example.vn", "caddy", 443, ("chromium", "quic"), "part.js", "charged", "no_match", ("HTTP/3.0",)),
    Case("2001:db8:203::43", "k.quangcao.olm.vn", "caddy", 443, ("chromium", "quic"), "part.js", "charged", "excluded", ("HTTP/3.0",)),
]

# Downloads that run while the list is exchanged: what they are by the first list and by the next.
Swap = collections.namedtuple("Swap", "address name by port client before after")
SWAPS = [
    Swap("203.0.113.60", "tai.k12online.vn", "nginx", 443, ("curl", *TLS13), ("free", "sni"), ("charged", "no_match")),
    Swap("2001:db8:203::60", "lms.vnedu.vn", "nginx", 443, ("curl", *TLS12), ("charged", "no_match"), ("free", "sni")),
    Swap("203.0.113.61", "phim.hocmai.vn", "nginx", 80, ("curl",), ("free", "host"), ("charged", "excluded")),
    Swap("2001:db8:203::61", "quic.k12online.vn", "caddy", 443, ("gtlsclient",), ("free", "quic_sni"), ("charged", "no_match")),
    Swap("203.0.113.62", "quic.vnedu.vn", "caddy", 443, ("gtlsclient",), ("charged", "no_match"), ("free", "quic_sni")),
    Swap("203.0.113.63", "giu.olm.vn", "nginx", 443, ("curl", *TLS13), ("free", "sni"), ("free", "sni")),
]
ENOUGH_BYTES = 120_000

MARK = 'mark = { default = "AF11"; rating_groups = ( { rating_group = 90002; dscp = "AF21"; } ); };'
CONFIG = f"""gateway = "test-gw";
{DATAPLANE.format(more=MARK)}list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
records = {{ socket = "{{folder}}/records.sock"; charged_flows = true; consumers = [ "billing" ]; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""


def possible(cases):
    """Those whose programs are there. What is left out is said, with the reason."""
    kept, left_out = [], collections.defaultdict(list)
    for case in cases:
        absent = " and ".join(netns.missing(case.client[0], case.by))
        (left_out[absent] if absent else kept).append(case)
    for absent, without in left_out.items():
        names = ", ".join(f"{case.client[0]} to {case.name}" for case in without)
        print(f"skipped: {absent} missing (tests/support/setup.sh tests): {names}")
    return kept


class EndToEnd(Measured, unittest.TestCase):
    """What was gathered by gather() holds."""

    @classmethod
    def gather(cls, row, cases, swaps, zerorated, zerorate, consumer):
        cls.cases, cls.swaps, cls.hosts = cases, swaps, [*cases, *swaps]
        with Daemon(zerorated, zerorate, CONFIG, LIST, inside(BOX)) as daemon, StockConsumer(consumer, daemon, "billing") as billing:
            cls.resolved = cls.resolve(row)
            cls.make_neighbours_talk(row)
            for case in cases:
                if case.client[0] != "chromium":
                    run(*row.command(case, case.file), timeout=3 * PATIENCE_S)
            cls.browse(row, [case for case in cases if case.client[0] == "chromium"])
            cls.swap(row, daemon)
            cls.finish(row, daemon, billing)
        cls.seen = row.internet.seen()

    @staticmethod
    def resolve(row):
        """What dig is told, over UDP and TCP, by either address: of a listed name, and of one that is not."""
        if netns.missing("dig"):
            return {}
        said = {}
        for server in RESOLVERS:
            for way in ("+notcp", "+tcp"):
                for host in (host for host in row.hosts if host.name in RESOLVED):
                    kind = "AAAA" if ":" in host.address else "A"
                    answer = run(*inside(SUBSCRIBER, "dig", "+short", "+tries=3", "+time=10", way, f"@{server}", host.name, kind))
                    said[server, way, host.address] = answer.decode().strip()
        return said

    @staticmethod
    def make_neighbours_talk(row):
        """ARP, neighbour discovery and multicast listeners' reports pass too."""
        run("ip", "-n", SUBSCRIBER, "addr", "add", "2001:db8:77::12/64", "dev", "line")
        for address in ("10.77.0.1", "2001:db8:77::1"):
            run("ip", "-n", SUBSCRIBER, "neigh", "flush", "dev", "line")
            run(*inside(SUBSCRIBER, "ping", "-q", "-c", 1, "-W", 20, address))
        wait_until(lambda: all(row.up.read()[name].pkts for name in TALK),
                   lambda: f"no talk: { {name: row.up.read()[name] for name in TALK} }")

    @classmethod
    def browse(cls, row, pages):
        """Twice at most: on a machine that is too busy a browser gives up on its own."""
        wanted = {case.name for case in pages[1:]}
        cls.parts = row.browse(pages) if pages else set()
        if cls.parts != wanted:
            print(f"once more, since {', '.join(sorted(wanted - cls.parts))} did not come to the browser")
            cls.parts = row.browse(pages)

    @classmethod
    def swap(cls, row, daemon):
        """Another list under running downloads. They are ended when they have had enough of both."""
        clients = [subprocess.Popen(row.command(swap, "film"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                   for swap in cls.swaps]
        try:
            cls.let_run(row, clients)
            daemon.write_list(NEXT_LIST)
            daemon.wait_for(lambda status: status["list"]["serial"] == 2)
            cls.let_run(row, clients)
        finally:
            for client in clients:
                client.send_signal(signal.SIGINT)
            for client in clients:
                client.communicate(timeout=3 * PATIENCE_S)

    @classmethod
    def let_run(cls, row, clients):
        begin = row.down.read()

        def waiting():
            for swap, client in zip(cls.swaps, clients):
                if client.poll() is not None:
                    raise AssertionError(f"{swap.name}: the download has ended: {client.communicate()[1].decode(errors='replace')}")
            now = row.down.read()
            return [swap.name for swap in cls.swaps if (now[swap.address] - begin[swap.address]).bytes < ENOUGH_BYTES]
        wait_until(lambda: not waiting(), lambda: f"no download: {waiting()}", 3 * PATIENCE_S)

    def test_neighbours_talk_is_charged(self):
        """By addresses that are no server's: multicast, the link's own."""
        for way in WAYS:
            for name in ("arp", "nd"):
                self.assertGreater(self.kernel[way][name].pkts, 0, (way, name))
        self.assertGreater(self.kernel["up"]["mld"].pkts, 0)
        servers = {host.address for host in self.hosts} | set(RESOLVERS)
        self.assertEqual({record["verdict"] for record in self.usage if record["server_ip"] not in servers}, {"charged"})

    # ---- marks ----

    def test_marks_are_on_what_is_free(self):
        """By the kernel behind the box: what was free when it passed, by rating group; all the rest, credited later or not, has none."""
        self.need_a_calm_machine()
        for host in self.hosts:
            for way in WAYS:
                marked = {mark: self.kernel[way][host.address, mark].bytes for mark in MARKS.values()}
                expected = dict.fromkeys(MARKS.values(), 0)
                for record in self.of(host.address):
                    if record["verdict"] == "free":
                        expected[MARKS[record["rating_group"]]] += record[f"{way}_bytes"] - record[f"retro_{way}_bytes"]
                self.assertEqual(marked, expected, (host.address, host.name, way))

    def test_marks_are_on_nothing_else(self):
        self.need_a_calm_machine()
        for way in WAYS:
            for mark in MARKS.values():
                of_servers = total(self.kernel[way][host.address, mark] for host in self.hosts)
                self.assertEqual(of_servers, self.kernel[way][mark], (way, mark))
                self.assertGreater(of_servers.pkts, 10, (way, mark))
        # A kernel resets a connection with the code point of what it answers: then there is nothing to write.
        seen = sum(self.quiet[way][mark].pkts for way in WAYS for mark in MARKS.values())
        self.assertLessEqual(self.status["marks"]["marked"], seen)
        self.assertGreaterEqual(self.status["marks"]["marked"], seen - sum(self.quiet[way]["rst"].pkts for way in WAYS))
        self.assertEqual(self.status["marks"]["mark_skipped"], 0)

    # ---- verdicts ----

    def test_verdicts(self):
        for case in self.cases:
            with self.subTest(server=case.address, name=case.name, client=case.client):
                way, size = ("up", FILES["picture"]) if case.file == "upload" else ("down", FILES.get(case.file, FILES["picture"] // 2))
                self.assertGreater(self.kernel[way][case.address].bytes, size, "it was not transferred")
                records = self.of(case.address)
                verdicts = {(record["verdict"], record["reason"]) for record in records}
                if case.client[0] == "chromium":  # which may open connections and close them unused
                    verdicts -= {("charged", "no_name")}
                self.assertEqual(verdicts, {(case.verdict, case.reason)})
                self.assertEqual({record.get("name") for record in records if record["verdict"] == "free"} - {case.name}, set())
                self.assertEqual([record for record in records if record["verdict"] == "charged" and "name" in record], [])
                self.assertEqual({record["subscriber"]["ip"] for record in records},
                                 {"2001:db8:77::/64" if ":" in case.address else "10.77.0.11"})

    def test_clients_came_as_wanted(self):
        """The servers tell. Chromium's hello offers a post-quantum key share, X25519MLKEM768 (0x11ec), which OpenSSL 3.0 only numbers."""
        for case in self.cases:
            if case.seen:
                with self.subTest(server=case.address, name=case.name, client=case.client):
                    seen = self.seen[case.address]
                    self.assertEqual({entry[:len(case.seen)] for entry in seen}, {case.seen})
                    if case.by == "nginx" and case.client[0] == "chromium":
                        for entry in seen:
                            self.assertRegex(entry[2], "0x11ec|X25519MLKEM768")

    def test_browser(self):
        pages = [case for case in self.cases if case.client[0] == "chromium"]
        if not pages:
            self.skipTest("chromium is missing, or the servers of its page")
        self.assertEqual(self.parts, {case.name for case in pages[1:]})

    def test_resolver(self):
        if not self.resolved:
            self.skipTest("dig is missing (tests/support/setup.sh tests)")
        self.assertEqual(len(self.resolved), 4 * len(RESOLVED))
        for (server, way, address), said in self.resolved.items():
            self.assertEqual(said, address, (server, way))
        for address in RESOLVERS:
            records = self.of(address)
            self.assertEqual({record["verdict"] for record in records}, {"charged"})
            self.assertEqual({record["proto"] for record in records}, {"tcp", "udp"})
            self.assertEqual({record["server_port"] for record in records}, {53})

    # ---- the exchange of lists ----

    def test_running_downloads_follow_the_list(self):
        self.assertEqual(self.status["list"]["serial"], 2)
        for swap in self.swaps:
            with self.subTest(server=swap.address, name=swap.name, client=swap.client):
                flows = collections.defaultdict(list)
                for record in self.of(swap.address):
                    flows[record["flow"]].append(record)
                parts = max(flows.values(), key=lambda parts: recorded("down", parts))
                verdicts = [(part["verdict"], part["reason"]) for part in parts]
                before = verdicts.index(swap.after) if swap.after != swap.before else len(verdicts)
                self.assertEqual(verdicts, [swap.before] * before + [swap.after] * (len(verdicts) - before))
                self.assertEqual([part["final"] for part in parts], [False] * (len(parts) - 1) + [True])
                if swap.after == swap.before:
                    continue
                self.assertEqual([part["cause"] for part in parts].count("list"), 1)
                self.assertEqual(parts[before - 1]["cause"], "list")
                for share in (parts[:before], parts[before:]):
                    self.assertGreater(recorded("down", share).bytes, ENOUGH_BYTES // 2)
                # What was charged under the list before stays charged.
                credited = [part[f"retro_{way}_bytes"] for part in parts[before:] if part["verdict"] == "free" for way in WAYS]
                self.assertEqual(set(credited) - {0}, set())


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = netns.why_not(BOX, *PROGRAMS)
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    cases, swaps = possible(CASES), possible(SWAPS)
    with Row(cases + swaps, MARKS.values()) as row:
        EndToEnd.gather(row, cases, swaps, *sys.argv[1:])
    passed = total(EndToEnd.kernel[way]["ip"] for way in WAYS)
    print(f"the kernels behind the box counted {passed.pkts} packets, {passed.bytes} bytes of IP for {len(cases + swaps)} hosts")
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id().rpartition('.')[2]}: {reason}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
