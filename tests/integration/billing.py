# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of billing share: a gateway at full speed, consumers, and the sums that must come out."""

import collections
import json
import mmap
import os
import pathlib
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

import endless
from bill import MEMBERS, Bill, Broken
from daemon import PATIENCE_S, Daemon, Stream

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "{workers}"; flows = "{flows}";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={{folder}}/endless.pcap,infinite_rx=1";
  ports = ( {{ device = "net_pcap0"; }} ); }};
subscribers = [ "10.77.0.0/16" ];
timeouts = {{ undecided = "2s"; }};
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
records = {{ socket = "{{folder}}/records.sock"; consumers = [ {consumers} ]; {records} }};
ledger = {{ folder = "{ledger_folder}"; batch_interval = "{batch}"; {ledger} }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""

# Told by whoever wants more than the few rounds of an ordinary run.
ROUNDS = float(os.environ.get("ZR_BILLING_ROUNDS", "1"))


def rounds(count):
    return max(1, int(count * ROUNDS))


def say(text):
    print(f"  {text}", flush=True)


class Wish:
    """What the preloaded shim does: the wall clock's error, and a disk whose syncs wait."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="zr-wish-")
        self.path = self.file.name
        self.file.write(bytes(16))
        self.file.flush()
        self.memory = mmap.mmap(self.file.fileno(), 16)
        self.offset_s = 0

    def step_clock(self, seconds):
        self.offset_s += seconds
        struct.pack_into("<q", self.memory, 0, int(self.offset_s * 1_000_000))

    def hang_disk(self, hangs):
        struct.pack_into("<q", self.memory, 8, hangs)


class Gateway(Daemon):
    """zerorated on an endless capture. data: packets of each connection behind its hello; the more, the fewer records."""

    def __init__(self, zerorated, zerorate, data=190, tuples=40, workers="1", flows="64K", consumers=("billing", "archive"),
                 records='totals_interval = "2s";', ledger="", batch="50ms", ledger_folder="{folder}/ledger", shim=None,
                 prepare=None):
        self.wish = Wish() if shim else None
        command = []
        config = CONFIG.format(workers=workers, flows=flows, consumers=", ".join(f'"{name}"' for name in consumers),
                               records=records, ledger=ledger, batch=batch, ledger_folder=ledger_folder)
        self.truth = endless.truth(data)

        def make(daemon):
            endless.write(f"{daemon.folder}/endless.pcap", tuples, data)
            if prepare:
                prepare(daemon)

        if shim:
            options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            command = ["env", f"LD_PRELOAD={shim}", f"ASAN_OPTIONS={options}", f"ZR_SHIM={self.wish.path}"]
        self.ledger_folder = ledger_folder
        super().__init__(zerorated, zerorate, config, endless.LIST, command=command, prepare=make)

    def __exit__(self, *_):
        super().__exit__()
        if self.wish:
            self.wish.memory.close()
            self.wish.file.close()

    def start_silent(self):
        """Once more, from now on without traffic."""
        path = pathlib.Path(self.folder, "zerorated.conf")
        path.write_text(path.read_text().replace("endless.pcap,infinite_rx=1", "none.pcap"))
        endless.write(f"{self.folder}/none.pcap", 0, 0)
        self.start_again()

    @property
    def ledger(self):
        return pathlib.Path(self.ledger_folder.replace("{folder}", self.folder))

    def files(self):
        """The ledger's files of records, oldest first."""
        return sorted(self.ledger.glob("records-*.db"), key=first_seq)

    def catch_up(self, *consumers):
        """What is left comes from a daemon without traffic, which then ends as well. Returns its last status."""
        self.start_silent()
        names = {consumer.name for consumer in consumers}
        for consumer in consumers:
            consumer.check_alive()
        status = self.wait_for(lambda status: names <= {one["consumer"] for one in status["consumers"] if one["connected"]})
        key = last_key(status)
        for consumer in consumers:
            consumer.wait_for_record(key)
        last = self.finish()
        for consumer in consumers:
            consumer.wait_for_record(last_key(last))
        return last

    def finish(self, complete=True):
        """SIGTERM to the end; the last status, whose totals are all that the workers ever judged. complete: all is committed."""
        hold = Stream(self, op="subscribe", window=1, last=1 << 40)
        try:
            assert hold.line()["op"] == "hello"
        except ConnectionError as failure:
            raise AssertionError(f"the daemon ({self.process.poll()}) broke off; the log:\n{self.logged()}") from failure
        self.process.send_signal(signal.SIGTERM)
        same, last, until = 0, None, time.monotonic() + PATIENCE_S
        while same < 5 and time.monotonic() < until:
            status = self.status()
            if status is None:
                break
            still = status["state"] == "stopping" and status["flows"]["open"] == 0 and \
                last is not None and status["totals"] == last["totals"]
            done = not complete or status["records"]["seq"] == status["records"]["committed"] == (last or status)["records"]["seq"]
            same = same + 1 if still and done else 0
            last = status
            time.sleep(0.05)
        hold.close()
        while (status := self.status()) is not None:
            last = status
        code = self.process.wait(PATIENCE_S)
        assert code == 0, f"zerorated ended with {code}; the log:\n{self.logged()}"
        assert last["exactness_bytes"] == 0, last["exactness_bytes"]
        if not complete:
            return last
        number = int(re.findall(r"the last record is number (\d+)", self.logged())[-1])
        assert number >= last["records"]["seq"], f"the status knew more records than {number}"
        last["records"]["seq"] = number
        return last


def check_drops(status):
    """Workers were never held up: no frame was lost on its way in."""
    assert status["exactness_bytes"] == 0, status["exactness_bytes"]
    for port in status["ports"]:
        assert not any(port["drops"].values()), port["drops"]


RECORD = re.compile(
    rb'\{"op":"record","record":(\{"type":"(tag|usage|total|loss)","gateway":"test-gw","epoch":"([^"]+)","seq":(\d+),.*\})\}\Z')


class Consumer(threading.Thread):
    """A durable consumer that checks every number as it comes, and what is sent again against what was sent before.

    It acknowledges now and then, comes back when the daemon is gone, and can be made to crash: then it comes back as well.
    """

    def __init__(self, gateway, name="billing", window=20000, ack_every=997, bill=True, lines=None):
        """lines: what another one had got before."""
        super().__init__(daemon=True)
        self.gateway, self.name, self.window, self.ack_every = gateway, name, window, ack_every
        self.bill = Bill(gateway.truth) if bill else None
        self.lines = dict(lines or {})   # of every record by (epoch, seq): a digest
        self.came = set()        # keys that came on a connection of this one
        self.last = None         # (epoch, seq) of the newest that ever came
        self.lost = []           # (epoch, from, to)
        self.again = 0
        self.connections = 0
        self.acked = None
        self.failure = None
        self.stopping = False
        self.stream = None
        self.start()

    def run(self):
        try:
            while not self.stopping:
                try:
                    self.follow()
                except (ConnectionError, FileNotFoundError, socket.timeout, ValueError):
                    time.sleep(0.02)
        except BaseException as failure:  # told to the test by check
            self.failure = failure

    def crash(self):
        """As if it were killed: the connection breaks in the middle of whatever it was doing."""
        stream = self.stream
        if stream is not None:
            try:
                stream.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def follow(self):
        stream = Stream(self.gateway)
        self.stream = stream
        try:
            stream.say({"op": "subscribe", "consumer": self.name, "window": self.window})
            self.follow_lines(stream)
        finally:
            self.stream = None
            stream.close()

    def follow_lines(self, stream):
        expected, unacked, epoch, rest = None, 0, None, b""
        while not self.stopping:
            part = stream.socket.recv(1 << 20)
            if not part:
                return
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                match = RECORD.match(line)
                if not match:
                    message = json.loads(line)
                    if message["op"] == "hello":
                        self.connections += 1
                        epoch, expected = message["epoch"], message["next"]
                        self.check_resumption((epoch, expected))
                    elif message["op"] == "lost":
                        expected = self.take_lost(message, epoch, expected)
                        epoch = message["epoch"]
                    elif message["op"] != "alive":
                        raise Broken(f"it said {message}")
                    continue
                of, seq = match[3].decode(), int(match[4])
                if of != epoch:
                    if of < epoch or seq != 1:
                        raise Broken(f"behind {epoch} {expected} came {of} {seq}")
                    epoch, expected = of, 1
                if seq != expected:
                    raise Broken(f"instead of {epoch} {expected} came {seq}")
                expected += 1
                self.take(of, seq, match[2].decode(), match[1])
                unacked += 1
            if unacked >= self.ack_every:
                stream.say({"op": "ack", "epoch": epoch, "seq": expected - 1})
                self.acked, unacked = (epoch, expected - 1), 0

    def check_resumption(self, first):
        if self.last is not None and first > (self.last[0], self.last[1] + 1) and first[0] == self.last[0]:
            raise Broken(f"behind {self.last} it goes on with {first}")

    def take_lost(self, message, epoch, expected):
        if message["epoch"] == epoch and message["from"] != expected:
            raise Broken(f"lost from {message['from']} on, where {expected} was due")
        self.lost.append((message["epoch"], message["from"], message["to"]))
        if self.bill and (message["epoch"], message["to"]) > (self.last or ("", 0)):
            self.bill.gap()
            self.last = (message["epoch"], message["to"])
        return message["to"] + 1

    def take(self, epoch, seq, kind, line):
        key, digest = (epoch, seq), hash(line)
        self.came.add(key)
        before = self.lines.get(key)
        if before is not None:
            self.again += 1
            if before != digest:
                raise Broken(f"{key} was another record when it was sent before: {line}")
            self.last = max(self.last or key, key)
            return
        self.lines[key] = digest
        if self.last is not None and key < self.last:
            raise Broken(f"{key} came only now, behind {self.last}")
        self.last = key
        if self.bill:
            self.bill.add(kind, line)

    def check_alive(self):
        if self.failure:
            raise self.failure

    def wait(self, condition, patience_s=3 * PATIENCE_S):
        until = time.monotonic() + patience_s
        while not condition(self):
            self.check_alive()
            assert time.monotonic() < until, f"{self.name} got only to {self.last}; the log:\n{self.gateway.logged()}"
            time.sleep(0.02)
        self.check_alive()

    def wait_for_record(self, key):
        self.wait(lambda self: self.last is not None and self.last >= key)

    def stop(self):
        self.stopping = True
        self.crash()
        self.join(PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def last_key(status):
    return status["records"]["epoch"], status["records"]["seq"]


def first_seq(path):
    return rows(path, "SELECT min(epoch), min(seq) FROM records")[0]


def rows(path, sql):
    """As an auditor would: with stock SQLite, read only."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


class StockConsumer:
    """zerorate-consumer and its database."""

    def __init__(self, program, gateway, name="archive"):
        self.command = [program, "--database", f"{gateway.folder}/{name}.db", "--consumer", name, "--socket",
                        f"{gateway.folder}/records.sock"]
        self.name, self.path = name, f"{gateway.folder}/{name}.db"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()

    def check_alive(self):
        assert self.process.poll() is None, f"{self.name} has ended"

    def wait_for_record(self, key):
        until = time.monotonic() + 3 * PATIENCE_S
        while self.last() < key:
            assert self.process.poll() is None and time.monotonic() < until, f"it has got to {self.last()} only"
            time.sleep(0.1)

    def last(self):
        try:
            return (rows(self.path, "SELECT epoch, seq FROM records ORDER BY epoch DESC, seq DESC LIMIT 1") or [("", 0)])[0]
        except sqlite3.OperationalError:  # not made yet
            return ("", 0)

    def check(self, bill, count):
        """Its records are all there, each once, and sum up to the same bill. Its database has one epoch."""
        assert rows(self.path, "PRAGMA integrity_check") == [("ok",)]
        assert rows(self.path, "SELECT min(seq), max(seq), count(*), count(DISTINCT epoch) FROM records") == [(1, count, count, 1)]
        assert rows(self.path, "SELECT count(*) FROM gaps") == [(0,)]
        sums = ", ".join(f"sum({member})" for member in MEMBERS)
        for verdict in ("free", "charged"):
            got = rows(self.path, f"SELECT {sums} FROM records WHERE type = 'usage' AND verdict = '{verdict}'")[0]
            assert got == tuple(bill.usage[verdict][member] or None for member in MEMBERS) or \
                got == tuple(bill.usage[verdict][member] for member in MEMBERS), (verdict, got, bill.usage[verdict])


def check_ledger(gateway):
    """Every file is sound, and all numbers of an epoch are in them, each once. Returns how many."""
    seen = collections.defaultdict(list)
    for path in gateway.files():
        assert rows(path, "PRAGMA integrity_check") == [("ok",)], path
        for epoch, low, high, count in rows(path, "SELECT epoch, min(seq), max(seq), count(*) FROM records GROUP BY epoch"):
            assert high - low + 1 == count, f"{path} has holes"
            seen[epoch].append((low, high))
    for ranges in seen.values():
        ranges.sort()
        for (_, high), (low, _) in zip(ranges, ranges[1:]):
            assert low == high + 1, f"between {high} and {low}"
    return sum(high - low + 1 for ranges in seen.values() for low, high in ranges)
