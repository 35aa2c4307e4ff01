# SPDX-License-Identifier: BSD-3-Clause
"""The daemon on huge pages: taken without and with a hugetlbfs, the same totals as on ordinary ones, refused when there are too few,
all given back at the end. And what it does where there are none.

Usage: test_huge_pages.py ZERORATED ZERORATE LIST CAPTURE

Pages are reserved for the tests alone and given back; tests that find too few are skipped with that reason. No other test may run
meanwhile: programs take huge pages where there are some.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from daemon import PATIENCE_S, Daemon, on_capture

ZERORATED, ZERORATE, LIST, CAPTURE = [""] * 4
POOL = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
POOLS = pathlib.Path("/sys/kernel/mm/hugepages")
PAGES = 192      # 384 MiB
LEAVES = 1 << 20  # KiB of the machine's memory, which others need
# Most of the pages: another like it has no place beside it.
CROWD = 'flows = "500K"'

ORDINARY = "--no-huge --no-pci --no-shconf -m 256"
# A hugetlbfs of this process's own, which nobody else sees and which ends with it.
MOUNTED = ("unshare", "-m", "sh", "-c", 'mount --make-rprivate / && mount -t hugetlbfs none /mnt && exec "$@"', "sh")


def count(name):
    return int((POOL / name).read_text())


def available_kib():
    return int(re.search(r"MemAvailable: *(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])


def configured(eal, flows='flows = "64K"'):
    text = on_capture(CAPTURE).replace(ORDINARY, eal).replace('flows = "64K"', flows)
    assert eal in text and flows in text
    return text


def daemon_on(eal, flows='flows = "64K"', command=()):
    return Daemon(ZERORATED, ZERORATE, configured(eal, flows), pathlib.Path(LIST).read_text(), command)


def checked(daemon):
    return subprocess.run([ZERORATED, "-c", f"{daemon.folder}/zerorated.conf", "--check"], capture_output=True, text=True,
                          timeout=PATIENCE_S, check=False)


class HugePages(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to reserve huge pages")
        if not os.access(POOL / "nr_hugepages", os.W_OK):
            self.skipTest("huge pages of 2 MiB cannot be reserved here")
        if any(int(pool.read_text()) for pool in POOLS.glob("*/nr_hugepages")):
            self.skipTest("this machine has huge pages, and others may need them")
        if available_kib() < LEAVES + PAGES * 2048:
            self.skipTest("this machine has too little memory left to reserve huge pages")
        self.addCleanup((POOL / "nr_hugepages").write_text, "0")
        (POOL / "nr_hugepages").write_text(str(PAGES))
        if count("free_hugepages") < PAGES:
            self.skipTest(f"of {PAGES} huge pages there are {count('free_hugepages')}")

    def totals(self, eal, pages, command=()):
        with daemon_on(eal, command=command) as daemon:
            status = daemon.wait_for(lambda status: status["input_ended"])
            memory = status["memory"]
            self.assertEqual(memory["pages"], pages)
            self.assertEqual(status["exactness_bytes"], 0)
            if pages == "huge":
                taken = (PAGES - count("free_hugepages")) << 21
                self.assertGreaterEqual(taken, memory["bytes"])
                self.assertIn("; huge pages", daemon.logged())
            self.assertNotIn("EAL was given", daemon.logged())
            self.assertEqual(daemon.end()[1], 0)
        self.assertEqual(count("free_hugepages"), PAGES)
        return status["totals"]

    def test_taken_and_given_back(self):
        with daemon_on(ORDINARY) as daemon:
            ordinary = daemon.wait_for(lambda status: status["input_ended"])["totals"]
        self.assertGreater(ordinary["free"]["bytes"], 0)
        self.assertEqual(self.totals("--no-pci --in-memory", "huge"), ordinary)

    def test_through_a_hugetlbfs(self):
        if subprocess.run([*MOUNTED, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("a hugetlbfs cannot be mounted here")
        self.totals("--no-pci --no-shconf --huge-dir=/mnt --huge-unlink --file-prefix=zr-huge-test", "huge", MOUNTED)

    def test_too_few(self):
        daemon = daemon_on("--no-pci --in-memory", 'flows = "10M"')
        self.addCleanup(daemon.__exit__)
        self.assertEqual(daemon.process.wait(PATIENCE_S), 1)
        self.assertRegex(daemon.logged(), r"<3>it takes \d+ MiB of memory .*, and 384 MiB are what its free huge pages hold: raise vm.nr_hugepages")
        done = checked(daemon)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"and 384 MiB are what the machine's huge pages hold: raise vm.nr_hugepages, or say --no-huge")

    def test_check_beside_a_daemon(self):
        """Its memory is there for the next start, but not now."""
        with daemon_on("--no-pci --in-memory", CROWD) as daemon:
            done = checked(daemon)
            self.assertEqual((done.returncode, "no errors" in done.stdout), (0, True), done.stderr)
            self.assertRegex(done.stderr, r"no error, but just now there is too little memory: it takes .* free huge pages hold")
            self.assertEqual(daemon.end()[1], 0)
            self.assertEqual(checked(daemon).stderr, "")


class OrdinaryPages(unittest.TestCase):
    def setUp(self):
        if any(int(pool.read_text()) for pool in POOLS.glob("*/nr_hugepages")):
            self.skipTest("this machine has huge pages, and others may need them")

    def test_pages_are_what_the_machine_has(self):
        """Nothing is said of huge pages: there are none, and the log tells what EAL was given."""
        with daemon_on("--no-pci --no-shconf") as daemon:
            memory = daemon.wait_for(lambda status: status["input_ended"])["memory"]
            self.assertIn(memory["pages"], ("transparent", "ordinary"))
            self.assertLessEqual(memory["bytes_per_flow"], 128)
            self.assertEqual(memory["bytes"], sum(memory[f"{part}_bytes"] for part in ("flows", "bounded", "records", "frames")))
            self.assertIn(f"Memory    {memory['bytes'] / 2**20:.0f} MiB, 125.3 bytes a flow, {memory['pages']} pages",
                          daemon.run_status().stdout)
            self.assertRegex(daemon.logged(), r"<5>\d+ MiB of memory: .* for frames; .* pages")
            self.assertRegex(daemon.logged(), r"<5>there are no huge pages: EAL was given --no-huge, and -m \d+ where ")

    def test_subscribers_are_in_no_core_dump(self):
        """Of all mappings that are as large as tables of flows, each is left out."""
        with daemon_on("--no-pci --no-shconf") as daemon:
            flows = daemon.wait_for(lambda status: status["input_ended"])["memory"]["flows_bytes"]
            sizes = []
            for mapping in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", pathlib.Path(f"/proc/{daemon.process.pid}/smaps").read_text()):
                resident = re.search(r"(?m)^Rss: *(\d+)", mapping)
                if resident and " dd" in re.search(r"(?m)^VmFlags:(.*)", mapping)[1]:
                    sizes.append(int(resident[1]) << 10)
            self.assertGreater(max(sizes, default=0), flows)

    def test_what_asks_for_huge_pages_is_not_given_others(self):
        for word in ("--socket-mem=64", "--huge-dir=/nowhere", "--match-allocations"):
            daemon = daemon_on(f"--no-pci --no-shconf {word}")
            self.addCleanup(daemon.__exit__)
            self.assertEqual(daemon.process.wait(PATIENCE_S), 1)
            self.assertRegex(daemon.logged(), rf'<3>EAL does not start with "--no-pci --no-shconf {word} .*without hugepages add --no-huge')

    def test_in_memory_without_huge_pages(self):
        """What the unit's file says to write: no error where there are none."""
        with daemon_on("--no-pci --in-memory") as daemon:
            self.assertIn(daemon.wait_for(lambda status: status["input_ended"])["memory"]["pages"], ("transparent", "ordinary"))
            self.assertEqual(daemon.end()[1], 0)


def main():
    global ZERORATED, ZERORATE, LIST, CAPTURE
    ZERORATED, ZERORATE, LIST, CAPTURE = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    return 0 if unittest.main(argv=sys.argv[:1], exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
