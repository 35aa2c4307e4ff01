# SPDX-License-Identifier: BSD-3-Clause
"""What test_everything.py lets happen to a daemon: clients that never stop, lists, restarts, kills, links, and everybody who asks."""

import collections
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import claims
from billing import ROUNDS
from claims import CURL, ENTRIES, QUIC, SECRET, Case
from daemon import PATIENCE_S, Stream
from meter import NOTHING
from netns import inside, run
from row import BOX

TROUBLE_S = 12 * ROUNDS
INTERIM_S = 2
# Records of an interval may be late by so much before a kill.
LATE_S = 10
MARKS = {90001: "af11", 90002: "af21"}
WAYS = ("up", "down")

HEAD = f"""#! serial: {{serial}}
#! issuer: test
#! issued: 2026-01-01T00:00:00Z
#! expires: 2099-01-01T00:00:00Z
match,service,rating_group,verify,note,bind
.olm.vn,olm,90001,off,,
!quangcao.olm.vn,,,,,
*.hocmai.vn,hocmai,90002,,,
{ENTRIES}"""
# Names that come and go: what each list may say of them.
MOVING = (".k12online.vn", ".vnedu.vn", "phim.hocmai.vn")

CASES = [
    Case("203.0.113.10", "olm.vn", "nginx", 443, CURL, "free"),
    Case("2001:db8:203::10", "www.olm.vn", "nginx", 443, ("curl", "--tls-max", "1.2", "--http1.1"), "free"),
    Case("203.0.113.11", "lop.hocmai.vn", "nginx", 80, ("curl",), "free"),
    Case("2001:db8:203::11", "bai.olm.vn", "nginx", 80, ("curl",), "free"),
    Case("203.0.113.12", "q.olm.vn", "caddy", 443, QUIC, "free"),
    Case("2001:db8:203::12", "q.hocmai.vn", "gtlsserver", 443, QUIC, "free"),
    Case("203.0.113.20", f"{SECRET}1.quangcao.olm.vn", "nginx", 443, CURL, "charged"),
    Case("2001:db8:203::20", f"{SECRET}2.example.net", "nginx", 443, CURL, "charged"),
    Case("203.0.113.21", f"{SECRET}3.example.net", "nginx", 80, ("curl",), "charged"),
    Case("2001:db8:203::21", f"{SECRET}4.quangcao.olm.vn", "nginx", 80, ("curl",), "charged"),
    Case("203.0.113.22", f"{SECRET}5.example.vn", "gtlsserver", 443, QUIC, "charged"),
    Case("2001:db8:203::22", f"{SECRET}6.quangcao.olm.vn", "caddy", 443, QUIC, "charged"),
    Case("203.0.113.30", "tai.k12online.vn", "nginx", 443, CURL, "list"),
    Case("2001:db8:203::30", "lms.vnedu.vn", "nginx", 443, CURL, "list"),
    Case("203.0.113.31", "phim.hocmai.vn", "nginx", 80, ("curl",), "list"),
    Case("2001:db8:203::31", "quic.k12online.vn", "caddy", 443, QUIC, "list"),
    Case("203.0.113.32", "quic.vnedu.vn", "caddy", 443, QUIC, "list"),
    *claims.CASES,
]

# Scrapes without end, whole and broken off; prints what a whole one says of exactness and its drops.
SCRAPE = """import http.client, random, socket, sys, time
chance = random.Random(int(sys.argv[1]))
while True:
    try:
        if chance.random() < 0.3:
            with socket.create_connection(("127.0.0.1", 9469), 5) as stream:
                stream.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"[:chance.choice((3, 20, 99))])
                time.sleep(chance.uniform(0, 0.3))
        else:
            connection = http.client.HTTPConnection("127.0.0.1", 9469, timeout=20)
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
            found = [line for line in text.splitlines() if line.startswith("zerorate_exactness")]
            print(*found, "SECRET" if "%s" in text else "", flush=True)
    except (OSError, http.client.HTTPException):
        pass
    time.sleep(chance.uniform(0, 0.4))
""" % SECRET


def listed(rules, name):
    """Is the name free by these rules? Rules are `.x`, `*.x`, `x`, and `!x`, as in a list."""
    labels = name.split(".")
    suffixes = [".".join(labels[i:]) for i in range(len(labels))]
    if any(f"!{suffix}" in rules for suffix in suffixes):
        return False
    return name in rules or any(f".{suffix}" in rules for suffix in suffixes) or any(f"*.{suffix}" in rules for suffix in suffixes[1:])


class Lists:
    """What was given to the daemon, by serial, and what it cannot like."""

    def __init__(self, chance):
        self.chance = chance
        self.serial = 0
        self.rules = {}
        self.since = {}    # when a serial was first seen in force, seconds
        self.text = self.next()

    def next(self):
        self.serial += 1
        text = HEAD.format(serial=self.serial)
        for name in MOVING:
            choice = self.chance.choice(("in", "in", "out", "excluded"))
            if choice == "in" and name != "phim.hocmai.vn":
                verify = self.chance.choice(("", "off", "flag", "require", "learn"))
                text += f"{name},moving,{self.chance.choice(list(MARKS))},{verify},,\n"
            elif choice == "excluded":
                text += f"!{name.lstrip('.')},,,,,\n"
        self.rules[self.serial] = claims.rules_of(text)
        self.text = text
        return text

    def bad(self):
        """Under a higher serial, so that it is its content that is refused; or under a lower one."""
        text = HEAD.format(serial=self.serial + 1)
        return self.chance.choice((
            text + ".olm.vn,again,90001,,,\n", text + "not a name,x,1,,,\n", text + ".x.vn,x,1,always,,\n",
            text + "203.0.113.99,x,1,,,nobody\n", text.replace("expires: 2099", "expires: 2020"),
            text[:self.chance.randrange(text.index("match,"))], HEAD.format(serial=0), text + "\0\0\0", "", text.replace("olm", "\xff"),
        ))


class Askers:
    """Everybody who asks the daemon, until stopped. What must not be said is in `failures`."""

    def __init__(self, daemon, chance):
        self.daemon, self.stopping = daemon, False
        self.answered = collections.Counter()
        self.failures = []
        self.exactness = collections.Counter()
        self.scraper = subprocess.Popen(inside(BOX, sys.executable, "-c", SCRAPE, chance.randrange(1 << 30)), stdout=subprocess.PIPE,
                                        text=True)
        self.threads = [threading.Thread(target=self.keep, args=(work, random.Random(chance.random())), daemon=True)
                        for work in (self.command, self.command, self.record, self.telemetry, self.slow, self.scraped)]
        for thread in self.threads:
            thread.start()

    def keep(self, work, chance):
        while not self.stopping:
            try:
                work(chance)
            except (OSError, ValueError):    # the daemon is away
                time.sleep(0.05)
            except BaseException as failure:
                self.failures.append(f"{work.__name__}: {failure!r}")
                raise

    def command(self, chance):
        case = chance.choice(CASES)
        words = chance.choice((
            ("status",), ("status", "--json"), ("ports",), ("flows",), ("flows", "--state", "free", "--json"), ("flows", "--limit", "10000"),
            ("top",), ("top", "--by", "rule"), ("top", "--by", "subscriber", "--json"), ("reload",), ("list", "log"), ("version",),
            ("list", "learned", "--json", case.name), ("list", "learned", case.address), ("list", "learned", "--json", chance.choice(list(claims.OTHER_NAMES))),
            ("fraud",), ("fraud", "--by", "rule", "--format", "json"),
            ("explain", "--subscriber", "10.77.0.11", "--limit", "1000"), ("explain", "--subscriber", "2001:db8:77::11", "--json"),
        ))
        where = ("--ledger", f"{self.daemon.folder}/ledger") if words[0] == "fraud" else ("--socket", f"{self.daemon.folder}/control.sock")
        done = subprocess.run([self.daemon.zerorate, *words, *where], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=3 * PATIENCE_S, check=False)
        self.answered[words[0], done.returncode] += 1
        if done.returncode not in (0, 1, 3) or "Sanitizer" in done.stderr or "runtime error" in done.stderr:
            self.failures.append(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-3000:]}")
        if words[0] != "explain" and SECRET in done.stdout:    # which tells them while somebody records
            self.failures.append(f"{' '.join(words)} tells a charged name")
        if words == ("status", "--json") and done.returncode in (0, 1):
            self.exactness[json.loads(done.stdout)["exactness_bytes"]] += 1
        time.sleep(chance.uniform(0, 0.15))

    def record(self, chance):
        """An operator's recording, ended in every way."""
        command = [self.daemon.zerorate, "explain", "--record", chance.choice(("10.77.0.11", "2001:db8:77::11")), "--for",
                   chance.choice(("1s", "1m")), "--socket", f"{self.daemon.folder}/control.sock"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            time.sleep(chance.uniform(0, 2))
            process.send_signal(chance.choice((signal.SIGKILL, signal.SIGINT, signal.SIGTERM)))
            out = process.communicate(timeout=PATIENCE_S)[0]
            self.answered["record, secrets" if SECRET.encode() in out else "record", process.returncode] += 1

    def telemetry(self, chance):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stream:
            stream.settimeout(PATIENCE_S)
            stream.connect(f"{self.daemon.folder}/dpdk/zr-all/dpdk_telemetry.v2")
            stream.recv(1 << 16)
            for _ in range(chance.randrange(1, 6)):
                command = "/zerorate/" + chance.choice(("status", "workers", "ports", "consumers", "list", "flows", "reasons", "workers,2"))
                stream.send(command.encode())
                if chance.random() < 0.8:
                    told = stream.recv(1 << 20)
                    self.answered["telemetry", bool(told)] += 1
                    if SECRET.encode() in told:
                        self.failures.append(f"{command} tells a charged name")
        time.sleep(chance.uniform(0, 0.3))

    def slow(self, chance):
        """Asks and does not read, reads and does not ask, subscribes and falls asleep, sends half a line."""
        kind = chance.randrange(5)
        if kind == 0:
            stream = Stream(self.daemon, op="subscribe", window=chance.choice((1, 10, 10000)))
            time.sleep(chance.uniform(0, 3))
            stream.close()
            return
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(PATIENCE_S)
            stream.connect(f"{self.daemon.folder}/control.sock")
            text = {1: b'{"op":"flows","limit":10000}\n' * 50, 2: b'{"op":"sta',
                    3: b'{"op":"explain","subscriber":"10.77.0.11","limit":1000}\n' * 30,
                    4: b'{"op":"explain_record","subscriber":"10.77.0.11","seconds":3000}\n{"op":"top","by":"rule"}\n'}[kind]
            stream.setblocking(False)
            stream.send(text)
            time.sleep(chance.uniform(0, 2))
            self.answered["slow", kind] += 1

    def scraped(self, _):
        line = self.scraper.stdout.readline()
        if "SECRET" in line:
            self.failures.append("metrics tell a charged name")
        if line:
            self.exactness[float(line.split()[1])] += 1
            self.answered["scrape", 0] += 1

    def stop(self):
        self.stopping = True
        self.scraper.kill()
        for thread in self.threads:
            thread.join(4 * PATIENCE_S)
            if thread.is_alive():
                self.failures.append("a question has no end")
        self.scraper.wait()
        self.scraper.stdout.close()


class Trouble:
    """What happens to one daemon, drawn by chance."""

    def __init__(self, row, daemon, lists, consumers, chance, kills):
        self.row, self.daemon, self.lists, self.chance = row, daemon, lists, chance
        self.consumer, self.stock = consumers
        self.statuses = []    # the last of every run that was ended
        self.committed = []   # (epoch, number) that was on the disk before a kill
        self.due = collections.defaultdict(lambda: NOTHING)    # what a kill may have cost, by (way, server)
        self.starts = 2       # of the daemon; the last one is for what is still open
        self.unseen = 0       # frames that a killed run may have lost, and had no status to tell of
        self.done = collections.Counter()
        self.meters = collections.deque()    # (time, counted)
        self.growth = []      # (descriptors, resident KiB) early and late, and before each end
        self.acts = {self.swap: 6, self.refuse: 3, self.restart: 2, self.link: 2, self.hang_up: 2, self.consumers: 3, self.kill: 3 * kills}
        self.seconds = 0

    def happen(self, clients):
        """Each once, and then by chance for as long as is left, and until clients have begun with all of theirs."""
        begin = time.monotonic()
        todo = [act for act, weight in self.acts.items() if weight]
        self.chance.shuffle(todo)
        self.watch()
        while todo or time.monotonic() < begin + TROUBLE_S or not clients.all_begun():
            act = todo.pop() if todo else self.chance.choices(list(self.acts), self.acts.values())[0]
            self.done[act.__name__] += 1
            act()
            self.watch()
            pause = time.monotonic() + self.chance.uniform(0, 1)
            while time.monotonic() < pause:
                time.sleep(0.1)
                self.watch()
        self.seconds = time.monotonic() - begin

    def watch(self):
        code = self.daemon.process.poll()
        assert code is None, f"the daemon ended with {code}; the log:\n{self.daemon.logged()[-8000:]}"
        self.consumer.check_alive()
        if not self.meters or time.monotonic() - self.meters[-1][0] > 0.5:
            self.meters.append((time.monotonic(), self.row.counted()))
            while self.meters[0][0] < time.monotonic() - 120:
                self.meters.popleft()

    def swap(self):
        self.daemon.write_list(self.lists.next())
        if self.chance.random() < 0.7:
            status = self.daemon.wait_for(lambda status: status["list"]["serial"] == self.lists.serial)
            self.lists.since[status["list"]["serial"]] = time.time()

    def refuse(self):
        pathlib.Path(self.daemon.folder, "new.csv").write_bytes(self.lists.bad().encode("latin-1"))
        os.replace(f"{self.daemon.folder}/new.csv", f"{self.daemon.folder}/list.csv")
        time.sleep(self.chance.uniform(0, 1))
        self.daemon.write_list(self.lists.text)

    def hang_up(self):
        for _ in range(self.chance.randrange(1, 60)):
            self.daemon.process.send_signal(signal.SIGHUP)

    def consumers(self):
        self.stock.kill()
        if self.chance.random() < 0.5:
            self.consumer.crash()
        time.sleep(self.chance.uniform(0, 0.5))
        self.stock.start()

    def link(self):
        device = self.chance.choice(("left", "right"))
        run("ip", "-n", BOX, "link", "set", device, "down")
        time.sleep(self.chance.uniform(0, 2))
        if self.chance.random() < 0.2:
            self.restart()
        run("ip", "-n", BOX, "link", "set", device, "up")

    def restart(self):
        self.measure()
        self.end()
        time.sleep(self.chance.choice((0, 0, 0.5)))
        self.start_again()

    def start_again(self):
        self.starts += 1
        self.daemon.start_again()

    def end(self):
        """The last status is held by a consumer that does not acknowledge."""
        with contextlib.closing(Stream(self.daemon, op="subscribe", window=1, last=1 << 40)):
            self.daemon.process.send_signal(signal.SIGTERM)
            last = self.daemon.status()
            while (status := self.daemon.status()) is not None:
                last = status
        code = self.daemon.process.wait(2 * PATIENCE_S)
        assert code == 0, f"zerorated ended with {code}; the log:\n{self.daemon.logged()[-8000:]}"
        assert last["state"] == "stopping", last["state"]
        self.statuses.append(last)

    def kill(self):
        self.measure()
        if status := self.daemon.status():
            self.committed.append((status["records"]["epoch"], status["records"]["committed"]))
            # No link is down here: these were counted before. What was in workers' hands is a burst each, for each port.
            self.unseen += 2 * 2 * 32 + sum(port["tx_errors"] + sum(drop["pkts"] for drop in port["tx_drops"].values()) for port in status["ports"])
        if self.chance.random() < 0.2:    # on its way down
            self.daemon.process.send_signal(signal.SIGTERM)
            time.sleep(self.chance.uniform(0, 0.4))
        self.daemon.kill()
        due = time.monotonic() - INTERIM_S - LATE_S
        # As long as nothing was counted that long ago, all of it is due.
        before = next((counted for at, counted in reversed(self.meters) if at < due), None)
        if self.chance.random() < 0.3:    # on its way up, too
            self.starts += 1
            self.daemon.start()
            time.sleep(self.chance.uniform(0, 0.8))
            self.daemon.kill()
        now = self.row.counted()
        for way in WAYS:
            for server in now[way]:
                self.due[way, server] += now[way][server] - (before[way][server] if before else NOTHING)
        self.start_again()

    def measure(self):
        """Descriptors and resident memory in KiB of this run so far."""
        pid = self.daemon.process.pid
        resident = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
        self.growth.append((len(os.listdir(f"/proc/{pid}/fd")), resident))
