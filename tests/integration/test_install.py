# SPDX-License-Identifier: BSD-3-Clause
"""What is installed: where it lands, the service's units, completion for bash.

Usage: test_install.py BUILD ZERORATED ZERORATE CONSUMER
"""

import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from installed import PATIENCE_S, Tree, all_commands, commands_in, help_of, options_in

BUILD, ZERORATED, ZERORATE, CONSUMER = [""] * 4

# Tenths, as systemd-analyze counts exposure: what the units have now. A unit that allows more needs a reason, and its number here.
# zerorated's has 3 for sockets of IP and 1 for the addresses of this machine: Prometheus reads its metrics over HTTP.
EXPOSURE = {"zerorated.service": 15, "zerorate-files@.service": 7}

COMPLETE = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_zerorate "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=PATIENCE_S, check=False, **options)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = Tree(BUILD)
        cls.addClassCleanup(cls.tree.__exit__)
        cls.tree.__enter__()


class Files(Installed):
    def test_each_lands_once(self):
        plan = json.loads(run("meson", "introspect", "--installed", BUILD).stdout)
        # A link has no source of its own: its target is named for all of them.
        twice = [path for path, count in collections.Counter(plan.values()).items() if count > 1]
        self.assertEqual(twice, [])
        landed = {"/" + str(path.relative_to(self.tree.folder)) for path in self.tree.files()}
        self.assertLessEqual(set(plan.values()) - {path for path in plan.values() if "bash-completion" in path}, landed)

    def test_where_they_land(self):
        for ends in (
            ("bin", "zerorate"), ("bin", "zerorated"), ("bin", "zerorate-consumer"),
            ("lib", "systemd", "system", "zerorated.service"), ("lib", "systemd", "system", "zerorate-files@.service"),
            ("lib", "sysusers.d", "zerorate.conf"), ("lib", "tmpfiles.d", "zerorate.conf"),
            ("share", "doc", "zerorate", "examples", "zerorated.conf"), ("share", "doc", "zerorate", "examples", "af-packet.conf"),
            ("share", "bash-completion", "completions", "zerorate"), ("share", "bash-completion", "completions", "zerorated"),
            ("share", "zerorate", "zerorate.rules.yml"), ("share", "zerorate", "zerorate-dashboard.json"),
            ("share", "man", "man7", "zerorate-metrics.7"), ("share", "man", "man8", "zerorated.8"), ("share", "man", "man5", "zerorated.conf.5"),
        ):
            with self.subTest(file="/".join(ends)):
                self.assertGreater(self.tree.find(*ends).stat().st_size, 0)

    def test_an_operators_configuration_is_not_touched(self):
        self.assertEqual([path for path in self.tree.files() if "etc" in path.relative_to(self.tree.folder).parts], [])

    def test_nothing_is_left_to_be_filled_in(self):
        for path in self.tree.files():
            if path.parent.name in ("system", "sysusers.d", "tmpfiles.d", "examples"):
                with self.subTest(file=path.name):
                    self.assertNotRegex(path.read_text(), r"@\w+@")

    def test_snippets(self):
        if not shutil.which("systemd-sysusers") or not shutil.which("systemd-tmpfiles"):
            self.skipTest("missing: systemd-sysusers, systemd-tmpfiles (tests/support/setup.sh tests)")
        if os.geteuid() != 0:
            self.skipTest("needs root, which the folders are given to")
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(f"{root}/etc")
            done = run("systemd-sysusers", f"--root={root}", self.tree.find("sysusers.d", "zerorate.conf"))
            self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
            users = open(f"{root}/etc/passwd", encoding="ascii").read()
            self.assertRegex(users, r"(?m)^zerorate:.*:/var/lib/zerorate:/usr/sbin/nologin$")
            self.assertRegex(users, r"(?m)^zerorate-files:.*:/usr/sbin/nologin$")
            done = run("systemd-tmpfiles", "--create", f"--root={root}", self.tree.find("tmpfiles.d", "zerorate.conf"))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            folder, = (path for path in (f"{root}/etc/zerorate", f"{root}/usr/local/etc/zerorate") if os.path.isdir(path))
            self.assertEqual(os.stat(folder).st_mode & 0o777, 0o750)


class Units(Installed):
    def setUp(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("missing: systemd-analyze (tests/support/setup.sh tests)")
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        for name in EXPOSURE:
            text = self.tree.find("system", name).read_text()
            # systemd-analyze looks whether the programs are there.
            program, = re.findall(r"^ExecStart=(\S+)", text, re.MULTILINE)
            with open(f"{self.temporary.name}/{name}", "w", encoding="utf-8") as file:
                file.write(text.replace(f"ExecStart={program}", f"ExecStart={self.tree.folder}{program}"))

    def drop_in(self):
        os.mkdir(f"{self.temporary.name}/zerorated.service.d")
        shutil.copy(self.tree.find("examples", "af-packet.conf"), f"{self.temporary.name}/zerorated.service.d")

    def test_verify(self):
        for with_drop_in in (False, True):
            if with_drop_in:
                self.drop_in()
            for name in ("zerorated.service", "zerorate-files@.service"):
                with self.subTest(unit=name, drop_in=with_drop_in):
                    done = run("systemd-analyze", "verify", "--man=no", f"{self.temporary.name}/{name}")
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_verify_finds_what_is_wrong(self):
        path = f"{self.temporary.name}/zerorated.service"
        with open(path, "a", encoding="utf-8") as file:
            file.write("[Service]\nNoSuchSetting=yes\n")
        self.assertIn("NoSuchSetting", run("systemd-analyze", "verify", "--man=no", path).stderr)

    def security(self, name, tenths):
        return run("systemd-analyze", "security", "--offline=true", f"--threshold={tenths}", f"{self.temporary.name}/{name}")

    def test_security(self):
        for name, tenths in EXPOSURE.items():
            with self.subTest(unit=name):
                done = self.security(name, tenths)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_security_finds_what_is_wrong(self):
        with open(f"{self.temporary.name}/zerorated.service", "a", encoding="utf-8") as file:
            file.write("[Service]\nCapabilityBoundingSet=CAP_SYS_ADMIN\n")
        self.assertNotEqual(self.security("zerorated.service", EXPOSURE["zerorated.service"]).returncode, 0)

    def test_privileges_of_the_drop_in(self):
        self.drop_in()
        done = self.security("zerorated.service", 25)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        allowed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("✗")}
        self.assertIn("CapabilityBoundingSet=~CAP_NET_ADMIN", allowed)
        self.assertIn("RestrictAddressFamilies=~AF_PACKET", allowed)
        self.assertFalse(any("CAP_SYS_" in name or "CAP_DAC" in name for name in allowed))
        self.assertNotIn("PrivateDevices=", allowed)


class Completion(Installed):
    def offered(self, *words):
        script = self.tree.find("completions", "zerorate")
        done = run("bash", "--norc", "--noprofile", "-c", COMPLETE, "bash", script, *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [word for word in done.stdout.split("\n") if word]

    def test_commands_and_options_are_those_of_help(self):
        for command, text in all_commands([ZERORATED, ZERORATE, CONSUMER]).items():
            with self.subTest(command=command):
                self.assertEqual(self.offered(*command, ""), commands_in(text))
                self.assertEqual(self.offered(*command, "-"), options_in(text))
                self.assertEqual(self.offered(*command, "--"), [option for option in options_in(text) if option.startswith("--")])

    def test_there_is_something_to_offer(self):
        self.assertLessEqual({"classify", "list", "records", "status"}, set(self.offered(ZERORATE, "")))
        self.assertLessEqual({"check", "diff", "push"}, set(self.offered(ZERORATE, "list", "")))
        self.assertLessEqual({"--config", "--check", "--version"}, set(self.offered(ZERORATED, "--")))
        self.assertLessEqual({"--list", "--format"}, set(self.offered(ZERORATE, "classify", "--")))

    def test_beginnings(self):
        self.assertEqual(self.offered(ZERORATE, "re"), ["reload", "records", "report"])
        self.assertEqual(self.offered(ZERORATE, "list", "di"), ["diff"])
        self.assertEqual(self.offered(ZERORATE, "classify", "--tun"), ["--tunnel-endpoints"])
        self.assertEqual(self.offered(ZERORATE, "no"), [])

    def test_values(self):
        self.assertEqual(self.offered(ZERORATE, "classify", "--format", ""), ["json", "table"])
        self.assertEqual(self.offered(ZERORATE, "classify", "--format", "t"), ["table"])
        self.assertEqual(self.offered(ZERORATE, "classify", "--format", "=", "t"), ["table"])
        self.assertEqual(self.offered(ZERORATE, "classify", "--format", "="), ["json", "table"])
        self.assertEqual(self.offered(ZERORATE, "list", "push", "--override", ""), ["shrink", "expired"])
        self.assertEqual(self.offered(ZERORATE, "list", "lookup", "--proto", "u"), ["udp"])
        self.assertEqual(self.offered(ZERORATE, "flows", "--state", ""), ["free", "charged", "undecided"])
        self.assertEqual(self.offered(ZERORATE, "top", "--by", "=", "s"), ["service", "subscriber"])

    def test_files_are_left_to_bash(self):
        self.assertEqual(self.offered(ZERORATE, "classify", "--list", ""), [])
        self.assertEqual(self.offered(ZERORATE, "list", "compile", "-o", ""), [])
        self.assertEqual(self.offered(ZERORATE, "classify", "a.pcap", ""), [])
        self.assertEqual(self.offered(ZERORATED, "-c", ""), [])

    def test_no_program(self):
        self.assertEqual(self.offered("/nowhere/zerorate", ""), [])

    def test_all_programs_are_completed(self):
        done = run("bash", "--norc", "--noprofile", "-c", 'source "$1"; complete -p', "bash", self.tree.find("completions", "zerorate"))
        completed = {line.split()[-1] for line in done.stdout.splitlines()}
        self.assertEqual(completed, {"zerorate", "zerorated", "zerorate-consumer"})
        for name in completed:
            self.assertTrue(self.tree.find("completions", name).is_file())
            self.assertTrue(self.tree.find("bin", name).is_file())
            self.assertIn(name, help_of([self.tree.find("bin", name)]))


if __name__ == "__main__":
    BUILD, ZERORATED, ZERORATE, CONSUMER = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1], verbosity=2)
