# SPDX-License-Identifier: BSD-3-Clause
"""`zerorate records` and `zerorate-consumer` with the real daemon.

Usage: test_records_cli.py ZERORATED ZERORATE ZERORATE-CONSUMER LIST CAPTURE
"""
import contextlib
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import PATIENCE_S, Daemon, Stream

ZERORATED = ZERORATE = CONSUMER = LIST = CAPTURE = ""

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "1"; flows = "4K"; reassembly_memory = "1MiB";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={capture}";
  ports = ( {{ device = "net_pcap0"; }} ); }};
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; }};
records = {{ socket = "{{folder}}/records.sock"; consumers = [ "billing", "files" ]; charged_flows = true; }};
ledger = {{ folder = "{{folder}}/ledger"; batch_interval = "10ms"; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""


def gateway():
    text = re.sub("#! expires: .*", "#! expires: 2099-12-31T23:59:59+07:00", pathlib.Path(LIST).read_text(encoding="utf-8"))
    return Daemon(ZERORATED, ZERORATE, CONFIG.format(capture=CAPTURE), text)


def settle(daemon):
    """All that the capture gives while its flows are open is on the disk: what the workers told was taken, and committed."""
    seen = []

    def is_quiet(status):
        seen.append((status["input_ended"], status["records"]["seq"], status["records"]["committed"]))
        ended, seq, committed = seen[-1]
        return ended and seq == committed > 0 and seen[-4:] == [seen[-1]] * 4
    return daemon.wait_for(is_quiet)


def records(daemon, *options):
    return subprocess.run([ZERORATE, "records", *options, "--socket", f"{daemon.folder}/records.sock"], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S, check=False)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def kept(daemon):
    """What the daemon keeps, read by other means."""
    database = sqlite3.connect(f"file:{next(pathlib.Path(daemon.folder, 'ledger').glob('records-*.db'))}?mode=ro", uri=True)
    with contextlib.closing(database):
        return database.execute("SELECT seq, type FROM records ORDER BY seq").fetchall()


@contextlib.contextmanager
def running(*command):
    """A program whose output goes to a file: (process, what it has written so far)."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, text=True)

        def written():
            output.flush()
            return os.pread(output.fileno(), 1 << 24, 0).decode()
        try:
            yield process, written
        finally:
            process.kill()
            process.wait()


def wait(condition, what):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(what())


class Show(unittest.TestCase):
    def test_tail(self):
        with gateway() as daemon:
            last = settle(daemon)["records"]["seq"]
            self.assertGreater(last, 5)
            self.assertEqual([r["seq"] for r in lines(records(daemon, "tail", "-n", "3").stdout)], [last - 2, last - 1, last])
            self.assertEqual([r["seq"] for r in lines(records(daemon, "tail", "-n", "1000").stdout)], list(range(1, last + 1)))
            table = records(daemon, "tail", "-n", "2", "--format", "table").stdout.splitlines()
            self.assertEqual(table[0].split()[:3], ["last", "seq", "type"])
            self.assertEqual([row.split()[1] for row in table[1:]], [str(last - 1), str(last)])

    def test_formats_agree(self):
        with gateway() as daemon:
            settle(daemon)
            objects = lines(records(daemon, "export", "--format", "json").stdout)
            rows = list(csv.DictReader(io.StringIO(records(daemon, "export", "--format", "csv").stdout, newline="")))
            self.assertEqual(len(objects), len(rows))
            for record, row in zip(objects, rows):
                flat = {}
                for name, value in record.items():
                    if isinstance(value, dict):
                        flat.update({f"{name}_{inner}": text for inner, text in value.items()})
                    elif isinstance(value, list):
                        flat[name] = "|".join(map(str, value))
                    else:
                        flat[name] = str(value).lower() if isinstance(value, bool) else value
                self.assertEqual({name: str(value).lstrip("'") for name, value in flat.items()},
                                 {name: value.lstrip("'") for name, value in row.items() if value})

    def test_export_of_a_time(self):
        with gateway() as daemon:
            settle(daemon)
            everything = lines(records(daemon, "export", "--format", "json").stdout)
            lasts = sorted(record["last"] for record in everything)
            second = lasts[len(lasts) // 2][:19] + "Z"
            before = lines(records(daemon, "export", "--format", "json", "--to", second).stdout)
            behind = lines(records(daemon, "export", "--format", "json", "--from", second).stdout)
            self.assertEqual(sorted(r["seq"] for r in before + behind), [r["seq"] for r in everything])
            self.assertTrue(all(r["last"] < second[:19] + ".000000Z" for r in before))

    def test_follow_goes_on_behind_a_restart(self):
        with gateway() as daemon:
            settle(daemon)
            command = [ZERORATE, "records", "follow", "-n", "100000", "--format", "json", "--socket", f"{daemon.folder}/records.sock"]
            with running(*command) as (process, written):
                daemon.end()
                daemon.start()
                settle(daemon)
                daemon.end()
                daemon.start()
                last = settle(daemon)["records"]["seq"]
                wait(lambda: f'"seq":{last},' in written(), written)
                got = [json.loads(line)["seq"] for line in written().splitlines() if line.startswith("{")]
                self.assertEqual(got, list(range(1, last + 1)))
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(PATIENCE_S), 0)

    def test_export_as_a_consumer_acknowledges(self):
        with gateway() as daemon:
            last = settle(daemon)["records"]["seq"]
            first = records(daemon, "export", "--consumer", "billing", "--format", "json")
            self.assertEqual([r["seq"] for r in lines(first.stdout)], list(range(1, last + 1)), first.stderr)
            self.assertEqual(records(daemon, "export", "--consumer", "billing", "--format", "json").stdout, "")
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([ZERORATE, "records", "export", "--consumer", "files", "--format", "json", "--socket",
                                       f"{daemon.folder}/records.sock"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
                                      timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot be written", done.stderr)
            again = records(daemon, "export", "--consumer", "files", "--format", "json")
            self.assertEqual(len(lines(again.stdout)), last, "what did not go out was acknowledged")

    def test_refusals(self):
        with gateway() as daemon:
            done = records(daemon, "export", "--consumer", "nobody")
            self.assertEqual(done.returncode, 1)
            self.assertIn("records.consumers", done.stderr)
            for options in (["tail", "-n", "x"], ["tail", "--from", "2026-01-01T00:00:00Z"], ["follow", "more"], ["export", "-n", "1"],
                            ["export", "--from", "monday"], ["export", "--format", "xml"],
                            ["export", "--consumer", "billing", "--to", "2026-01-01T00:00:00Z"], ["files"],
                            ["files", "--consumer", "files", "--folder", "/tmp", "--period", "0"], ["nonsense"], []):
                done = records(daemon, *options)
                self.assertEqual((done.returncode, done.stdout), (2, ""), options)
                self.assertIn("--help", done.stderr)
        for command in ("tail", "follow", "export", "files"):
            done = subprocess.run([ZERORATE, "records", command, "--help"], capture_output=True, text=True, check=True)
            self.assertIn("Exit status", done.stdout)
        done = subprocess.run([ZERORATE, "records", "tail", "--socket", "/tmp/no/socket"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("start zerorated", done.stderr)


class Files(unittest.TestCase):
    def files(self, daemon, folder, *options):
        return [ZERORATE, "records", "files", "--consumer", "files", "--folder", folder, "--socket", f"{daemon.folder}/records.sock",
                *options]

    def check(self, folder):
        """Every complete file is what its trailer says; the records of all of them, in order."""
        found, numbers = [], []
        for trailer in sorted(pathlib.Path(folder).glob("*.trailer")):
            told = json.loads(trailer.read_text(encoding="utf-8"))
            data = pathlib.Path(folder, told["file"]).read_bytes()
            self.assertEqual((told["bytes"], told["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
            rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
            self.assertEqual(told["records"], len(rows))
            keys = [(row["epoch"], int(row["seq"])) for row in rows]
            self.assertEqual(keys, [(r["epoch"], seq) for r in told["ranges"] for seq in range(r["from"], r["to"] + 1)])
            found += keys
            numbers.append(told["number"])
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        return found

    def test_each_record_is_in_one_file_whatever_is_killed(self):
        with gateway() as daemon, tempfile.TemporaryDirectory() as folder:
            settle(daemon)
            for round_number in range(6):
                with running(*self.files(daemon, folder, "--period", "1", "--records", "3")) as (process, _):
                    time.sleep(0.05 * round_number)
                    process.kill()
            daemon.end()
            daemon.start()
            settle(daemon)
            with running(*self.files(daemon, folder, "--period", "1", "--records", "3")) as (process, written):
                wait(lambda: len(self.check(folder)) >= len(kept(daemon)), written)
                found = self.check(folder)
                self.assertEqual(sorted(set(found)), found, "a record is in two files")
                self.assertEqual([seq for _, seq in found], [seq for seq, _ in kept(daemon)])
                daemon.wait_for(lambda status: {c["consumer"]: c["lag"] for c in status["consumers"]}["files"] == 0)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(PATIENCE_S), 0)

    def test_json_lines(self):
        with gateway() as daemon, tempfile.TemporaryDirectory() as folder:
            last = settle(daemon)["records"]["seq"]
            with running(*self.files(daemon, folder, "--period", "1", "--format", "json")) as (_, written):
                wait(lambda: list(pathlib.Path(folder).glob("*.trailer")), written)
            data = pathlib.Path(folder, "records-000000000001.jsonl").read_text(encoding="utf-8")
            self.assertEqual([record["seq"] for record in lines(data)], list(range(1, last + 1)))

    def test_a_folder_that_cannot_be_written(self):
        with gateway() as daemon:
            settle(daemon)
            done = subprocess.run(self.files(daemon, f"{daemon.folder}/nowhere"), capture_output=True, text=True, check=False,
                                  timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 1)
            self.assertIn("No such file", done.stderr)


class Consumer(unittest.TestCase):
    def command(self, daemon, *options):
        return [CONSUMER, "--database", f"{daemon.folder}/billing.db", "--socket", f"{daemon.folder}/records.sock", *options]

    def stored(self, daemon):
        with contextlib.closing(sqlite3.connect(f"{daemon.folder}/billing.db")) as database:
            return database.execute("SELECT seq, type FROM records ORDER BY epoch, seq").fetchall()

    def test_once_each(self):
        with gateway() as daemon:
            settle(daemon)
            self.assertEqual(subprocess.run(self.command(daemon, "--once"), timeout=PATIENCE_S, check=False).returncode, 0)
            self.assertEqual(self.stored(daemon), kept(daemon))
            daemon.end()
            daemon.start()
            settle(daemon)
            with running(*self.command(daemon)) as (process, written):
                wait(lambda: self.stored(daemon) == kept(daemon), written)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(PATIENCE_S), 0)
            with contextlib.closing(sqlite3.connect(f"{daemon.folder}/billing.db")) as database:
                ours = database.execute("SELECT count(*), sum(up_bytes), sum(down_bytes) FROM records WHERE type = 'usage'").fetchone()
                whole = [json.loads(text) for text, in database.execute("SELECT record FROM records WHERE type = 'usage'")]
            self.assertEqual(ours, (len(whole), sum(r["up_bytes"] for r in whole), sum(r["down_bytes"] for r in whole)))

    def test_taken_over(self):
        with gateway() as daemon:
            settle(daemon)
            with running(*self.command(daemon)) as (process, written):
                daemon.wait_for(lambda status: any(c["consumer"] == "billing" and c.get("connected") for c in status["consumers"]))
                other = Stream(daemon, op="subscribe", consumer="billing")
                self.assertEqual(process.wait(PATIENCE_S), 1)
                self.assertIn("takes over", written())
                other.close()

    def test_command_line(self):
        for options in ([], ["--database"], ["--nonsense"], ["--database", "x", "more"]):
            done = subprocess.run([CONSUMER, *options], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)
        with gateway() as daemon:
            done = subprocess.run([CONSUMER, "--database", f"{daemon.folder}/no/where.db"], capture_output=True, text=True, check=False,
                                  timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 1)
            self.assertIn("unable to open database file", done.stderr)


if __name__ == "__main__":
    ZERORATED, ZERORATE, CONSUMER, LIST, CAPTURE = sys.argv[1:6]
    unittest.main(argv=sys.argv[:1], verbosity=2)
