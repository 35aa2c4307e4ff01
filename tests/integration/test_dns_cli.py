# SPDX-License-Identifier: BSD-3-Clause
"""The command line of `zerorate dns`: statuses, messages, what is printed.

Usage: test_dns_cli.py ZERORATE
"""

import json
import os
import pathlib
import pty
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

from test_classify_cli import pcap

ZERORATE = ""

SUBSCRIBER, RESOLVER = "10.1.2.3", "10.1.0.53"
A, CNAME = 1, 5


def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(owner, kind, ttl, data):
    return wire_name(owner) + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def message(number, name, records=None):
    """A query, or with records the answer to it."""
    flags = 0x0100 if records is None else 0x8180
    header = struct.pack(">HHHHHH", number, flags, 1, len(records or []), 0, 0)
    return header + wire_name(name) + struct.pack(">HH", A, 1) + b"".join(records or [])


def udp_frame(up, payload, port=40000):
    src, dst = (SUBSCRIBER, RESOLVER) if up else (RESOLVER, SUBSCRIBER)
    ports = (port, 53) if up else (53, port)
    udp = struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + socket.inet_aton(src) + socket.inet_aton(dst)
    return bytes(12) + b"\x08\x00" + ip + udp


def lookup(number, name):
    """A question, and its answer by way of an alias."""
    records = [record(name, CNAME, 300, wire_name("edge.example.net")),
               record("edge.example.net", A, 60, socket.inet_aton("203.0.113.80"))]
    return [udp_frame(True, message(number, name)), udp_frame(False, message(number, name, records))]


LEARNED = {
    "time": "2023-11-14T22:13:20.001000Z",
    "subscriber": SUBSCRIBER,
    "resolver": RESOLVER,
    "transport": "udp",
    "name": "static.olm.vn",
    "chain": ["edge.example.net"],
    "type": "A",
    "address": "203.0.113.80",
    "ttl": 60,
}


class Dns(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.good = self.file("good.pcap", pcap(lookup(1, "Static.olm.vn")))

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def dns(self, *args, **more):
        return subprocess.run([ZERORATE, "dns", *args], capture_output=True, text=True, timeout=60, **more)

    def test_help(self):
        run = self.dns("--help")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        for word in "Usage:", "Exit status:", "--tunnel-endpoints", "--format", *LEARNED:
            self.assertIn(word, run.stdout)
        self.assertLessEqual(max(map(len, run.stdout.splitlines())), 100)

    def test_usage_errors(self):
        for args in [], ["--nonsense", self.good], ["--format", "xml", self.good], ["--tunnel-endpoints", "x", self.good]:
            with self.subTest(args=args):
                run = self.dns(*args)
                self.assertEqual((run.returncode, run.stdout), (2, ""))
                self.assertIn("Try 'zerorate dns --help'", run.stderr)
                self.assertNotIn("classify", run.stderr)

    def test_json(self):
        run = self.dns(self.good)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        learned = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual(learned, [LEARNED])
        self.assertEqual(list(learned[0]), list(LEARNED))

    def test_no_alias_is_an_empty_chain(self):
        records = [record("olm.vn", A, 60, socket.inet_aton("203.0.113.80"))]
        frames = [udp_frame(True, message(1, "olm.vn")), udp_frame(False, message(1, "olm.vn", records))]
        run = self.dns(self.file("plain.pcap", pcap(frames)))
        self.assertEqual(json.loads(run.stdout)["chain"], [])

    def test_table(self):
        run = self.dns("--format", "table", self.good)
        self.assertEqual(run.returncode, 0)
        header, row = run.stdout.splitlines()
        for title, cell in ("TIME", "2023-11-14 22:13:20"), ("SUBSCRIBER", SUBSCRIBER), ("RESOLVER", RESOLVER), (
            "TRANSPORT", "udp"), ("NAME", "static.olm.vn"), ("TYPE", "A "), ("ADDRESS", "203.0.113.80"), (
            "CHAIN", "edge.example.net"):
            self.assertTrue(row[header.index(title):].startswith(cell), title)
        self.assertRegex(run.stderr, r"(?m)^queries +1$")
        self.assertRegex(run.stderr, r"(?m)^addresses +1$")

    def test_terminal_gets_a_table(self):
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            self.skipTest(f"no pseudo-terminal can be had here: {error}")
        self.addCleanup(os.close, ours)
        with subprocess.Popen([ZERORATE, "dns", self.good], stdout=theirs, stderr=subprocess.DEVNULL) as run:
            os.close(theirs)
            text = os.read(ours, 65536).decode()
            self.assertEqual(run.wait(60), 0)
        self.assertIn("ADDRESS", text.splitlines()[0])

    def test_two_files_are_one_stream(self):
        frames = lookup(1, "static.olm.vn")
        first = self.file("first.pcap", pcap(frames[:1]))
        second = self.file("second.pcap", pcap(frames[1:], 1))
        self.assertEqual(self.dns(first, second).stdout, self.dns(self.good).stdout)
        self.assertEqual(self.dns(second, first).stdout, "")

    def test_what_can_be_read_is_told(self):
        cut = self.file("cut.pcap", pcap(lookup(1, "static.olm.vn") + lookup(2, "olm.vn"))[:-10])
        run = self.dns(cut, str(self.folder / "missing.pcap"), self.good)
        self.assertEqual(run.returncode, 1)
        self.assertEqual([json.loads(line)["name"] for line in run.stdout.splitlines()], ["static.olm.vn"] * 2)
        lines = run.stderr.splitlines()
        self.assertEqual(len(lines), 2, run.stderr)
        self.assertIn("copy it again", lines[0])
        self.assertIn("cannot be opened: No such file", lines[1])

    def test_output_that_fails(self):
        for target, expected in (">&-", "cannot be written"), (">/dev/full", "No space left on device"):
            line = f'"$0" dns "$1" {target}'
            run = subprocess.run(["sh", "-c", line, ZERORATE, self.good], capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 1)
            self.assertIn(expected, run.stderr)


if __name__ == "__main__":
    ZERORATE = sys.argv.pop(1)
    unittest.main()
