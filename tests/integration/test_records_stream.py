#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`zerorate records` and `zerorate-consumer` at a records socket that does what the test says.

    test_records_stream.py ZERORATE ZERORATE_CONSUMER
"""
import hashlib
import json
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest

CONSUMER = sys.argv.pop(2)
ZERORATE = sys.argv.pop(1)

OLD, NEW = "2026-11-23T05:57:05.818865Z", "2026-11-24T05:57:05.818865Z"
BACK = "2020-01-01T00:00:00.000000Z"  # of a clock that is wrong


def hello(epoch, following):
    return json.dumps({"op": "hello", "gateway": "g", "epoch": epoch, "next": following}, separators=(",", ":"))


def record(epoch, seq):
    return (f'{{"op":"record","record":{{"type":"loss","gateway":"g","epoch":"{epoch}","seq":{seq},"cause":"away",'
            f'"first":"{epoch}","last":"{epoch}"}}}}')


def lost(epoch, first, last):
    return json.dumps({"op": "lost", "epoch": epoch, "from": first, "to": last}, separators=(",", ":"))


class Daemon:
    """Answers the connections that come, one after the other, with what `script` says, and notes what it is told."""

    def __init__(self, test, script):
        self.folder = tempfile.TemporaryDirectory()
        test.addCleanup(self.folder.cleanup)
        self.path = f"{self.folder.name}/s"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.listener.settimeout(30)
        test.addCleanup(self.listener.close)
        self.script = script
        self.told = []  # of each connection: its messages
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        for lines, until in self.script:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(30)
                heard = []
                self.told.append(heard)
                with connection.makefile("rb") as stream:
                    heard.append(json.loads(stream.readline()))
                    connection.sendall(b"".join(line if isinstance(line, bytes) else f"{line}\n".encode() for line in lines))
                    while until is not None and not until(heard):
                        try:
                            line = stream.readline()
                        except ConnectionResetError:
                            break
                        if not line:
                            break
                        heard.append(json.loads(line))

    def join(self):
        self.thread.join(30)
        assert not self.thread.is_alive()


def acknowledged(epoch, seq):
    return lambda heard: any(m.get("op") == "ack" and (m["epoch"], m["seq"]) == (epoch, seq) for m in heard)


def gone(heard):
    return False


class RecordsTest(unittest.TestCase):
    def start(self, *command):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        return out

    def trailers(self, folder):
        found = []
        for path in sorted(pathlib.Path(folder).glob("*.trailer")):
            trailer = json.loads(path.read_text())
            data = pathlib.Path(folder, trailer["file"]).read_bytes()
            self.assertEqual(hashlib.sha256(data).hexdigest(), trailer["sha256"])
            self.assertEqual(len(data), trailer["bytes"])
            found.append([trailer, [(r["epoch"], r["seq"]) for r in map(json.loads, data.splitlines())]])
        return found

    def test_files_have_each_record_once(self):
        """Acknowledgements of several files are lost, then the ledger gives all again, then it is another one."""
        first = [hello(OLD, 1), *(record(OLD, seq) for seq in range(1, 7))]
        again = [hello(OLD, 1), *(record(OLD, seq) for seq in range(1, 7)), lost(OLD, 7, 9), *(record(NEW, seq) for seq in (1, 2, 3))]
        other = [hello(BACK, 1), *(record(BACK, seq) for seq in (1, 2)), *(record(NEW, seq) for seq in (1, 2, 3))]
        daemon = Daemon(self, [(first, acknowledged(OLD, 6)), (again, acknowledged(NEW, 3)), (other, acknowledged(NEW, 3))])
        with tempfile.TemporaryDirectory() as folder:
            process = self.start(ZERORATE, "records", "files", "--consumer", "billing", "--folder", folder, "--format", "json",
                                 "--records", "2", "--socket", daemon.path)
            daemon.join()
            self.stop(process)
            files = self.trailers(folder)
        records = [key for _, keys in files for key in keys]
        self.assertEqual(sorted(records), sorted([(OLD, seq) for seq in range(1, 7)] + [(NEW, 1), (NEW, 2), (NEW, 3), (BACK, 1), (BACK, 2)]))
        self.assertEqual([gap for trailer, _ in files for gap in trailer["gaps"]], [{"epoch": OLD, "from": 7, "to": 9}])
        self.assertEqual([trailer["number"] for trailer, _ in files], list(range(1, len(files) + 1)))

    def test_consumer_has_each_record_once(self):
        """A connection breaks before the acknowledgement: what comes again is there once."""
        first = [hello(OLD, 1), record(OLD, 1), record(OLD, 2)]
        again = [hello(OLD, 1), record(OLD, 1), record(OLD, 2), lost(OLD, 3, 4), record(NEW, 1)]
        daemon = Daemon(self, [(first, None), (again, acknowledged(NEW, 1))])
        database = f"{daemon.folder.name}/b.db"
        process = self.start(CONSUMER, "--database", database, "--socket", daemon.path)
        daemon.join()
        self.stop(process)
        with sqlite3.connect(database) as db:
            self.assertEqual(db.execute("SELECT epoch, seq FROM records ORDER BY 1, 2").fetchall(), [(OLD, 1), (OLD, 2), (NEW, 1)])
            self.assertEqual(db.execute("SELECT * FROM gaps").fetchall(), [("g", OLD, 3, 4)])
        db.close()

    def test_consumer_does_not_acknowledge_what_it_cannot_keep(self):
        """A record that is no JSON behind its key is no duplicate: it is refused, and not acknowledged."""
        broken = '{"op":"record","record":{"type":"tag","gateway":"g","epoch":"%s","seq":2,}}' % OLD
        daemon = Daemon(self, [([hello(OLD, 1), record(OLD, 1), broken], gone)])
        process = self.start(CONSUMER, "--database", f"{daemon.folder.name}/b.db", "--socket", daemon.path, "--once")
        _, err = process.communicate(timeout=30)
        daemon.join()
        self.assertEqual(process.returncode, 1)
        self.assertIn("JSON", err)
        self.assertFalse(acknowledged(OLD, 2)(daemon.told[0]))

    def test_follow_over_a_new_epoch(self):
        """After a break nothing is printed twice, also not of the epoch before; another ledger is followed from its beginning."""
        first = [hello(OLD, 8), record(OLD, 8), record(NEW, 1)]
        resumed = [hello(OLD, 8), record(OLD, 8), lost(OLD, 9, 9), record(NEW, 1), record(NEW, 2)]
        other = [hello(BACK, 3), record(BACK, 3)]
        daemon = Daemon(self, [(first, acknowledged(NEW, 1)), ([hello(NEW, 3)], gone), (resumed, acknowledged(NEW, 2)),
                               ([hello(BACK, 3)], gone), (other, acknowledged(BACK, 3))])
        process = self.start(ZERORATE, "records", "follow", "-n", "2", "--format", "json", "--socket", daemon.path)
        daemon.join()
        printed = [(r["epoch"], r["seq"]) for r in map(json.loads, self.stop(process).splitlines())]
        self.assertEqual(printed, [(OLD, 8), (NEW, 1), (NEW, 2), (BACK, 3)])

    def test_a_daemon_that_makes_no_sense(self):
        """Whatever it sends, the library says so and ends; it never waits for ever, nor grows."""
        lines = [
            [b"\xff\n"], [b"{}\n"], [b"[]\n"], [b"\n"], [b"\0\n"], [b"x" * 300000], [b'{"op":"record","record":\n'],
            [b'{"op":"record","record":{}}\n'], [b'{"op":"hello"}\n'], [b'{"op":"hello","gateway":1,"epoch":"","next":-1}\n'],
            [hello(OLD, 1), b'{"op":"record","record":{"type":"\\\n'],
            [hello(OLD, 1), b'{"op":"record","record":{"type":"tag","gateway":"g","epoch":"' + b"9" * 40 + b'","seq":1}}\n'],
            [hello(OLD, 1), b'{"op":"record","record":{"type":"tag","gateway":"g","epoch":"e","seq":99999999999999999999}}\n'],
            [hello(OLD, 1), b'{"op":"lost","epoch":"e","from":-1,"to":2}\n'],
            [hello(OLD, 1), b'{"op":"alive","next":1.5}\n'], [b'{"op":"error"}\n'], [b'{"op":"error","error":' + b"[" * 5000 + b"\n"],
        ]
        for line in lines:
            daemon = Daemon(self, [(line, gone)])
            process = self.start(CONSUMER, "--database", f"{daemon.folder.name}/b.db", "--socket", daemon.path, "--once")
            _, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 1, line)
            self.assertIn("zerorate-consumer: ", err)
            daemon.join()


if __name__ == "__main__":
    unittest.main(verbosity=2)
