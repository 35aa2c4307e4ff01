# SPDX-License-Identifier: BSD-3-Clause
"""The wall clock steps back and forth, and a stock reader holds a snapshot while hours change.

Usage: test_billing_clock.py ZERORATED ZERORATE CONSUMER SHIM
"""

import random
import subprocess
import sys
import time
import unittest

from bill import check_sums
from billing import ROUNDS, Consumer, Gateway, StockConsumer, check_drops, check_ledger, rounds, say

ZERORATED, ZERORATE, CONSUMER, SHIM = "", "", "", ""

STEPS_S = (-7200, 3600, 86400, -1, 1, -90000, 0.5, 3600, -3600, 20 * 86400, -30 * 86400, 86400)
MIB = 1 << 20


class Reader:
    """The stock sqlite3 program in a transaction on a file."""

    def __init__(self, path):
        self.process = subprocess.Popen(["sqlite3", "-readonly", str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write("BEGIN;\n")
        self.count = self.read()

    def read(self):
        self.process.stdin.write("SELECT count(*) FROM records;\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self):
        self.process.communicate("COMMIT;\n")


def log_sizes(daemon):
    """Bytes of each file's write-ahead log, by name."""
    return {path.name.removesuffix("-wal"): path.stat().st_size for path in daemon.ledger.glob("records-*.db-wal")}


class Clock(unittest.TestCase):
    def setUp(self):
        print(self.id(), flush=True)

    def test_steps(self):
        seed = random.randrange(1 << 32)
        rng = random.Random(seed)
        with Gateway(ZERORATED, ZERORATE, shim=SHIM) as daemon, Consumer(daemon) as consumer, \
                StockConsumer(CONSUMER, daemon) as stock:
            steps = STEPS_S * rounds(1)
            for step in steps:
                time.sleep(rng.uniform(0.1, 0.4))
                daemon.wish.step_clock(step)
                consumer.check_alive()
            last = daemon.finish()
            check_drops(last)
            after = daemon.catch_up(consumer, stock)
            stock.end()
            count = check_ledger(daemon)
            self.assertEqual((len(consumer.lines), consumer.lost), (count, []))
            free, _ = check_sums(consumer.bill, [last, after])
            stock.check(consumer.bill, count)
            say(f"{len(steps)} steps (seed {seed}), {len(daemon.files())} files, {count} records, {consumer.bill.types['total']} totals; "
                f"free {free['bytes']} bytes, exact")

    def test_steps_over_kills(self):
        """Epoch and numbers go on, though the clock stands before the kill, or before the epoch."""
        with Gateway(ZERORATED, ZERORATE, shim=SHIM, consumers=["billing"]) as daemon, Consumer(daemon) as consumer:
            for step in (-3600, 7200, -86400, 2 * 86400):
                daemon.wait_for(lambda status: status["records"]["seq"] > 0)
                time.sleep(0.3)
                daemon.kill()
                daemon.wish.step_clock(step)
                daemon.start_again()
            daemon.wait_for(lambda status: status["flows"]["open"] > 0)
            daemon.finish()
            daemon.catch_up(consumer)
            self.assertEqual((len(consumer.lines), consumer.lost), (check_ledger(daemon), []))
            self.assertEqual(len({epoch for epoch, _ in consumer.lines}), 1)
            self.assertEqual(consumer.bill.causes["away"], 4)
            self.assertEqual(consumer.bill.totals["free"], consumer.bill.usage["free"])
            say(f"{len(consumer.lines)} records in {len(daemon.files())} files; losses {dict(consumer.bill.causes)}")

    def test_snapshot_over_the_hour(self):
        """Only the log of the file that is read grows, the status says so, and when the reader has gone it is emptied."""
        with Gateway(ZERORATED, ZERORATE, data=2, tuples=1000, shim=SHIM, consumers=["billing"]) as daemon, \
                Consumer(daemon) as consumer:
            daemon.wait_for(lambda status: status["records"]["committed"] > 5000)
            held = daemon.files()[0]
            reader = Reader(held)
            try:
                status = daemon.wait_for(lambda status: status["ledger"]["wal_held"] == held.name)
                self.assertGreaterEqual(log_sizes(daemon)[held.name], 48 * MIB)
                self.assertEqual(set(log_sizes(daemon)), {held.name})
                daemon.wish.step_clock(3600)
                daemon.wait_for(lambda later: later["records"]["committed"] > status["records"]["seq"] + int(20000 * max(1, ROUNDS)))
                status = daemon.wait_for(lambda status: status["ledger"]["wal_held"] == held.name)
                self.assertTrue(any(held.name in warning for warning in status["warnings"]), status["warnings"])
                sizes = log_sizes(daemon)
                daemon.wait_for(lambda later: later["records"]["committed"] > status["records"]["seq"] + 5000)
                later = log_sizes(daemon)
                self.assertEqual(later.pop(held.name), sizes[held.name])
                self.assertLess(max(later.values()), 48 * MIB)
                self.assertEqual(reader.read(), reader.count)
                say(f"logs: {sizes}")
            finally:
                reader.end()
            daemon.wait_for(lambda status: status["ledger"]["wal_held"] is None)
            self.assertEqual(log_sizes(daemon).get(held.name, 0), 0)
            last = daemon.finish()
            after = daemon.catch_up(consumer)
            self.assertEqual((len(consumer.lines), consumer.lost), (check_ledger(daemon), []))
            check_sums(consumer.bill, [last, after])
            say(f"{len(consumer.lines)} records, exact; losses {dict(consumer.bill.causes)}")


if __name__ == "__main__":
    ZERORATED, ZERORATE, CONSUMER, SHIM = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
