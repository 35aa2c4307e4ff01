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

MEMBERS = ("up_pkts", "up_bytes", "down_pkts", "down_bytes")


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
            command = ["env", f"LD_PRELOAD={shim}", "ASAN_OPTIONS=verify_asan_link_order=0", f"ZR_SHIM={self.wish.path}"]
        self.ledger_folder = ledger_folder
        super().__init__(zerorated, zerorate, config, endless.LIST, command=command, prepare=make)

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
        assert hold.line()["op"] == "hello"
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


class Broken(AssertionError):
    """What a consumer was told does not hold together."""


class Bill:
    """Sums over records, each taken once and in order, and what must hold between them."""

    def __init__(self, truth):
        self.truth = truth
        self.usage = collections.defaultdict(collections.Counter)    # by verdict
        self.loss = collections.defaultdict(collections.Counter)     # by (cause, verdict)
        self.totals = collections.defaultdict(collections.Counter)   # gateway's, by verdict
        self.since = collections.Counter()    # free usage since the gateway's last free total
        self.open = {}       # volume of flows that have no last record yet
        self.types = collections.Counter()
        self.causes = collections.Counter()   # of losses
        self.whole = 0       # flows that ended with all their volume
        self.checks_since = True   # false behind a gap: then a total may know more than its records

    def add(self, kind, line):
        """A record's line, and its type."""
        self.types[kind] += 1
        if kind != "tag":  # which has no volume
            getattr(self, "add_" + kind)(json.loads(line))

    def add_usage(self, record):
        volume = [record[member] for member in MEMBERS]
        for sums in (self.usage[record["verdict"]], self.since if record["verdict"] == "free" else {}):
            for member, value in zip(MEMBERS, volume):
                sums[member] = sums.get(member, 0) + value
        flow = [before + value for before, value in zip(self.open.pop(record["flow"], (0, 0, 0, 0)), volume)]
        if not record["final"]:
            self.open[record["flow"]] = flow
        self.check_flow(record, flow)

    def check_flow(self, record, flow):
        kind = self.truth[int(record["server_ip"].rsplit(".", 1)[1])]
        unnamed = record["verdict"] == "charged" and record["reason"] == "no_name" and flow[0] <= 1  # cut before its hello
        if not unnamed and kind.rule != (record["rule"] if record["verdict"] == "free" else None):
            raise Broken(f"{kind.rule} was judged otherwise: {record}")
        if any(value > most for value, most in zip(flow, kind.volume)):
            raise Broken(f"more than the flow has ({kind.volume}): {record}")
        self.whole += record["final"] and flow == kind.volume

    def add_total(self, record):
        if "rule" in record or "subscriber" in record:
            return
        volume = {member: record[member] for member in MEMBERS}
        self.totals[record["verdict"]].update(volume)
        if record["verdict"] != "free":
            return
        if self.checks_since and +self.since != +collections.Counter(volume):
            raise Broken(f"since the last total there were {dict(self.since)}: {record}")
        self.since.clear()
        self.checks_since = True

    def add_loss(self, record):
        self.causes[record["cause"]] += 1
        if "up_bytes" in record:
            self.loss[record["cause"], record["verdict"]].update({member: record[member] for member in MEMBERS})

    def gap(self):
        self.checks_since = False

    def told(self, verdict):
        """Usage and losses of a verdict as {"pkts", "bytes"}."""
        sums = [self.usage[verdict]] + [loss for (_, of), loss in self.loss.items() if of == verdict]
        return volume_of(sums)


def volume_of(sums):
    return {"pkts": sum(one["up_pkts"] + one["down_pkts"] for one in sums),
            "bytes": sum(one["up_bytes"] + one["down_bytes"] for one in sums)}


def add_volumes(*volumes):
    return {name: sum(volume[name] for volume in volumes) for name in ("pkts", "bytes")}


def check_sums(bill, statuses):
    """Usage and losses are the dataplane's free totals, of all runs; gateway totals and charged losses are the charged ones."""
    free = add_volumes(*(status["totals"]["free"] for status in statuses))
    charged = add_volumes(*(status["totals"]["charged"] for status in statuses))
    assert bill.told("free") == free, f"free: records and losses {bill.told('free')}, the dataplane {free}"
    losses = [loss for (_, verdict), loss in bill.loss.items() if verdict == "charged"]
    got = add_volumes(volume_of([bill.totals["charged"]]), volume_of(losses))
    assert got == charged, f"charged: totals and losses {got}, the dataplane {charged}"
    assert volume_of([bill.totals["free"]]) == volume_of([bill.usage["free"]]), "free totals are not their usage records"
    return free, charged


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
