# SPDX-License-Identifier: BSD-3-Clause
"""Hostile clients of control.sock: whatever they send, the daemon stays up, and each refusal is one clear line.

Usage: test_hostile.py ZERORATED ZERORATE LIST CAPTURE
"""

import array
import json
import os
import pathlib
import random
import select
import socket
import sys
import unittest

from daemon import PATIENCE_S, Daemon, on_capture

ZERORATED, ZERORATE, LIST, CAPTURE = [""] * 4

LINE_MAX = 4096
OPS = ("status", "flows", "top", "explain", "explain_record", "learned", "list_log", "list_push", "reload")
MEMBERS = ("subscriber", "server", "service", "rule", "state", "limit", "by", "seconds", "last", "file", "signatures", "override", "no")
VALUES = (None, True, -1, 0, 1, 1.5, 2**63 - 1, -2**63, 10**4, "", "x", "10.0.0.1", "10.0.0.1/8", "::/0", "free", "\u0000", "\u202e", "\ud800",
          "x" * 3000, [], [[]], {}, {"op": "status"}, ["x"] * 500)


def hostile_lines(generator):
    """Lines that are no request, or nearly one."""
    yield from (b"\n", b" \n", b"null\n", b"[]\n", b"{}\n", b"7\n", b'"status"\n', b"\0\n", b"\xff\xfe\n", b"\xef\xbb\xbf{}\n", b"\r\n")
    yield from (b'{"op":7}\n', b'{"op":null}\n', b'{"op":{}}\n', b'{"op":""}\n', b'{"op":"status","op":"status"}\n')
    yield from (b'{"op":"status"} {"op":"status"}\n', b'{"op":"status",}\n', b'{"op":"stat\0us"}\n', b'{"op":"\\u0000"}\n')
    yield from (b'{"op":"flows","limit":1e999}\n', b'{"op":"flows","limit":' + b"9" * 3000 + b"}\n", b"-" * 4000 + b"\n")
    yield from (b"[" * 4000 + b"\n", b'{"a":' * 800 + b"\n", b'{"op":"' + b"x" * 4000 + b'"}\n', b"{" + b" " * 4000 + b"}\n")
    for op in (*OPS, "reboot"):
        for member in MEMBERS:
            value = generator.choice(VALUES)
            line = json.dumps({"op": op, member: value}).encode() + b"\n"
            if len(line) <= LINE_MAX:
                yield line
    for _ in range(100):
        yield generator.randbytes(generator.randrange(1, 4000)).replace(b"\n", b"") + b"\n"
    whole = b'{"op":"explain","subscriber":"10.0.0.1","server":"192.0.2.0/24","limit":7}'
    for _ in range(100):
        spoilt = bytearray(whole)
        for _ in range(generator.randrange(1, 4)):
            spoilt[generator.randrange(len(spoilt))] = generator.randrange(256)
        yield bytes(spoilt).replace(b"\n", b" ") + b"\n"


class Hostile(unittest.TestCase):
    def setUp(self):
        config = on_capture(CAPTURE)
        self.daemon = Daemon(ZERORATED, ZERORATE, config, pathlib.Path(LIST).read_text())
        self.daemon.__enter__()
        self.addCleanup(self.daemon.__exit__)
        self.clients = []
        self.addCleanup(self.close_all)
        self.daemon.wait_for(lambda status: status["input_ended"])
        # Whoever counts may be connected, and the ledger opens files meanwhile.
        self.at_rest = self.descriptors() + 8

    def tearDown(self):
        """It answers, counts exactly, keeps no descriptor, and ends as it should."""
        self.close_all()
        status = self.daemon.wait_for(lambda status: status["input_ended"])
        self.assertEqual((status["state"], status["exactness_bytes"]), ("running", 0))
        self.daemon.wait_for(lambda _: self.descriptors() <= self.at_rest)
        self.assertEqual(self.daemon.end()[1], 0)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        self.clients.append(client)
        # Waits while the daemon's backlog is full, which a socket with a timeout does not.
        client.connect(f"{self.daemon.folder}/control.sock")
        client.settimeout(PATIENCE_S)
        return client

    def close_all(self):
        for client in self.clients:
            client.close()
        self.clients = []

    def to_end(self, client):
        """All that comes until the daemon closes."""
        reply = b""
        try:
            while part := client.recv(1 << 16):
                reply += part
        except ConnectionResetError:
            pass  # It closed before all was read that was sent.
        client.close()
        return reply

    def test_lines(self):
        seed = random.randrange(2**32)
        count = refused = 0
        for line in hostile_lines(random.Random(seed)):
            with self.subTest(seed=seed, line=line[:200]):
                client = self.connect()
                client.sendall(line)
                client.shutdown(socket.SHUT_WR)
                reply = self.to_end(client)
                count += 1
                self.assertEqual(reply.count(b"\n"), 1, reply[:200])
                self.assertTrue(reply.endswith(b"\n"))
                answer = json.loads(reply)
                if answer["op"] == "error":
                    refused += 1
                    self.assertGreater(len(answer["error"]), 10)
                    self.assertLess(len(answer["error"]), 400)
                    self.assertTrue(answer["error"].isprintable(), answer["error"])
        self.assertGreater(count, 300)
        self.assertGreater(refused, 250)

    def test_half_lines(self):
        whole = b'{"op":"status"}\n'
        for length in range(len(whole)):
            client = self.connect()
            client.sendall(whole[:length])
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(self.to_end(client), b"")
        client = self.connect()
        for byte in whole:
            client.sendall(bytes([byte]))
        self.assertEqual(json.loads(client.makefile().readline())["op"], "status")

    def test_lines_without_end(self):
        for size in (LINE_MAX, LINE_MAX + 1, 1 << 20):
            client = self.connect()
            try:
                client.sendall(b"x" * size)
            except (BrokenPipeError, ConnectionResetError):
                pass  # It has read enough.
            reply = self.to_end(client)
            # Who still writes may be reset before it reads.
            if size == LINE_MAX or reply:
                self.assertIn("at most 4096 bytes", json.loads(reply)["error"])

    def test_thousand_connections(self):
        """More than there is room for: the silent ones go, whoever asks is answered."""
        for _ in range(1000):
            client = self.connect()
            if random.random() < 0.5:
                client.sendall(random.choice((b"", b"{", b'{"op":"status"}\n', b"x\n", b'{"op":"reload"}\n')))
            if random.random() < 0.5:
                client.close()
        self.assertEqual(self.daemon.status()["state"], "running")

    def test_readers_that_do_not_read(self):
        """They ask and ask; nobody else waits for them."""
        slow = [self.connect() for _ in range(8)]
        for client in slow:
            client.setblocking(False)
            for _ in range(2000):
                try:
                    client.send(b'{"op":"status"}\n')
                except BlockingIOError:
                    break
        self.assertEqual(self.daemon.status()["state"], "running")
        # They get what they asked for once they read.
        slow[0].settimeout(PATIENCE_S)
        lines = slow[0].makefile("rb")
        for _ in range(20):
            self.assertEqual(json.loads(lines.readline())["op"], "status")
        lines.close()

    def test_descriptors(self):
        """Those that nobody asked for, too many, of every kind: none stays open."""
        ours, theirs = os.pipe()
        with open("/dev/zero", "rb") as zero, open(LIST, "rb") as file:
            for request in ({"op": "status"}, {"op": "reload"}, {"op": "list_log", "last": 1},
                            {"op": "list_push", "file": "l", "signatures": []}, {"op": "list_push", "file": "l", "signatures": ["a"] * 16},
                            {"op": "list_push", "file": "l", "signatures": ["a"] * 17}, {"op": "list_push", "file": "l"}, "x", {}):
                for files in ([zero.fileno()], [theirs], [file.fileno()] * 2, [ours] * 17, [theirs] * 33, [file.fileno()] * 253):
                    with self.subTest(request=request, files=len(files)):
                        client = self.connect()
                        client.sendmsg([json.dumps(request).encode() + b"\n"],
                                       [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))])
                        client.shutdown(socket.SHUT_WR)
                        reply = self.to_end(client)
                        self.assertEqual(reply.count(b"\n"), 1)
                        json.loads(reply)
            # With half a request, which never ends.
            client = self.connect()
            client.sendmsg([b"{"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs] * 100))])
            client.close()
        os.close(theirs)
        # The reading end sees the end once nobody has the writing one.
        self.daemon.wait_for(lambda _: select.select([ours], [], [], 0)[0] == [ours] and os.read(ours, 1) == b"")
        os.close(ours)

    def test_one_connection_many_requests(self):
        client = self.connect()
        lines = client.makefile("rb")
        requests = ({"op": "flows", "limit": 10000}, {"op": "top", "by": "rule"}, {"op": "explain", "subscriber": "10.77.0.11"}, {"op": "status"},
                    {"op": "list_log", "last": 1000}, {"op": "reload"})
        for _ in range(50):
            for request in requests:
                client.sendall(json.dumps(request).encode() + b"\n")
            for request in requests:
                self.assertEqual(json.loads(lines.readline())["op"], request["op"])
        lines.close()
        client.close()

    def test_refusals_do_not_fill_the_log(self):
        for _ in range(50):
            client = socket.socket(socket.AF_UNIX)
            client.connect(f"{self.daemon.folder}/records.sock")
            client.settimeout(PATIENCE_S)
            client.sendall(b"x\n")
            self.to_end(client)
        logged = self.daemon.logged().count("refused: ")
        self.assertGreater(logged, 0)
        self.assertLessEqual(logged, 20)


if __name__ == "__main__":
    ZERORATED, ZERORATE, LIST, CAPTURE = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1], verbosity=2)
