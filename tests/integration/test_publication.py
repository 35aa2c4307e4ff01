# SPDX-License-Identifier: BSD-3-Clause
"""One long connection under one list after the other: which part of it was free under which list, to the byte.

Usage: test_publication.py ZERORATED ZERORATE     as root; status 77 and the reason where it cannot run

The connection pauses while a list is published, a window opens or closes, or the list expires, and the kernel's counters of its
server are read in each pause. The namespaces are those of test_live.py.
"""

import collections
import datetime
import signal
import subprocess
import sys
import time
import unittest

import test_live
from daemon import PATIENCE_S, Daemon, Stream
from test_live import GATEWAY, SKIPPED, SUBSCRIBER, Net, inside, quiet, why_not

SERVER, NAME = "203.0.113.10", "www.olm.vn"

# Seconds that a download and a look at the counters may take before the next edge comes.
MARGIN_S = 8

# Asks for a path whenever it reads a line, over one TLS connection.
CLIENT = """
import http.client, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
class Connection(http.client.HTTPSConnection):
    def connect(self):
        self.sock = context.wrap_socket(self._create_connection((sys.argv[1], 443)), server_hostname=sys.argv[2])
connection = Connection(sys.argv[1], context=context)
for line in sys.stdin:
    connection.request("GET", line.strip(), headers={"Host": sys.argv[2]})
    answer = connection.getresponse()
    print(answer.status, len(answer.read()), flush=True)
"""

LIST = """#! serial: {serial}
#! issuer: test
#! issued: 2026-01-01T00:00:00Z
#! expires: {expires}
match,service,rating_group,from,until
{entry}
.vnedu.vn,vnedu,90001,,
"""

Part = collections.namedtuple("Part", "serial verdict reason")


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def list_text(serial, entry, expires="2099-12-31T23:59:59Z"):
    return LIST.format(serial=serial, entry=entry, expires=expires)


class Missed(Exception):
    """The machine was so busy that an edge came before its time; nothing can be said."""


class Connection:
    """The long one."""

    def __init__(self):
        self.process = subprocess.Popen(inside(SUBSCRIBER, sys.executable, "-c", CLIENT, SERVER, NAME), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def fetch(self, path):
        self.process.stdin.write(f"/{path}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().startswith("200 "), "the server does not answer"

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)


class Story:
    """What happens to the connection, and what the kernel counted under each list."""

    def __init__(self, net, daemon):
        self.net, self.daemon = net, daemon
        self.connection = Connection()
        self.expected = []
        self.before = self.counted()
        self.serial = 1

    def counted(self):
        volumes = self.net.counted()
        return [number for way in ("up", "down") for number in volumes[SERVER, way]]

    def download(self, path, *part):
        """Fetch, wait until nothing moves, and note what was counted."""
        self.connection.fetch(path)
        quiet(self.net, self.daemon)
        now = self.counted()
        self.expected.append((Part(self.serial, *part), [a - b for a, b in zip(now, self.before)]))
        self.before = now

    def publish(self, entry, **more):
        self.serial += 1
        self.daemon.write_list(list_text(self.serial, entry, **more))
        self.daemon.wait_for(lambda status: status["list"]["serial"] == self.serial and status["list"]["phase"] == "in_force")

    @staticmethod
    def wait_until(moment):
        """… and a second more, in which the edge takes effect."""
        if time.time() >= moment:
            raise Missed
        time.sleep(moment + 1 - time.time())

    def tell(self):
        self.download("page", "free", "sni")
        self.publish("!olm.vn,,,,")
        self.download("picture", "charged", "excluded")
        opens = int(time.time()) + MARGIN_S
        closes = opens + MARGIN_S
        # until is included: the first second without the entry is the next one.
        self.publish(f".olm.vn,olm,90001,{rfc3339(opens)},{rfc3339(closes - 1)}")
        self.download("page", "charged", "no_match")
        self.wait_until(opens)
        self.download("picture", "free", "sni")
        self.wait_until(closes)
        self.download("page", "charged", "no_match")
        expires = int(time.time()) + MARGIN_S
        self.publish(".olm.vn,olm,90007,,", expires=rfc3339(expires - 1))
        self.download("picture", "free", "sni")
        self.wait_until(expires)
        self.download("page", "charged", "expired")
        self.publish("www.olm.vn,olm,90001,,")
        self.connection.close()
        quiet(self.net, self.daemon)
        now = self.counted()
        self.expected.append((Part(self.serial, "free", "sni"), [a - b for a, b in zip(now, self.before)]))


def totals(records):
    """Volumes by part, in their order; parts that follow each other and are alike are one."""
    parts = []
    for record in records:
        part = Part(record["list_serial"], record["verdict"], record["reason"])
        volumes = [record[f"{way}_{what}"] for way in ("up", "down") for what in ("bytes", "pkts")]
        if parts and parts[-1][0] == part:
            volumes = [a + b for a, b in zip(parts.pop()[1], volumes)]
        parts.append((part, volumes))
    return parts


class Publication(unittest.TestCase):
    maxDiff = None

    @classmethod
    def gather(cls, net, zerorated, zerorate):
        text = list_text(1, ".olm.vn,olm,90001,,")
        with Daemon(zerorated, zerorate, test_live.CONFIG, text, inside(GATEWAY)) as daemon:
            stream = Stream(daemon, op="subscribe", window=100000)
            stream.line()
            story = Story(net, daemon)
            story.tell()
            cls.status = daemon.status()
            assert daemon.end()[1] == 0, daemon.logged()
            messages = stream.to_end()
            stream.close()
        cls.expected = story.expected
        cls.records = [message["record"] for message in messages if message["op"] == "record"]

    def of_connection(self, kind):
        return [record for record in self.records
                if record["type"] == kind and record.get("server_ip") == SERVER and record["proto"] == "tcp"]

    def test_each_part_to_the_byte(self):
        records = self.of_connection("usage")
        self.assertEqual(len({record["flow"] for record in records}), 1)
        self.assertEqual(totals(record for record in records if "first" in record), self.expected)
        self.assertEqual([record["final"] for record in records], [False] * (len(records) - 1) + [True])

    def test_causes_and_entries(self):
        records = [record for record in self.of_connection("usage") if "first" in record]
        causes = [record["cause"] for record in records]
        self.assertEqual(causes[:-1], ["list", "list", "window", "window", "list", "window", "list"])
        self.assertEqual([record.get("rule") for record in records],
                         [".olm.vn", "!olm.vn", None, ".olm.vn", None, ".olm.vn", records[6].get("rule"), "www.olm.vn"])
        self.assertEqual([record.get("rating_group") for record in records if record["verdict"] == "free"],
                         [90001, 90001, 90007, 90001])

    def test_a_tag_whenever_it_becomes_free(self):
        self.assertEqual([(record["list_serial"], record["rule"]) for record in self.of_connection("tag")],
                         [(1, ".olm.vn"), (3, ".olm.vn"), (4, ".olm.vn"), (5, "www.olm.vn")])

    def test_daemon_is_exact(self):
        self.assertEqual(self.status["exactness_bytes"], 0)
        self.assertEqual({name: count for name, count in self.status["ports"][0]["drops"].items() if count}, {})


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    for attempt in range(3):
        try:
            with Net() as net:
                Publication.gather(net, *sys.argv[1:])
        except Missed:
            print(f"attempt {attempt + 1}: the machine is too busy for edges {MARGIN_S} s apart")
            continue
        for part, volumes in Publication.expected:
            print(f"list {part.serial}, {part.verdict} ({part.reason}): up {volumes[0]} bytes, down {volumes[2]}")
        return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1
    print("skipped: an edge always came before the download was over")
    return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
