# SPDX-License-Identifier: BSD-3-Clause
"""A disk that is full, a limit that is reached, a disk that hangs until rings are full: workers are never held up, and loss records say
exactly how much is in no usage record.

Usage: test_billing_disk.py ZERORATED ZERORATE CONSUMER SHIM
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

from bill import check_sums, volume_of
from billing import Consumer, Gateway, check_drops, check_ledger, say

ZERORATED, ZERORATE, CONSUMER, SHIM = "", "", "", ""

# Records at the highest rate: nothing but what begins a connection.
DENSE = {"data": 2, "tuples": 1000}


def gateway(**options):
    return Gateway(ZERORATED, ZERORATE, **options)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


class SmallDisk:
    """A tmpfs."""

    def __init__(self, size):
        self.size, self.path = size, tempfile.mkdtemp()
        done = run("mount", "-t", "tmpfs", "-o", f"size={self.size}", "zr-billing", self.path)
        if done.returncode != 0:
            os.rmdir(self.path)
            raise unittest.SkipTest(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")

    def grow(self, size):
        done = run("mount", "-o", f"remount,size={size}", self.path)
        assert done.returncode == 0, done.stderr

    def __enter__(self):
        return self

    def __exit__(self, *_):
        run("umount", "-l", self.path)
        os.rmdir(self.path)


class Disk(unittest.TestCase):
    def setUp(self):
        print(self.id(), flush=True)

    def wait_until_full(self, daemon):
        """The state is loud, and nobody waits for the disk: workers go on, and events are summed up."""
        status = daemon.wait_for(lambda status: status["ledger"]["state"] == "full" and status["records"]["unwritten"]["records"] > 0)
        shown = daemon.run_status()
        self.assertEqual(shown.returncode, 1)
        self.assertIn("the ledger cannot be written", shown.stderr)
        self.assertIn("nothing more can be recorded", daemon.logged())
        later = daemon.wait_for(
            lambda later: later["records"]["unwritten"]["records"] > status["records"]["unwritten"]["records"] and
            later["workers"][0]["pkts"] > status["workers"][0]["pkts"])
        check_drops(later)
        return later

    def finish(self, daemon, consumer):
        last = daemon.finish()
        check_drops(last)
        after = daemon.catch_up(consumer)
        self.assertEqual((len(consumer.lines), consumer.lost), (check_ledger(daemon), []))
        sums = check_sums(consumer.bill, [last, after])
        say(f"{len(consumer.lines)} records; free {sums[0]['bytes']} and charged {sums[1]['bytes']} bytes, exact; losses " +
            ", ".join(f"{cause} {verdict} {volume_of([loss])}" for (cause, verdict), loss in sorted(consumer.bill.loss.items())))
        return last

    def test_disk_is_full(self):
        with SmallDisk("24m") as disk:
            with gateway(**DENSE, records='totals_interval = "2s"; memory = "8MiB";', ledger_folder=f"{disk.path}/ledger") as daemon, Consumer(daemon) as consumer:
                status = self.wait_until_full(daemon)
                consumer.check_alive()
                say(f"full at {status['ledger']['bytes']} bytes; unwritten {status['records']['unwritten']}")
                disk.grow("4g")
                daemon.wait_for(lambda status: status["ledger"]["state"] == "ok" and status["records"]["unwritten"]["records"] == 0)
                self.assertIn("the ledger is written again", daemon.logged())
                self.finish(daemon, consumer)
                self.assertGreaterEqual(consumer.bill.causes["ledger_full"], 1)

    def test_end_with_a_full_disk(self):
        with SmallDisk("24m") as disk:
            with gateway(**DENSE, records='memory = "8MiB";', ledger_folder=f"{disk.path}/ledger") as daemon, \
                    Consumer(daemon) as consumer:
                self.wait_until_full(daemon)
                last = daemon.finish(complete=False)
                said = re.search(r"could not be written: (\d+) numbered records are gone, and (\d+) more of (\d+) free", daemon.logged())
                self.assertIsNotNone(said, daemon.logged())
                disk.grow("4g")
                daemon.catch_up(consumer)
                self.assertEqual((len(consumer.lines), consumer.lost), (check_ledger(daemon), []))
                told = consumer.bill.told("free")["bytes"] + int(said[3])
                self.assertLessEqual(told, last["totals"]["free"]["bytes"])
                self.assertEqual(consumer.bill.causes["away"], 1)
                say(f"{said[0]}; told {told} of {last['totals']['free']['bytes']} free bytes")

    def test_disk_limit(self):
        """What is acknowledged makes room."""
        with gateway(**DENSE, records='totals_interval = "2s"; memory = "8MiB";', ledger='disk_limit = "32MiB";', shim=SHIM,
                     consumers=["billing"]) as daemon:
            status = self.wait_until_full(daemon)
            say(f"full at {status['ledger']['bytes']} bytes; unwritten {status['records']['unwritten']}")
            with Consumer(daemon, ack_every=1) as consumer:
                consumer.wait_for_record((status["records"]["epoch"], status["records"]["committed"]))
                daemon.wait_for(lambda status: status["ledger"]["state"] != "full" and
                                status["records"]["unwritten"]["records"] == 0)
                last = daemon.finish()
                check_drops(last)
                after = daemon.catch_up(consumer)
                self.assertEqual(consumer.lost, [])
                check_sums(consumer.bill, [last, after])
                self.assertGreaterEqual(consumer.bill.causes["ledger_full"], 1)
                say(f"{len(consumer.lines)} records, exact; losses {dict(consumer.bill.causes)}")

    def test_disk_hangs(self):
        """Rings fill while nothing is drained; what finds no room in them is told to the byte when the disk is back."""
        with gateway(**DENSE, flows="4K", workers="1-2", shim=SHIM,
                     records='totals_interval = "2s"; memory = "4MiB"; charged_flows = true;') as daemon, \
                Consumer(daemon) as consumer:
            daemon.wait_for(lambda status: status["records"]["committed"] > 0)
            daemon.wish.hang_disk(1)
            before = daemon.wait_for(lambda status: status["records"]["lost"]["bytes"] > 0)
            after = daemon.wait_for(lambda after: after["records"]["lost"]["bytes"] > before["records"]["lost"]["bytes"] and
                                    after["workers"][0]["pkts"] > before["workers"][0]["pkts"])
            check_drops(after)
            say(f"the disk hangs: lost so far {after['records']['lost']}, not committed {after['ledger']['pending']}")
            daemon.wish.hang_disk(0)
            daemon.wait_for(lambda status: status["records"]["committed"] > after["records"]["seq"])
            last = self.finish(daemon, consumer)
            self.assertEqual(consumer.bill.told("charged"), last["totals"]["charged"])
            self.assertGreaterEqual(consumer.bill.causes["ring_full"], 2)


if __name__ == "__main__":
    ZERORATED, ZERORATE, CONSUMER, SHIM = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
