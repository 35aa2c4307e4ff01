#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`zerorate fraud` on ledgers whose suspects are known.

    test_fraud_cli.py ZERORATE
"""
import json
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ZERORATE = sys.argv.pop(1)

COLUMNS = ("type, verdict, reason, flags, rule, subscriber_ip, domain, flow, gateway, up_bytes INTEGER, down_bytes INTEGER, last, epoch")


def fraud(*options):
    return subprocess.run([ZERORATE, "fraud", *options], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)


def usage(who, flow, verdict="free", reason="sni", flags="spoof_suspect", rule=".olm.vn", up=1, down=2, minute=0, domain=0, kind="usage", epoch="1"):
    return (kind, verdict, reason, flags, rule, who, domain, flow, "gw", up, down, f"2026-11-23T08:{minute:02}:00.000000Z", epoch)


class FraudTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def write(self, hour, *records):
        with sqlite3.connect(f"{self.folder}/records-{hour}.db") as database:
            database.execute(f"CREATE TABLE records ({COLUMNS})")
            database.executemany("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", records)
        database.close()

    def rows(self, *options):
        done = fraud("--ledger", self.folder, "--format", "json", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row.pop("suspect"): row for row in json.loads(done.stdout)}

    def test_what_is_suspect(self):
        self.write("2026-11-23T08",
                   usage("10.0.0.1", "a"), usage("10.0.0.1", "a", up=10, minute=5),
                   usage("10.0.0.1", "b", "charged", "unlearned", None, up=100),
                   usage("10.0.0.2", "c", "charged", "spoof", None, rule=None),
                   usage("10.0.0.3", "d", flags="ech|spoof_suspect"),
                   # None of these is.
                   usage("10.0.0.4", "e", flags=None), usage("10.0.0.4", "f", flags="ech"), usage("10.0.0.4", "g", "charged", "no_match", None),
                   usage("10.0.0.4", "h", flags="not_spoof_suspect"), usage("10.0.0.4", "i", kind="tag"))
        rows = self.rows()
        self.assertEqual(rows, {
            "10.0.0.1": {"kinds": "spoof_suspect|unlearned", "flows": 2, "free_bytes": 15, "charged_bytes": 102, "last": "2026-11-23T08:05:00.000000Z"},
            "10.0.0.2": {"kinds": "spoof", "flows": 1, "free_bytes": 0, "charged_bytes": 3, "last": "2026-11-23T08:00:00.000000Z"},
            "10.0.0.3": {"kinds": "spoof_suspect", "flows": 1, "free_bytes": 3, "charged_bytes": 0, "last": "2026-11-23T08:00:00.000000Z"},
        })
        self.assertEqual(list(rows)[0], "10.0.0.1")
        by_rule = self.rows("--by", "rule")
        self.assertEqual((by_rule[".olm.vn"]["flows"], by_rule[".olm.vn"]["free_bytes"], by_rule[".olm.vn"]["charged_bytes"]), (3, 18, 102))
        self.assertEqual(by_rule[""]["kinds"], "spoof")

    def test_files_and_domains_together(self):
        self.write("2026-11-23T08", usage("10.0.0.1", "a"), usage("10.0.0.1", "a", domain=7))
        self.write("2026-11-23T09", usage("10.0.0.1", "a", minute=9))
        rows = self.rows()
        self.assertEqual((rows["10.0.0.1"]["flows"], rows["10.0.0.1"]["free_bytes"]), (1, 6))
        self.assertEqual(rows["10.0.0.1 domain 7"]["free_bytes"], 3)

    def test_a_number_of_another_epoch_is_another_flow(self):
        self.write("2026-11-23T08", usage("10.0.0.1", "a"), usage("10.0.0.1", "a", epoch="2"))
        self.assertEqual(self.rows()["10.0.0.1"]["flows"], 2)

    def test_a_ledger_without_charged_flows_is_told(self):
        """One record of a charged flow says that they are there, suspect or not, in whichever file."""
        self.write("2026-11-23T08", usage("10.0.0.1", "a"), usage("10.0.0.1", "a", "charged", "no_match", kind="total"))
        done = fraud("--ledger", self.folder, "--format", "json")
        self.assertEqual((done.returncode, len(json.loads(done.stdout))), (0, 1))
        self.assertIn("charged_flows", done.stderr)
        self.write("2026-11-23T09", usage("10.0.0.9", "b", "charged", "no_match", None))
        self.write("2026-11-23T10", usage("10.0.0.1", "c"))
        done = fraud("--ledger", self.folder, "--format", "json")
        self.assertEqual((done.returncode, len(json.loads(done.stdout)), done.stderr), (0, 1, ""))

    def test_times(self):
        self.write("2026-11-23T08", *(usage(f"10.0.0.{minute}", "a", minute=minute) for minute in (1, 2, 3)))
        self.assertEqual(set(self.rows("--from", "2026-11-23T08:02:00Z", "--to", "2026-11-23T08:03:00Z")), {"10.0.0.2"})
        self.assertEqual(set(self.rows("--from", "2026-11-23T15:03:00+07:00")), {"10.0.0.3"})

    def test_table(self):
        self.write("2026-11-23T08", usage("10.0.0.1", "a"))
        lines = fraud("--ledger", self.folder, "--format", "table").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["subscriber", "kinds", "flows", "free_bytes", "charged_bytes", "last"])
        self.assertEqual(lines[1].split()[:5], ["10.0.0.1", "spoof_suspect", "1", "3", "0"])

    def test_a_damaged_file_is_told(self):
        self.write("2026-11-23T08", usage("10.0.0.1", "a"))
        with open(f"{self.folder}/records-2026-11-23T09.db", "w", encoding="ascii") as file:
            file.write("no database at all, but long enough to be looked at\n" * 20)
        done = fraud("--ledger", self.folder, "--format", "json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("records-2026-11-23T09.db", done.stderr)
        self.assertEqual([row["suspect"] for row in json.loads(done.stdout)], ["10.0.0.1"])

    def test_refused(self):
        for options in (["--by", "hour"], ["--from", "yesterday"], ["--format", "csv"], ["left over"], ["--unknown"]):
            with self.subTest(options=options):
                done = fraud("--ledger", self.folder, *options)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("zerorate fraud", done.stderr)
        done = fraud("--ledger", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("holds no ledger", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
