# SPDX-License-Identifier: BSD-3-Clause
"""A restart in the traffic's way: downloads go on, free and marked, and every byte that went on is in one record.

Usage: test_restart_inline.py ZERORATED ZERORATE LIST     as root; status 77 and the reason where it cannot run

The row is test_inline's. While no daemon runs nobody forwards, and TCP sends again what was lost then. So volumes are metered
where frames come out of the box: those on their way up by the gateway's nftables, those on their way down by the subscriber's.
What came to the box and did not go on is in neither, and in no record. What the outage is made of is printed: what the daemon's
log says of its end and its start, and how long each client heard nothing, which TCP's timers make longer.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest

import test_live
from daemon import PATIENCE_S, Daemon, Stream
from test_inline import BOX, CONFIG, InlineNet
from test_live import GATEWAY, NAMESPACES, SKIPPED, SUBSCRIBER, inside, is_talk, quiet, run
from test_restart import DOWNLOADS, FILM_BYTES, TARGET_S, Downloads

# Longer than this is no restart any more, however busy the machine is.
OUTAGE_MAX_S = 30

# Fetches a film over one connection; prints its bytes and the longest time without any.
CLIENT = """import socket, ssl, sys, time
server, scheme, name = sys.argv[1:4]
stream = socket.create_connection((server, 443 if scheme == "https" else 80), timeout=60)
if scheme == "https":
    stream = ssl._create_unverified_context().wrap_socket(stream, server_hostname=name)
stream.sendall(f"GET /film HTTP/1.1\\r\\nHost: {name}\\r\\nConnection: close\\r\\n\\r\\n".encode())
film, longest = b"", 0
last = time.monotonic()
while part := stream.recv(1 << 16):
    now = time.monotonic()
    film, longest, last = film + part, max(longest, now - last), now
print(len(film.split(b"\\r\\n\\r\\n", 1)[1]), longest)
"""


class Films(Downloads):
    """The same downloads, by clients that say how long they heard nothing."""

    def __init__(self, net):
        self.net = net
        self.processes = [subprocess.Popen(inside(SUBSCRIBER, sys.executable, "-c", CLIENT, server, scheme, name), stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                          for server, scheme, name, _ in DOWNLOADS]


def metered():
    """What came out of the box: {(server, direction): {code point: (bytes, packets)}}."""
    volumes = {}
    for namespace, direction in ((GATEWAY, "up"), (SUBSCRIBER, "down")):
        for item in json.loads(run(*inside(namespace, "nft", "-j", "list", "chain", "inet", "marks", "look")))["nftables"]:
            if "rule" in item:
                server, mark = item["rule"]["comment"].split()
                counter = next(part["counter"] for part in item["rule"]["expr"] if "counter" in part)
                volumes.setdefault((server, direction), {})[mark] = counter["bytes"], counter["packets"]
    return volumes


def added(*volumes):
    return tuple(map(sum, zip(*volumes)))


class RestartInline(unittest.TestCase):
    """What was gathered by gather() holds."""

    @classmethod
    def gather(cls, net, zerorated, zerorate, list_path):
        with open(list_path, encoding="utf-8") as file:
            text = re.sub("#! expires: .*", "#! expires: 2099-12-31T23:59:59+07:00", file.read())
        config = CONFIG.replace('flows = "64K";', 'flows = "64K"; state = "{folder}/flows";') + 'timeouts = { linger = "200ms"; };\n'
        (net.folder / "film").write_bytes(os.urandom(FILM_BYTES))
        with Daemon(zerorated, zerorate, config, text, inside(BOX)) as daemon:
            films = Films(net)
            films.wait_until_running()
            cls.second = subprocess.run(daemon.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
            cls.old = daemon.status()
            cls.before = metered()
            cls.end_s, status = daemon.end()
            assert status == 0, daemon.logged()
            cls.away = metered()
            begin = time.monotonic()
            daemon.start()
            daemon.wait_for(lambda status: status["totals"]["pkts"] > 0 or not films.run())
            cls.start_s = time.monotonic() - begin
            cls.outlived = films.run()
            cls.said = [said.split() for said in films.finish()]
            stream = Stream(daemon, op="subscribe", consumer="billing")
            # It takes one record and never says so.
            stuck = Stream(daemon, op="subscribe", window=1)
            cls.status = quiet(net, daemon)[1]
            cls.exit_status = daemon.end()[1]
            cls.messages = stream.to_end()
            stream.close()
            stuck.close()
            cls.log = daemon.logged()
        cls.meter = metered()
        cls.usage = [message["record"] for message in cls.messages
                     if message["op"] == "record" and message["record"]["type"] == "usage" and is_talk(message["record"])]

    def film_of(self, server):
        """The records of the flow that a film came on."""
        flows = {}
        for record in self.usage:
            if record["server_ip"] == server:
                flows.setdefault(record["flow"], []).append(record)
        return max(flows.values(), key=lambda parts: sum(part["down_bytes"] for part in parts))

    def test_connections_survive(self):
        self.assertTrue(self.outlived, "the downloads ended before the restart did")
        self.assertEqual([int(octets) for octets, _ in self.said], [FILM_BYTES] * len(DOWNLOADS))

    def test_outage_is_a_restarts(self):
        for _, silence_s in self.said:
            self.assertLess(float(silence_s), OUTAGE_MAX_S)

    def test_verdicts_go_on(self):
        for server, _, name, verdict in DOWNLOADS:
            with self.subTest(server=server, name=name):
                parts = self.film_of(server)
                self.assertEqual({part["verdict"] for part in parts}, {verdict})
                self.assertEqual([part["part"] for part in parts], list(range(len(parts))))
                self.assertEqual([part["final"] for part in parts], [False] * (len(parts) - 1) + [True])
                self.assertEqual([part["cause"] for part in parts[:-1]], ["shutdown"])
                self.assertGreater(min(part["down_bytes"] for part in parts), 100_000)
                self.assertEqual(parts[0].get("rule"), parts[1].get("rule"))

    def test_what_went_on_is_recorded_once(self):
        for server, *_ in DOWNLOADS:
            for way in ("up", "down"):
                recorded = added(*((record[f"{way}_bytes"], record[f"{way}_pkts"]) for record in self.usage if record["server_ip"] == server))
                self.assertEqual(recorded, added(*self.meter[server, way].values()), (server, way))

    def test_nothing_is_dropped_on_the_way_out(self):
        """Else the meter lacks what the records have."""
        for status in (self.old, self.status):
            for port in status["ports"]:
                self.assertEqual({name for name, drop in port["tx_drops"].items() if drop["pkts"]}, set())

    def test_marks_are_there_from_the_first_packet_on(self):
        """Only what came before a name was read is not marked, and nothing of it after the restart. What a busy machine's kernels say
        of a connection when its linger time is over is another flow, charged and not marked."""
        for server, _, _, verdict in DOWNLOADS:
            for way in ("up", "down"):
                with self.subTest(server=server, way=way):
                    meter, before = self.meter[server, way], self.before[server, way]
                    late = sum(record.get(f"retro_{way}_bytes", 0) for record in self.usage if record["server_ip"] == server)
                    flow = self.film_of(server)[0]["flow"]
                    rest = added((0, 0), *((record[f"{way}_bytes"], record[f"{way}_pkts"]) for record in self.usage
                                           if record["server_ip"] == server and record["flow"] != flow and record["verdict"] == "charged"))
                    if verdict == "free":
                        marked = [mark for mark in ("af11", "af21") if meter[mark][0] > 0]
                        self.assertEqual((meter["cs0"][0], len(marked)), (late + rest[0], 1))
                        self.assertEqual(meter["cs0"], added(before["cs0"], rest))
                        self.assertGreater(meter[marked[0]][0], self.away[server, way][marked[0]][0])
                    else:
                        self.assertEqual([meter[mark] for mark in ("af11", "af21")], [(0, 0)] * 2)

    def test_second_daemon_leaves_the_first_ones_flows_alone(self):
        """It is refused before it looks for a state file."""
        self.assertEqual(self.second.returncode, 1)
        self.assertIn("another daemon", self.second.stderr)
        self.assertNotIn("flows", self.second.stderr)

    def test_stuck_consumer_does_not_hold_up_a_restart(self):
        self.assertIn("a consumer did not take its last records in 1 s: the ledger has them", self.log)

    def test_daemon_is_exact(self):
        self.assertEqual(self.status["exactness_bytes"], 0)
        self.assertGreaterEqual(self.status["counters"]["flows_restored"], len(DOWNLOADS))
        self.assertEqual(self.exit_status, 0, self.log)
        self.assertEqual([message for message in self.messages if message["op"] not in ("hello", "record", "alive")], [])
        self.assertEqual({message["record"]["type"] for message in self.messages if message["op"] == "record"} - {"tag", "usage", "total"},
                         set(), "volume was lost")


def report():
    print(f"the old run took {RestartInline.end_s:.2f} s to end, the new one {RestartInline.start_s:.2f} s to its first packet (target: {TARGET_S} s "
          "together)")
    for line in RestartInline.log.splitlines():
        if found := re.search(r"(runs|last record is number \d+) \((.*)\)$", line):
            print(f"  {'start' if found.group(1) == 'runs' else 'end'}: {found.group(2)}")
    for (server, scheme, name, _), (_, silence_s) in zip(DOWNLOADS, RestartInline.said):
        print(f"  {scheme}://{name} from {server}: the client heard nothing for {float(silence_s):.2f} s")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = test_live.why_not()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    NAMESPACES.append(BOX)
    with InlineNet() as net:
        RestartInline.gather(net, *sys.argv[1:])
    report()
    return 0 if unittest.main(argv=sys.argv[:1], exit=False, defaultTest="RestartInline").result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
