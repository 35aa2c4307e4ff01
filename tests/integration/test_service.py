# SPDX-License-Identifier: BSD-3-Clause
"""The daemon as a service manager sees it: sd_notify(3)'s messages, the watchdog, a worker that stands still.

Usage: test_service.py ZERORATED ZERORATE LIST CAPTURE
"""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import PATIENCE_S, Daemon

ZERORATED, ZERORATE, LIST, CAPTURE = "", "", "", ""

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "1-2"; flows = "64K";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={capture}";
  ports = ( {{ device = "net_pcap0"; }} ); }};
list = {{ file = "{folder}/list.csv"; state = "{folder}/state"; shrink_limit = 100; }};
records = {{ socket = "{folder}/records.sock"; }};
ledger = {{ folder = "{folder}/ledger"; }};
control = {{ socket = "{folder}/control.sock"; }};
"""

WATCHDOG_S = 2

# ptrace(2): stop one thread of another process without its help.
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207


class Manager:
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.path = f"{self.temporary.name}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.extended_us = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.temporary.cleanup()

    def hear(self, wait_s=PATIENCE_S):
        """The next message, its lines; None when nothing comes in that time. How long a start may take is kept aside."""
        self.socket.settimeout(wait_s)
        try:
            message = self.socket.recv(4096).decode().splitlines()
            if message[0].startswith("EXTEND_TIMEOUT_USEC="):
                self.extended_us = int(message[0].split("=")[1])
                return self.hear(wait_s)
            return message
        except TimeoutError:
            return None

    def hear_but(self, passed_over, wait_s=PATIENCE_S):
        """The next message that is not passed over."""
        until = time.monotonic() + wait_s
        while (left_s := until - time.monotonic()) > 0:
            message = self.hear(left_s)
            if message is None or message[0] != passed_over:
                return message
        return None

    def watchdogs_until(self, end):
        """How many times the watchdog is fed until then; anything else fails."""
        count = 0
        while (left_s := end - time.monotonic()) > 0:
            message = self.hear(left_s)
            assert message in (None, ["WATCHDOG=1"]), message
            count += message is not None
        return count


@contextlib.contextmanager
def service(manager, watchdog_s=None):
    """A daemon that is told of a service manager."""
    told = ["env", f"NOTIFY_SOCKET={manager.path}"]
    if watchdog_s:
        told.append(f"WATCHDOG_USEC={watchdog_s * 1000000}")
    config = CONFIG.format(folder="{folder}", capture=CAPTURE)
    with Daemon(ZERORATED, ZERORATE, config, pathlib.Path(LIST).read_text(), command=told) as daemon:
        yield daemon


def worker_thread(daemon, lcore):
    """EAL names its threads lcore-worker-N, in 15 bytes."""
    for task in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() in (f"lcore-worker-{lcore}", f"rte-worker-{lcore}"):
            return int(task.name)
    raise AssertionError(f"there is no thread of lcore {lcore}")


UNIT = pathlib.Path(__file__).parents[2] / "tools/packaging/zerorated.service.in"

# What the unit takes away, as far as it can be had without systemd: rights, capabilities, memory that is written and then run, families
# of sockets, system calls.
CONFINE = """
import ctypes, os, socket, sys
families, calls, command = sys.argv[1].split(), sys.argv[2].split(), sys.argv[3:]
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE
class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("value", ctypes.c_uint64), ("other", ctypes.c_uint64)]
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
filter = ctypes.c_void_p(seccomp.seccomp_init(0x00050001))  # all else fails with EPERM
ALLOW, EQUAL = 0x7fff0000, 4
for name in calls:
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number >= 0 and name != "socket":
        assert seccomp.seccomp_rule_add(filter, ALLOW, number, 0) == 0, name
for name in families:
    compare = Compare(0, EQUAL, getattr(socket, name), 0)
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    assert seccomp.seccomp_rule_add_array(filter, ALLOW, number, 1, ctypes.byref(compare)) == 0, name
assert seccomp.seccomp_load(filter) == 0
os.execvp(command[0], command)
"""
SETPRIV = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")


def system_calls(lines):
    """What SystemCallFilter= lets through: @sets by name, ~ takes away."""
    told = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
    sets, name = {}, None
    for line in told.splitlines():
        if line.startswith("@"):
            name = line.strip()
            sets[name] = []
        elif name and line.strip() and not line.strip().startswith("#"):
            sets[name].append(line.strip())

    def members(word):
        return {call for one in sets[word] for call in members(one)} if word in sets else {word}

    allowed = set()
    for line in lines:
        calls = {call for word in line.lstrip("~").split() for call in members(word)}
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


def confined():
    """The command that runs another one as the unit would; a text: why that cannot be had here."""
    if os.geteuid() != 0:
        return "needs root, to become another user"
    if not shutil.which("systemd-analyze"):
        return "missing: systemd-analyze (tests/support/setup.sh tests)"
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return "missing: libseccomp2 (tests/support/setup.sh tests)"
    unit = UNIT.read_text()
    families, = re.findall(r"^RestrictAddressFamilies=(.*)$", unit, re.MULTILINE)
    calls = system_calls(re.findall(r"^SystemCallFilter=(.*)$", unit, re.MULTILINE))
    return (*SETPRIV, sys.executable, "-c", CONFINE, families, " ".join(sorted(calls)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Stopped:
    """One thread of the daemon, stopped while entered; skips the test where that is not allowed."""

    def __init__(self, test, thread):
        self.test, self.thread = test, thread
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.libc.ptrace.restype = ctypes.c_long

    def __enter__(self):
        if self.libc.ptrace(PTRACE_SEIZE, self.thread, None, None) != 0:
            self.test.skipTest(f"ptrace is not allowed here: {os.strerror(ctypes.get_errno())}")
        if self.libc.ptrace(PTRACE_INTERRUPT, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "PTRACE_INTERRUPT")
        os.waitpid(self.thread, 0x40000000)  # __WALL: threads too
        return self

    def __exit__(self, *_):
        if self.libc.ptrace(PTRACE_DETACH, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "PTRACE_DETACH")


class Notify(unittest.TestCase):
    def test_from_start_to_end(self):
        with Manager() as manager, service(manager) as daemon:
            self.assertEqual(manager.hear(), ["READY=1"])
            # The start may take long: a minute, and more for more memory.
            self.assertGreater(manager.extended_us, 60_000_000)
            before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            daemon.process.send_signal(signal.SIGHUP)
            reloading, stamp = manager.hear()
            self.assertEqual(reloading, "RELOADING=1")
            name, value = stamp.split("=")
            self.assertEqual(name, "MONOTONIC_USEC")
            self.assertLessEqual(before_us, int(value))
            self.assertLessEqual(int(value), time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
            self.assertEqual(manager.hear(), ["READY=1"])
            self.assertEqual(daemon.end()[1], 0)
            self.assertEqual(manager.hear(), ["STOPPING=1"])
            self.assertIsNone(manager.hear(0.01))

    def test_refused_list_ends_the_reload(self):
        with Manager() as manager, service(manager) as daemon:
            self.assertEqual(manager.hear(), ["READY=1"])
            pathlib.Path(daemon.folder, "list.csv").write_text("this is no list\n")
            daemon.process.send_signal(signal.SIGHUP)
            self.assertEqual(manager.hear()[0], "RELOADING=1")
            self.assertEqual(manager.hear(), ["READY=1"])
            self.assertTrue(daemon.status()["list"]["refused"])

    def test_not_ready_without_a_list(self):
        with Manager() as manager:
            config = CONFIG.format(folder="{folder}", capture=CAPTURE)
            daemon = Daemon(ZERORATED, ZERORATE, config, "this is no list\n", command=["env", f"NOTIFY_SOCKET={manager.path}"])
            self.assertEqual(daemon.process.wait(PATIENCE_S), 1)
            self.assertIsNone(manager.hear(0.01))
            daemon.__exit__()

    def test_silent_without_a_manager(self):
        with Manager() as manager:
            config = CONFIG.format(folder="{folder}", capture=CAPTURE)
            with Daemon(ZERORATED, ZERORATE, config, pathlib.Path(LIST).read_text(), command=["env", "-u", "NOTIFY_SOCKET"]) as daemon:
                self.assertEqual(daemon.end()[1], 0)
            self.assertIsNone(manager.hear(0.01))


class Confined(unittest.TestCase):
    def test_confinement_confines(self):
        command = confined()
        if isinstance(command, str):
            self.skipTest(command)
        *command, families, calls = command
        connect = ("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{free_port()}")
        for allowed, program, refused in (
            ((families, calls), connect, False), ((families.replace("AF_INET ", " "), calls), connect, True),
            ((families, calls), ("uname",), False), ((families, re.sub(r"\buname\b", "", calls)), ("uname",), True),
        ):
            done = subprocess.run([*command, *allowed, *program], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
            self.assertEqual("Operation not permitted" in done.stderr, refused, done.stderr)

    def test_runs_with_the_units_rights(self):
        command = confined()
        if isinstance(command, str):
            self.skipTest(command)

        # Without --no-shconf: DPDK makes its own files where the unit has a folder for them.
        config = CONFIG.format(folder="{folder}", capture="{folder}/capture.pcap").replace(" --no-shconf", "")
        config += 'metrics = { listen = "127.0.0.1:%d"; };\n' % free_port()
        with Manager() as manager:
            os.chmod(manager.temporary.name, 0o755)
            os.chmod(manager.path, 0o666)

            def prepare(daemon):
                shutil.copy(ZERORATED, f"{daemon.folder}/zerorated")
                shutil.copyfile(CAPTURE, f"{daemon.folder}/capture.pcap")
                for path in (daemon.folder, *pathlib.Path(daemon.folder).iterdir()):
                    shutil.chown(path, "nobody", "nogroup")
                daemon.command = ["env", f"NOTIFY_SOCKET={manager.path}", f"RUNTIME_DIRECTORY={daemon.folder}",
                                  # Leaks are looked for with ptrace(2), which the unit refuses.
                                  f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0", *command,
                                  f"{daemon.folder}/zerorated", "-c", f"{daemon.folder}/zerorated.conf"]

            with Daemon(ZERORATED, ZERORATE, config, pathlib.Path(LIST).read_text(), prepare=prepare) as daemon:
                self.assertEqual(manager.hear(), ["READY=1"])
                status = daemon.wait_for(lambda status: status["input_ended"])
                self.assertEqual(status["exactness_bytes"], 0)
                process = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
                self.assertIn("CapEff:\t0000000000000000", process)
                self.assertIn("NoNewPrivs:\t1", process)
                self.assertIn("Seccomp:\t2", process)
                daemon.process.send_signal(signal.SIGHUP)
                self.assertEqual(manager.hear()[0], "RELOADING=1")
                self.assertEqual(manager.hear(), ["READY=1"])
                self.assertTrue(pathlib.Path(daemon.folder, "dpdk").is_dir())
                self.assertEqual(daemon.end()[1], 0)


class Watchdog(unittest.TestCase):
    def test_fed_while_it_runs(self):
        with Manager() as manager, service(manager, WATCHDOG_S) as daemon:
            self.assertEqual(manager.hear(), ["READY=1"])
            for _ in range(3):
                self.assertEqual(manager.hear(), ["WATCHDOG=1"])
            self.assertEqual(daemon.end()[1], 0)
            self.assertEqual(manager.hear_but("WATCHDOG=1"), ["STOPPING=1"])

    def test_not_fed_while_the_loop_stands_still(self):
        with Manager() as manager, service(manager, WATCHDOG_S) as daemon:
            self.assertEqual(manager.hear(), ["READY=1"])
            self.assertEqual(manager.hear(), ["WATCHDOG=1"])
            daemon.process.send_signal(signal.SIGSTOP)
            try:
                # What was on its way when the signal came.
                manager.hear(0.2)
                self.assertEqual(manager.watchdogs_until(time.monotonic() + 2 * WATCHDOG_S), 0)
            finally:
                daemon.process.send_signal(signal.SIGCONT)
            self.assertEqual(manager.hear(), ["WATCHDOG=1"])
            self.assertEqual(daemon.end()[1], 0)

    def test_not_fed_while_a_worker_stands_still(self):
        with Manager() as manager, service(manager, WATCHDOG_S) as daemon:
            self.assertEqual(manager.hear(), ["READY=1"])
            with Stopped(self, worker_thread(daemon, 2)):
                status = daemon.wait_for(lambda status: status["workers"][1]["stalled"])
                self.assertIn("worker 1 (lcore 2) has made no progress for", " ".join(status["warnings"]))
                self.assertIn("<3>worker 1 (lcore 2) has made no progress for", daemon.logged())
                shown = daemon.run_status()
                self.assertEqual(shown.returncode, 1)
                self.assertIn("lcore 2 makes no progress", shown.stderr)
                # What was sent before it was known; from now on nothing comes.
                while manager.hear(0.01):
                    pass
                self.assertEqual(manager.watchdogs_until(time.monotonic() + 2 * WATCHDOG_S), 0)
            self.assertEqual(manager.hear(), ["WATCHDOG=1"])
            status = daemon.wait_for(lambda status: not status["workers"][1]["stalled"])
            self.assertNotIn("worker 1 (lcore 2)", " ".join(status["warnings"]))
            self.assertIn("<5>worker 1 (lcore 2) makes progress again, after", daemon.logged())
            self.assertEqual(daemon.end()[1], 0)


if __name__ == "__main__":
    ZERORATED, ZERORATE, LIST, CAPTURE = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1], verbosity=2)
