# SPDX-License-Identifier: BSD-3-Clause
"""`zerorate list diff`, `export` and `import`: what they write, what they refuse, and that nothing becomes wider.

Usage: test_list_convert.py ZERORATE SAMPLE_LIST
"""

import json
import os
import pathlib
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ZERORATE = SAMPLE = ""

HEAD = """#! serial: {serial}
#! issuer: {issuer}
#! issued: 2026-11-22T00:00:00+07:00
#! expires: 2027-06-30T23:59:59+07:00
match,service,rating_group,from,until,verify,owner,note
"""
AT = "2026-12-01T00:00:00Z"
DIRECTIVES = ["--rating-group", "90001", "--serial", "7", "--issuer", "MOET, \"a\";b", "--issued",
              "2026-11-22T00:00:00+07:00", "--expires", "2027-06-30T23:59:59+07:00"]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def path(self, name, content=None):
        path = self.folder / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def list(self, name, rows, serial=2026112201, issuer="Bộ Giáo dục và Đào tạo"):
        return self.path(name, HEAD.format(serial=serial, issuer=issuer) + rows)

    def run_list(self, *args, status=0, stdin=None):
        done = subprocess.run([ZERORATE, "list", *args], capture_output=True, text=True, input=stdin, timeout=600,
                              check=False)
        self.assertEqual(done.returncode, status, (args, done.stdout[-2000:], done.stderr[-2000:]))
        return done


class Diff(Case):
    OLD = (".olm.vn,olm,90001\nthi.moet.gov.vn,moet,90002,2026-06-01T00:00:00Z,2027-01-31T23:59:59Z\n"
           "!quangcao.olm.vn,,\n203.162.10.0/24 udp 8801-8810,live,90003\n*.hocmai.vn,hocmai,90001\n")
    NEW = (".olm.vn,olm,90002\nthi.moet.gov.vn,moet,90002,2026-06-01T00:00:00Z,2027-01-15T23:59:59Z\n"
           "203.162.10.0/24 udp 8801-8820,live,90003\n.hocmai.vn,hocmai,90001\nmoi.vn,moi,5\n")

    def two(self):
        return self.list("old.csv", self.OLD), self.list("new.csv", self.NEW, 2026112302, "Bộ GD")

    def test_text_says_what_changed(self):
        old, new = self.two()
        self.assertEqual(self.run_list("diff", old, new, status=1).stdout, """\
directive serial: 2026112201 → 2026112302
directive issuer: Bộ Giáo dục và Đào tạo → Bộ GD
removed   !quangcao.olm.vn
widened   *.hocmai.vn → .hocmai.vn
changed   .olm.vn: rating group 90001 → 90002
widened   203.162.10.0/24 udp 8801-8810 → 203.162.10.0/24 udp 8801-8820
added     moi.vn: service moi, rating group 5
narrowed  thi.moet.gov.vn: until 2027-01-31T23:59:59Z → 2027-01-15T23:59:59Z
1 added, 1 removed, 1 changed, 2 widened, 1 narrowed
""")

    def test_json_has_both_sides(self):
        old, new = self.two()
        lines = [json.loads(line) for line in self.run_list("diff", "--format", "json", old, new,
                                                            status=1).stdout.splitlines()]
        self.assertEqual(lines[0], {"type": "directive", "name": "serial", "before": "2026112201",
                                    "after": "2026112302"})
        self.assertIn({"type": "entry", "change": "changed",
                       "before": {"match": ".olm.vn", "service": "olm", "rating_group": 90001},
                       "after": {"match": ".olm.vn", "service": "olm", "rating_group": 90002}}, lines)
        self.assertIn({"type": "entry", "change": "removed", "before": {"match": "!quangcao.olm.vn"}}, lines)
        self.assertEqual(lines[-1], {"type": "summary", "added": 1, "removed": 1, "changed": 1, "widened": 2,
                                     "narrowed": 1})

    def test_table_has_the_same_rows(self):
        old, new = self.two()
        rows = self.run_list("diff", "--format", "table", old, new, status=1).stdout.splitlines()
        self.assertEqual(rows[0].split(), ["CHANGE", "MATCH", "WHAT"])
        self.assertEqual([row.split()[0] for row in rows[1:-1]],
                         ["directive", "directive", "removed", "widened", "changed", "widened", "added", "narrowed"])

    def test_equal_lists_end_with_0(self):
        old, _ = self.two()
        same = self.list("same.csv", "".join(reversed(self.OLD.splitlines(True))))
        self.assertEqual(self.run_list("diff", old, same).stdout,
                         "0 added, 0 removed, 0 changed, 0 widened, 0 narrowed\n")

    def test_trouble_ends_with_2(self):
        old, _ = self.two()
        bad = self.list("bad.csv", "a..b,s,1\n")
        for args in ((), (old,), (old, old, old), ("--format", "xml", old, old), ("--what", old, old),
                     (old, self.path("absent")), (old, bad), (old, self.path("cut", b"ZRLIST\r\n1234"))):
            self.assertNotEqual(self.run_list("diff", *args, status=2).stderr, "")

    def test_compiled_lists_are_read(self):
        old, new = self.two()
        for name in (old, new):
            self.run_list("compile", name, "-o", name + ".img")
        wanted = self.run_list("diff", old, new, status=1).stdout
        self.assertEqual(self.run_list("diff", old + ".img", new, status=1).stdout, wanted)
        self.assertEqual(self.run_list("diff", old, new + ".img", status=1).stdout, wanted)
        self.run_list("diff", old + ".img", old)
        options = ("--to", "pfd", "--at", AT, "--exclusions", "separate")
        self.assertEqual(self.run_list("export", *options, old + ".img").stdout,
                         self.run_list("export", *options, old).stdout)

    def test_both_lists_are_said_to_be_wrong_in_one_run(self):
        one, other = self.list("one.csv", "a..b,s,1\n"), self.list("other.csv", "c..d,s,1\n")
        errors = self.run_list("diff", one, other, status=2).stderr
        self.assertIn(f"{one}:6:", errors)
        self.assertIn(f"{other}:6:", errors)


class Rpz(Case):
    def zone(self, rows, *options, status=0):
        """The records of the zone, but for SOA and NS, and what was said."""
        path = self.path("out.zone")
        pathlib.Path(path).unlink(missing_ok=True)
        done = self.run_list("export", "--to", "rpz", "--at", AT, "-o", path, *options, self.list("l.csv", rows),
                             status=status)
        if status != 0:
            self.assertFalse(os.path.exists(path))
            return None, done.stderr
        origin = options[options.index("--origin") + 1] if "--origin" in options else "rpz.zerorate"
        if shutil.which("named-checkzone"):
            check = subprocess.run(["named-checkzone", "-i", "none", origin, path], capture_output=True, text=True,
                                   check=False)
            self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
        records = [line.split(" CNAME ") for line in pathlib.Path(path).read_text().splitlines()
                   if " CNAME " in line]
        self.assertEqual(len(records), len({owner for owner, _ in records}))
        return dict(records), done.stderr

    @unittest.skipUnless(shutil.which("named-checkzone"), "named-checkzone is not installed")
    def test_named_takes_the_sample_list(self):
        path = self.path("sample.zone")
        self.run_list("export", "--to", "rpz", "--exclusions", "nxdomain", "--at", "2026-12-01T00:00:00Z", "-o", path,
                      SAMPLE)
        check = subprocess.run(["named-checkzone", "-i", "none", "rpz.zerorate", path], capture_output=True,
                               text=True, check=False)
        self.assertEqual(check.returncode, 0, check.stdout)
        self.assertIn("loaded serial 2026112201", check.stdout)

    def test_names_and_blocks(self):
        records, said = self.zone("thi.moet.gov.vn,m,1\n.OLM.vn,o,1\n*.hocmai.vn,h,1\nhocmai.vn,h,1\n"
                                  "203.162.10.0/24,l,1\n203.162.11.7,l,1\n2401:d800:10::/48,l,1\n"
                                  "2001:db8:0:1:0:0:0:1,l,1\n2001:db8:0:0:1:0:0:1,l,1\n2001:db8:1:2:3:4:0:1,l,1\n")
        passed = "rpz-passthru."
        self.assertEqual(records, {
            "thi.moet.gov.vn": passed, "olm.vn": passed, "*.olm.vn": passed, "*.hocmai.vn": passed,
            "hocmai.vn": passed, "24.0.10.162.203.rpz-ip": passed, "32.7.11.162.203.rpz-ip": passed,
            "48.zz.10.d800.2401.rpz-ip": passed, "128.1.zz.1.0.db8.2001.rpz-ip": passed,
            "128.1.0.0.1.zz.db8.2001.rpz-ip": passed, "128.1.0.4.3.2.1.db8.2001.rpz-ip": passed})
        self.assertEqual(said, self.path("l.csv") + ": this holds until 2027-06-30T16:59:59Z, when the list expires: "
                                                    "remove it, or export the next list then\n")

    def test_what_is_covered_above_is_not_repeated(self):
        records, _ = self.zone(".olm.vn,o,1\nolm.vn,o,1\na.b.olm.vn,o,2\n.c.olm.vn,o,2\n*.d.olm.vn,o,2\n")
        self.assertEqual(set(records), {"olm.vn", "*.olm.vn"})

    def test_ports_are_left_out_and_told(self):
        records, said = self.zone(".olm.vn,o,1\n203.162.10.0/24 udp,l,1\n203.162.10.0/24 udp 5,l,1\n")
        self.assertEqual(set(records), {"olm.vn", "*.olm.vn"})
        self.assertIn("left out 2 address entries", said)

    def test_windows_are_those_of_the_time(self):
        records, said = self.zone("a.vn,o,1,,2026-11-30T23:59:59Z\nb.vn,o,1,2026-12-01T00:00:00Z,\n"
                                  "c.vn,o,1,,2026-12-01T00:00:00Z\nd.vn,o,1,2026-12-01T00:00:01Z,\n")
        self.assertEqual(set(records), {"b.vn", "c.vn"})
        self.assertIn("left out 2 entries not in force", said)
        self.assertIn("this holds until 2026-12-01T00:00:00Z, when a window ends or the next begins: export again", said)

    def test_exclusions_are_refused_by_themselves(self):
        rows = ".olm.vn,o,1\n!x.olm.vn,,\n!y.olm.vn,,\n!z.olm.vn,,,2026-11-30T23:59:59Z\n"
        rows = rows.replace("!z.olm.vn,,,", "!z.olm.vn,,,,")
        _, said = self.zone(rows, status=1)
        self.assertIn("!x.olm.vn cannot", said)
        self.assertIn("!y.olm.vn cannot", said)
        self.assertNotIn("!z.olm.vn", said)
        self.assertIn("2 exclusions are in force", said)

    def test_exclusions_are_written_as_told(self):
        for how, target in (("nxdomain", "."), ("nodata", "*.")):
            records, _ = self.zone(".olm.vn,o,1\n!x.y.olm.vn,,\n!z.x.y.olm.vn,,\n", "--exclusions", how)
            self.assertEqual(records, {
                "olm.vn": "rpz-passthru.", "*.olm.vn": "rpz-passthru.", "y.olm.vn": "rpz-passthru.",
                "*.y.olm.vn": "rpz-passthru.", "x.y.olm.vn": target, "*.x.y.olm.vn": target})

    def test_names_too_long_for_the_origin_are_told(self):
        name = ".".join(["a" * 60] * 4)
        records, said = self.zone(f"{name},o,1\nb.vn,o,1\n")
        self.assertEqual(set(records), {"b.vn"})
        self.assertIn("left out 1 entries too long", said)
        records, _ = self.zone(f"{name},o,1\nb.vn,o,1\n", "--origin", "r")
        self.assertEqual(set(records), {name, "b.vn"})
        _, said = self.zone(f"!{name},,\nb.vn,o,1\n", "--exclusions", "nodata", status=1)
        self.assertIn("does not fit", said)

    def test_ipv6_blocks_that_hold_ipv4_are_left_out(self):
        held = ["::/28", "::/64", "::/80", "::ffff:0:0/96", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "::fffe:0:0/95"]
        beside = {"::/96": "96.zz.rpz-ip", "::fffe:0:0/96": "96.0.0.fffe.zz.rpz-ip", "0:0:0:1::/64": "64.zz.1.0.0.0.rpz-ip",
                  "::1:0:0:0/80": "80.0.0.0.1.zz.rpz-ip"}
        records, said = self.zone("".join(f"{block},l,1\n" for block in [*held, *beside]))
        self.assertIn("left out 7 IPv6 blocks that hold ::ffff:0:0/96", said)
        self.assertEqual(set(records), set(beside.values()))

    def test_names_that_are_triggers_are_left_out(self):
        records, said = self.zone("24.0.0.0.10.rpz-ip,o,1\nb.vn,o,1\n")
        self.assertEqual(set(records), {"b.vn"})
        self.assertIn("left out 1 names", said)

    def test_the_serial_has_32_bits(self):
        source = self.list("l.csv", "a.vn,o,1\n", serial=2**32 + 5)
        for options, serial in (((), 5), (("--soa-serial", "4294967295"), 4294967295)):
            zone = self.run_list("export", "--to", "rpz", "--at", AT, *options, source).stdout
            self.assertIn(f"@ SOA localhost. nobody.invalid. {serial} ", zone)

    def test_an_expired_list_is_refused(self):
        source = self.list("l.csv", "a.vn,o,1\n")
        self.run_list("export", "--to", "rpz", "--at", "2027-06-30T23:59:59+07:00", source)
        said = self.run_list("export", "--to", "rpz", "--at", "2027-07-01T00:00:00+07:00", source, status=1).stderr
        self.assertIn("expires at 2027-06-30T16:59:59Z", said)

    def test_usage(self):
        source = self.list("l.csv", "a.vn,o,1\n")
        for args in ((source,), ("--to", "bind", source), ("--to", "rpz"), ("--to", "rpz", "--at", "now", source),
                     ("--to", "rpz", "--exclusions", "separate", source), ("--to", "pfd", "--origin", "x", source),
                     ("--to", "rpz", "--origin", "a..b", source), ("--to", "rpz", "--soa-serial", "-1", source)):
            self.run_list("export", *args, status=2)

    def test_short_memory_leaves_nothing_half_written(self):
        """At any limit of memory the zone is whole, or there is an error and no file."""
        rows = "".join(f".host{i}.vn,o,1\n" for i in range(40000)) + "".join(f"!x.host{i}.vn,,\n" for i in range(100))
        source, path = self.list("l.csv", rows), self.path("zone")
        command = [ZERORATE, "list", "export", "--to", "rpz", "--at", AT, "--exclusions", "nodata", "-o", path, source]
        subprocess.run(command, check=True, capture_output=True)
        whole, statuses = pathlib.Path(path).read_bytes(), set()
        for limit in range(16 << 20, 80 << 20, 1 << 20):
            os.unlink(path)
            done = subprocess.run(command, capture_output=True, check=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            statuses.add(done.returncode)
            self.assertEqual(os.path.exists(path), done.returncode == 0)
            if done.returncode == 0:
                self.assertEqual(pathlib.Path(path).read_bytes(), whole)
            else:
                pathlib.Path(path).touch()
        self.assertTrue(statuses - {0}, "no limit was short")

    def test_output_is_whole_or_not_there(self):
        source = self.list("l.csv", "a.vn,o,1\n")
        path = self.path("kept", "before")
        self.run_list("export", "--to", "rpz", "--at", AT, "-o", path, self.list("x.csv", "!a.vn,,\n"), status=1)
        self.assertEqual(pathlib.Path(path).read_text(), "before")
        self.run_list("export", "--to", "rpz", "--at", AT, "-o", path, source)
        self.assertIn("a.vn CNAME", pathlib.Path(path).read_text())
        self.assertIn("no regular file", self.run_list("export", "--to", "rpz", "--at", AT, "-o", "/dev/null", source,
                                                       status=1).stderr)
        self.run_list("export", "--to", "rpz", "--at", AT, "-o", self.path("no/such/folder"), source, status=1)
        self.assertEqual(sorted(os.listdir(self.folder)), ["kept", "l.csv", "x.csv"])


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(port, name):
    """The number of answers to a query for the address of a name."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(10)
        s.connect(("127.0.0.1", port))  # so that a port that nobody has answers at once
        s.send(struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1")
        return struct.unpack(">H", s.recv(4096)[6:8])[0]


@unittest.skipUnless(shutil.which("unbound"), "unbound is not installed")
class Resolver(Case):
    """A resolver with the zone, and behind it one that refuses all, answers for what the list frees and nothing else."""

    COMMON = 'server:\n  directory: "{0}"\n  chroot: ""\n  username: ""\n  pidfile: ""\n  do-daemonize: no\n' \
             '  use-syslog: no\n  do-not-query-localhost: no\n  num-threads: 1\n'

    def start(self, name, config):
        program = subprocess.Popen(["unbound", "-c", self.path(name, config)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(program.wait)
        self.addCleanup(program.terminate)

    def test_it_answers_for_what_is_free(self):
        source = self.list("l.csv", ".olm.vn,o,1\n*.hocmai.vn,h,1\nthi.moet.gov.vn,m,1\na.b.olm.vn,o,2\n"
                                    "!x.y.z.olm.vn,,\n!q.x.y.z.olm.vn,,\n!e.hocmai.vn,,\n")
        zone, refused = self.path("free.zone"), "$ORIGIN all.\n$TTL 60\n@ SOA a. b. 1 1 1 1 1\n@ NS a.\n*.vn CNAME .\n"
        self.run_list("export", "--to", "rpz", "--at", AT, "--exclusions", "nodata", "-o", zone, source)
        behind, port = free_port(), free_port()
        common = self.COMMON.format(self.folder)
        control = "remote-control:\n  control-enable: no\n"
        self.start("behind.conf", f"{common}  interface: 127.0.0.1@{behind}\n  local-zone: vn. redirect\n"
                                  f'  local-data: "vn. A 192.0.2.1"\n{control}')
        self.start("front.conf", f'{common}  interface: 127.0.0.1@{port}\n  module-config: "respip iterator"\n{control}'
                                 f'rpz:\n  name: rpz.zerorate\n  zonefile: "{zone}"\n'
                                 f'rpz:\n  name: all\n  zonefile: "{self.path("all.zone", refused)}"\n'
                                 f"forward-zone:\n  name: vn.\n  forward-addr: 127.0.0.1@{behind}\n")
        self.wait_for(behind, "ready.vn")
        self.wait_for(port, "olm.vn")
        for name in ("olm.vn", "a.olm.vn", "a.b.olm.vn", "c.b.olm.vn", "k.a.b.olm.vn", "z.olm.vn", "w.w.z.olm.vn",
                     "y.z.olm.vn", "w.y.z.olm.vn", "w.hocmai.vn", "v.w.hocmai.vn", "thi.moet.gov.vn"):
            self.assertEqual(ask(port, name), 1, name)
        for name in ("badolm.vn", "hocmai.vn", "e.hocmai.vn", "k.e.hocmai.vn", "x.y.z.olm.vn", "p.q.x.y.z.olm.vn",
                     "k.x.y.z.olm.vn", "a.thi.moet.gov.vn", "moet.gov.vn"):
            self.assertEqual(ask(port, name), 0, name)

    def wait_for(self, port, name):
        end = time.monotonic() + 60
        while True:
            try:
                if ask(port, name) == 1:
                    return
            except OSError:
                pass
            self.assertLess(time.monotonic(), end, "unbound does not answer")
            time.sleep(0.1)


class Pfd(Case):
    ROWS = ("thi.moet.gov.vn,moet,90001\n.olm.vn,olm,90001\n*.hocmai.vn,hocmai,90001\n!quangcao.olm.vn,,\n"
            "203.162.10.0/24 udp 8801-8810,live,90001\n203.162.10.0/24 tcp 443,live,90001\n"
            "203.162.10.0/24,live,90001\n2401:d800:10::/48,live,90001\nlớp.vn,x,90001\n"
            '.zone.vn,"học, ""x"";y",90001\n').replace("lớp.vn", "xn--lp-kia.vn")

    def export(self, source, *options, status=0):
        return self.run_list("export", "--to", "pfd", "--at", AT, *options, source, status=status)

    def imported(self, document, *options, status=0):
        text = document if isinstance(document, str) else json.dumps(document)
        return self.run_list("import", "--from", "pfd", *DIRECTIVES, *options, self.path("in.json", text),
                             status=status)

    def test_the_form_of_the_specification(self):
        document = json.loads(self.export(self.list("l.csv", self.ROWS), "--exclusions", "separate").stdout)
        self.assertEqual(list(document), ["pfdDatas"])
        for key, data in document["pfdDatas"].items():
            self.assertEqual(set(data), {"externalAppId", "pfds"})
            self.assertEqual(data["externalAppId"], key)
            for pfd_id, pfd in data["pfds"].items():
                self.assertEqual(pfd["pfdId"], pfd_id)
        datas = document["pfdDatas"]
        self.assertEqual(datas["olm"]["pfds"]["names"],
                         {"pfdId": "names", "dnProtocol": "TLS_SNI", "domainNames": [r"^(.+\.)?olm\.vn$"]})
        self.assertEqual(datas["hocmai"]["pfds"]["names"]["domainNames"], [r"^.+\.hocmai\.vn$"])
        self.assertEqual(datas["moet"]["pfds"]["names"]["domainNames"], ["thi.moet.gov.vn"])
        self.assertEqual(datas["live"]["pfds"], {"addresses": {"pfdId": "addresses", "flowDescriptions": [
            "permit out ip from 203.162.10.0/24 to assigned", "permit out 6 from 203.162.10.0/24 443 to assigned",
            "permit out 17 from 203.162.10.0/24 8801-8810 to assigned",
            "permit out ip from 2401:d800:10::/48 to assigned"]}})
        self.assertEqual(datas["zerorate-excluded"]["pfds"]["names"]["domainNames"],
                         [r"^(.+\.)?quangcao\.olm\.vn$"])

    def test_there_and_back(self):
        first = self.export(self.list("l.csv", self.ROWS), "--exclusions", "separate").stdout
        back = self.path("back.csv", self.imported(first).stdout)
        self.assertEqual(self.export(back, "--exclusions", "separate").stdout, first)
        again = self.run_list("diff", self.path("l.csv"), back, status=1).stdout
        self.assertTrue(again.endswith("\n0 added, 0 removed, 0 changed, 0 widened, 0 narrowed\n"), again)

    def test_exclusions_are_refused_by_themselves(self):
        said = self.export(self.list("l.csv", self.ROWS), status=1).stderr
        self.assertIn("!quangcao.olm.vn cannot be written", said)

    def test_names_of_two_services_are_told(self):
        said = self.export(self.list("l.csv", ".olm.vn,a,1\nthi.olm.vn,b,1\nolm.vn,b,1\n.c.olm.vn,a,1\n")).stderr
        self.assertIn("2 names lie under a domain of another service", said)

    def test_a_service_named_like_the_exclusions_is_refused(self):
        self.assertIn("zerorate-excluded", self.export(self.list("l.csv", ".olm.vn,zerorate-excluded,1\n"),
                                                       status=1).stderr)

    def test_nothing_in_force_is_refused(self):
        source = self.list("l.csv", ".olm.vn,a,1,2027-01-01T00:00:00Z,\n")
        self.assertIn("no entry is in force", self.export(source, status=1).stderr)

    def one(self, **pfd):
        return {"pfdDatas": {"a/b": {"externalAppId": "a/b", "pfds": {"1": {"pfdId": "1", **pfd}}}}}

    def rows(self, document, *options):
        return self.imported(document, *options).stdout.splitlines()[5:]

    def test_both_spellings_of_the_common_name(self):
        for protocol in ("DNS_QNAME", "TLS_SNI", "TLS_SAN", "TLS_SCN", "TSL_SCN"):
            self.assertEqual(self.rows(self.one(domainNames=["olm.vn"], dnProtocol=protocol)),
                             ['olm.vn,"a/b",90001,,,,,'])
        self.assertIn("in.json: /pfdDatas/a~1b/pfds/1/dnProtocol: ",
                      self.imported(self.one(domainNames=["olm.vn"], dnProtocol="TLS"), status=1).stderr)
        self.imported(self.one(flowDescriptions=["permit out ip from 10.0.0.1 to any"], dnProtocol="TLS_SNI"),
                      status=1)

    def test_ports_become_rows_and_the_service_is_given(self):
        self.assertEqual(
            self.rows(self.one(flowDescriptions=["permit out 6 from 10.0.0.9/24 80,443,8000-8010 to assigned"]),
                      "--service", "s"),
            ['10.0.0.0/24 tcp 80,"s",90001,,,,,', '10.0.0.0/24 tcp 443,"s",90001,,,,,',
             '10.0.0.0/24 tcp 8000-8010,"s",90001,,,,,'])

    def test_what_comes_twice_is_written_once(self):
        document = self.one(domainNames=["olm.vn", "OLM.vn."])
        document["pfdDatas"]["a/b"]["pfds"]["2"] = {"pfdId": "2", "domainNames": [r"^olm\.vn$"]}
        done = self.imported(document)
        self.assertEqual(done.stdout.splitlines()[5:], ['olm.vn,"a/b",90001,,,,,'])
        self.assertIn("2 entries came more than once", done.stderr)

    def test_all_that_is_refused_is_told_with_its_place(self):
        document = self.one(domainNames=["olm.vn", r"olm\.vn$", "a\x1b[31m*", ".vn!", "10.1.2.3", 5],
                            urls=["https://x/"])
        document["pfdDatas"]["a/b"]["pfds"]["2"] = {
            "pfdId": "3", "flowDescriptions": ["permit in ip from 10.0.0.1 to any",
                                               "permit out ip from 10.0.0.0/8 to any"], "sourceIps": []}
        document["pfdDatas"]["c"] = {"externalAppId": "d", "pfds": {}, "priority": 1}
        document["unknown"] = 1
        path = self.path("in.json")
        said = self.imported(document, status=1).stderr
        self.assertNotIn("\x1b", said)
        for place, text in (("/pfdDatas/a~1b/pfds/1/domainNames/1", r'"olm\.vn$"'),
                            ("/pfdDatas/a~1b/pfds/1/domainNames/2", '"a?[31m*"'),
                            ("/pfdDatas/a~1b/pfds/1/domainNames/3", '".vn!"'),
                            ("/pfdDatas/a~1b/pfds/1/domainNames/5", "is no text"),
                            ("/pfdDatas/a~1b/pfds/1/urls/0", '"https://x/"'),
                            ("/pfdDatas/a~1b/pfds/2/pfdId", "key"),
                            ("/pfdDatas/a~1b/pfds/2/sourceIps", "unknown member"),
                            ("/pfdDatas/a~1b/pfds/2/flowDescriptions/0", '"permit in'),
                            ("/pfdDatas/a~1b/pfds/2/flowDescriptions/1", "/8 is wider than"),
                            ("/pfdDatas/c/externalAppId", "key"), ("/pfdDatas/c/pfds", "no object"),
                            ("/pfdDatas/c/priority", "unknown member"), ("/unknown", "unknown member")):
            self.assertTrue(any(line.startswith(f"{path}: {place}: ") and text in line
                                for line in said.splitlines()), (place, text, said))

    def test_findings_of_the_reader_have_the_place_in_the_document(self):
        document = self.one(domainNames=[r"^(.+\.)?olm\.vn$", r"^.+\.olm\.vn$"])
        self.assertIn("in.json: /pfdDatas/a~1b/pfds/1/domainNames/1: \"*.olm.vn\" and \".olm.vn\"",
                      self.imported(document, status=1).stderr)

    def test_names_and_flows_of_one_pfd_are_refused(self):
        self.assertIn("must both fit", self.imported(
            self.one(domainNames=["a.vn"], flowDescriptions=["permit out ip from 10.0.0.1 to any"]), status=1).stderr)

    def test_names_do_not_become_wider(self):
        for text, wrong in (("10.1.2.3", "is an address"), (r"^10\.1\.2\.3$", "is an address"),
                            (r"^\.olm\.vn$", "has an empty label"), ("^[.]olm[.]vn$", "has an empty label"),
                            (r"^(.+\.)?\.olm\.vn$", "has an empty label"), (r"\.\.olm\.vn$", "has an empty label")):
            self.assertIn(wrong, self.imported(self.one(domainNames=[text]), status=1).stderr)

    def test_a_service_that_is_a_formula_is_refused(self):
        for service in ("=1+1", "+1", "-1", "@SUM(A1)"):
            document = {"pfdDatas": {service: {"externalAppId": service, "pfds": {"1": {"pfdId": "1", "domainNames": [
                "olm.vn"]}}}}}
            self.assertIn("like a formula of a spreadsheet", self.imported(document, status=1).stderr)
            self.assertEqual(self.rows(document, "--service", "s"), ['olm.vn,"s",90001,,,,,'])

    def test_messages_have_an_end(self):
        said = self.imported(self.one(domainNames=["a..b"] * 10100), status=1).stderr.splitlines()
        self.assertEqual(len(said), 10001)
        self.assertIn("nothing is written: 10100 errors, of which the first are told", said[-1])

    def test_what_is_no_document_is_refused(self):
        for text in ("", "{", "[]", "5", "{}", '{"pfdDatas": []}', '{"pfdDatas": {}}', '{"pfdDatas": {"a": 1}}',
                     '{"pfdDatas": {"a": {"externalAppId": "a", "pfds": {"1": 1}}}}', "[" * 100000,
                     '{"pfdDatas": {}, "pfdDatas": {}}', '{"pfdDatas": "\\u0000"}', "\xff"):
            self.assertIn("nothing is written", self.imported(text, status=1).stderr)

    def test_a_document_of_much_memory_is_refused(self):
        said = self.imported('{"pfdDatas": [' + "{}," * 5_000_000 + "1]}", status=1).stderr
        self.assertIn("takes more memory", said)

    def test_a_huge_file_is_refused_before_it_is_read(self):
        path = self.path("huge")
        with open(path, "wb") as file:
            file.truncate(10 << 30)
        for form in ("pfd", "hosts"):
            said = self.run_list("import", "--from", form, "--service", "s", *DIRECTIVES, path, status=1).stderr
            self.assertIn("larger than 64 MiB", said)
        self.assertIn("larger than 512 MiB", self.run_list("diff", path, path, status=2).stderr)

    def test_a_service_with_control_characters_is_refused(self):
        document = {"pfdDatas": {"a\nb": {"externalAppId": "a\nb", "pfds": {"1": {"pfdId": "1", "domainNames": [
            "olm.vn"]}}}}}
        self.assertIn("in.json: /pfdDatas/a?b/pfds/1/domainNames/0: the service holds control characters",
                      self.imported(document, status=1).stderr)
        self.assertEqual(self.rows(document, "--service", "s"), ['olm.vn,"s",90001,,,,,'])


class Hosts(Case):
    def imported(self, text, *options, status=0):
        return self.run_list("import", "--from", "hosts", "--service", "s", *DIRECTIVES, *options,
                             self.path("names", text), status=status)

    def matches(self, text):
        return [line.split(",")[0] for line in self.imported(text).stdout.splitlines()[5:]]

    def test_plain_names(self):
        self.assertEqual(self.matches("\ufeff# names\r\nolm.vn\r\n\r\n  Hocmai.VN. # no address\n.a.vn\n*.b.vn"),
                         ["olm.vn", "hocmai.vn", ".a.vn", "*.b.vn"])

    def test_a_hosts_file(self):
        text = ("127.0.0.1\tlocalhost\n::1 localhost ip6-localhost ip6-loopback\nfe80::1%lo0 localhost\n"
                "ff02::1 ip6-allnodes\n255.255.255.255 broadcasthost\n0.0.0.0 0.0.0.0\n"
                "203.0.113.7 olm.vn www.olm.vn # both\n0.0.0.0 hocmai.vn\n")
        self.assertEqual(self.matches(text), ["olm.vn", "www.olm.vn", "hocmai.vn"])
        self.assertIn("8 names of the machine itself", self.imported(text).stderr)

    def test_filter_rules_are_refused_with_line_and_column(self):
        text = ("||ads.vn^\n@@||olm.vn^\n! comment\nolm.vn##.banner\n  a.vn$third-party\n*ads*\n/ads/\n"
                "127.0.0.1 localhost a.*.vn\n")
        said = self.imported(text, status=1).stderr
        path = self.path("names")
        for place in ("1:1", "2:1", "3:1", "4:7", "5:7", "6:1", "7:1", "8:23"):
            self.assertIn(f"{path}:{place}: ", said)
        self.assertIn("this is a filter list", self.imported("[Adblock Plus 2.0]\n||a^\n", status=1).stderr)

    def test_other_mistakes_have_their_place(self):
        text = ("10.1.1.1\n127.0.1.1 myhost\nolm.vn hocmai.vn\nhttp://olm.vn/\n10.0.0.1 10.0.0.2\na..vn\n!olm.vn\n"
                "olm.vn:443\n" + "a" * 64 + ".vn\n\x01.vn\n")
        said = self.imported(text, status=1).stderr
        path = self.path("names")
        for place in ("1:1", "2:11", "3:8", "4:1", "5:10", "6:1", "7:1", "8:1", "9:1", "10:1"):
            self.assertIn(f"{path}:{place}: ", said)
        self.assertIn("nothing is written: 10 errors", said)

    def test_blocks_are_refused(self):
        for text in ("203.0.113.0/24\n", "203.0.113.5/32 # one\n", "10.0.0.1 203.0.113.0/24\n", "a.vn\n2001:db8:1::/48\n"):
            self.assertIn("nothing is written: 1 error", self.imported(text, status=1).stderr)
        self.assertIn("and a host name is expected", self.imported("203.0.113.0/24\n", status=1).stderr)

    def test_the_dot_of_the_root_makes_no_other_name(self):
        self.assertIn("1 names of the machine itself", self.imported("127.0.0.1 localhost. olm.vn.\n").stderr)
        self.assertIn("one label only", self.imported("127.0.0.1 myhost.\n", status=1).stderr)

    def test_a_long_line_has_its_places(self):
        said = self.imported("10.0.0.1" + " b.vn" * 100000 + " é..vn ç.vn$\n", status=1).stderr
        path = self.path("names")
        for column in (8 + 500000 + 2, 8 + 500000 + 2 + 6 + 4):
            self.assertIn(f"{path}:1:{column}: ", said)

    def test_names_of_any_script(self):
        label = "học".encode("idna").decode()
        self.assertEqual(self.matches("học.vn\n.HỌC.vn\n"), [f"{label}.vn", f".{label}.vn"])

    def test_the_list_is_as_it_was_told(self):
        path = self.path("out.csv")
        self.imported("olm.vn\n", "-o", path)
        self.assertEqual(pathlib.Path(path).read_text(), """\
#! serial: 7
#! issuer: MOET, "a";b
#! issued: 2026-11-22T00:00:00+07:00
#! expires: 2027-06-30T23:59:59+07:00
match,service,rating_group,from,until,verify,owner,note
olm.vn,"s",90001,,,,,
""")
        self.run_list("check", path)

    def test_nothing_is_written_when_anything_is_refused(self):
        path = self.path("out.csv")
        self.imported("olm.vn\na..b\n", "-o", path, status=1)
        self.assertEqual(os.listdir(self.folder), ["names"])

    def test_usage(self):
        names = self.path("names", "olm.vn\n")
        good = ["--from", "hosts", "--service", "s", *DIRECTIVES]
        self.run_list("import", *good, names)
        for args in ((), (names,), (*good,), (*good, names, names), (*good[2:], names), ("--from", "csv", *good[2:], names),
                     ("--from", "hosts", *DIRECTIVES, names), (*good, "--rating-group", "x", names),
                     (*good, "--serial", "0", names), (*good, "--expires", "soon", names),
                     (*good, "--issuer", "a\n#! x: y", names), (*good, "--issuer", "", names),
                     (*good, "--service", "", names), (*good, "--issued", "2028-01-01T00:00:00Z", names),
                     (*good, "--what", names)):
            self.run_list("import", *args, status=2)
        self.run_list("import", *good, self.path("absent"), status=1)

    def test_a_pipe_is_read(self):
        done = self.run_list("import", "--from", "hosts", "--service", "s", *DIRECTIVES, "/dev/stdin", stdin="olm.vn\n")
        self.assertIn('olm.vn,"s"', done.stdout)


class Help(Case):
    def test_every_command_has_help(self):
        for command in ("diff", "export", "import"):
            text = self.run_list(command, "--help").stdout
            for part in ("Usage:", "Options:", "Exit status:", "Example"):
                self.assertIn(part, text)
            self.assertIn(f"\n  {command} ", self.run_list("--help").stdout)


if __name__ == "__main__":
    ZERORATE, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1], verbosity=2)
