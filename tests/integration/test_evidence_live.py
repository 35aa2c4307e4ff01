# SPDX-License-Identifier: BSD-3-Clause
"""What a name resolved to, as evidence: the daemon between a real resolver, real servers and those who ask them, or do not.

Usage: test_evidence_live.py ZERORATED ZERORATE ZERORATE-CONSUMER     as root; status 77 and the reason where it cannot run

Namespaces, servers and meters are those of test_end_to_end.py (row.py, measured.py). Each step has a host of its own, told by its
address in the records and in the kernel's counters. unbound is the trusted resolver. The subscriber's machine knows the addresses of
all hosts but one, so that nobody asks but dig, and that one.
"""

import collections
import json
import signal
import subprocess
import sys
import unittest

import media
import netns
from billing import StockConsumer
from daemon import PATIENCE_S, Daemon
from internet import FILES, RESOLVERS
from measured import DATAPLANE, WAYS, Measured, recorded
from meter import NOTHING, total
from netns import SKIPPED, inside, run, wait_until
from row import BOX, SERVER, SUBSCRIBER, Row

PROGRAMS = ("ip", "ss", "nft", "ethtool", "openssl", "unbound", "nginx", "curl", "dig")
ME, ME6, NEIGHBOUR, ASKER = "10.77.0.11", "2001:db8:77::11", "10.77.0.12", "10.77.0.13"
SUBSCRIBER6 = "2001:db8:77::/64"
DNS_FREE_BYTES = 8192
ENOUGH_BYTES = 120_000
MEDIA_PORT = 8801

LIST = """#! serial: 1
#! issuer: test
#! issued: 2026-01-01T00:00:00Z
#! expires: 2099-01-01T00:00:00Z
match,service,rating_group,verify,note,bind
.olm.vn,olm,90001,require,,
xem.chain.vn,chain,90001,require,,
.hocmai.vn,hocmai,90002,flag,,
.hoctap.vn,hoctap,90003,learn,,
.k12online.vn,k12,90003,learn,shared-intended,
.phonghoc.vn,phong,90001,off,,
203.0.113.96/28 udp 8801-8810,live,90004,,,phong
"""
NEXT_LIST = LIST.replace("serial: 1", "serial: 2") + ".vnedu.vn,vnedu,90002,require,,\n"

CONFIG = f"""gateway = "test-gw";
{DATAPLANE.format(more="")}trusted_resolvers = [ {", ".join(f'"{address}"' for address in RESOLVERS)} ];
evidence = {{ dns_free = "listed"; dns_free_bytes = "{DNS_FREE_BYTES}B"; bind_grace = "2s"; }};
timeouts = {{ linger = "1s"; }};
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
records = {{ socket = "{{folder}}/records.sock"; charged_flows = true; consumers = [ "billing" ]; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""

Case = collections.namedtuple("Case", "address name by port client")


def web(address, name, port=443):
    return Case(address, name, "nginx", port, ("curl", "--tlsv1.3"))


def quic(address, name):
    return Case(address, name, "caddy", 443, ("gtlsclient",))


def stream(address, name):
    return Case(address, name, "media", MEDIA_PORT, ("media",))


ASKED = [web("203.0.113.70", "mien.olm.vn"), web("2001:db8:203::70", "mien6.olm.vn"), web("203.0.113.71", "http.olm.vn", 80),
         quic("203.0.113.72", "quic.olm.vn")]
SILENT = [web("203.0.113.73", "im.olm.vn"), web("2001:db8:203::73", "im6.olm.vn"), web("203.0.113.74", "im-http.olm.vn", 80),
          quic("203.0.113.75", "im-quic.olm.vn")]
# Downloads that run when the subscriber asks.
LATE = [web("203.0.113.76", "sau.olm.vn"), web("2001:db8:203::76", "sau6.olm.vn"), web("203.0.113.77", "sau-http.olm.vn", 80),
        quic("203.0.113.78", "sau-quic.olm.vn")]
CURL_ASKS = web("203.0.113.79", "curl.olm.vn")
FLAGGED, BACKED = web("203.0.113.80", "nghi.hocmai.vn"), web("203.0.113.81", "co.hocmai.vn")
# Its name is asked for through two CNAMEs, which lead here.
CHAIN = web("203.0.113.82", "edge.chain.vn")
CHAIN_NAME = "xem.chain.vn"
HINTED = web("203.0.113.83", "goi-y.olm.vn")
SWAPPED = web("203.0.113.84", "lms.vnedu.vn")
OWN, SHARED, INTENDED = stream("203.0.113.85", "phim.hoctap.vn"), stream("203.0.113.86", "chung.hoctap.vn"), stream("203.0.113.87", "lop.k12online.vn")
# Of hosts that nobody goes to.
NEWS = {"203.0.113.118": "tin-1.olm.vn", "203.0.113.119": "tin-2.olm.vn"}
OTHER_NAMES = {SHARED.address: "khac.example.vn", INTENDED.address: "khac2.example.vn"}
BOUND, LESSON = stream("203.0.113.97", "tiet.example.vn"), web("203.0.113.88", "lop.phonghoc.vn")
CASES = [*ASKED, *SILENT, *LATE, CURL_ASKS, FLAGGED, BACKED, CHAIN, HINTED, SWAPPED, OWN, SHARED, INTENDED, BOUND, LESSON]

ZONES = f"""server:
 local-data: "{HINTED.name}. 300 HTTPS 1 . alpn=h2 ipv4hint={HINTED.address}"
 local-zone: "chain.vn." transparent
{"".join(f' local-data: "{name}. 300 A {address}"' + chr(10) for address, name in {**OTHER_NAMES, **NEWS}.items())}
auth-zone:
 name: "chain.vn."
 zonefile: "chain.zone"
"""
CHAIN_ZONE = f"""chain.vn. 300 SOA ns.chain.vn. a.chain.vn. 1 3600 600 86400 60
chain.vn. 300 NS ns.chain.vn.
{CHAIN_NAME}. 300 CNAME a.cdn.chain.vn.
a.cdn.chain.vn. 300 CNAME {CHAIN.name}.
{CHAIN.name}. 300 A {CHAIN.address}
"""


class Story:
    """What people do, step by step. A step waits for what the daemon's status or its flows say, never for a time."""

    def __init__(self, row, daemon, cases):
        self.row, self.daemon, self.cases = row, daemon, cases
        self.waited_for = 0
        self.said = {}

    def there(self, cases):
        return [case for case in cases if case in self.cases]

    def ask(self, *names, own=ME, server=RESOLVERS[0], kind="A", options=()):
        return run(*inside(SUBSCRIBER, "dig", "+short", "+tries=3", "+time=10", "-b", own, f"@{server}", *options,
                           *(word for name in names for word in (name, kind)))).decode().split()

    def ask_for(self, case, options=()):
        """By the subscriber's address of the family that the host has."""
        v6 = ":" in case.address
        answers = self.ask(case.name, own=ME6 if v6 else ME, server=RESOLVERS[v6], kind="AAAA" if v6 else "A", options=options)
        assert answers == [case.address], (case.name, answers)

    def command(self, case, file, own=None, name=None):
        if name:
            case = case._replace(name=name, client=(*case.client, "-k"))
        if own:
            case = case._replace(client=(*case.client, "--interface", own))
        return self.row.command(case, file)

    def fetch(self, case, **how):
        run(*self.command(case, "picture", **how), timeout=3 * PATIENCE_S)

    def talk(self, case, own_port, count=20, own=ME):
        run(*inside(SUBSCRIBER, sys.executable, media.__file__, "talk", own, own_port, case.address, case.port, count), timeout=3 * PATIENCE_S)

    def serve(self, case):
        """Ends with its namespace."""
        server = subprocess.Popen(inside(SERVER, sys.executable, media.__file__, "serve", case.address, case.port), stdin=subprocess.DEVNULL)
        self.row.internet.servers[f"media-{case.address}"] = server
        listens = f"{case.address}:{case.port}"
        wait_until(lambda: listens in run(*inside(SERVER, "ss", "-Hlun")).decode(), lambda: f"nobody listens at {listens}")

    def tell(self, *what):
        done = run(self.daemon.zerorate, *what, "--socket", f"{self.daemon.folder}/control.sock").decode()
        return json.loads(done) if "--json" in what else done

    def wait_for_reason(self, case, *reasons, between=lambda: None):
        """Until all its open flows that have bytes have one of these."""
        def now():
            return {flow.get("reason") for flow in self.tell("flows", "--json", "--server", case.address)["flows"]}

        def come():
            between()
            return now() and now() <= set(reasons)
        wait_until(come, lambda: f"{case.name}: {now()} instead of {reasons}", 2 * PATIENCE_S)

    def wait_for_backed(self, more):
        self.waited_for += more
        self.daemon.wait_for(lambda status: status["counters"]["flows_backed"] >= self.waited_for)

    def wait_for_workers(self):
        """Until they have all that the network knows now. The table that comes next may have been begun before."""
        for name in NEWS.values():
            tables = self.daemon.status()["evidence"]["network"]["tables"]
            self.ask(name)
            self.daemon.wait_for(lambda status: status["evidence"]["network"]["tables"] > tables)

    def downloading(self, *cases, **how):
        return Downloads(self, cases, how)

    # ---- the steps ----

    def all(self):
        for case in (OWN, SHARED, INTENDED, BOUND):
            self.serve(case)
        for step in (self.nobody_asked, self.somebody_asked, self.asked_meanwhile, self.flagged, self.by_aliases_and_hints, self.learned,
                     self.bound, self.another_list, self.tell_all, self.ask_too_much):
            step()

    def nobody_asked(self):
        for case in self.there(SILENT):
            self.fetch(case)
        # Before other decisions take their place.
        self.said["explain"] = self.tell("explain", "--json", "--subscriber", ME, "--server", SILENT[0].address)["decisions"]
        self.said["why"] = self.tell("explain", "--subscriber", ME, "--server", SILENT[0].address)

    def somebody_asked(self):
        for case in self.there(ASKED):
            # Over TCP once.
            self.ask_for(case, ("+tcp",) if case is ASKED[0] else ())
            self.fetch(case)
        self.fetch(CURL_ASKS)

    def asked_meanwhile(self):
        """A neighbour who asks nothing has what the network learned."""
        late = self.there(LATE)
        with self.downloading(*late) as own, self.downloading(LATE[0], own=NEIGHBOUR) as neighbours:
            own.let_run()
            neighbours.let_run()
            for case in late:
                self.wait_for_reason(case, "unlearned")
                self.ask_for(case)
            self.wait_for_backed(len(late) + 1)
            own.let_run()
            neighbours.let_run()
        self.fetch(LATE[0], own=NEIGHBOUR)

    def flagged(self):
        self.fetch(FLAGGED)
        self.ask_for(BACKED)
        self.fetch(BACKED)

    def by_aliases_and_hints(self):
        answers = self.ask(CHAIN_NAME)
        assert answers == ["a.cdn.chain.vn.", f"{CHAIN.name}.", CHAIN.address], answers
        self.fetch(CHAIN, name=CHAIN_NAME)
        answers = self.ask(HINTED.name, kind="HTTPS")
        assert any(HINTED.address in word for word in answers), answers
        self.fetch(HINTED)

    def learned(self):
        self.talk(OWN, 40000)
        for case in (OWN, SHARED, INTENDED):
            self.ask_for(case)
        for name in OTHER_NAMES.values():
            self.ask(name)
        for case in (OWN, SHARED, INTENDED):
            self.talk(case, 40001)

        def known():
            """That an address is shared matters to the network as soon as it knows it for a listed name: the next answer tells it."""
            self.ask(*OTHER_NAMES.values())
            return all(len(self.tell("list", "learned", "--json", address)["rows"]) == 2 for address in OTHER_NAMES)
        wait_until(known, lambda: "the network does not know what is shared", 2 * PATIENCE_S)
        self.wait_for_workers()
        for case in (OWN, SHARED, INTENDED):
            self.talk(case, 40002, own=NEIGHBOUR)

    def bound(self):
        self.talk(BOUND, 40000)
        self.wait_for_reason(BOUND, "unbound")
        with self.downloading(LESSON) as lesson:
            lesson.let_run()
            self.wait_for_reason(BOUND, "prefix")
            self.talk(BOUND, 40000)
        # The grace begins when the lesson's flow is over.
        self.wait_for_reason(BOUND, "unbound", between=lambda: self.talk(BOUND, 40000, 1))
        self.talk(BOUND, 40000)

    def another_list(self):
        """What was asked for while it was not listed has to be asked for again."""
        self.ask_for(SWAPPED)
        with self.downloading(SWAPPED) as downloads, self.downloading(ASKED[0]) as others:
            downloads.let_run()
            others.let_run()
            self.daemon.write_list(NEXT_LIST)
            self.daemon.wait_for(lambda status: status["list"]["serial"] == 2)
            self.wait_for_reason(SWAPPED, "unlearned")
            downloads.let_run()
            self.ask_for(SWAPPED)
            self.wait_for_backed(1)
            downloads.let_run()
            others.let_run()

    def ask_too_much(self):
        """Until what is free a day is spent, by a subscriber who does nothing else; and a little more."""
        names = [f"{case.name}" for case in ASKED for _ in range(8)]

        def spent():
            self.ask(*names, own=ASKER)
            return self.daemon.status()["counters"]["dns_free_exceeded"] > 0
        wait_until(spent, lambda: "free questions have no end", 2 * PATIENCE_S)
        self.ask(*names, own=ASKER)

    def tell_all(self):
        """When the network-wide table has all that was asked for."""
        self.daemon.wait_for(lambda status: status["evidence"]["untold"] == 0 and status["evidence"]["lessons"] > 0 and
                             self.tell("list", "learned", "--json", SWAPPED.name)["matched"] > 0)
        for name in (ASKED[0].name, CHAIN_NAME, HINTED.name, SHARED.address, SILENT[0].name):
            self.said[name] = self.tell("list", "learned", "--json", name)["rows"]
        self.said["top"] = {row.get("rule"): row for row in self.tell("top", "--json", "--by", "rule")["rows"]}
        self.said["status"] = self.tell("status")


class Downloads:
    """Files that come slowly, until it is left."""

    def __init__(self, story, cases, how):
        self.story, self.cases, self.how = story, cases, how

    def __enter__(self):
        self.clients = [subprocess.Popen(self.story.command(case, "film", **self.how), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE) for case in self.cases]
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.send_signal(signal.SIGINT)
        for client in self.clients:
            client.communicate(timeout=3 * PATIENCE_S)

    def let_run(self):
        begin = self.story.row.down.read()

        def waiting():
            for case, client in zip(self.cases, self.clients):
                if client.poll() is not None:
                    raise AssertionError(f"{case.name}: the download has ended: {client.communicate()[1].decode(errors='replace')}")
            now = self.story.row.down.read()
            return [case.name for case in self.cases if (now[case.address] - begin[case.address]).bytes < ENOUGH_BYTES]
        wait_until(lambda: not waiting(), lambda: f"no download: {waiting()}", 3 * PATIENCE_S)


class EvidenceLive(Measured, unittest.TestCase):
    """What was gathered by gather() holds."""

    @classmethod
    def gather(cls, row, cases, zerorated, zerorate, consumer):
        cls.hosts = cases
        with Daemon(zerorated, zerorate, CONFIG, LIST, inside(BOX)) as daemon, StockConsumer(consumer, daemon, "billing") as billing:
            story = Story(row, daemon, cases)
            story.all()
            cls.said = story.said
            cls.finish(row, daemon, billing)

    def there(self, cases):
        return [case for case in cases if case in self.hosts]

    def flows(self, case, client=None):
        """Its flows, each the list of its parts that have volume; of one client when it is told."""
        flows = collections.defaultdict(list)
        for record in self.of(case.address):
            if record["up_pkts"] + record["down_pkts"] > 0 and client in (None, record["client_ip"]):
                flows[record["flow"]].append(record)
        return list(flows.values())

    def verdicts(self, case, client=None):
        """Of each flow what its parts were, in order."""
        return [[(part["verdict"], part["reason"]) for part in parts] for parts in self.flows(case, client)]

    def assert_all(self, cases, verdict, evidence, flags=()):
        """One flow each, one verdict; with this evidence besides the name's, whatever the network had learned by then."""
        for case in self.there(cases):
            with self.subTest(name=case.name):
                records = [part for parts in self.flows(case) for part in parts]
                self.assertEqual({(record["verdict"], record["reason"]) for record in records}, {verdict})
                self.assertGreater(recorded("down", records).bytes, FILES["picture"])
                for record in records:
                    self.assertEqual(set(record["evidence"]) - {source_of(case), "dns_seen"}, set(evidence))
                    self.assertEqual(record.get("flags", []), list(flags))

    def test_without_a_question_require_charges(self):
        self.assert_all(SILENT, ("charged", "unlearned"), ())
        for case in self.there(SILENT):
            self.assertEqual({record["rule"] for record in self.of(case.address)}, {".olm.vn"})
            self.assertEqual([record for record in self.of(case.address) if "name" in record or "dns_seen" in record["evidence"]], [])

    def test_with_a_question_the_flow_is_free(self):
        for case in self.there([*ASKED[1:], CURL_ASKS]):
            self.assert_all([case], ("free", reason_of(case)), {"dns_subscriber"})

    def test_a_free_flow_stays_free_under_another_list(self):
        flows = self.flows(ASKED[0])
        self.assertEqual(len(flows), 2)
        for parts in flows:
            for part in parts:
                self.assertEqual((part["verdict"], part["reason"]), ("free", "sni"))
                self.assertIn("dns_subscriber", part["evidence"])
        self.assertEqual({part["list_serial"] for parts in flows for part in parts}, {1, 2})

    def test_evidence_frees_from_there_on(self):
        for case in self.there(LATE):
            with self.subTest(name=case.name):
                parts = self.longest(case, ME6 if ":" in case.address else ME)
                self.assertEqual([(part["verdict"], part["reason"]) for part in parts],
                                 [("charged", "unlearned"), ("free", reason_of(case))])
                self.assertEqual([part["cause"] for part in parts][0], "verdict")
                self.assertIn("dns_subscriber", parts[1]["evidence"])
                for part in parts:
                    self.assertGreater(part["down_bytes"], ENOUGH_BYTES // 2)
                self.assertEqual([parts[1][f"retro_{way}_bytes"] for way in WAYS], [0, 0])

    def test_a_neighbour_profits_from_what_the_network_learned(self):
        first = self.longest(LATE[0], NEIGHBOUR)
        self.assertEqual([(part["verdict"], part["reason"]) for part in first], [("charged", "unlearned"), ("free", "sni")])
        self.assertEqual([part[f"retro_{way}_bytes"] for part in first[1:] for way in WAYS], [0, 0])
        for parts in self.flows(LATE[0], NEIGHBOUR):
            self.assertEqual(set(parts[-1]["evidence"]), {"tls_sni", "dns_seen"})
        self.assertIn([("free", "sni")], self.verdicts(LATE[0], NEIGHBOUR))

    def longest(self, case, client):
        return max(self.flows(case, client), key=lambda parts: recorded("down", parts))

    def test_flag_marks_suspects(self):
        self.assert_all([FLAGGED], ("free", "sni"), (), ["spoof_suspect"])
        self.assert_all([BACKED], ("free", "sni"), {"dns_subscriber"})

    def test_aliases_and_hints_are_evidence(self):
        self.assert_all([CHAIN, HINTED], ("free", "sni"), {"dns_subscriber"})
        self.assertEqual({record["name"] for record in self.of(CHAIN.address)}, {CHAIN_NAME})

    def test_learned_addresses_free_what_has_no_name(self):
        self.assertCountEqual(self.verdicts(OWN, ME), [[("charged", "no_name")], [("free", "dns_learned")]])
        self.assertEqual(self.verdicts(INTENDED, ME), [[("free", "dns_learned")]])
        for case in (OWN, INTENDED):
            self.assertEqual([[(part["reason"], part["evidence"]) for part in parts] for parts in self.flows(case, NEIGHBOUR)],
                             [[("dns_learned", ["dns_seen"])]])
        self.assertEqual({part["rule"] for parts in self.flows(INTENDED) for part in parts}, {".k12online.vn"})

    def test_shared_addresses_free_nothing_without_a_name(self):
        for client in (ME, NEIGHBOUR):
            self.assertEqual(self.verdicts(SHARED, client), [[("charged", "no_name")]])

    def test_bound_media_are_free_beside_their_service(self):
        flows = self.flows(BOUND)
        self.assertEqual(len(flows), 1)
        self.assertEqual([(part["verdict"], part["reason"]) for part in flows[0]],
                         [("charged", "unbound"), ("free", "prefix"), ("charged", "unbound")])
        self.assertEqual({part["rule"] for part in flows[0]}, {"203.0.113.96/28 udp 8801-8810"})
        for part in flows[0]:
            self.assertGreaterEqual(part["up_pkts"], 20)
        self.assertEqual([flows[0][1][f"retro_{way}_bytes"] for way in WAYS], [0, 0])

    def test_another_list_asks_for_its_own_evidence(self):
        parts = self.longest(SWAPPED, ME)
        self.assertEqual([(part["verdict"], part["reason"], part["cause"]) for part in parts[:2]],
                         [("charged", "no_match", "list"), ("charged", "unlearned", "verdict")])
        self.assertEqual({(part["verdict"], part["reason"]) for part in parts[2:]}, {("free", "sni")})
        for part in parts[:3]:
            self.assertGreater(part["down_bytes"], ENOUGH_BYTES // 2)

    def test_questions_for_listed_names_are_free(self):
        records = [record for address in RESOLVERS for record in self.of(address) if record["client_ip"] != ASKER]
        free = [record for record in records if record["verdict"] == "free"]
        self.assertEqual({record["reason"] for record in free}, {"dns_free"})
        self.assertEqual({record["proto"] for record in free}, {"tcp", "udp"})
        self.assertEqual({record["reason"] for record in records if record["verdict"] == "charged"}, {"no_name"})
        self.assertLessEqual({".olm.vn", ".hocmai.vn", "xem.chain.vn", ".vnedu.vn"}, {record["rule"] for record in free})

    def test_free_questions_have_a_bound(self):
        records = [record for record in self.of(RESOLVERS[0]) if record["client_ip"] == ASKER]
        self.assertEqual({record["verdict"] for record in records}, {"free", "charged"})
        free = total(recorded(way, [record for record in records if record["verdict"] == "free"]) for way in WAYS)
        charged = total(recorded(way, [record for record in records if record["verdict"] == "charged"]) for way in WAYS)
        self.assertLessEqual(free.bytes, DNS_FREE_BYTES)
        self.assertGreater(free.bytes, DNS_FREE_BYTES // 2)
        self.assertGreater(charged, NOTHING)
        self.assertGreater(self.status["counters"]["dns_free_exceeded"], 0)
        self.assertEqual({record["reason"] for record in records if record["verdict"] == "charged"}, {"no_name"})

    def test_the_program_tells_what_was_learned(self):
        rows = self.said[ASKED[0].name]
        self.assertEqual([(row["address"], row["type"], row["aliases"], row["resolver"]) for row in rows],
                         [(ASKED[0].address, 1, 0, RESOLVERS[0])])
        self.assertEqual([(row["name"], row["address"], row["aliases"]) for row in self.said[CHAIN_NAME]], [(CHAIN_NAME, CHAIN.address, 2)])
        self.assertEqual([(row["address"], row["type"]) for row in self.said[HINTED.name]], [(HINTED.address, 65)])
        self.assertEqual({row["name"] for row in self.said[SHARED.address]}, {SHARED.name, None})
        self.assertEqual(self.said[SILENT[0].name], [])

    def test_the_program_tells_why_it_was_charged(self):
        self.assertEqual({decision["reason"] for decision in self.said["explain"]}, {"unlearned"})
        self.assertEqual({decision["rule"] for decision in self.said["explain"]}, {".olm.vn"})
        self.assertEqual([decision for decision in self.said["explain"] if "name" in decision], [])
        self.assertIn("unlearned", self.said["why"])
        self.assertIn("resolver", self.said["why"])
        for rule, volumes in {".olm.vn": ("free", "charged"), "203.0.113.96/28 udp 8801-8810": ("free", "charged"), ".hoctap.vn": ("free",)}.items():
            for verdict in volumes:
                self.assertGreater(self.said["top"][rule][f"{verdict}_bytes"], 0, (rule, verdict))
        self.assertRegex(self.said["status"], r"(?i)evidence")

    def test_status_counts_evidence(self):
        evidence = self.status["evidence"]
        self.assertEqual((evidence["resolvers"], evidence["verify"], evidence["untold"]), (2, "off", 0))
        self.assertGreaterEqual(evidence["network"]["rows"], len(self.there([*ASKED, *LATE])))
        # … and perhaps what was asked for before it was listed.
        self.assertIn(evidence["network"]["others"], (len(OTHER_NAMES), len(OTHER_NAMES) + 1))
        self.assertEqual(self.status["counters"]["flows_backed"], len(self.there(LATE)) + 2)
        self.assertEqual(self.status["counters"]["dns_unasked"], 0)


def source_of(case):
    return {"gtlsclient": "quic_sni"}.get(case.client[0], "tls_sni" if case.port == 443 else "http_host")


def reason_of(case):
    return {"tls_sni": "sni", "http_host": "host"}.get(source_of(case), "quic_sni")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = netns.why_not(BOX, *PROGRAMS)
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    absent = netns.missing("caddy", "gtlsclient")
    cases = [case for case in CASES if case.by != "caddy" or not absent]
    if absent:
        print(f"skipped: {' and '.join(absent)} missing (tests/support/setup.sh tests): what is asked for over QUIC")
    known = [(case.address, case.name) for case in cases if case is not CURL_ASKS]
    row = Row(cases, (), ZONES, [*known, (CHAIN.address, CHAIN_NAME)])
    (row.folder / "chain.zone").write_text(CHAIN_ZONE)
    with row:
        netns.add_addresses(SUBSCRIBER, "line", f"{NEIGHBOUR}/24", f"{ASKER}/24")
        EvidenceLive.gather(row, cases, *sys.argv[1:])
    passed = total(EvidenceLive.kernel[way]["ip"] for way in WAYS)
    print(f"the kernels behind the box counted {passed.pkts} packets, {passed.bytes} bytes of IP for {len(cases)} hosts")
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id().rpartition('.')[2]}: {reason}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
