# SPDX-License-Identifier: BSD-3-Clause
"""The commands of `zerorate list` that need no daemon: check, compile, lookup, verify; signatures by the stock minisign.

Usage: test_list_cli.py ZERORATE SAMPLE
"""

import hashlib
import json
import os
import pathlib
import pty
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ZERORATE, SAMPLE = "", ""

HEAD = """#! serial: 2026112201
#! issuer: Bộ Giáo dục và Đào tạo
#! issued: 2026-11-22T00:00:00+07:00
#! expires: 2027-06-30T23:59:59+07:00
match,service,rating_group,from,until,note
"""
ROWS = """.olm.vn,olm,90001,,,
!quangcao.olm.vn,,,,,
*.hocmai.vn,hocmai,90001,,,
thi.moet.gov.vn,moet,90002,2027-06-01T00:00:00+07:00,2027-06-15T23:59:59+07:00,
www.onluyen.vn,onluyen,90001,,,
học.vn,hoc,90001,,,
203.162.10.0/24 udp 8801-8810,vnedu-live,90003,,,
2401:d800:10::/48,vnedu-live,90003,,,
"""
AT = "2026-12-01T00:00:00Z"


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.list = self.folder / "list.csv"
        self.list.write_text(HEAD + ROWS, encoding="utf-8")

    def zerorate(self, *args, **more):
        return subprocess.run([ZERORATE, "list", *map(str, args)], capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.folder, **more)

    def refused(self, run, status, text):
        self.assertEqual((run.returncode, run.stdout), (status, ""))
        self.assertIn(text, run.stderr)


class Help(Case):
    COMMANDS = ("check", "compile", "lookup", "verify")

    def test_overview_names_every_command(self):
        run = self.zerorate("--help")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        for command in self.COMMANDS:
            self.assertIn(f"\n  {command} ", run.stdout)

    def test_every_command_has_help(self):
        for command in self.COMMANDS:
            for option in "--help", "-h":
                run = self.zerorate(command, option)
                self.assertEqual((run.returncode, run.stderr), (0, ""))
                for part in f"zerorate list {command} - ", "Usage:", "Exit status:", "Example":
                    self.assertIn(part, run.stdout)

    def test_every_option_in_help_is_known(self):
        for command in self.COMMANDS:
            for line in self.zerorate(command, "--help").stdout.splitlines():
                if not line.startswith("  -"):
                    continue
                option = next(word for word in line.replace(",", "").split() if word.startswith("--"))
                run = self.zerorate(command, option)
                self.assertNotIn("unrecognized", run.stderr, option)

    def test_usage(self):
        for args, why in (
            ((), "a command is missing"),
            (("frobnicate",), "there is no command 'frobnicate'"),
            (("check",), "name one list"),
            (("compile", "a", "b"), "name one list"),
            (("compile", "list.csv", "-o", "list.csv"), "-o is the list itself"),
            (("lookup", "--list", "list.csv"), "NAME or ADDRESS is missing"),
            (("lookup", "olm.vn"), "--list FILE is required"),
            (("lookup", "--list", "list.csv", "--at", "tomorrow", "olm.vn"), "--at is a day that exists"),
            (("lookup", "--list", "list.csv", "--proto", "sctp", "olm.vn"), "--proto is tcp or udp"),
            (("lookup", "--list", "list.csv", "--port", "65536", "olm.vn"), "--port is a number from 0 to 65535"),
            (("lookup", "--list", "list.csv", "--format", "xml", "olm.vn"), "--format is json or table"),
            (("lookup", "--nonsense"), "unrecognized option"),
            (("verify", "list.csv"), "whose signatures shall count"),
            (("verify", "list.csv", "--key", "RWQ"), "a public key is 56 characters"),
            (("verify", "list.csv", "--keys", "none.keys"), "the keys cannot be read: No such file"),
            (("verify", "list.csv", "--keys", "list.csv"), "list.csv:5: a public key is 56 characters"),
            (("verify", "list.csv", "--keys", "/dev/null"), "the keys cannot be read: it is a device"),
        ):
            with self.subTest(args=args):
                self.refused(self.zerorate(*args), 2, why)
        self.assertEqual(self.list.read_text(encoding="utf-8"), HEAD + ROWS)


class Check(Case):
    def limited(self, *args):
        """With 256 MiB of memory at the most."""
        most = 256 << 20
        # An address sanitizer's shadow needs far more than is used.
        limit = None if is_sanitized() else lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most))
        return self.zerorate(*args, preexec_fn=limit)

    def test_good(self):
        run = self.zerorate("check", self.list)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("no errors: list 2026112201 with 8 entries", run.stdout)

    def test_all_errors_in_one_run(self):
        self.list.write_text(HEAD + ROWS + "bad..name,x,1,,,\n.edu.vn,x,1,,,\n", encoding="utf-8")
        run = self.zerorate("check", "list.csv")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertRegex(run.stderr, r"(?m)^list\.csv:14:\d+: .")
        self.assertRegex(run.stderr, r"(?m)^list\.csv:15:\d+: .")
        self.assertIn("2 errors", run.stderr)

    def test_ten_gigabytes(self):
        with open(self.folder / "huge.csv", "wb") as file:
            file.truncate(10 << 30)
        self.refused(self.limited("check", "huge.csv"), 1, "the list cannot be read: it is larger than 512 MiB")

    def test_what_never_ends(self):
        run = self.limited("check", "/dev/zero")
        self.refused(run, 1, "/dev/zero: the list cannot be read: it is a device or socket, not a file; name a list")

    def test_pipe_that_never_ends(self):
        endless = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
        with endless:
            run = self.zerorate("check", "/dev/stdin", stdin=endless.stdout)
            endless.kill()
        self.refused(run, 1, "the list cannot be read: it is larger than 512 MiB")

    def test_folder(self):
        self.refused(self.limited("check", "."), 1, "the list cannot be read: it is a folder")

    def test_pipe_without_writer(self):
        os.mkfifo(self.folder / "fifo")
        self.refused(self.zerorate("check", "fifo"), 1, "it is a pipe that nobody writes into")

    def test_pipe_with_slow_writer(self):
        os.mkfifo(self.folder / "fifo")
        end = os.open(self.folder / "fifo", os.O_RDWR)
        reader = subprocess.Popen([ZERORATE, "list", "check", "fifo"], cwd=self.folder, stdout=subprocess.PIPE, text=True)
        with reader:
            os.write(end, (HEAD + ".olm.vn,").encode())
            with self.assertRaises(subprocess.TimeoutExpired):
                reader.wait(0.3)
            os.write(end, b"olm,1,,,\n")
            os.close(end)
            self.assertIn("with 1 entries", reader.communicate(timeout=60)[0])
            self.assertEqual(reader.returncode, 0)

    def test_not_there(self):
        self.refused(self.zerorate("check", "none.csv"), 1, "none.csv: the list cannot be read: No such file")

    def test_not_readable(self):
        self.list.chmod(0)
        self.folder.chmod(0o755)

        def become_nobody():
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)

        try:
            run = self.zerorate("check", "list.csv", preexec_fn=become_nobody if os.geteuid() == 0 else None)
        except PermissionError:
            self.skipTest("the program lies where only root may go")
        self.refused(run, 1, "the list cannot be read: Permission denied")

    def test_empty_and_binary(self):
        for data in b"", b"\0" * 4096, b"\xff\xfe" + "match".encode("utf-16-le"), os.urandom(4096):
            self.list.write_bytes(data)
            run = self.zerorate("check", "list.csv")
            self.assertEqual((run.returncode, run.stdout), (1, ""))
            self.assertIn("list.csv:", run.stderr)


class Compile(Case):
    def values(self, run):
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return dict(line.split(None, 1) for line in run.stdout.splitlines())

    def test_without_output(self):
        values = self.values(self.zerorate("compile", "list.csv"))
        self.assertEqual(list(values), ["serial", "issuer", "entries", "image_bytes", "list_sha256", "image_sha256"])
        self.assertEqual(values["serial"], "2026112201")
        self.assertEqual(values["issuer"], "Bộ Giáo dục và Đào tạo")
        self.assertEqual(values["entries"], "8")
        self.assertEqual(values["list_sha256"], hashlib.sha256(self.list.read_bytes()).hexdigest())
        self.assertEqual(os.listdir(self.folder), ["list.csv"])

    def test_image(self):
        for option in "-o", "--output":
            values = self.values(self.zerorate("compile", "list.csv", option, "list.img"))
            image = (self.folder / "list.img").read_bytes()
            self.assertEqual(values["image_bytes"], str(len(image)))
            self.assertEqual(values["image_sha256"], hashlib.sha256(image).hexdigest())
            self.assertEqual(sorted(os.listdir(self.folder)), ["list.csv", "list.img"])
            mask = os.umask(0)
            os.umask(mask)
            self.assertEqual(stat.S_IMODE((self.folder / "list.img").stat().st_mode), 0o666 & ~mask)

    def test_replaces_a_file_and_nothing_else(self):
        (self.folder / "list.img").write_text("old")
        self.values(self.zerorate("compile", "list.csv", "-o", "list.img"))
        self.assertNotEqual((self.folder / "list.img").read_bytes(), b"old")
        (self.folder / "folder").mkdir()
        os.mkfifo(self.folder / "fifo")
        for path, why in (("folder", "it is there and no regular file"), ("fifo", "it is there and no regular file"),
                          ("none/list.img", "No such file")):
            self.refused(self.zerorate("compile", "list.csv", "-o", path), 1, why)
        self.assertTrue((self.folder / "folder").is_dir() and (self.folder / "fifo").is_fifo())
        self.assertEqual(sorted(os.listdir(self.folder)), ["fifo", "folder", "list.csv", "list.img"])

    def test_replaces_no_link(self):
        (self.folder / "list.img").write_text("old")
        (self.folder / "link.img").symlink_to("list.img")
        (self.folder / "lost.img").symlink_to("nowhere")
        for path in "link.img", "lost.img":
            self.refused(self.zerorate("compile", "list.csv", "-o", path), 1, "it is there and no regular file")
            self.assertTrue((self.folder / path).is_symlink())
        self.assertEqual((self.folder / "list.img").read_text(), "old")
        self.assertEqual(sorted(os.listdir(self.folder)), ["link.img", "list.csv", "list.img", "lost.img"])

    def test_errors_leave_the_old_image(self):
        (self.folder / "list.img").write_text("old")
        self.list.write_text(HEAD + "bad..name,x,1,,,\n", encoding="utf-8")
        self.refused(self.zerorate("compile", "list.csv", "-o", "list.img"), 1, "list.csv:6:")
        self.assertEqual((self.folder / "list.img").read_text(), "old")

    def test_output_that_fails(self):
        for target, why in (">&-", "cannot be written"), (">/dev/full", "No space left"):
            run = subprocess.run(["sh", "-c", f'"$0" list compile "$1" {target}', ZERORATE, self.list],
                                 capture_output=True, text=True, timeout=60, check=False)
            self.refused(run, 1, why)


class Lookup(Case):
    def lookup(self, *args, at=AT, file="list.csv"):
        return self.zerorate("lookup", "--list", file, "--at", at, "--format", "json", *args)

    def answers(self, run, status):
        self.assertEqual((run.returncode, run.stderr), (status, ""))
        return [json.loads(line) for line in run.stdout.splitlines()]

    def near(self, *args, **more):
        answer, = self.answers(self.lookup(*args, **more), 1)
        self.assertFalse(answer["free"])
        self.assertEqual(answer["reason"], "no_match")
        return [(near["rule"], near["reason"]) for near in answer.get("near", [])]

    def test_free(self):
        names = ["olm.vn", "WWW.OLM.VN.", "a.b.hocmai.vn", "www.onluyen.vn", "học.vn", "xn--hc-68s.vn"]
        answers = self.answers(self.lookup(*names), 0)
        self.assertEqual([answer["query"] for answer in answers], names)
        self.assertEqual([answer["rule"] for answer in answers],
                         [".olm.vn", ".olm.vn", "*.hocmai.vn", "www.onluyen.vn", "học.vn", "học.vn"])
        for answer in answers:
            self.assertEqual((answer["free"], answer["reason"], answer["at"], answer["list_serial"]),
                             (True, "listed", AT, 2026112201))
            self.assertNotIn("near", answer)
        self.assertEqual((answers[0]["service"], answers[0]["rating_group"]), ("olm", 90001))

    def test_all_free_is_status_0(self):
        self.answers(self.lookup("olm.vn", "a.olm.vn"), 0)
        self.answers(self.lookup("olm.vn", "example.com"), 1)

    def test_excluded(self):
        answer, = self.answers(self.lookup("x.quangcao.olm.vn"), 1)
        self.assertEqual((answer["reason"], answer["rule"]), ("excluded", "!quangcao.olm.vn"))
        self.assertNotIn("service", answer)
        self.assertEqual([(n["rule"], n["reason"]) for n in answer["near"]], [(".olm.vn", "overruled")])

    def test_near(self):
        self.assertEqual(self.near("hocmai.vn"), [("*.hocmai.vn", "below_only")])
        self.assertEqual(self.near("a.www.onluyen.vn"), [("www.onluyen.vn", "exact_only")])
        self.assertEqual(self.near("onluyen.vn"), [("www.onluyen.vn", "subdomain_listed")])
        self.assertEqual(self.near("m.onluyen.vn"), [("www.onluyen.vn", "sibling_listed")])
        self.assertEqual(self.near("badolm.vn"), [(".olm.vn", "inside_a_label")])
        self.assertEqual(self.near("a.hocmia.vn"), [("*.hocmai.vn", "similar_spelling")])
        self.assertEqual(self.near("example.com"), [])

    def test_windows(self):
        answer, = self.answers(self.lookup("thi.moet.gov.vn"), 1)
        near, = answer["near"]
        self.assertEqual((near["reason"], near["from"], near["until"]),
                         ("not_yet", "2027-05-31T17:00:00Z", "2027-06-15T16:59:59Z"))
        self.assertIn("not before 2027-05-31T17:00:00Z", near["why"])
        answer, = self.answers(self.lookup("thi.moet.gov.vn", at="2027-06-15T23:59:59+07:00"), 0)
        self.assertIn("until 2027-06-15T16:59:59Z", answer["why"])
        self.assertEqual(self.near("thi.moet.gov.vn", at="2027-06-16T00:00:00+07:00"), [("thi.moet.gov.vn", "past")])

    def test_expired(self):
        self.answers(self.lookup("olm.vn", at="2027-06-30T23:59:59+07:00"), 0)
        answer, = self.answers(self.lookup("olm.vn", at="2027-07-01T00:00:00+07:00"), 1)
        self.assertEqual((answer["free"], answer["reason"], answer["rule"]), (False, "expired", ".olm.vn"))
        self.assertIn("until 2027-06-30T16:59:59Z only", answer["why"])

    def test_addresses(self):
        block = "203.162.10.0/24 udp 8801-8810"
        for args in (("--proto", "udp", "203.162.10.5:8801"), ("--proto", "udp", "--port", "8810", "203.162.10.255"),
                     ("--proto", "udp", "--port", "1", "203.162.10.5:8805"), ("--proto", "udp", "[203.162.10.5]:8801")):
            answer, = self.answers(self.lookup(*args), 0)
            self.assertEqual(answer["rule"], block)
        self.assertEqual(self.near("203.162.10.5"), [(block, "other_protocol")])
        self.assertEqual(self.near("--proto", "tcp", "203.162.10.5:8801"), [(block, "other_protocol")])
        self.assertEqual(self.near("--proto", "udp", "203.162.10.5"), [(block, "other_ports")])
        self.assertEqual(self.near("203.162.11.5"), [(block, "neighbouring_block")])
        self.assertEqual(self.near("203.163.0.1"), [])
        for text in "2401:d800:10::1", "[2401:d800:10::1]", "[2401:d800:10::1]:443":
            self.answers(self.lookup(text), 0)

    def test_invalid(self):
        for text, why in (("a b", "cannot stand"), ("203.162.10.0/24", "is a block"), ("https://olm.vn/", "host alone"),
                          ("203.162.10.5:99999", "are asked for as"), ("[::1", "are asked for as"), ("", ""),
                          ("a" * 64 + ".vn", ""), ("x." * 200 + "vn", ""), ("a\x1b[31m", "cannot stand"), ("1.2.3", "")):
            answer, = self.answers(self.lookup("--", text), 1)
            self.assertEqual((answer["reason"], answer["free"]), ("invalid", False))
            self.assertIn(why, answer["why"])
            self.assertNotIn("\x1b", answer["query"])
        for text in "*.olm.vn", ".olm.vn", "!quangcao.olm.vn":
            answer, = self.answers(self.lookup(text), 1)
            self.assertTrue(answer["why"].endswith("; ask for a host like www.olm.vn, not for an entry of the list"))
        answer, = self.answers(self.lookup("olm.vn/bai-1"), 1)
        self.assertIn("ask for the host alone", answer["why"])
        run = subprocess.run([os.fsencode(ZERORATE), b"list", b"lookup", b"--list", b"list.csv", b"\xff\xfe.vn"],
                             capture_output=True, timeout=60, check=False, cwd=self.folder)
        self.assertEqual(json.loads(run.stdout)["reason"], "invalid")

    def test_largest_serial(self):
        self.list.write_text((HEAD + ROWS).replace("2026112201", str(2**63 - 1)), encoding="utf-8")
        answer, = self.answers(self.lookup("olm.vn"), 0)
        self.assertEqual(answer["list_serial"], 2**63 - 1)

    def test_image_answers_like_its_list(self):
        self.zerorate("compile", "list.csv", "-o", "list.img")
        queries = ["olm.vn", "hocmai.vn", "thi.moet.gov.vn", "203.162.10.5", "quangcao.olm.vn", "học.vn"]
        self.assertEqual(self.answers(self.lookup(*queries), 1), self.answers(self.lookup(*queries, file="list.img"), 1))

    def test_damaged_image(self):
        self.zerorate("compile", "list.csv", "-o", "list.img")
        image = bytearray((self.folder / "list.img").read_bytes())
        image[len(image) // 2] ^= 1
        (self.folder / "list.img").write_bytes(image)
        self.refused(self.lookup("olm.vn", file="list.img"), 3, "the compiled list is refused: ")
        (self.folder / "list.img").write_bytes(image[:100])
        self.refused(self.lookup("olm.vn", file="list.img"), 3, "the compiled list is refused: ")

    def test_list_that_cannot_be_used(self):
        self.refused(self.lookup("olm.vn", file="none.csv"), 3, "none.csv: the list cannot be read")
        self.list.write_text(HEAD + "bad..name,x,1,,,\n", encoding="utf-8")
        self.refused(self.lookup("olm.vn"), 3, "list.csv:6:")

    def test_table(self):
        run = self.zerorate("lookup", "--list", "list.csv", "--at", AT, "--format", "table", "olm.vn", "hocmai.vn")
        self.assertEqual((run.returncode, run.stderr), (1, ""))
        head, free, charged, near = run.stdout.splitlines()
        self.assertEqual(head.split()[:4], ["ASKED", "ANSWER", "ENTRY", "SERVICE"])
        self.assertEqual(free.split()[:5], ["olm.vn", "free", ".olm.vn", "olm", "90001"])
        self.assertEqual(charged.split()[:3], ["hocmai.vn", "charged", "-"])
        self.assertEqual(near.split()[:2], ["near", "*.hocmai.vn"])

    def test_many_questions(self):
        run = self.zerorate("lookup", "--list", "list.csv", "--at", AT, "--format", "table", *(["hocmai.vn"] * 3000))
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout.count("its subdomains, not the domain itself"), 3000)

    def test_table_on_a_terminal(self):
        master, slave = pty.openpty()
        with open(slave, "wb") as terminal, open(master, "rb", buffering=0) as screen:
            subprocess.run([ZERORATE, "list", "lookup", "--list", self.list, "olm.vn"], stdout=terminal, timeout=60,
                           check=False)
            self.assertTrue(screen.read(100).startswith(b"ASKED"))

    def test_now_without_at(self):
        run = self.zerorate("lookup", "--list", "list.csv", "example.com")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(json.loads(run.stdout)["at"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_output_that_fails(self):
        for target, why in (">&-", "cannot be written"), (">/dev/full", "No space left"):
            run = subprocess.run(["sh", "-c", f'"$0" list lookup --list "$1" olm.vn {target}', ZERORATE, self.list],
                                 capture_output=True, text=True, timeout=60, check=False)
            self.refused(run, 3, why)


class Verify(Case):
    keys = None

    @classmethod
    def setUpClass(cls):
        if shutil.which("minisign") is None:
            raise unittest.SkipTest("minisign is not installed")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.keys = pathlib.Path(folder.name)
        for name in "moet", "mic", "stranger":
            cls.minisign("-G", "-W", "-p", cls.keys / f"{name}.pub", "-s", cls.keys / f"{name}.key")

    @classmethod
    def minisign(cls, *args):
        subprocess.run(["minisign", *map(str, args)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       timeout=60)

    def sign(self, key, name="", *options):
        file = self.folder / f"list.csv.{name}{'.' if name else ''}minisig"
        self.minisign("-S", *options, "-s", self.keys / f"{key}.key", "-m", self.list, "-x", file)
        return file

    def key(self, name):
        return (self.keys / f"{name}.pub").read_text().splitlines()[1]

    def key_id(self, name):
        return (self.keys / f"{name}.pub").read_text().splitlines()[0].split()[-1]

    def verify(self, *args, names=("moet", "mic")):
        keys = [word for name in names for word in ("--key", self.key(name))]
        return self.zerorate("verify", "list.csv", *keys, *args)

    def not_enough(self, run, count, *parts):
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn(f"list.csv: {count} of 2 required signatures", run.stdout)
        self.assertIn("not enough signatures", run.stderr)
        for part in parts:
            self.assertIn(part, run.stderr)

    def test_two_desks(self):
        self.sign("moet", "", "-t", "Bộ Giáo dục và Đào tạo")
        self.sign("mic", "mic", "-l", "-t", "legacy")
        run = self.verify()
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(run.stdout.splitlines(), [
            f'list.csv: 2 of 2 required signatures: {self.key_id("moet")} ("Bộ Giáo dục và Đào tạo"), '
            f'{self.key_id("mic")} ("legacy")',
            f'list.csv.minisig: signed by {self.key_id("moet")} ("Bộ Giáo dục và Đào tạo")',
            f'list.csv.mic.minisig: signed by {self.key_id("mic")} ("legacy")',
        ])

    def test_default_comment_of_minisign(self):
        self.sign("moet")
        run = self.verify(names=["moet"])
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r'\("timestamp:\d+ file:list\.csv hashed"\)')

    def test_keys_from_files(self):
        self.sign("moet")
        self.sign("mic", "mic")
        keys = self.folder / "desks.keys"
        keys.write_text(f"# both desks\n\n  {self.key('moet')} \r\n" + (self.keys / "mic.pub").read_text())
        for args in (("--keys", keys), ("--keys", self.keys / "moet.pub", "--keys", self.keys / "mic.pub"),
                     ("--keys", self.keys / "moet.pub", "--key", self.key("mic"))):
            self.assertEqual(self.zerorate("verify", "list.csv", *args).returncode, 0)
        keys.write_text((self.keys / "moet.pub").read_text(), encoding="utf-8-sig")
        self.assertEqual(self.zerorate("verify", "list.csv", "--keys", keys).returncode, 0)
        keys.write_text("# none\n")
        self.refused(self.zerorate("verify", "list.csv", "--keys", keys), 2, "it holds no key")
        keys.write_text(f"{self.key('moet')}\nnonsense\n")
        self.refused(self.zerorate("verify", "list.csv", "--keys", keys), 2, f"{keys}:2: a public key is 56 characters")

    def test_required(self):
        self.sign("moet")
        self.not_enough(self.verify(), 1, f"these keys have not signed it: {self.key_id('mic')};")
        self.assertEqual(self.verify("--required", "1").returncode, 0)
        self.assertEqual(self.verify("--required", "2").returncode, 1)
        for number in "0", "3", "17", "x", "-1", "":
            self.refused(self.verify("--required", number), 2, "--required is")

    def test_the_same_key_configured_twice(self):
        self.refused(self.verify(names=["moet", "moet"]), 2, "the key is there twice")

    def test_the_same_key_signing_twice(self):
        self.sign("moet")
        self.sign("moet", "mic", "-t", "another comment")
        self.sign("moet", "old", "-l")
        run = self.verify()
        self.not_enough(run, 1)
        self.assertEqual(run.stdout.count("which another file counts already"), 2)

    def test_another_key(self):
        self.sign("moet")
        self.sign("stranger", "mic")
        self.not_enough(self.verify(), 1, f"list.csv.mic.minisig: does not count: signature of {self.key_id('stranger')}")

    def test_a_byte_of_the_list(self):
        self.sign("moet")
        self.sign("mic", "mic", "-l")
        data = bytearray(self.list.read_bytes())
        for at in 0, len(data) // 2, len(data) - 1:
            data[at] ^= 1
            self.list.write_bytes(data)
            data[at] ^= 1
            self.not_enough(self.verify(), 0, "list.csv.minisig: does not count: ", "list.csv.mic.minisig: does not count: ",
                            "its signature does not fit the file")
        self.list.write_bytes(data[:-1])
        self.not_enough(self.verify(), 0, "its signature does not fit the file")
        self.list.write_bytes(b"")
        self.not_enough(self.verify(), 0, "its signature does not fit the file")

    def test_a_byte_of_the_signature(self):
        self.sign("moet")
        file = self.sign("mic", "mic")
        lines = file.read_text().splitlines()
        for line in 1, 3:
            for at in 20, 60:
                changed = list(lines)
                other = "A" if changed[line][at] != "A" else "B"
                changed[line] = changed[line][:at] + other + changed[line][at + 1:]
                file.write_text("\n".join(changed) + "\n")
                self.not_enough(self.verify(), 1, "list.csv.mic.minisig: does not count: ")

    def test_a_byte_of_the_trusted_comment(self):
        self.sign("moet")
        file = self.sign("mic", "mic", "-t", "approved until June")
        file.write_text(file.read_text().replace("June", "July"))
        self.not_enough(self.verify(), 1, "its trusted comment was changed after signing")

    def test_truncated_signature(self):
        self.sign("moet")
        file = self.sign("mic", "mic")
        data = file.read_bytes()
        for length in 0, 10, 60, 120, 200, len(data) - 2:
            file.write_bytes(data[:length])
            self.not_enough(self.verify(), 1, "list.csv.mic.minisig: does not count: ")
        file.write_bytes(data)
        self.assertEqual(self.verify().returncode, 0)

    def test_signature_files_that_cannot_be_read(self):
        self.sign("moet")
        self.sign("mic", "mic")
        (self.folder / "list.csv.a.minisig").mkdir()
        (self.folder / "list.csv.b.minisig").write_bytes(b"x" * 8193)
        (self.folder / "list.csv.c.minisig").symlink_to("/dev/zero")
        (self.folder / "list.csv.d.minisig").symlink_to("nowhere")
        os.mkfifo(self.folder / "list.csv.e.minisig")
        (self.folder / "list.csv.f\x1b[31m.minisig").write_text("")
        (self.folder / "other.csv.minisig").write_text("")
        (self.folder / "list.csv..minisig").write_text("")
        run = self.verify()
        self.assertEqual(run.returncode, 0)
        for part in ("a.minisig: does not count: it is a folder", "b.minisig: does not count: it is larger than 8192 bytes",
                     "c.minisig: does not count: it is a device", "d.minisig: does not count: No such file",
                     "e.minisig: does not count: it is a pipe", "f?[31m.minisig: does not count: it does not begin"):
            self.assertIn("list.csv." + part, run.stderr)
        self.assertNotIn("other.csv", run.stderr)
        self.assertNotIn("list.csv..minisig", run.stderr)
        self.assertNotIn("\x1b", run.stderr)

    def test_pipe_that_is_held_open(self):
        """Whoever may write to the folder must not be able to stop who looks into it."""
        self.sign("moet")
        os.mkfifo(self.folder / "list.csv.a.minisig")
        end = os.open(self.folder / "list.csv.a.minisig", os.O_RDWR)
        self.addCleanup(os.close, end)
        run = self.verify(names=["moet"])
        self.assertEqual(run.returncode, 0)
        self.assertIn("list.csv.a.minisig: does not count: it is a pipe", run.stderr)

    def test_text_that_reads_otherwise(self):
        self.sign("moet", "", "-t", "a\u202eb\u2028c\u2066d")
        (self.folder / "list.csv.a\u202eb.minisig").write_text("")
        run = self.verify(names=["moet"])
        self.assertEqual(run.returncode, 0)
        self.assertIn('("a?b?c?d")', run.stdout)
        self.assertIn("list.csv.a?b.minisig: does not count", run.stderr)

    def test_more_than_sixteen_files(self):
        self.sign("moet")
        self.sign("mic", "zz")
        for number in range(20):
            (self.folder / f"list.csv.{number:02}.minisig").write_text("junk")
        run = self.verify()
        self.not_enough(run, 1, "6 more signature files were not looked at")

    def test_no_signature_at_all(self):
        self.not_enough(self.verify(), 0, "sign with: minisign -Sm list.csv -x list.csv.NAME.minisig")

    def test_path_with_folders(self):
        self.sign("moet")
        (self.folder / "below").mkdir()
        for path in self.list, "./list.csv", "below/../list.csv":
            run = self.zerorate("verify", path, "--key", self.key("moet"))
            self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_output_that_fails(self):
        self.sign("moet")
        for target, why in (">&-", "cannot be written"), (">/dev/full", "No space left"):
            run = subprocess.run(["sh", "-c", f'"$0" list verify "$1" --key "$2" {target}', ZERORATE, self.list,
                                  self.key("moet")], capture_output=True, text=True, timeout=60, check=False)
            self.refused(run, 1, why)

    def test_sample(self):
        """From check to verify, as the help tells it."""
        shutil.copy(SAMPLE, self.list)
        self.assertEqual(self.zerorate("check", "list.csv").returncode, 0)
        self.sign("moet")
        self.sign("mic", "mic")
        self.assertEqual(self.verify("--required", "2").returncode, 0)


def is_sanitized():
    symbols = subprocess.run(["grep", "-c", "__asan_init", ZERORATE], capture_output=True, text=True, check=False).stdout
    return symbols.strip() not in ("", "0")


if __name__ == "__main__":
    SAMPLE = os.path.abspath(sys.argv.pop(2))
    ZERORATE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
