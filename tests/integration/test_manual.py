# SPDX-License-Identifier: BSD-3-Clause
"""The manual agrees with what the programs say and do.

Usage: test_manual.py BUILD SOURCE ZERORATED ZERORATE CONSUMER CAPTURE
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from daemon import PATIENCE_S, Daemon
from installed import Tree, all_commands, options_in, page_text

BUILD, SOURCE, ZERORATED, ZERORATE, CONSUMER, CAPTURE = [""] * 6

REFERENCE = re.compile(r"\b((?:zerorate|zr_)[a-z_.-]*)\((\d)\)")
OPTION = re.compile(r"(?<![\w/-])(--?[a-zA-Z][a-zA-Z-]*)")

# Tables of the configuration's keys in control/, and the group in which their keys stand.
TABLES = {
    "root_keys": "", "dataplane_keys": "dataplane.", "port_keys": "dataplane.ports.", "timeout_keys": "timeouts.",
    "mark_keys": "dataplane.mark.", "mark_group_keys": "dataplane.mark.rating_groups.",
    "list_keys": "list.", "zr_config_record_keys": "records.", "zr_config_ledger_keys": "ledger.", "control_keys": "control.",
    "zr_config_metrics_keys": "metrics.", "zr_config_evidence_keys": "evidence.",
}

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "1"; flows = "64K";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={capture}";
  ports = ( {{ device = "net_pcap0"; }} ); }};
list = {{ file = "{folder}/list.csv"; state = "{folder}/state"; shrink_limit = 100; }};
records = {{ socket = "{folder}/records.sock"; consumers = [ "billing" ]; }};
ledger = {{ folder = "{folder}/ledger"; }};
control = {{ socket = "{folder}/control.sock"; }};
"""

UNITS = {"us": 1, "ms": 1000, "s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6, "B": 1, "KiB": 2**10,
         "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "": 1, "K": 10**3, "M": 10**6, "G": 10**9}


def page_of(command):
    """The page in which a command is described: a program's, or a program's command's with all that is below it."""
    program = os.path.basename(command[0])
    if program == "zerorated":
        return "zerorated(8)"
    return "-".join([program, *command[1:2]]) + "(1)"


def configured_keys():
    """Every key of the configuration's tables, by its path."""
    keys = set()
    for path in sorted(pathlib.Path(SOURCE, "control").glob("config*.c")):
        for name, table in re.findall(r"^(?:static )?const struct zr_config_key (\w+)\[\] = \{$(.*?)^\};", path.read_text(),
                                      re.MULTILINE | re.DOTALL):
            found = re.findall(r'(?:\{|TIMEOUT\()"(\w+)",', table)
            assert found, f"{path.name}: no keys in {name}"
            keys.update(TABLES[name] + key for key in found)
    return keys


def described_keys(text):
    """Every key that zerorated.conf(5) describes, with what it says."""
    lines = text.split("# EXAMPLE")[0].splitlines()
    keys, key = {}, None
    for line in lines:
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", line):
            key = keys.setdefault(line, [])
        elif line.startswith("# "):
            key = None
        elif key is not None:
            key.append(line)
    return {name: " ".join(words) for name, words in keys.items()}


def steps(text):
    """A quoted value in its smallest unit, and the name of that unit; a plain number has none."""
    number, unit = re.fullmatch(r'"?(\d+)([a-zA-Z]*)"?', text).groups()
    smallest = "us" if unit in ("us", "ms", "s", "m", "h", "d") else "B" if unit.endswith("B") else ""
    return int(number) * UNITS[unit], smallest


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = Tree(BUILD)
        cls.addClassCleanup(cls.tree.__exit__)
        cls.tree.__enter__()
        cls.pages = {name: page_text(path) for name, path in cls.tree.pages().items()}
        cls.helps = all_commands([ZERORATED, ZERORATE, CONSUMER])

    def test_every_command_has_a_page(self):
        self.assertLessEqual({page_of(command) for command in self.helps}, self.pages.keys())
        for command in self.helps:
            # A command of a command is named in its page.
            if len(command) > 2:
                self.assertIn(" ".join(["zerorate", *command[1:]]), self.pages[page_of(command)])
        for command in self.helps:
            if len(command) == 2:
                self.assertIn(page_of(command), self.pages["zerorate(1)"])

    def test_options_are_those_of_help(self):
        told, known = {}, {}
        for command, text in self.helps.items():
            usage = re.search(r"^Usage:.*?\n\n", text, re.MULTILINE | re.DOTALL).group()
            told.setdefault(page_of(command), set()).update(options_in(text))
            known.setdefault(page_of(command), set()).update(options_in(text), OPTION.findall(usage))
        for page, options in told.items():
            with self.subTest(page=page):
                described = set(OPTION.findall("\n".join(line for line in self.pages[page].splitlines() if line.startswith("-"))))
                self.assertLessEqual(options - {"-h"}, described)
                self.assertLessEqual(described - {"--help", "-h"}, known[page])

    def test_references_resolve(self):
        texts = {**self.pages, **{" ".join(command): text for command, text in self.helps.items()}}
        for path in (SOURCE / "tools/packaging").iterdir():
            texts[path.name] = path.read_text()
        count = 0
        for name, text in texts.items():
            for title, section in REFERENCE.findall(text):
                count += 1
                with self.subTest(within=name):
                    self.assertIn(f"{title}({section})", self.pages)
        self.assertGreater(count, 2 * len(self.pages))

    def test_every_page_is_referred_to(self):
        for name in self.pages:
            with self.subTest(page=name):
                self.assertTrue(any(name in text for other, text in self.pages.items() if other != name))

    def test_mandoc_finds_nothing(self):
        if not shutil.which("mandoc"):
            self.skipTest("missing: mandoc (tests/support/setup.sh tests)")
        for name, path in self.tree.pages().items():
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True, text=True, check=False)
            # scdoc begins every section and ends every list with a paragraph.
            found = [line for line in done.stdout.splitlines() if "skipping paragraph macro" not in line]
            with self.subTest(page=name):
                self.assertEqual(found, [])

    def test_status_members(self):
        """Every member that a status has, and no test of the words around it."""
        text = self.pages["zerorate-control.sock(5)"]
        config = CONFIG.format(folder="{folder}", capture=CAPTURE)
        with Daemon(ZERORATED, ZERORATE, config, (SOURCE / "rules/sample/elearning-vn.csv").read_text()) as daemon:
            status = daemon.wait_for(lambda status: status["input_ended"])
            daemon.end()
        named = set(re.findall(r"[a-z_0-9]+", text))
        # Names of reasons are zerorate-records(5)'s.
        status["totals"]["reasons"] = status["totals"]["unaccounted"] = {}

        def members(value):
            if isinstance(value, list):
                return set().union(*map(members, value))
            return set(value).union(*map(members, value.values())) if isinstance(value, dict) else set()
        self.assertEqual(members(status) - named, set())
        described = re.findall(r"^([a-z_]+(?:, [a-z_]+)*)$", text.split("# STATUS")[1].split("# EXAMPLE")[0], re.MULTILINE)
        described = [name for line in described for name in line.split(", ")]
        # Of a tap there are no marks.
        self.assertEqual(sorted(set(described) - {"marks", "status"}), sorted(status))


class Configuration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Tree(BUILD) as tree:
            cls.text = page_text(tree.pages()["zerorated.conf(5)"])
        cls.keys = described_keys(cls.text)

    def check(self, text):
        """What `zerorated --check` says of a configuration; empty when there is nothing wrong."""
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            done = subprocess.run([ZERORATED, "-c", file.name, "--check"], capture_output=True, text=True, timeout=PATIENCE_S)
            # Whether it fits into this machine is another question.
            return re.sub("^FILE: (it takes|flows, reassembly memory).*\n", "", done.stderr.replace(file.name, "FILE"), flags=re.MULTILINE)

    def given(self, key, value):
        """A configuration with a key set so."""
        *groups, name = key.split(".")
        values = {"gateway": '"g"', "dataplane": {"workers": '"1"', "ports": {"device": '"p"'}}, "list": {"file": '"/f"'}}
        if "mark" in groups:
            # Only ports in pairs mark.
            values["dataplane"] = {"workers": '"1"', "mode": '"inline"', "ports": '( { device = "p"; peer = "q"; }, { device = "q"; peer = "p"; } )',
                                   "mark": {"default": "10", "rating_groups": {"rating_group": "7", "dscp": "10"}}}
        if "evidence" in groups:
            # What asks for answers needs somebody who gives them, and the one bound of TTLs must leave room for the other.
            values |= {"trusted_resolvers": '[ "10.0.0.53/32" ]', "evidence": {"ttl_min": '"0s"', "ttl_max": '"30d"'}}
        at = values
        for group in groups:
            at = at.setdefault(group, {})
        at[name] = value
        if key == "list.signatures_required":
            return None

        def written(value, name=""):
            if not isinstance(value, dict):
                return value
            text = "{ " + " ".join(f"{inner} = {written(of, inner)};" for inner, of in value.items()) + " }"
            return f"( {text} )" if name in ("ports", "rating_groups") else text
        return "\n".join(f"{name} = {written(of, name)};" for name, of in values.items())

    def test_keys_are_those_of_the_program(self):
        self.assertEqual(set(self.keys), configured_keys())
        for key, text in self.keys.items():
            with self.subTest(key=key):
                self.assertRegex(text, r"Default: |Required\.$")

    def test_defaults_are_taken(self):
        for key, text in self.keys.items():
            default = re.search(r"Default: (\"\S*\"|\d+|true|false)\.", text)
            config = default and self.given(key, default.group(1))
            if config:
                with self.subTest(key=key):
                    self.assertEqual(self.check(config), "")

    def test_bounds_are_exact(self):
        count = 0
        for key, text in self.keys.items():
            bounds = re.search(r"Bounds: (\S+) to ([^\s.,]+)", text)
            if not bounds or not self.given(key, "0"):
                continue
            count += 1
            (least, unit), (most, _) = steps(bounds.group(1)), steps(bounds.group(2))
            quote = '"' if bounds.group(1).startswith('"') else ""
            for value, good in ((least, True), (most, True), (least - 1, False), (most + 1, False)):
                if value >= 0:
                    with self.subTest(key=key, value=value):
                        self.assertEqual(self.check(self.given(key, f"{quote}{value}{unit}{quote}")) == "", good)
        self.assertGreater(count, 15)

    def test_required_keys_are_required(self):
        for key, text in self.keys.items():
            if text.endswith("Required."):
                whole = self.given("dataplane.mark.outer" if ".mark." in key else "dataplane.mode", "false" if ".mark." in key else '"tap"')
                self.assertEqual(self.check(whole), "")
                name = key.split(".")[-1]
                lacking = re.sub(rf"(?<![a-z]){name} = (\(.*?\)|\{{.*\}}|\"[^\"]*\"|\d+);", "", whole)
                with self.subTest(key=key):
                    self.assertNotEqual(lacking, whole)
                    self.assertIn(f"{name} is missing", self.check(lacking))

    def test_example_has_every_key_and_no_error(self):
        example = self.text.split("# EXAMPLE")[1].split("# SEE ALSO")[0].split("given:")[1]
        self.assertEqual(self.check(example), "")
        self.assertEqual(set(re.findall(r"\b([a-z_]+) = ", example)), {key.split(".")[-1] for key in configured_keys()})


if __name__ == "__main__":
    BUILD, SOURCE, ZERORATED, ZERORATE, CONSUMER, CAPTURE = sys.argv[1:7]
    SOURCE = pathlib.Path(SOURCE)
    unittest.main(argv=sys.argv[:1], verbosity=2)
