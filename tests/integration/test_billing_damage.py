# SPDX-License-Identifier: BSD-3-Clause
"""Ledger files cut off and overwritten, between runs and while the daemon runs: every row that was not hit is delivered as it was, and
what is missing is told, number by number.

Usage: test_billing_damage.py ZERORATED ZERORATE CONSUMER SHIM
"""

import os
import random
import struct
import sys
import unittest

from billing import Consumer, Gateway, last_key, rows, say

ZERORATED, ZERORATE, CONSUMER, SHIM = "", "", "", ""

PAGE, LEAF = 8192, 13
HOURS = 4
RECORDS = 4000  # and more, of each


def varint(data, at):
    """SQLite's file format, section 1.6: the value, and where it ends."""
    value = 0
    for i in range(8):
        value = value << 7 | data[at + i] & 127
        if data[at + i] < 128:
            return value, at + i + 1
    return value << 8 | data[at + 8], at + 9


def rows_of_pages(path):
    """Which rows are on which page of a sound file, by its number from 0: leaves of its table `records` (section 1.6)."""
    data = path.read_bytes()
    known = {seq for seq, in rows(path, "SELECT seq FROM records")}
    found = {}
    for page in range(1, len(data) // PAGE):
        at = page * PAGE
        if data[at] != LEAF:
            continue
        count, = struct.unpack_from(">H", data, at + 3)
        cells = struct.unpack_from(f">{count}H", data, at + 8)
        numbers = [varint(data, varint(data, at + cell)[1])[0] for cell in cells]
        if numbers and known.issuperset(numbers):
            found[page] = numbers
    assert sum(map(len, found.values())) == len(known), "a row was not found on the pages of its file"
    return found


class Harm:
    """Damage to a file, and which rows it hit."""

    def __init__(self, path):
        self.path, self.pages, self.hit = path, rows_of_pages(path), set()

    def hurt(self, page):
        self.hit.update(self.pages.get(page, ()))

    def cut(self, size):
        os.truncate(self.path, size)
        for page in self.pages:
            if (page + 1) * PAGE > size:
                self.hurt(page)

    def noise(self, at, length):
        with open(self.path, "r+b") as file:
            file.seek(at)
            file.write(random.randbytes(length))
        for page in range(at // PAGE, (at + length - 1) // PAGE + 1):
            self.hurt(page)


class Damage(unittest.TestCase):
    def setUp(self):
        print(self.id(), flush=True)

    def fill(self, daemon, consumer):
        """Some hours of records, all of which the consumer has seen and none of which it acknowledged."""
        for hour in range(HOURS):
            seq = daemon.status()["records"]["seq"]
            status = daemon.wait_for(lambda status: status["records"]["committed"] > seq + RECORDS)
            if hour < HOURS - 1:
                daemon.wish.step_clock(3600)
        consumer.wait_for_record(last_key(status))

    def again(self, daemon, consumer, hit):
        """The consumer comes anew, and gets everything again but what was hit; returns how many were lost."""
        seen = consumer.lines
        consumer.stop()
        with Consumer(daemon, ack_every=1 << 40, window=1 << 29, bill=False, lines=seen) as later:
            later.wait_for_record(last_key(daemon.status()))
            lost = {(epoch, seq) for epoch, low, high in later.lost for seq in range(low, high + 1)}
        came = later.came
        expected = set(seen)
        self.assertLessEqual(lost & expected, hit, "a record is told to be lost that was not hit")
        self.assertEqual(lost & came, set(), "told to be lost, and sent")
        self.assertEqual(expected - came - lost, set(), "neither sent nor told to be lost")
        return len(lost)

    def gateway(self):
        return Gateway(ZERORATED, ZERORATE, data=30, tuples=200, shim=SHIM, consumers=["billing"],
                       records='totals_interval = "1s"; memory = "1MiB";')

    def run_damage(self, damage, new_epoch, while_running=False):
        with self.gateway() as daemon, Consumer(daemon, ack_every=1 << 40, window=1 << 29) as consumer:
            self.fill(daemon, consumer)
            if not while_running:
                last = daemon.finish()
                consumer.wait_for_record(last_key(last))
            epoch = consumer.last[0]
            files = daemon.files()
            self.assertEqual(len(files), HOURS)
            harms = damage(daemon, files)
            hit = {(epoch, seq) for harm in harms for seq in harm.hit}
            if not while_running:
                daemon.start_silent()
            lost = self.again(daemon, consumer, hit)
            status = daemon.wait_for(lambda status: status["ledger"]["damaged_files"] >= len(harms))
            self.assertEqual(status["records"]["epoch"] != epoch, new_epoch)
            self.assertEqual(status["exactness_bytes"], 0)
            say(f"{len(consumer.lines)} records, {len(hit)} on damaged pages, {lost} told to be lost; "
                f"{status['ledger']['damaged_files']} files set aside; " + ("a new epoch" if new_epoch else "the epoch goes on"))
            if new_epoch:
                loss = [row for path in daemon.files() for row in rows(
                    path, f"SELECT cause FROM records WHERE type = 'loss' AND epoch > '{epoch}'")]
                self.assertIn(("damaged",), loss)
                self.assertIn("a new epoch", daemon.logged())
            if harms:
                self.assertIn("is damaged", daemon.logged())

    def test_older_file_cut_off(self):
        def damage(_, files):
            harm = Harm(files[1])
            harm.cut(files[1].stat().st_size // 2)
            return [harm]
        self.run_damage(damage, new_epoch=False)

    def test_older_files_overwritten(self):
        def damage(_, files):
            harms = [Harm(path) for path in files[:2]]
            harms[0].noise(0, PAGE)  # header and schema
            harms[1].noise(files[1].stat().st_size // 3, 50000)
            return harms
        self.run_damage(damage, new_epoch=False)

    def test_older_file_overwritten_while_running(self):
        def damage(_, files):
            harm = Harm(files[1])
            harm.noise(files[1].stat().st_size // 2, 30000)
            return [harm]
        self.run_damage(damage, new_epoch=False, while_running=True)

    def test_newest_file_overwritten(self):
        def damage(_, files):
            harm = Harm(files[-1])
            harm.noise(files[-1].stat().st_size // 2, 20000)
            return [harm]
        self.run_damage(damage, new_epoch=True)

    def test_newest_file_cut_off(self):
        def damage(_, files):
            harm = Harm(files[-1])
            harm.cut(files[-1].stat().st_size * 2 // 3 + 100)
            return [harm]
        self.run_damage(damage, new_epoch=True)

    def test_cursors_overwritten(self):
        def damage(daemon, _):
            path = daemon.ledger / "cursors.db"
            path.write_bytes(random.randbytes(path.stat().st_size))
            return []
        self.run_damage(damage, new_epoch=True)

    def test_cursors_cut_off(self):
        def damage(daemon, _):
            os.truncate(daemon.ledger / "cursors.db", 1000)
            return []
        self.run_damage(damage, new_epoch=True)


if __name__ == "__main__":
    ZERORATED, ZERORATE, CONSUMER, SHIM = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
