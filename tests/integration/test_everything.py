# SPDX-License-Identifier: BSD-3-Clause
"""All at once: clients that never stop, lists that change, restarts, kills, links, questions; and everything still adds up.

Usage: test_everything.py ZERORATED ZERORATE ZERORATE-CONSUMER [TEST]     as root; status 77 and the reason where it cannot run

ZR_BILLING_ROUNDS: how many times as long. ZR_EVERYTHING_SEED: of all that is left to chance; it is printed. The row is
test_end_to_end's, what happens is everything.py's. One round ends the daemon with SIGTERM only: then its records are what the
kernels behind the box counted, to the byte, and what its ports name as lost. The other one kills it as well: then what was
committed before stays, nothing is told twice, and what is missing came out of the box while a record of it was due.
"""

import collections
import json
import os
import pathlib
import random
import re
import signal
import sys
import unittest

import claims
import netns
from billing import Consumer, Gateway, StockConsumer, check_ledger, rows, say
from claims import SECRET
from clients import Clients
from daemon import Daemon
from everything import CASES, INTERIM_S, MARKS, WAYS, Askers, Lists, Trouble, listed
from internet import RESOLVERS
from meter import ETHERNET_BYTES, NOTHING, Volume, total
from netns import SKIPPED, inside
from row import BOX, NAMESPACES, SUBSCRIBER, Row

ZERORATED, ZERORATE, CONSUMER = [""] * 3

PROGRAMS = ("ip", "ss", "nft", "ethtool", "openssl", "unbound", "nginx", "curl", "dig")
# Its files when it is gone. DPDK leaves its own in its folder.
LEFT = {"ledger", "state", "flows", "dpdk", "list.csv", "zerorated.conf", "log"}
# Lines of a kind in a minute (zerorated(8)), the one that counts the rest, and those of what this test itself does.
LINES_MAX = 20 + 1 + 40
GROWTH_MAX_KIB = 64 << 10
# A flow's packets that a worker reads before it has seen another list may be this much later than the status that told of it.
NOTICE_S = 5
# A free flow that says nothing any more is one until its timeout, and a worker's clock moves on with bursts.
SILENCE_S = 8 + 2

# Rings hold all frames of this test; a queue for each worker to send from.
RING = "framesz=2048,framecnt=8192,blocksz=65536,qpairs=2"
CONFIG = f"""gateway = "test-gw";
dataplane = {{ workers = "1-2"; flows = "16K"; mode = "inline"; state = "{{folder}}/flows";
  eal = "--no-huge --no-pci --file-prefix=zr-all -m 512 --vdev=net_af_packet0,iface=left,{RING} --vdev=net_af_packet1,iface=right,{RING}";
  ports = ( {{ device = "net_af_packet0"; role = "access"; peer = "net_af_packet1"; }},
            {{ device = "net_af_packet1"; role = "core"; peer = "net_af_packet0"; }} );
  mark = {{ default = "AF11"; rating_groups = ( {{ rating_group = 90002; dscp = "AF21"; }} ); }}; }};
subscribers = [ "10.77.0.0/24", "2001:db8:77::/64" ];
{claims.CONFIG}timeouts = {{ tcp = "8s"; quic = "5s"; udp = "3s"; undecided = "3s"; linger = "200ms"; }};
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
records = {{ socket = "{{folder}}/records.sock"; charged_flows = true; consumers = [ "billing", "archive" ];
  interim_interval = "{INTERIM_S}s"; totals_interval = "5s"; totals_subscribers = true; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
control = {{ socket = "{{folder}}/control.sock"; decisions = "1MiB"; }};
metrics = {{ listen = "127.0.0.1:9469"; }};
"""


def volume(member):
    """Of the daemon's status."""
    return Volume(member["bytes"], member["pkts"])


def recorded(way, records):
    return total(Volume(record[f"{way}_bytes"], record[f"{way}_pkts"]) for record in records)


def absent(case):
    """Programs that are missing for a case."""
    return netns.missing(*{case.client[0], case.by} - {"media"})


class Box(Daemon):
    """With a ledger that can be checked."""

    files = Gateway.files

    @property
    def ledger(self):
        return pathlib.Path(self.folder, "ledger")


class Everything(unittest.TestCase):
    def setUp(self):
        self.seed = int(os.environ.get("ZR_EVERYTHING_SEED", random.SystemRandom().randrange(1 << 32)))
        self.chance = random.Random(self.seed)
        print(f"{self.id()} (seed {self.seed})", flush=True)

    def live(self, kills):
        """Let it all happen; what was recorded, counted and said."""
        self.cases = [case for case in CASES if not absent(case)]
        self.lists = Lists(self.chance)
        command = inside(BOX, "sh", "-c", 'RUNTIME_DIRECTORY=$(dirname "$3") exec "$@"', "sh")
        with Row(self.cases, MARKS.values(), claims.ZONES, claims.KNOWN) as row:
            netns.add_addresses(SUBSCRIBER, "line", *(f"{address}/24" for address in (*claims.NEIGHBOURS, claims.ASKER, claims.LONER)))
            claims.serve_media(row)
            with Box(ZERORATED, ZERORATE, CONFIG, self.lists.text, command) as daemon, \
                    Consumer(daemon, name="archive", ack_every=7, bill=False) as consumer, \
                    StockConsumer(CONSUMER, daemon, "billing") as stock:
                self.trouble = Trouble(row, daemon, self.lists, (consumer, stock), self.chance, kills)
                self.asked = self.happen(row, daemon)
                self.take_records(daemon, consumer, stock)
                self.kernel = row.counted()
                self.check_folder(pathlib.Path(daemon.folder), {"billing.db", "billing.db-wal", "billing.db-shm"})
                self.log = daemon.logged()
        self.assertEqual([name for name in NAMESPACES if os.path.exists(f"/run/netns/{name}")], [])

    def happen(self, row, daemon):
        self.trouble.measure()
        clients, askers = Clients(row, self.cases, self.chance, 10), Askers(daemon, self.chance)
        try:
            self.trouble.happen(clients)
            clients.in_peace()
        finally:
            clients.stop()
            askers.stop()
        netns.quiet(row.counted, daemon)
        self.trouble.measure()
        self.trouble.end()
        say(f"{sum(clients.done.values())} downloads; {dict(self.trouble.done)}; asked {sum(askers.answered.values())} times")
        return askers

    def take_records(self, daemon, consumer, stock):
        """The last run ends what is still open, and lets consumers take the rest. Nothing comes any more, or it would begin flows anew."""
        for device in ("left", "right"):
            netns.run("ip", "-n", BOX, "link", "set", device, "down")
        daemon.start_again()
        status = daemon.wait_for(lambda status: status["flows"]["open"] == 0 and
                                 status["records"]["committed"] == status["records"]["seq"])
        last = status["records"]["epoch"], status["records"]["seq"]
        stock.wait_for_record(last)
        consumer.wait_for_record(last)
        self.trouble.end()
        stock.end()
        consumer.stop()
        self.assertGreaterEqual(check_ledger(daemon), last[1])
        self.assertEqual(consumer.lost, [])
        self.assertEqual(rows(stock.path, "SELECT count(*) FROM gaps"), [(0,)])
        self.assertEqual(rows(stock.path, "SELECT min(seq), count(*) = max(seq), count(DISTINCT epoch) FROM records"), [(1, 1, 1)])
        for committed in self.trouble.committed:
            self.assertLessEqual(committed, last)
        records = [json.loads(text) for text, in rows(stock.path, "SELECT record FROM records ORDER BY seq")]
        self.usage = [record for record in records if record["type"] == "usage"]
        self.types = collections.Counter(record["type"] for record in records)

    def check_folder(self, folder, of_test):
        """No socket is left, and no name of a charged host in any file."""
        self.assertEqual({path.name for path in folder.iterdir()} - of_test, LEFT)
        for path in filter(pathlib.Path.is_file, folder.rglob("*")):
            self.assertFalse(SECRET.encode() in path.read_bytes(), f"{path} has a charged host's name")

    def check(self, kills):
        with self.subTest("what was answered"):
            self.assertEqual(self.asked.failures, [])
            self.assertEqual(set(self.asked.exactness), {0})
            self.assertEqual({status["exactness_bytes"] for status in self.trouble.statuses}, {0})
        with self.subTest("log"):
            self.check_log()
        with self.subTest("growth"):
            self.check_growth()
        with self.subTest("flows"):
            self.check_flows(kills)
        with self.subTest("verdicts"):
            self.check_verdicts()
        with self.subTest("evidence"):
            self.check_evidence(kills)

    def check_log(self):
        self.assertNotRegex(self.log, "Sanitizer|runtime error|<[0-2]>")
        lines = (line for line in self.log.splitlines() if line.startswith("<"))
        kinds = collections.Counter(re.sub(r"[0-9a-f]*[0-9][0-9a-f.:]*", "N", line) for line in lines)
        line, count = kinds.most_common(1)[0]
        self.assertLessEqual(count, LINES_MAX * (len(self.trouble.growth) + self.trouble.seconds / 60), line)

    def check_growth(self):
        """Between the first run's start and the last one's end, of which each had its traffic."""
        (early, early_kib), *_, (late, late_kib) = self.trouble.growth
        say(f"descriptors: {early} early, {late} late; resident: {early_kib >> 10} MiB early, {late_kib >> 10} MiB late")
        self.assertLessEqual(late, early + 8)
        if b"__asan_init" not in pathlib.Path(ZERORATED).read_bytes():  # which keeps what was freed
            self.assertLessEqual(late_kib, early_kib + GROWTH_MAX_KIB)

    def check_flows(self, kills):
        flows = collections.defaultdict(list)
        for record in self.usage:
            flows[record["flow"]].append(record)
        for flow, parts in flows.items():
            self.assertEqual([part["part"] for part in parts], list(range(len(parts))), flow)
            self.assertEqual([part for part in parts[:-1] if part["final"]], [], "it went on behind its last record")
        unfinished = [parts for parts in flows.values() if not parts[-1]["final"]]
        say(f"{len(flows)} flows, {len(self.usage)} records of usage, {len(unfinished)} flows without a last one")
        if not kills:
            self.assertEqual(unfinished, [])
            self.assertNotIn("loss", self.types)

    def check_verdicts(self):
        """Free only under the list that said so, and only as long as it was in force."""
        cases = {case.address: case for case in self.cases}
        verdicts = collections.Counter()
        for record in self.usage:
            case = cases.get(record["server_ip"])
            rules = self.lists.rules[record["list_serial"]]
            verdicts[case.kind if case else None, record["verdict"]] += 1
            self.assertIsNone(claims.broken(record, rules), record)
            if record["verdict"] == "charged":
                self.assertNotIn("name", record)
            elif case:
                self.assertTrue(case.kind == "bound" if record["rule"] == claims.BLOCK else listed(rules, case.name), record)
                self.assertIn(record.get("name"), (case.name, None), record)
            else:
                self.assertEqual(record["reason"], "dns_free", record)
                self.assertTrue("name" not in record or listed(rules, record["name"]), record)
            replaced = min((since for serial, since in self.lists.since.items() if serial > record["list_serial"]), default=None)
            if replaced and "last" in record:
                self.assertLess(claims.seconds(record["last"]), replaced + NOTICE_S, record)
        self.assertGreater(verdicts["free", "free"], 0)
        self.assertGreater(verdicts["charged", "charged"], 0)
        self.assertGreater(verdicts["asked", "free"], 0)
        self.assertEqual([verdicts[kind, "free"] for kind in ("charged", "silent")], [0, 0])

    def check_evidence(self, kills):
        """What is free only for a while, or up to a bound."""
        reasons = collections.Counter(record["reason"] for record in self.usage)
        say(f"{dict(reasons.most_common())}; {self.trouble.starts} starts")
        for reason in ("unlearned", "dns_free") if kills else ("unlearned", "dns_free", "dns_learned", "prefix", "unbound"):
            self.assertGreater(reasons[reason], 0, reason)
        for subscriber, volume_ in claims.free_questions(self.usage).items():
            self.assertLessEqual(volume_.bytes, claims.DNS_FREE_BYTES * self.trouble.starts, subscriber)
        if not kills:    # which lose the records of what was free beside it
            self.assertEqual(claims.unattended(self.usage, claims.BIND_GRACE_S + SILENCE_S), [])

    # ---- volumes ----

    def in_totals(self, select):
        return total(map(volume, (of for status in self.trouble.statuses for of in select(status["totals"]))))

    def overload(self):
        """What went on unread: charged in totals, and in no record."""
        return self.in_totals(lambda totals: [totals["reasons"][name] for name in ("overload",) if name in totals["reasons"]])

    def lost(self):
        """What the box took and could not send, headers of Ethernet aside."""
        drops = [drop for status in self.trouble.statuses for port in status["ports"] for drop in port["tx_drops"].values()]
        return total(Volume(drop["bytes"] - ETHERNET_BYTES * drop["pkts"], drop["pkts"]) for drop in drops)

    def refused(self):
        """Frames that the driver took and the kernel did not. Those of an interface that was down may go out when it is up again."""
        return sum(port["tx_errors"] for status in self.trouble.statuses for port in status["ports"])

    def differences(self):
        """Records less the kernels' counters, by way and server, where they are not the same."""
        sums = collections.defaultdict(lambda: NOTHING)
        for record in self.usage:
            for way in WAYS:
                sums[way, record["server_ip"]] += recorded(way, [record])
        servers = {case.address for case in self.cases} | set(RESOLVERS)
        keys = [(way, server) for way in WAYS for server in servers]
        return {key: sums[key] - self.kernel[key[0]][key[1]] for key in keys if sums[key] != self.kernel[key[0]][key[1]]}

    def test_without_kills(self):
        self.live(kills=False)
        self.check(kills=False)
        lost, refused, overload, differences = self.lost(), self.refused(), self.overload(), self.differences()
        say(f"lost by name {lost}, refused by the kernel {refused} frames, unread {overload}; {len(differences)} sums differ by that")
        frames = self.in_totals(lambda totals: totals["unaccounted"].values())
        told = total(recorded(way, self.usage) for way in WAYS) + overload + Volume(frames.bytes - ETHERNET_BYTES * frames.pkts, frames.pkts)
        rest = told - lost - total(self.kernel[way][name] for way in WAYS for name in ("ip", "not_ip"))
        if refused == 0:
            self.assertEqual(rest, NOTHING)
        self.assertGreaterEqual(rest.pkts, 0)
        self.assertLessEqual(rest.pkts, refused)
        if overload == NOTHING:
            for key, of in differences.items():
                self.assertGreater(of.pkts, 0, key)
            self.assertLessEqual(total(differences.values()).pkts, lost.pkts + refused)

    def test_with_kills(self):
        self.live(kills=True)
        self.check(kills=True)
        differences = self.differences()
        missing = [of for of in differences.values() if of.bytes < 0]
        say(f"{self.trouble.done['kill']} kills; in no record: {-total(missing).bytes} bytes of {total(self.kernel[way]['ip'] for way in WAYS).bytes}")
        self.assertGreater(self.types["loss"], 0)
        unread = self.overload().bytes
        for (way, server), of in differences.items():
            self.assertLessEqual(-of.bytes, self.trouble.due[way, server].bytes + unread, (way, server))
        extra = total(of for of in differences.values() if of.pkts > 0)
        self.assertLessEqual(extra.pkts, self.lost().pkts + self.refused() + self.trouble.unseen)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = netns.why_not(BOX, *PROGRAMS)
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    without = sorted({program for case in CASES for program in absent(case)})
    if without:
        print(f"without {', '.join(without)}, which are missing (tests/support/setup.sh tests)")
    return 0 if unittest.main(argv=sys.argv[:1] + sys.argv[4:], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    ZERORATED, ZERORATE, CONSUMER = sys.argv[1:4]
    sys.exit(main())
