# SPDX-License-Identifier: BSD-3-Clause
"""Consumers and the daemon are killed at random while traffic runs at full speed: every record is there once, all sums are exact.

Usage: test_billing_kills.py ZERORATED ZERORATE CONSUMER SHIM     ZR_BILLING_ROUNDS: how many times as many kills
"""

import random
import sys
import time
import unittest

from bill import check_sums
from billing import Consumer, Gateway, StockConsumer, check_drops, check_ledger, rounds, say

ZERORATED, ZERORATE, CONSUMER, SHIM = "", "", "", ""

CONSUMER_KILLS, DAEMON_KILLS = 8, 5


def gateway(**options):
    return Gateway(ZERORATED, ZERORATE, **options)


class Kills(unittest.TestCase):
    def setUp(self):
        self.random = random.Random()
        self.seed = random.randrange(1 << 32)
        self.random.seed(self.seed)
        print(f"{self.id()} (seed {self.seed})", flush=True)

    def kill_consumers(self, records):
        kills = rounds(CONSUMER_KILLS)
        with gateway(records='totals_interval = "1s"; ' + records) as daemon, Consumer(daemon) as consumer, \
                StockConsumer(CONSUMER, daemon) as stock:
            for _ in range(kills):
                time.sleep(self.random.uniform(0.02, 0.9))
                stock.kill()
                if self.random.random() < 0.5:
                    consumer.crash()
                stock.start()
                consumer.check_alive()
            daemon.wait_for(lambda status: status["records"]["seq"] > 5000)
            last = daemon.finish()
            check_drops(last)
            after = daemon.catch_up(consumer, stock)
            stock.end()
            bill = consumer.bill
            free, charged = check_sums(bill, [last, after])
            count = check_ledger(daemon)
            self.assertEqual((len(consumer.lines), consumer.lost), (count, []))
            stock.check(bill, count)
            self.check_whole(bill)
            say(f"{kills} kills of zerorate-consumer, {consumer.connections} connections of the other consumer; {count} records, "
                f"{consumer.again} of them sent again, {bill.whole} whole flows, {bill.types['total']} totals; "
                f"free {free['bytes']} and charged {charged['bytes']} bytes, exact; losses {dict(bill.causes)}")
            return bill, last

    def check_whole(self, bill):
        self.assertGreater(bill.whole, 100)
        self.assertGreaterEqual(bill.types["total"], 2)

    def test_consumers_killed(self):
        self.kill_consumers("")

    def test_consumers_killed_with_charged_flows(self):
        bill, last = self.kill_consumers("charged_flows = true;")
        self.assertEqual(bill.told("charged"), last["totals"]["charged"])

    def test_daemon_killed(self):
        kills = rounds(DAEMON_KILLS)
        with gateway() as daemon, Consumer(daemon) as consumer, StockConsumer(CONSUMER, daemon) as stock:
            reached = early = 0
            for _ in range(kills):
                time.sleep(self.random.uniform(0, 1.2))
                if self.random.random() < 0.8:
                    reached = max(reached, daemon.status()["records"]["committed"])
                daemon.kill()
                consumer.check_alive()
                if self.random.random() < 0.3:  # on its way up, too
                    daemon.start()
                    time.sleep(self.random.uniform(0, 0.4))
                    daemon.kill()
                    early += 1
                daemon.start_again()
            seq = daemon.status()["records"]["seq"]
            daemon.wait_for(lambda status: status["records"]["seq"] > seq + 2000)
            last = daemon.finish()
            daemon.catch_up(consumer, stock)
            stock.end()
            count = check_ledger(daemon)
            bill = consumer.bill
            self.assertEqual(len(consumer.lines), count)
            self.assertEqual(len({epoch for epoch, _ in consumer.lines}), 1)
            self.assertEqual(consumer.lost, [])
            self.assertTrue(1 <= bill.causes["away"] <= kills + early, bill.causes)
            self.assertGreaterEqual(count, reached)
            stock.check(bill, count)
            self.assertEqual(bill.totals["free"], bill.usage["free"])
            for name in ("pkts", "bytes"):
                self.assertGreaterEqual(bill.told("free")[name], last["totals"]["free"][name])
            self.check_whole(bill)
            say(f"{kills} kills of the daemon and {early} on its way up; {count} records, {consumer.again} of them sent again, the same; "
                f"{bill.whole} whole flows; losses {dict(bill.causes)}")


if __name__ == "__main__":
    ZERORATED, ZERORATE, CONSUMER, SHIM = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
