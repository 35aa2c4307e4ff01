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
records = {{ socket = "{folder}/records.sock"; }};
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
        got = collections.Counter(map(comparable, records))
        self.assertEqual((got - expected, expected - got), (collections.Counter(), collections.Counter()))


class Sockets(unittest.TestCase):
    def test_garbage_clients(self):
        with on_capture(CAPTURES[0]) as daemon:
            good = Stream(daemon, op="subscribe", consumer="good")
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
            self.assertEqual(daemon.status()["consumers"][0]["consumer"], "good")
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
            silent = Stream(daemon, op="subscribe", consumer="silent")
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
            self.assertIn("another daemon", second.stderr)
            self.assertEqual(daemon.status()["state"], "running")
            self.assertEqual(daemon.end()[1], 0)


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
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("start zerorated", done.stderr)
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
            self.assertEqual(sorted(os.listdir(folder)), ["list.csv", "state", "z.conf"])


if __name__ == "__main__":
    ZERORATED, ZERORATE, LIST, *CAPTURES = sys.argv[1:]
    CAPTURES = [path for path in CAPTURES if link_type(path) == ETHERNET]
    unittest.main(argv=sys.argv[:1])
