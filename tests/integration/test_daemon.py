# SPDX-License-Identifier: BSD-3-Clause
"""The daemon on capture files (net_pcap): its records are classify's, its sockets and signals do what they should.

Usage: test_daemon.py ZERORATED ZERORATE LIST CAPTURE...    the first capture serves all tests, the others equality
"""

import collections
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import PATIENCE_S, Daemon, Stream

ZERORATED, ZERORATE, LIST, CAPTURES = "", "", "", []

ETHERNET = 1
# What numbers a record on this gateway, and so differs from classify's.
LEFT_ASIDE = ("gateway", "epoch", "seq", "flow")

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "{workers}"; flows = "64K";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={capture}";
  ports = ( {{ device = "net_pcap0"; }} ); }};
tunnel_endpoints = [ "0.0.0.0/0", "::/0" ];
list = {{ file = "{folder}/list.csv"; state = "{folder}/state"; shrink_limit = 100; }};
records = {{ socket = "{folder}/records.sock"; consumers = [ "billing", "archive" ]; }};
ledger = {{ folder = "{folder}/ledger"; batch_interval = "10ms"; }};
control = {{ socket = "{folder}/control.sock"; }};
"""


def link_type(path):
    """Of a pcap file, or of a little-endian pcapng file's first interface."""
    with open(path, "rb") as file:
        head = file.read(4096)
    if head[:4] == b"\x0a\x0d\x0d\x0a":
        return struct.unpack_from("<H", head, struct.unpack_from("<I", head, 4)[0] + 8)[0]
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}[head[:4]]
    return struct.unpack_from(order + "I", head, 20)[0] & 0xFFFF


def on_capture(capture, workers="1"):
    """The daemon on a capture file, not yet entered."""
    config = CONFIG.format(folder="{folder}", capture=capture, workers=workers)
    return Daemon(ZERORATED, ZERORATE, config, pathlib.Path(LIST).read_text())


def comparable(record):
    return json.dumps({name: value for name, value in record.items() if name not in LEFT_ASIDE})


def classified(capture):
    """The records of classify, and its summary."""
    done = subprocess.run([ZERORATE, "classify", "--list", LIST, "--format", "json", capture], capture_output=True, text=True,
                          check=True, timeout=PATIENCE_S)
    *records, summary = map(json.loads, done.stdout.splitlines())
    return collections.Counter(map(comparable, records)), summary


class Equality(unittest.TestCase):
    def test_records_are_classifys(self):
        for capture in CAPTURES:
            for workers in ("1", "1-3"):
                with self.subTest(capture=os.path.basename(capture), workers=workers):
                    self.check(capture, workers)

    def check(self, capture, workers):
        expected, summary = classified(capture)
        with on_capture(capture, workers) as daemon:
            stream = Stream(daemon, op="subscribe", consumer="billing")
            status = daemon.wait_for(lambda status: status["input_ended"])
            self.assertEqual(status["exactness_bytes"], 0)
            self.assertEqual((status["totals"]["pkts"], status["totals"]["bytes"]), (summary["pkts"], summary["bytes"]))
            self.assertEqual(status["totals"]["unaccounted"], summary["unaccounted"])
            _, exit_status = daemon.end()
            messages = stream.to_end()
            stream.close()
        self.assertEqual(exit_status, 0)
        records = [message["record"] for message in messages if message["op"] == "record"]
        self.assertEqual([record["seq"] for record in records], list(range(1, len(records) + 1)))
        self.assertLessEqual({(record["gateway"], record["epoch"]) for record in records}, {("test-gw", messages[0]["epoch"])})
        flows = [record for record in records if record["type"] in ("tag", "usage")]
        self.check_totals(records, flows, summary)
        got = collections.Counter(map(comparable, flows))
        self.assertEqual((got - expected, expected - got), (collections.Counter(), collections.Counter()))


    def check_totals(self, records, flows, summary):
        """The last records are totals: of the gateway they are the summary's sums, of entries those of the usage records."""
        totals = records[len(flows):]
        self.assertEqual({record["type"] for record in totals}, {"total"})
        for verdict in ("free", "charged"):
            gateway, = (total for total in totals if total["verdict"] == verdict and "rule" not in total)
            self.assertEqual((gateway["up_pkts"] + gateway["down_pkts"], gateway["up_bytes"] + gateway["down_bytes"]),
                             (summary[verdict]["pkts"], summary[verdict]["bytes"]))
        expected = collections.Counter()
        for record in flows:
            if record["type"] == "usage" and record["verdict"] == "free":
                expected[record["rule"]] += record["up_bytes"] + record["down_bytes"]
        got = {total["rule"]: total["up_bytes"] + total["down_bytes"] for total in totals
               if total["verdict"] == "free" and "rule" in total}
        self.assertEqual(got, {rule: volume for rule, volume in expected.items() if volume > 0})


class Sockets(unittest.TestCase):
    def test_garbage_clients(self):
        with on_capture(CAPTURES[0]) as daemon:
            good = Stream(daemon, op="subscribe", consumer="billing")
            self.assertEqual(good.line()["op"], "hello")
            for garbage in (b"\0" * 100, b"hello\n", b"{}\n", b'{"op":"ack"}\n', b"[" * 4000 + b"\n", os.urandom(4000) + b"\n"):
                for path in ("records", "control"):
                    client = socket.socket(socket.AF_UNIX)
                    client.settimeout(PATIENCE_S)
                    client.connect(f"{daemon.folder}/{path}.sock")
                    client.sendall(garbage)
                    client.shutdown(socket.SHUT_WR)
                    reply = b"".join(iter(lambda: client.recv(65536), b""))
                    client.close()
                    if garbage.endswith(b"\n"):
                        self.assertEqual(reply.count(b"\n"), 1)
                        self.assertEqual(json.loads(reply)["op"], "error")
            self.assertEqual(daemon.status()["consumers"][0]["connected"], True)
            self.assertEqual(daemon.end()[1], 0)
            self.assertGreater(len(good.to_end()), 10)
            good.close()

    def test_endless_line(self):
        with on_capture(CAPTURES[0]) as daemon:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(PATIENCE_S)
            client.connect(f"{daemon.folder}/records.sock")
            with self.assertRaises(OSError):
                for _ in range(100):
                    client.sendall(b"x" * 1_000_000)
            self.assertIn(b"4096 bytes", client.recv(65536))
            client.close()
            self.assertEqual(daemon.end()[1], 0)

    def test_never_reading_client(self):
        with on_capture(CAPTURES[0]) as daemon:
            silent = Stream(daemon, op="subscribe", consumer="archive")
            daemon.wait_for(lambda status: status["input_ended"])
            took, status = daemon.end()
            self.assertEqual(status, 0)
            self.assertLess(took, 15)
            silent.close()

    def test_two_daemons(self):
        with on_capture(CAPTURES[0]) as daemon:
            second = subprocess.run([ZERORATED, "-c", f"{daemon.folder}/zerorated.conf"], capture_output=True, text=True,
                                    timeout=PATIENCE_S)
            self.assertEqual(second.returncode, 1)
            self.assertIn("another daemon keeps its lists here", second.stderr)
            self.assertEqual(daemon.status()["state"], "running")
            self.assertEqual(daemon.end()[1], 0)


def settled(status):
    """The capture was read, and everything that it gave so far is on the disk."""
    return status["input_ended"] and status["records"]["seq"] == status["records"]["committed"] > 0


def take(stream, count):
    """The next records of a stream, as many as asked for."""
    records = []
    while len(records) < count:
        message = stream.line()
        assert message["op"] in ("hello", "record", "alive"), message
        if message["op"] == "record":
            records.append(message["record"])
    return records


def ack(stream, record):
    stream.say({"op": "ack", "epoch": record["epoch"], "seq": record["seq"]})


def lag_of(status, name):
    return next(one["lag"] for one in status["consumers"] if one["consumer"] == name)


class Durable(unittest.TestCase):
    def test_restart(self):
        with on_capture(CAPTURES[0]) as daemon:
            count = daemon.wait_for(settled)["records"]["seq"]
            stream = Stream(daemon, op="subscribe", consumer="billing")
            before = take(stream, count)
            ack(stream, before[3])
            daemon.wait_for(lambda status: lag_of(status, "billing") == count - 4)
            self.assertEqual(daemon.end()[1], 0)
            before += [message["record"] for message in stream.to_end() if message["op"] == "record"]
            stream.close()
            self.assertEqual([record["seq"] for record in before], list(range(1, len(before) + 1)))
            self.assertEqual(before[-1]["type"], "total")

            daemon.start_again()
            stream = Stream(daemon, op="subscribe", consumer="billing")
            hello = stream.line()
            self.assertEqual((hello["epoch"], hello["next"]), (before[0]["epoch"], 5))
            self.assertEqual(take(stream, len(before) - 4), before[4:])
            daemon.wait_for(lambda status: status["input_ended"])
            self.assertEqual(daemon.end()[1], 0)
            after = [message["record"] for message in stream.to_end() if message["op"] == "record"]
            stream.close()
            self.assertEqual([record["seq"] for record in after], list(range(len(before) + 1, len(before) + len(after) + 1)))
            self.assertEqual({record["epoch"] for record in after}, {hello["epoch"]})
            self.assertNotIn("loss", {record["type"] for record in after})
            self.assertEqual({record["flow"][:4] for record in before if "flow" in record}, {"0000"})
            self.assertEqual({record["flow"][:4] for record in after if "flow" in record}, {"0001"})

    def test_kill(self):
        """What was sent before a kill is sent again from behind the last ack, and nothing is numbered twice."""
        with on_capture(CAPTURES[0]) as daemon:
            count = daemon.wait_for(settled)["records"]["seq"]
            stream = Stream(daemon, op="subscribe", consumer="billing")
            before = take(stream, count)
            ack(stream, before[1])
            daemon.wait_for(lambda status: lag_of(status, "billing") == count - 2)
            daemon.kill()
            stream.close()

            daemon.start_again()
            stream = Stream(daemon, op="subscribe", consumer="billing")
            archive = Stream(daemon, op="subscribe", consumer="archive")
            first = stream.line()["next"]
            self.assertIn(first, (1, 3))  # the ack may not yet have been on the disk
            self.assertEqual(take(stream, count - first + 1), before[first - 1:])
            self.assertEqual(take(archive, count), before)
            loss = take(stream, 1)[0]
            self.assertEqual((loss["type"], loss["cause"], loss["seq"], loss["epoch"]),
                             ("loss", "away", count + 1, before[0]["epoch"]))
            self.assertLess(loss["first"], loss["last"])
            self.assertNotIn("up_bytes", loss)
            daemon.wait_for(lambda status: status["input_ended"])
            self.assertEqual(daemon.end()[1], 0)
            records = before + [loss] + [message["record"] for message in stream.to_end() if message["op"] == "record"]
            self.assertEqual([record["seq"] for record in records], list(range(1, len(records) + 1)))
            self.check_totals(records)
            stream.close()
            archive.close()

    def check_totals(self, records):
        """A free total is the sum of the usage records numbered since the one before, also over a kill."""
        total, = (record for record in records if record["type"] == "total" and record["verdict"] == "free"
                  and "rule" not in record)
        usage = [record for record in records if record["type"] == "usage"]
        for member in ("up_bytes", "up_pkts", "down_bytes", "down_pkts"):
            self.assertEqual(total[member], sum(record[member] for record in usage))

    def test_not_configured(self):
        with on_capture(CAPTURES[0]) as daemon:
            stream = Stream(daemon, op="subscribe", consumer="Billing")
            message, = stream.to_end()
            self.assertEqual(message["op"], "error")
            self.assertIn("not configured", message["error"])
            stream.close()

    def test_own_speed(self):
        """One takes a record at a time, one as fast as it can, one nothing."""
        with on_capture(CAPTURES[0]) as daemon:
            count = daemon.wait_for(settled)["records"]["seq"]
            slow = Stream(daemon, op="subscribe", consumer="archive", window=1)
            fast = Stream(daemon, op="subscribe", consumer="billing")
            silent = Stream(daemon, op="subscribe", last=1000)
            expected = take(fast, count)
            for record in expected:
                self.assertEqual(take(slow, 1), [record])
                ack(slow, record)
            status = daemon.wait_for(lambda status: lag_of(status, "archive") == 0)
            self.assertEqual(lag_of(status, "billing"), count)
            self.assertEqual(take(silent, count), expected)
            for stream in (slow, fast, silent):
                stream.close()

    def test_takeover(self):
        with on_capture(CAPTURES[0]) as daemon:
            count = daemon.wait_for(settled)["records"]["seq"]
            older = Stream(daemon, op="subscribe", consumer="billing")
            records = take(older, count)
            ack(older, records[4])
            daemon.wait_for(lambda status: lag_of(status, "billing") == count - 5)
            newer = Stream(daemon, op="subscribe", consumer="billing")
            self.assertEqual(take(newer, count - 5), records[5:])
            self.assertEqual(older.to_end()[-1]["op"], "error")
            older.close()
            newer.close()

    def test_last(self):
        with on_capture(CAPTURES[0]) as daemon:
            count = daemon.wait_for(settled)["records"]["seq"]
            for last in (1, 3, count, count + 1, 1 << 53):
                stream = Stream(daemon, op="subscribe", last=last)
                first = max(1, count - last + 1)
                self.assertEqual(stream.line()["next"], first)
                self.assertEqual([record["seq"] for record in take(stream, count - first + 1)], list(range(first, count + 1)))
                stream.close()
            self.assertEqual({one["connected"] for one in daemon.status()["consumers"] if one["consumer"]}, {False})


class Lists(unittest.TestCase):
    def test_reload(self):
        text = pathlib.Path(LIST).read_text()
        with on_capture(CAPTURES[0]) as daemon:
            self.assertEqual(daemon.run_status().returncode, 0)
            serial = daemon.status()["list"]["serial"]
            daemon.write_list(text.replace(str(serial), str(serial + 1)))
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda status: status["list"]["serial"] == serial + 1 and status["list"]["phase"] == "in_force")

            daemon.write_list("match,service\nx y,z\n")
            daemon.process.send_signal(signal.SIGHUP)
            status = daemon.wait_for(lambda status: status["list"]["refused"])
            self.assertEqual(status["list"]["serial"], serial + 1)
            self.assertGreater(status["list"]["refused"]["error_count"], 1)
            shown = daemon.run_status()
            self.assertEqual(shown.returncode, 1)
            self.assertIn("refused", shown.stderr)
            self.assertIn("list.csv:", daemon.logged())

            daemon.write_list(text.replace(str(serial), str(serial + 2)))
            for _ in range(50):
                daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda status: status["list"]["serial"] == serial + 2)
            self.assertEqual(daemon.run_status().returncode, 0)
            took, status = daemon.end()
            self.assertEqual(status, 0)
            self.assertLess(took, 5)


class Memory(unittest.TestCase):
    """What the dataplane takes is told before it is taken, and when it is."""

    def test_check_tells_and_refuses(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "z.conf")
            text = CONFIG.format(folder=folder, capture="x", workers="1")
            path.write_text(text)
            done = subprocess.run([ZERORATED, "-c", path, "--check"], capture_output=True, text=True)
            self.assertRegex(done.stdout, r"It takes \d+ MiB of memory: \d+ for \d+ flows \(125\.\d bytes each\)")
            path.write_text(text.replace("control = {", 'control = { decisions = "1TiB";'))
            pathlib.Path(folder, "list.csv").write_text(pathlib.Path(LIST).read_text())
            for more in (["--check"], []):
                done = subprocess.run([ZERORATED, "-c", path, *more], capture_output=True, text=True, timeout=PATIENCE_S)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r"it takes 10\d{5} MiB of memory .*, and \d+ MiB are what .*: .*, or configure less ")

    def test_what_comes_later_is_warned_of(self):
        """No machine has so much; none of it is taken before there are records."""
        config = CONFIG.format(folder="{folder}", capture=CAPTURES[0], workers="1")
        for memory, warned in (("4MiB", False), ("1TiB", True)):
            more = config.replace("records = {", f'records = {{ memory = "{memory}";')
            with Daemon(ZERORATED, ZERORATE, more, pathlib.Path(LIST).read_text()) as daemon:
                daemon.wait_for(lambda status: status["input_ended"])
                self.assertEqual("MiB of memory are left, and records.memory and evidence.network_memory may take 1048" in daemon.logged(),
                                 warned, daemon.logged())


class CommandLine(unittest.TestCase):
    def test_check(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "z.conf")
            path.write_text('gateway = "a";\nworker = "1";\n')
            done = subprocess.run([ZERORATED, "-c", path, "--check"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f'{path}:2: there is no key "worker" here', done.stderr)
            self.assertIn("dataplane is missing", done.stderr)
            path.write_text(CONFIG.format(folder=folder, capture="x", workers="1"))
            done = subprocess.run([ZERORATED, "-c", path, "--check"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_usage(self):
        for arguments in ([], ["--no"], ["-c"], ["-c", "x", "y"]):
            self.assertEqual(subprocess.run([ZERORATED, *arguments], capture_output=True).returncode, 2)
        done = subprocess.run([ZERORATED, "--help"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Exit status:", done.stdout)

    def test_status_without_a_daemon(self):
        done = subprocess.run([ZERORATE, "status", "--socket", "/nowhere/control.sock"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("start it", done.stderr)
        self.assertEqual(subprocess.run([ZERORATE, "status", "--no"], capture_output=True).returncode, 2)
        self.assertEqual(subprocess.run([ZERORATE, "status", "more"], capture_output=True).returncode, 2)

    def test_port_that_is_not_there(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "list.csv").write_text(pathlib.Path(LIST).read_text())
            path = pathlib.Path(folder, "z.conf")
            path.write_text(CONFIG.format(folder=folder, capture="/nowhere.pcap", workers="1"))
            done = subprocess.run([ZERORATED, "-c", path], capture_output=True, text=True, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 1)
            self.assertIn("<3>", done.stderr)
            self.assertEqual(sorted(os.listdir(folder)), ["ledger", "list.csv", "state", "z.conf"])


if __name__ == "__main__":
    ZERORATED, ZERORATE, LIST, *CAPTURES = sys.argv[1:]
    CAPTURES = [path for path in CAPTURES if link_type(path) == ETHERNET]
    unittest.main(argv=sys.argv[:1])
