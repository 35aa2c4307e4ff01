# SPDX-License-Identifier: BSD-3-Clause
"""A restart under running downloads: connections and their verdicts go on, every byte that was heard is in one record.

Usage: test_restart.py ZERORATED ZERORATE LIST     as root; status 77 and the reason where it cannot run

The network is test_live's. What passes while no daemon listens is counted nowhere but by the kernel: the first restart lets a
measured volume pass then, and the records of both runs are the kernel's counters less that volume, to the byte. The second one is
as an engineer does it, under load; it prints how long nobody listened.
"""

import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys
import time
import unittest

from daemon import PATIENCE_S, Daemon, Stream
from test_live import CONFIG, GATEWAY, SKIPPED, SUBSCRIBER, SERVER, Net, inside, is_talk, quiet, run, why_not

TARGET_S = 3
FILM_BYTES = 6_000_000
# Server, URL's scheme, name, and what is to come of it.
DOWNLOADS = (
    ("203.0.113.10", "https", "olm.vn", "free"),
    ("203.0.113.11", "http", "lms.vnedu.vn", "free"),
    ("203.0.113.20", "https", "quangcao.olm.vn", "charged"),
    ("203.0.113.21", "http", "game.example.net", "charged"),
    ("2001:db8:203::10", "https", "www.olm.vn", "free"),
)
GATE = "table inet gate { chain out { type filter hook output priority 0; policy drop;\n}\n}\n"


class Downloads:
    """One long download from each server."""

    def __init__(self, net):
        self.processes = []
        for server, scheme, name, _ in DOWNLOADS:
            where = f"[{server}]" if ":" in server else server
            port = 443 if scheme == "https" else 80
            command = inside(SUBSCRIBER, "curl", "-skSf", "-o", "/dev/null", "-w", "%{size_download} %{num_connects}",
                             "--noproxy", "*", "--resolve", f"{name}:{port}:{where}",
                             f"{scheme}://{name}/film")
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                   stderr=subprocess.PIPE))
        self.net = net

    def wait_until_running(self):
        """Each has some of its film."""
        until = time.monotonic() + PATIENCE_S
        before = self.net.counted()
        while time.monotonic() < until:
            now = self.net.counted()
            if all(now[server, "down"][0] - before[server, "down"][0] > 200_000 for server, *_ in DOWNLOADS):
                return
            time.sleep(0.05)
        raise AssertionError("the downloads do not run")

    def run(self):
        """Are all of them still under way?"""
        return all(process.poll() is None for process in self.processes)

    def finish(self):
        """What each said at its end."""
        return [process.communicate(timeout=3 * PATIENCE_S)[0].decode() for process in self.processes]


def shut():
    for name in (SUBSCRIBER, SERVER):
        run(*inside(name, "nft", "-f", "-"), input=GATE.encode())


def opened():
    for name in (SUBSCRIBER, SERVER):
        run(*inside(name, "nft", "delete", "table", "inet", "gate"))


class Restart(unittest.TestCase):
    """What was gathered by gather() holds."""

    @classmethod
    def gather(cls, net, zerorated, zerorate, list_path):
        text = re.sub("#! expires: .*", "#! expires: 2099-12-31T23:59:59+07:00", pathlib.Path(list_path).read_text())
        config = CONFIG.replace('flows = "64K";', 'flows = "64K"; state = "{folder}/flows";') + 'timeouts = { linger = "200ms"; };\n'
        (net.folder / "film").write_bytes(os.urandom(FILM_BYTES))
        with Daemon(zerorated, zerorate, config, text, inside(GATEWAY)) as daemon:
            cls.unheard(net, daemon)
            cls.under_load(net, daemon)
            stream = Stream(daemon, op="subscribe", consumer="billing")
            cls.kernel, cls.status = quiet(net, daemon)
            cls.exit_status = daemon.end()[1]
            cls.messages = stream.to_end()
            stream.close()
            cls.log = daemon.logged()
        cls.usage = [message["record"] for message in cls.messages
                     if message["op"] == "record" and message["record"]["type"] == "usage"]

    @classmethod
    def unheard(cls, net, daemon):
        """A restart during which a known volume passes."""
        downloads = Downloads(net)
        downloads.wait_until_running()
        shut()
        before = quiet(net, daemon)[0]
        _, status = daemon.end()
        assert status == 0, daemon.logged()
        cls.mode = stat.S_IMODE(os.stat(f"{daemon.folder}/flows").st_mode)
        opened()
        downloads.wait_until_running()
        shut()
        time.sleep(0.2)
        after = net.counted()
        daemon.start_again()
        cls.left = os.path.exists(f"{daemon.folder}/flows")
        opened()
        cls.first = downloads.finish()
        heard = quiet(net, daemon)[0]
        cls.passed = {key: (after[key][0] - before[key][0], after[key][1] - before[key][1]) for key in before}
        cls.expected = {key: (heard[key][0] - cls.passed[key][0], heard[key][1] - cls.passed[key][1]) for key in heard}

    @classmethod
    def under_load(cls, net, daemon):
        """A restart as it is done."""
        downloads = Downloads(net)
        downloads.wait_until_running()
        begin = time.monotonic()
        end_s, status = daemon.end()
        assert status == 0, daemon.logged()
        daemon.start()
        daemon.wait_for(lambda status: status["totals"]["pkts"] > 0 or not downloads.run())
        cls.outage_s, cls.end_s = time.monotonic() - begin, end_s
        cls.outlived = downloads.run()
        cls.second = downloads.finish()

    def records_of(self, server, first_run):
        flows = {}
        for record in self.usage:
            if record["server_ip"] == server and is_talk(record):
                flows.setdefault(record["flow"], []).append(record)
        ordered = sorted(flows.values(), key=lambda parts: parts[0]["seq"])
        return ordered[0 if first_run else -1]

    def test_connections_survive(self):
        for said in (self.first, self.second):
            self.assertEqual(said, [f"{FILM_BYTES} 1"] * len(DOWNLOADS))

    def test_verdicts_go_on(self):
        for server, _, name, verdict in DOWNLOADS:
            for first_run in (True, False) if self.outlived else (True,):
                with self.subTest(server=server, name=name, first_run=first_run):
                    parts = self.records_of(server, first_run)
                    self.assertEqual({part["verdict"] for part in parts}, {verdict})
                    self.assertEqual([part["part"] for part in parts], list(range(len(parts))))
                    self.assertEqual([part["final"] for part in parts], [False] * (len(parts) - 1) + [True])
                    self.assertIn("shutdown", [part["cause"] for part in parts[:-1]])
                    self.assertEqual(parts[-1]["cause"], "fin")

    def test_every_heard_byte_is_recorded_once(self):
        """Up to the second restart: what the kernel counted less what passed while nobody listened."""
        recorded = {key: (0, 0) for key in self.expected}
        for server, *_ in DOWNLOADS:
            for part in self.records_of(server, True):
                for way in ("up", "down"):
                    octets, pkts = recorded[server, way]
                    recorded[server, way] = octets + part[f"{way}_bytes"], pkts + part[f"{way}_pkts"]
        for server, *_ in DOWNLOADS:
            for way in ("up", "down"):
                self.assertEqual(recorded[server, way], self.expected[server, way], (server, way))
        self.assertGreater(sum(octets for octets, _ in self.passed.values()), 100_000)

    def test_file(self):
        self.assertEqual(self.mode, 0o600)
        self.assertFalse(self.left, "the file was not consumed")

    def test_daemon_is_exact(self):
        self.assertEqual(self.status["exactness_bytes"], 0)
        self.assertEqual(self.exit_status, 0, self.log)
        self.assertEqual([message for message in self.messages if message["op"] not in ("hello", "record", "alive")], [])
        self.assertEqual({message["record"]["type"] for message in self.messages if message["op"] == "record"}
                         - {"tag", "usage", "total"}, set(), "volume was lost")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    with Net() as net:
        Restart.gather(net, *sys.argv[1:])
    print(f"nobody listened for {Restart.outage_s:.2f} s (target: {TARGET_S} s), of which the old run took {Restart.end_s:.2f} s to end")
    if not Restart.outlived:
        print("not looked at, since this machine is too busy: what becomes of downloads over the restart under load")
    print(f"{sum(octets for octets, _ in Restart.passed.values())} bytes passed unheard during the measured restart")
    return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
