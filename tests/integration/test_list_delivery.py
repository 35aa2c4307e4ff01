# SPDX-License-Identifier: BSD-3-Clause
"""The way of a list into the daemon: signed with the stock minisign, put beside or pushed, tampered with, and killed on its way.

Usage: test_list_delivery.py ZERORATED ZERORATE CAPTURE
"""

import array
import concurrent.futures
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import PATIENCE_S, Daemon

ZERORATED, ZERORATE, CAPTURE = "", "", ""
KEYS = {}

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "1"; flows = "4K"; reassembly_memory = "1MiB";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={capture}";
  ports = ( {{ device = "net_pcap0"; }} ); }};
list = {{ file = "{{folder}}/in/list.csv"; state = "{{folder}}/state"; keys = [ {keys} ]; signatures_required = {required}; {more} }};
records = {{ socket = "{{folder}}/records.sock"; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
control = {{ socket = "{{folder}}/control.sock"; }};
"""

NAMES = [f"school{i}.vn" for i in range(20)]
YEAR = datetime.timedelta(days=365)


def expiry(left):
    return (datetime.datetime.now(datetime.timezone.utc) + left).strftime("%Y-%m-%dT%H:%M:%SZ")


def list_text(serial, names=NAMES, left=YEAR):
    rows = "".join(f".{name},learn,{i + 1}\n" for i, name in enumerate(names))
    return (f"#! serial: {serial}\n#! issuer: Bộ Giáo dục và Đào tạo\n#! issued: 2020-01-01T00:00:00Z\n"
            f"#! expires: {expiry(left)}\nmatch,service,rating_group\n{rows}")


def make_keys(folder):
    for name in ("moet", "mic", "other"):
        subprocess.run(["minisign", "-G", "-W", "-f", "-p", f"{folder}/{name}.pub", "-s", f"{folder}/{name}.key"], check=True,
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        comment, key = pathlib.Path(folder, f"{name}.pub").read_text().splitlines()
        KEYS[name] = {"secret": f"{folder}/{name}.key", "public": key, "id": comment.split()[-1]}


def sign(key, path, out, legacy=False):
    subprocess.run(["minisign", "-S", "-W", *(["-l"] if legacy else []), "-s", KEYS[key]["secret"], "-m", path, "-x", out,
                    "-t", f"approved by {key}"], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def write_signed(path, text, keys=("moet", "mic")):
    """A list and its signatures: FILE.minisig, FILE.KEY.minisig of the others. The first one is prehashed, the others are not."""
    pathlib.Path(path).write_text(text)
    for i, key in enumerate(keys):
        sign(key, path, f"{path}.{key}.minisig" if i else f"{path}.minisig", legacy=i > 0)


def flip(path, line, column):
    """Another character at a place of a text file."""
    lines = pathlib.Path(path).read_bytes().split(b"\n")
    old = lines[line]
    lines[line] = old[:column] + (b"A" if old[column:column + 1] != b"A" else b"B") + old[column + 1:]
    pathlib.Path(path).write_bytes(b"\n".join(lines))


class Gateway(Daemon):
    """The daemon with two keys, both required, and list 1 in force."""

    def __init__(self, first=None, required=2, keys=("moet", "mic"), more=""):
        self.first = first if first is not None else list_text(1)
        quoted = ", ".join(f'"{KEYS[key]["public"]}"' for key in keys)
        config = CONFIG.format(capture=CAPTURE, keys=quoted, required=required, more=more).replace("{{", "{").replace("}}", "}")
        super().__init__(ZERORATED, ZERORATE, config, "", prepare=self.prepare)

    def prepare(self, _):
        os.mkdir(f"{self.folder}/in")
        write_signed(f"{self.folder}/in/list.csv", self.first)

    def new(self, text, keys=("moet", "mic")):
        """A list beside the watched folder, signed."""
        os.makedirs(f"{self.folder}/new", exist_ok=True)
        path = f"{self.folder}/new/list.csv"
        for old in os.listdir(f"{self.folder}/new"):
            os.unlink(f"{self.folder}/new/{old}")
        write_signed(path, text, keys)
        return path

    def put(self, *names):
        """Rename files of a new list into the watched folder."""
        for name in names or sorted(os.listdir(f"{self.folder}/new"), reverse=True):
            os.replace(f"{self.folder}/new/{name}", f"{self.folder}/in/{name}")

    def push(self, path, *options):
        return subprocess.run([ZERORATE, "list", "push", path, "--socket", f"{self.folder}/control.sock", *options],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S)

    def audit(self, last=1000):
        done = subprocess.run([ZERORATE, "list", "log", "-n", str(last), "--format", "json", "--socket",
                               f"{self.folder}/control.sock"], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def accepted(self):
        """The last list that was accepted, by the audit log: the folder's watch may have refused an older one behind it."""
        return [entry for entry in self.audit() if entry.get("event") == "accepted"][-1]

    def wait_serial(self, serial):
        return self.wait_for(lambda status: status["list"]["serial"] == serial and status["list"]["phase"] == "in_force")

    def wait_refused(self, text):
        return self.wait_for(lambda status: status["list"]["refused"] and text in " ".join(status["list"]["refused"]["errors"]))

    def restart(self, stop=signal.SIGTERM):
        self.end(stop)
        return self.start_again()

    def start_again(self):
        self.start()
        return self.wait_for(lambda status: status["state"] == "running")

    def end(self, stop=signal.SIGTERM):
        took = super().end(stop)
        if stop == signal.SIGKILL:
            return took
        assert took[1] == 0, self.logged()
        return took


class Tampering(unittest.TestCase):
    """Each case is a good list 2 with one thing wrong; list 1 stays in force."""

    def refused(self, gateway, path, why):
        done = gateway.push(path)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertIn(why, done.stderr)
        status = gateway.status()
        self.assertEqual(status["list"]["serial"], 1)
        self.assertIn(why, " ".join(status["list"]["refused"]["errors"]))
        self.assertEqual(gateway.audit(1)[0]["event"], "refused")

    def test_all(self):
        def list_byte(path):
            flip(path, -2, 3)

        def signature_byte(path):
            flip(f"{path}.minisig", 1, 60)

        def comment_byte(path):
            flip(f"{path}.minisig", 2, 20)

        def global_byte(path):
            flip(f"{path}.minisig", 3, 20)

        def legacy_byte(path):
            flip(f"{path}.mic.minisig", 1, 60)

        def other_key(path):
            sign("other", path, f"{path}.mic.minisig")

        def same_key_twice(path):
            sign("moet", path, f"{path}.mic.minisig", legacy=True)

        def missing(path):
            os.unlink(f"{path}.minisig")

        def truncated_signature(path):
            os.truncate(f"{path}.minisig", 100)

        def empty_signature(path):
            os.truncate(f"{path}.minisig", 0)

        def truncated_list(path):
            os.truncate(path, os.path.getsize(path) // 2)

        def appended_list(path):
            with open(path, "a") as file:
                file.write(".evil.vn,learn,1\n")

        def huge_signature(path):
            os.truncate(f"{path}.minisig", 10 << 30)

        cases = [list_byte, signature_byte, comment_byte, global_byte, legacy_byte, other_key, same_key_twice, missing,
                 truncated_signature, empty_signature, truncated_list, appended_list, huge_signature]
        with Gateway() as gateway:
            for case in cases:
                with self.subTest(case=case.__name__):
                    path = gateway.new(list_text(2, NAMES + ["new.vn"]))
                    case(path)
                    self.refused(gateway, path, "of the 2 configured keys")
            with self.subTest(case="the untampered list"):
                done = gateway.push(gateway.new(list_text(2, NAMES + ["new.vn"])))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("1 added, 0 removed", done.stdout)
                self.assertEqual(gateway.status()["list"]["serial"], 2)

    def test_serial(self):
        with Gateway(list_text(5)) as gateway:
            for text, why in ((list_text(4), "serial 4 is below 5"), (list_text(5, NAMES + ["x.vn"]), "with another content")):
                done = gateway.push(gateway.new(text))
                self.assertEqual(done.returncode, 1)
                self.assertIn(why, done.stderr)
            done = gateway.push(f"{gateway.folder}/in/list.csv")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("already", done.stdout)
            self.assertIsNone(gateway.status()["list"]["refused"])

    def test_refusal_stays(self):
        """A look at the file says nothing of what was pushed, and the other way round."""
        with Gateway() as gateway:
            self.assertEqual(gateway.push(gateway.new(list_text(2), keys=())).returncode, 1)
            looks = gateway.logged().count("reading")
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_for(lambda _: gateway.logged().count("reading") > looks)
            time.sleep(0.5)
            self.assertEqual(gateway.status()["list"]["refused"]["source"], "push")
            good = gateway.new(gateway.first)
            self.assertEqual(gateway.push(good).returncode, 0)
            self.assertIsNone(gateway.status()["list"]["refused"])
            os.truncate(f"{gateway.folder}/in/list.csv", 10)
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_refused("signed by 0")
            self.assertEqual(gateway.push(good).returncode, 0)
            self.assertEqual(gateway.status()["list"]["refused"]["source"], "reload")
            gateway.put()
            gateway.wait_for(lambda status: status["list"]["refused"] is None)

    def test_highest_serial(self):
        """JSON and SQLite have no higher numbers than that."""
        with Gateway() as gateway:
            done = gateway.push(gateway.new(list_text(2**63)))
            self.assertEqual(done.returncode, 1)
            self.assertIn("from 1 to 9223372036854775807", done.stderr)
            done = gateway.push(gateway.new(list_text(2**63 - 1)))
            self.assertIn("list 9223372036854775807 with", done.stdout)
            self.assertEqual(gateway.status()["list"]["serial"], 2**63 - 1)
            self.assertEqual(gateway.accepted()["serial"], 2**63 - 1)
            self.assertEqual(gateway.restart()["list"]["serial"], 2**63 - 1)

    def test_findings_have_places(self):
        with Gateway() as gateway:
            path = gateway.new(list_text(2) + "not a name,learn,1\n.x.vn,learn,many\n")
            done = gateway.push(path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{path}:26:4: ", done.stderr)
            self.assertIn(f"{path}:27:13: ", done.stderr)


class Arrival(unittest.TestCase):
    def test_any_order(self):
        orders = (("list.csv.minisig", "list.csv.mic.minisig", "list.csv"), ("list.csv", "list.csv.minisig", "list.csv.mic.minisig"),
                  ("list.csv.mic.minisig", "list.csv", "list.csv.minisig"))
        with Gateway() as gateway:
            for serial, order in enumerate(orders, 2):
                for pause_s in (0, 0.4):
                    with self.subTest(order=order, pause_s=pause_s):
                        gateway.new(list_text(serial * 2 + (pause_s > 0)))
                        for name in order:
                            gateway.put(name)
                            time.sleep(pause_s)
                        status = gateway.wait_serial(serial * 2 + (pause_s > 0))
                        self.assertEqual(sorted(status["list"]["signers"]), sorted(KEYS[key]["id"] for key in ("moet", "mic")))
                        self.assertIsNone(status["list"]["refused"])
            self.assertEqual(gateway.run_status().returncode, 0)

    def test_written_in_place(self):
        with Gateway() as gateway:
            path = gateway.new(list_text(2))
            gateway.put("list.csv.minisig", "list.csv.mic.minisig")
            text = pathlib.Path(path).read_bytes()
            with open(f"{gateway.folder}/in/list.csv", "r+b", buffering=0) as file:
                for part in (text[:100], text[100:]):
                    file.write(part)
                    time.sleep(0.5)
                file.truncate()
            gateway.wait_serial(2)

    def test_linked_into_place(self):
        """Links are whole when they are made: nobody writes and closes them."""
        with Gateway() as gateway:
            for serial, link in ((2, os.symlink), (3, os.link)):
                gateway.new(list_text(serial))
                os.rename(f"{gateway.folder}/new", f"{gateway.folder}/{serial}")
                os.rename(f"{gateway.folder}/in/list.csv", f"{gateway.folder}/old.csv")
                for name in ("list.csv.minisig", "list.csv.mic.minisig"):
                    os.replace(f"{gateway.folder}/{serial}/{name}", f"{gateway.folder}/in/{name}")
                time.sleep(0.5)
                link(f"{gateway.folder}/{serial}/list.csv", f"{gateway.folder}/in/list.csv")
                gateway.wait_serial(serial)

    def test_given_other_permissions(self):
        """What could not be read before is looked at again."""
        with Gateway() as gateway:
            path = gateway.new(list_text(2))
            gateway.put("list.csv.minisig", "list.csv.mic.minisig")
            # Nothing tells that the daemon has looked at them, beside a list that they are not of.
            time.sleep(3)
            with open(f"{gateway.folder}/in/list.csv", "r+b", buffering=0) as file:
                file.write(pathlib.Path(path).read_bytes())
                file.truncate()
                time.sleep(0.5)
                self.assertEqual(gateway.status()["list"]["serial"], 1)
                os.chmod(file.name, 0o644)
                gateway.wait_serial(2)

    def test_refusals_are_not_repeated(self):
        with Gateway() as gateway:
            for _ in range(4):
                path = gateway.new(list_text(2) + "not a name,learn,1\n" if _ < 3 else list_text(2))
                if _ == 3:
                    os.unlink(f"{path}.minisig")
                gateway.put()
                time.sleep(0.6)
                gateway.wait_for(lambda status: status["list"]["refused"])
            refused = [entry for entry in gateway.audit() if entry["event"] == "refused"]
            self.assertLessEqual(len(refused), 4, refused)
            before = len(gateway.audit())
            for _ in range(3):
                os.utime(f"{gateway.folder}/in/list.csv")
                with open(f"{gateway.folder}/in/list.csv", "ab"):
                    pass
                time.sleep(0.5)
            self.assertEqual(len(gateway.audit()), before)
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_for(lambda _: len(gateway.audit()) == before + 1)
            self.assertEqual(gateway.audit(1)[0]["source"], "reload")

    def test_folder_goes_and_comes(self):
        with Gateway() as gateway:
            shutil.rmtree(f"{gateway.folder}/in")
            gateway.wait_for(lambda status: any("folder" in text for text in status["warnings"]))
            time.sleep(1.5)
            gateway.new(list_text(2))
            os.mkdir(f"{gateway.folder}/in")
            gateway.put()
            gateway.wait_serial(2)
            os.rename(f"{gateway.folder}/in", f"{gateway.folder}/away")
            gateway.new(list_text(3))
            os.rename(f"{gateway.folder}/new", f"{gateway.folder}/in")
            gateway.wait_serial(3)
            gateway.new(list_text(4))
            gateway.put()
            gateway.wait_serial(4)
            self.assertIn(gateway.logged().count("cannot be watched"), (1, 2))  # once each time that it goes
            self.assertEqual(gateway.run_status().returncode, 0)


class Files(unittest.TestCase):
    def test_no_lists(self):
        with Gateway() as gateway, tempfile.TemporaryDirectory() as folder:
            sparse, fifo = f"{folder}/sparse.csv", f"{folder}/fifo.csv"
            with open(sparse, "wb") as file:
                file.truncate(10 << 30)
            os.mkfifo(fifo)
            holder = os.open(fifo, os.O_RDWR)
            for path, why in ((sparse, "larger than 512 MiB"), (fifo, "no regular file"), ("/dev/zero", "no regular file"),
                              (folder, "directory")):
                done = gateway.push(path)
                self.assertEqual(done.returncode, 1)
                self.assertIn(why, done.stderr)
            os.close(holder)
            latin = gateway.new("")
            pathlib.Path(latin).write_bytes(list_text(2).encode().replace("ộ".encode(), b"\xf4"))
            sign("moet", latin, f"{latin}.minisig")
            sign("mic", latin, f"{latin}.mic.minisig")
            done = gateway.push(latin)
            self.assertEqual(done.returncode, 1)
            self.assertIn("UTF-8", done.stderr)
            missing = gateway.push(f"{folder}/nothing.csv")
            self.assertEqual(missing.returncode, 1)
            self.assertIn("No such file", missing.stderr)
            os.truncate(f"{gateway.folder}/in/list.csv", 10 << 30)
            with open(f"{gateway.folder}/in/list.csv", "ab"):
                pass
            gateway.wait_refused("larger than 512 MiB")
            os.unlink(f"{gateway.folder}/in/list.csv")
            os.mkfifo(f"{gateway.folder}/in/list.csv")
            gateway.process.send_signal(signal.SIGHUP)
            gateway.wait_refused("no regular file")
            self.assertEqual(gateway.status()["list"]["serial"], 1)
            with open(f"/proc/{gateway.process.pid}/status", encoding="ascii") as file:
                peak_kb = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
            self.assertLess(peak_kb, 1 << 20)
            gateway.end()


class Restart(unittest.TestCase):
    def test_old_list_does_not_come_back(self):
        with Gateway() as gateway:
            old = {name: pathlib.Path(gateway.folder, "in", name).read_bytes() for name in os.listdir(f"{gateway.folder}/in")}
            gateway.new(list_text(2))
            gateway.put()
            gateway.wait_serial(2)
            for stop in (signal.SIGTERM, signal.SIGKILL):
                for name, content in old.items():
                    pathlib.Path(gateway.folder, "in", name).write_bytes(content)
                status = gateway.restart(stop)
                self.assertEqual(status["list"]["serial"], 2)
                self.assertIn("serial 1 is below 2", status["list"]["refused"]["errors"][0])

    def test_without_the_file(self):
        with Gateway() as gateway:
            shutil.rmtree(f"{gateway.folder}/in")
            status = gateway.restart()
            self.assertEqual((status["list"]["serial"], status["list"]["refused"]), (1, None))

    def test_newer_file(self):
        with Gateway() as gateway:
            gateway.end()
            gateway.new(list_text(2))
            gateway.put()
            gateway.start()
            gateway.wait_serial(2)
            self.assertEqual([(entry["event"], entry["source"], entry["serial"]) for entry in gateway.audit()],
                             [("accepted", "start", 1), ("accepted", "start", 2)])

    def test_lost_mark(self):
        with Gateway() as gateway:
            self.assertEqual(gateway.push(gateway.new(list_text(2))).returncode, 0)
            gateway.end()
            mark = pathlib.Path(gateway.folder, "state/highest")
            text = mark.read_text()
            mark.unlink()
            self.assertIn("the file highest is missing", self.fails(gateway))
            mark.write_text(text)
            gateway.start()
            gateway.wait_serial(2)

    def test_disk_that_takes_nothing(self):
        """Full or read-only: the accepted list is in force nevertheless, also with an audit log that was torn."""
        with Gateway() as gateway:
            gateway.end()
            disk = f"{gateway.folder}/disk"
            os.mkdir(disk)
            if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True).returncode:
                self.skipTest("a small disk cannot be mounted here")
            try:
                self.on_small_disk(gateway, disk)
            finally:
                gateway.process.kill()
                gateway.process.wait()
                subprocess.run(["umount", "-l", disk], check=True)

    def on_small_disk(self, gateway, disk):
        config = pathlib.Path(gateway.folder, "zerorated.conf")
        config.write_text(config.read_text().replace(f"{gateway.folder}/state", f"{disk}/state"))
        gateway.start_again()
        gateway.end()
        with open(f"{disk}/state/audit.jsonl", "ab") as file:
            file.write(b"x" * (os.sysconf("SC_PAGE_SIZE") - file.tell()))
        with self.assertRaises(OSError), open(f"{disk}/fill", "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        gateway.start_again()
        done = gateway.push(gateway.new(list_text(2)))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be kept in the folder list.state", done.stderr)
        self.assertIn("No space left", done.stderr)
        gateway.wait_for(lambda status: "the audit log of lists cannot be written: No space left on device" in status["warnings"])
        self.assertEqual(gateway.status()["list"]["serial"], 1)
        gateway.end()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        gateway.start_again()
        self.assertEqual([entry["serial"] for entry in gateway.audit()], [1])
        self.assertEqual(gateway.push(gateway.new(list_text(2))).returncode, 1)
        gateway.wait_for(lambda status: "the audit log of lists cannot be written: Read-only file system" in status["warnings"])
        gateway.end()
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        os.unlink(f"{disk}/fill")
        gateway.start_again()
        self.assertEqual(gateway.push(gateway.new(list_text(2))).returncode, 0)
        self.assertEqual([entry.get("serial") for entry in gateway.audit() if entry["event"] == "accepted"], [1, 2])
        gateway.end()

    def accepted(self, gateway):
        (folder,) = os.listdir(f"{gateway.folder}/state/accepted")
        return f"{gateway.folder}/state/accepted/{folder}"

    def test_damaged_copy(self):
        with Gateway() as gateway:
            for harm in (lambda path: flip(f"{path}/list.csv", -2, 3), lambda path: os.unlink(f"{path}/list.csv"),
                         lambda path: shutil.rmtree(path), lambda path: flip(f"{path}/list.csv.1.minisig", 1, 60)):
                gateway.end()
                harm(self.accepted(gateway))
                gateway.start()
                self.assertEqual(gateway.wait_serial(1)["list"]["refused"], None)
                self.assertEqual(pathlib.Path(self.accepted(gateway), "list.csv").read_text(), gateway.first)
            self.assertEqual(gateway.logged().count("cannot be used"), 4)

    def fails(self, gateway):
        gateway.start()
        self.assertEqual(gateway.process.wait(PATIENCE_S), 1)
        return gateway.logged()

    def test_nothing_to_start_with(self):
        with Gateway() as gateway:
            gateway.end()
            flip(f"{self.accepted(gateway)}/list.csv", -2, 3)
            write_signed(f"{gateway.folder}/in/list.csv", list_text(1, NAMES + ["x.vn"]))
            logged = self.fails(gateway)
            self.assertIn("its copy is damaged", logged)
            self.assertIn("serial 1 was accepted with another content", logged)
            shutil.rmtree(f"{gateway.folder}/in")
            self.assertIn("No such file", self.fails(gateway))
            pathlib.Path(gateway.folder, "state/highest").write_text("1 abc\n")
            self.assertIn("highest is damaged", self.fails(gateway))

    def test_other_keys(self):
        with Gateway() as gateway:
            gateway.end()
            config = pathlib.Path(gateway.folder, "zerorated.conf")
            config.write_text(config.read_text().replace(KEYS["mic"]["public"], KEYS["other"]["public"]))
            self.assertIn("signed by 1 of the 2", self.fails(gateway))
            sign("other", f"{gateway.folder}/in/list.csv", f"{gateway.folder}/in/list.csv.other.minisig")
            gateway.start()
            status = gateway.wait_serial(1)
            self.assertEqual(sorted(status["list"]["signers"]), sorted(KEYS[key]["id"] for key in ("moet", "other")))
            os.unlink(f"{gateway.folder}/in/list.csv")
            gateway.restart()

    def test_never_accepted(self):
        gateway = Gateway(list_text(1, left=-YEAR))
        try:
            self.assertEqual(gateway.process.wait(PATIENCE_S), 1)
            self.assertIn("it expired at", gateway.logged())
        finally:
            gateway.__exit__()


class Guards(unittest.TestCase):
    def test_shrink(self):
        with Gateway() as gateway:
            done = gateway.push(gateway.new(list_text(2, NAMES[:18])))
            self.assertEqual(done.returncode, 0, done.stderr)
            path = gateway.new(list_text(3, NAMES[:16]))
            done = gateway.push(path, "--override", "expired")
            self.assertEqual(done.returncode, 1)
            self.assertIn("it drops 2 of the 18 entries in force (11 %), and shrink_limit is 10 %", done.stderr)
            gateway.put()
            gateway.wait_refused("it drops 2 of the 18")
            path = gateway.new(list_text(3, NAMES[:16]))
            done = gateway.push(path, "--override", "shrink")
            self.assertEqual(done.returncode, 0, done.stderr)
            entry = gateway.accepted()
            self.assertEqual((entry["event"], entry["source"], entry["serial"], entry["override"], entry["removed"]),
                             ("accepted", "push", 3, ["shrink"], 2))
            self.assertEqual(entry["who"]["uid"], os.getuid())

    def test_expired(self):
        with Gateway() as gateway:
            path = gateway.new(list_text(2, left=-datetime.timedelta(days=2)))
            done = gateway.push(path)
            self.assertEqual(done.returncode, 1)
            self.assertIn("it expired at", done.stderr)
            done = gateway.push(path, "--override", "shrink", "--override", "expired")
            self.assertEqual(done.returncode, 0, done.stderr)
            status = gateway.status()
            self.assertTrue(status["list"]["expired"])
            self.assertTrue(any("has expired" in text for text in status["warnings"]))
            self.assertEqual(gateway.accepted()["override"], ["shrink", "expired"])
            self.assertTrue(gateway.restart()["list"]["expired"])
            self.assertEqual(gateway.run_status().returncode, 1)

    def test_nothing_else_is_overridden(self):
        with Gateway() as gateway:
            path = gateway.new(list_text(1, NAMES[:3]), keys=("moet",))
            for path in (path, gateway.new(list_text(1, NAMES[:3]))):
                self.assertEqual(gateway.push(path, "--override", "shrink", "--override", "expired").returncode, 1)
            self.assertEqual(gateway.push(path, "--override", "serial").returncode, 2)

    def test_alarms(self):
        lefts = ((29.5, "expires in 29 days"), (6.5, "expires in 6 days"), (0.49, "expires in 12 hours"))
        with Gateway() as gateway:
            self.assertEqual(gateway.status()["warnings"], [])
            for serial, (days, text) in enumerate(lefts, 2):
                done = gateway.push(gateway.new(list_text(serial, left=datetime.timedelta(days=days))))
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(text, " ".join(gateway.status()["warnings"]))
                self.assertEqual(gateway.logged().count(f"<4>list {serial} {text}"), 1)
            gateway.push(gateway.new(list_text(9, left=datetime.timedelta(seconds=4))))
            self.assertIn("list 9 expires in 1 hours", gateway.logged())
            status = gateway.wait_for(lambda status: status["list"]["expired"])
            self.assertIn("list 9 has expired", " ".join(status["warnings"]))
            gateway.wait_for(lambda _: "<4>list 9 has expired" in gateway.logged())
            time.sleep(1.5)
            self.assertEqual(gateway.logged().count("<4>list 9 has expired"), 1)
            shown = gateway.run_status()
            self.assertEqual(shown.returncode, 1)
            self.assertIn("Warning   list 9 has expired", shown.stdout)
            self.assertIn(KEYS["moet"]["id"], shown.stdout)


class Requests(unittest.TestCase):
    """control.sock, spoken to without the command."""

    def connect(self, gateway):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE_S)
        client.connect(f"{gateway.folder}/control.sock")
        return client

    def send(self, client, request, files=()):
        text = json.dumps(request).encode() + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
        client.sendmsg([text], rights)

    def reply(self, client):
        text = b""
        while not text.endswith(b"\n"):
            part = client.recv(1 << 16)
            if not part:
                break
            text += part
        return json.loads(text)

    def open_count(self, gateway):
        return len(os.listdir(f"/proc/{gateway.process.pid}/fd"))

    def test_wrong_requests(self):
        wrongs = ({"op": "list_push"}, {"op": "list_push", "file": "l", "signatures": []},
                  {"op": "list_push", "file": "", "signatures": []}, {"op": "list_push", "file": "l", "signatures": ["s"]},
                  {"op": "list_push", "file": "l", "signatures": [7]}, {"op": "list_push", "file": "l\0", "signatures": []},
                  {"op": "list_push", "file": "l", "signatures": [], "override": "shrink"},
                  {"op": "list_push", "file": "l", "signatures": [], "override": ["all"]},
                  {"op": "list_push", "file": "l", "signatures": [], "more": 1}, {"op": "list_log"},
                  {"op": "list_log", "last": 0}, {"op": "list_log", "last": 1001}, {"op": "list_log", "last": 1, "more": 1},
                  {"op": "list_drop"}, {"op": "status"})
        with Gateway() as gateway, open("/dev/null", "rb") as null:
            before = self.open_count(gateway)
            for request in wrongs:
                for files in ((), (null.fileno(),) * 3, (null.fileno(),) * 200):
                    with self.subTest(request=request, files=len(files)):
                        client = self.connect(gateway)
                        self.send(client, request, files)
                        reply = self.reply(client)
                        self.assertEqual(reply["op"], "status" if request["op"] == "status" else "error")
                        client.close()
            client = self.connect(gateway)
            for _ in range(50):
                client.sendmsg([b" "], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null.fileno()] * 200))])
            gateway.wait_for(lambda _: self.open_count(gateway) <= before + 34)
            client.close()
            gateway.wait_for(lambda _: self.open_count(gateway) <= before)
            self.assertEqual(gateway.status()["list"]["serial"], 1)

    def test_hostile_names(self):
        """Whatever a file is called: nothing of it is obeyed by a terminal that shows the log, the audit log or the reply."""
        name = "a\u009b31m\u202etxt\x1b[2J\n<3>evil\x7f"
        with Gateway() as gateway, open("/etc/hostname", "rb") as file:
            client = self.connect(gateway)
            self.send(client, {"op": "list_push", "file": name, "signatures": [name]}, [file.fileno()] * 2)
            shown = json.dumps(self.reply(client), ensure_ascii=False)
            client.close()
            shown += "".join(json.dumps(entry, ensure_ascii=False) for entry in gateway.audit(1))
            shown += json.dumps(gateway.status(), ensure_ascii=False) + gateway.logged().replace("\n", "")
            self.assertGreaterEqual(shown.count("a?31m?txt?[2J?<3>evil?: "), 6)
            self.assertEqual([code for code in map(ord, shown) if code < 32 or 127 <= code < 160 or code == 0x202e], [])
            self.assertNotIn("\n<3>evil", gateway.logged())

    def test_busy_and_gone(self):
        many = [f"n{i}.school.vn" for i in range(200_000)]
        with Gateway() as gateway:
            before = self.open_count(gateway)
            path = gateway.new(list_text(2, NAMES + many))
            request = {"op": "list_push", "file": path, "signatures": ["list.csv.minisig", "list.csv.mic.minisig"]}
            files = [os.open(name, os.O_RDONLY) for name in (path, f"{path}.minisig", f"{path}.mic.minisig")]
            first, second = self.connect(gateway), self.connect(gateway)
            self.send(first, request, files)
            self.send(second, request, files)
            self.assertIn("busy", self.reply(second)["error"])
            first.close()
            second.close()
            for fd in files:
                os.close(fd)
            gateway.wait_serial(2)
            gateway.wait_for(lambda _: self.open_count(gateway) <= before)
            self.assertEqual(gateway.accepted()["entries"], 200_020)

    def test_hostile_log(self):
        with Gateway() as gateway:
            gateway.end()
            with open(f"{gateway.folder}/state/audit.jsonl", "ab") as file:
                file.write(b"[" * 100_000 + b"\n" + os.urandom(5000) + b"\n\n{}\n" + b'{"event":"refused","serial":"x",'
                           b'"who":[],"errors":{"a":1},"signers":7,"added":"many"}\n' + b'{"event":"\x1b[2J\n' + b"x" * 200_000
                           + b'\n{"event":"accep')
            gateway.start()
            gateway.wait_serial(1)
            entries = gateway.audit()
            self.assertEqual(entries[0]["event"], "accepted")
            self.assertGreaterEqual(sum(entry.get("event") == "damaged" for entry in entries), 5)
            shown = subprocess.run([ZERORATE, "list", "log", "--format", "table", "--socket", f"{gateway.folder}/control.sock"],
                                   capture_output=True, timeout=PATIENCE_S, check=True)
            self.assertNotIn(b"\x1b", shown.stdout)
            self.assertEqual(gateway.push(gateway.new(list_text(2))).returncode, 0)
            self.assertEqual(gateway.accepted()["serial"], 2)
            with open(f"{gateway.folder}/state/audit.jsonl", "ab") as file:
                file.write((b"y" * 1000 + b"\n") * 10_000)
            self.assertEqual(len(gateway.audit()), 1000)


class Kills(unittest.TestCase):
    def test_killed_at_random(self):
        seed = int.from_bytes(os.urandom(4), "big")
        rng = random.Random(seed)
        with Gateway() as gateway, concurrent.futures.ThreadPoolExecutor(1) as pool, self.subTest(seed=seed):
            serial = 1
            for _ in range(12):
                path = gateway.new(list_text(serial + 1, NAMES + [f"x{serial}.vn"]))
                pushed = pool.submit(gateway.push, path)
                time.sleep(rng.random() * 0.06)
                gateway.restart(signal.SIGKILL)
                found = gateway.status()["list"]
                if pushed.result().returncode == 0:
                    self.assertEqual(found["serial"], serial + 1)
                self.assertIn(found["serial"], (serial, serial + 1))
                serial = found["serial"]
                in_force = [entry for entry in gateway.audit() if entry["event"] in ("accepted", "found")]
                self.assertEqual([entry["serial"] for entry in in_force], list(range(1, serial + 1)))
                self.assertEqual(in_force[-1]["sha256"], found["sha256"])
            self.assertLessEqual(len(os.listdir(f"{gateway.folder}/state/accepted")), 11)


if __name__ == "__main__":
    ZERORATED, ZERORATE, CAPTURE = sys.argv[1:]
    if shutil.which("minisign") is None:
        print("skipped: minisign is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as key_folder:
        make_keys(key_folder)
        unittest.main(argv=sys.argv[:1])
