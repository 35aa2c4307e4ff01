#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`zerorate report` on ledgers whose sums are known.

    test_report_cli.py ZERORATE
"""
import csv
import io
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ZERORATE = sys.argv.pop(1)

COLUMNS = ("seq INTEGER PRIMARY KEY, type, verdict, service, rating_group, rule, subscriber_ip, up_bytes INTEGER,"
           " down_bytes INTEGER, first, last, domain INTEGER DEFAULT 0")


def report(folder, *options):
    return subprocess.run([ZERORATE, "report", "--ledger", folder, *options], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


class Ledger:
    """A folder of files with the columns that a report reads; more stand beside them in a real one."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.seq = 0
        self.usages = []

    def write(self, hour, records, domain=0):
        path = f"{self.folder}/records-{hour}.db"
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(f"CREATE TABLE records ({COLUMNS})")
            for record in records:
                self.seq += 1
                database.execute("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (self.seq, *record, domain))
                if record[0] == "usage" and record[1] == "free" and record[-1] is not None:
                    self.usages.append(record)
        database.close()
        return path


def usage(service, group, subscriber, up, down, last, verdict="free"):
    return ("usage", verdict, service, group, f".{service}.vn", subscriber, up, down, last, last)


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.ledger = Ledger()
        self.addCleanup(self.ledger.temporary.cleanup)

    def fill(self):
        chance = random.Random(5)
        for hour in range(3):
            records = []
            for _ in range(200):
                last = f"2026-11-23T{8 + hour:02}:{chance.randrange(60):02}:00.000000Z"
                records.append(usage(chance.choice(["olm", "vnedu", "moet"]), chance.choice([90001, 90002]),
                                     f"10.0.0.{chance.randrange(9)}", chance.randrange(10 ** 9), chance.randrange(10 ** 10), last,
                                     chance.choice(["free", "free", "charged"])))
            records.append(("tag", "free", "olm", 90001, ".olm.vn", "10.9.9.9", None, None, last, last))
            records.append(("usage", "free", "olm", 90001, ".olm.vn", "10.9.9.9", 0, 0, None, None))
            records.append(("total", "free", None, None, None, None, 10 ** 12, 10 ** 12, last, last))
            self.ledger.write(f"2026-11-23T{8 + hour:02}", records)

    def test_subscribers_of_two_domains(self):
        """One address in two domains is two subscribers."""
        last = "2026-11-23T08:30:00.000000Z"
        for domain in (0, 7):
            self.ledger.write(f"2026-11-23T0{domain}", [usage("olm", 90001, "10.0.0.1", 1, 2, last)], domain)
        got = json.loads(report(self.ledger.folder, "--format", "json", "--by", "subscriber").stdout)
        self.assertEqual(sorted(row["subscriber"] for row in got["rows"]), ["10.0.0.1", "10.0.0.1 domain 7"])
        self.assertEqual(got["total"]["subscribers"], 2)

    @unittest.skipIf(os.geteuid() != 0, "to be another user, the test must be root")
    def test_who_may_only_read(self):
        """A closed file is summed by who may read it and not write beside it."""
        self.fill()
        os.chmod(self.ledger.folder, 0o755)
        alone = report(self.ledger.folder, "--format", "json")
        try:
            got = subprocess.run([ZERORATE, "report", "--ledger", self.ledger.folder, "--format", "json"],
                                 capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, user=65534,
                                 group=65534, extra_groups=[])
        except PermissionError:
            self.skipTest("another user may not run the program where it was built")
        self.assertEqual((got.returncode, got.stderr, got.stdout), (0, "", alone.stdout))

    def test_sums_by_everything(self):
        self.fill()
        keys = {"service": lambda r: r[2], "rating_group": lambda r: str(r[3]), "rule": lambda r: r[4],
                "subscriber": lambda r: r[5], "hour": lambda r: r[9][:13] + ":00Z"}
        for by, key in keys.items():
            expected = {}
            for record in self.ledger.usages:
                row = expected.setdefault(key(record), [set(), 0, 0, 0])
                row[0].add(record[5])
                row[1] += 1
                row[2] += record[6]
                row[3] += record[7]
            done = report(self.ledger.folder, "--by", by, "--format", "json", "--tariff", "25.5")
            self.assertEqual(done.returncode, 0, done.stderr)
            got = json.loads(done.stdout)
            self.assertEqual(got["by"], by)
            rows = {row[by]: [row["subscribers"], row["records"], row["up_bytes"], row["down_bytes"]] for row in got["rows"]}
            self.assertEqual(rows, {name: [len(row[0]), *row[1:]] for name, row in expected.items()})
            for row in [*got["rows"], got["total"]]:
                self.assertEqual(row["bytes"], row["up_bytes"] + row["down_bytes"])
                self.assertEqual(row["value"], (row["bytes"] * 255 + 5 * 10 ** 6) // 10 ** 7)
            total = got["total"]
            self.assertEqual(total["bytes"], sum(r[6] + r[7] for r in self.ledger.usages))
            self.assertEqual(total["subscribers"], len({r[5] for r in self.ledger.usages}))
            order = [row["bytes"] for row in got["rows"]]
            self.assertEqual([row[by] for row in got["rows"]] if by == "hour" else order,
                             sorted(row[by] for row in got["rows"]) if by == "hour" else sorted(order, reverse=True))

    def test_times_include_the_first_and_not_the_last(self):
        self.ledger.write("2026-11-23T08", [usage("olm", 1, "10.0.0.1", 1, 0, "2026-11-23T07:59:59.999999Z"),
                                            usage("olm", 1, "10.0.0.1", 10, 0, "2026-11-23T08:00:00.000000Z"),
                                            usage("olm", 1, "10.0.0.1", 100, 0, "2026-11-23T08:59:59.999999Z"),
                                            usage("olm", 1, "10.0.0.1", 1000, 0, "2026-11-23T09:00:00.000000Z")])
        done = report(self.ledger.folder, "--from", "2026-11-23T15:00:00+07:00", "--to", "2026-11-23T16:00:00+07:00",
                      "--format", "json")
        self.assertEqual(json.loads(done.stdout)["total"]["bytes"], 110)

    def test_lost_volume_is_told_and_in_no_row(self):
        last = "2026-11-23T08:00:00.000000Z"
        self.ledger.write("2026-11-23T08", [usage("olm", 1, "10.0.0.1", 5, 6, last),
                                            ("loss", "free", None, None, None, None, 70, 7, last, last),
                                            ("loss", "charged", None, None, None, None, 700, 7, last, last),
                                            ("loss", None, None, None, None, None, None, None, last, last)])
        done = report(self.ledger.folder, "--format", "json")
        self.assertEqual(json.loads(done.stdout)["lost_bytes"], 77)
        self.assertEqual(json.loads(done.stdout)["total"]["bytes"], 11)
        self.assertIn("77 bytes", report(self.ledger.folder).stderr)

    def test_csv_and_table(self):
        last = "2026-11-23T08:00:00.000000Z"
        self.ledger.write("2026-11-23T08", [usage('a,"b', 1, "10.0.0.1", 5, 6, last), usage(None, 1, "10.0.0.1", 1, 1, last)])
        done = report(self.ledger.folder, "--format", "csv", "--tariff", "1000000")
        rows = list(csv.reader(io.StringIO(done.stdout, newline="")))
        self.assertEqual(rows, [["service", "subscribers", "records", "up_bytes", "down_bytes", "bytes", "value"],
                                ['a,"b', "1", "1", "5", "6", "11", "11"], ["", "1", "1", "1", "1", "2", "2"]])
        table = report(self.ledger.folder, "--format", "table").stdout.splitlines()
        self.assertEqual(table[0].split(), ["service", "subscribers", "records", "up_bytes", "down_bytes", "bytes"])
        self.assertEqual(table[-1].split(), ["total", "1", "2", "6", "7", "13"])

    def test_a_file_that_is_being_written(self):
        path = self.ledger.write("2026-11-23T08", [usage("olm", 1, "10.0.0.1", 5, 6, "2026-11-23T08:00:00.000000Z")])
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE records SET up_bytes = 1000")
        done = report(self.ledger.folder, "--format", "json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["total"]["bytes"]), (0, 11))
        writer.close()

    def test_a_damaged_file_is_told_and_the_others_are_summed(self):
        self.ledger.write("2026-11-23T08", [usage("olm", 1, "10.0.0.1", 5, 6, "2026-11-23T08:00:00.000000Z")])
        pathlib.Path(self.ledger.folder, "records-2026-11-23T09.db").write_bytes(os.urandom(8192))
        done = report(self.ledger.folder, "--format", "json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("records-2026-11-23T09.db: file is not a database", done.stderr)
        self.assertEqual(json.loads(done.stdout)["total"]["bytes"], 11)

    def test_a_folder_whose_name_a_uri_would_misread(self):
        odd = f"{self.ledger.folder}/a?b#c%20d"
        self.ledger.write("2026-11-23T08", [usage("olm", 1, "10.0.0.1", 5, 6, "2026-11-23T08:00:00.000000Z")])
        os.mkdir(odd)
        os.rename(f"{self.ledger.folder}/records-2026-11-23T08.db", f"{odd}/records-2026-11-23T08.db")
        done = report(odd, "--format", "json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["total"]["bytes"]), (0, 11), done.stderr)

    def test_command_lines(self):
        self.assertEqual(report(self.ledger.folder).returncode, 1)
        self.assertIn("--ledger", report(self.ledger.folder).stderr)
        for options in (["--by", "name"], ["--tariff", "x"], ["--tariff", "1.2345678"], ["--tariff", "1."], ["--from", "now"],
                        ["--format", "xml"], ["more"], ["--nonsense"]):
            done = report(self.ledger.folder, *options)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)
            self.assertIn("zerorate report --help", done.stderr)
        self.assertEqual(report(self.ledger.folder, "--help").returncode, 0)
        self.fill()
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([ZERORATE, "report", "--ledger", self.ledger.folder], stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
