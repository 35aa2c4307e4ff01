#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What resolvers' answers teach a daemon: status, `zerorate list learned`, warnings, on a capture that is played as of now.

    test_learned.py ZERORATED ZERORATE LIST CAPTURE
"""
import datetime
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import Daemon, on_capture

ZERORATED, ZERORATE, LIST, CAPTURE = sys.argv[1:5]
RESOLVER = "203.0.113.53"


def as_of_now(path):
    """A classic capture file whose last packet comes now, so that what it teaches still counts."""
    data = bytearray(pathlib.Path(path).read_bytes())
    places, at = [], 24
    while at < len(data):
        places.append(at)
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    shift = int(time.time()) - struct.unpack_from("<I", data, places[-1])[0]
    for at in places:
        struct.pack_into("<I", data, at, struct.unpack_from("<I", data, at)[0] + shift)
    return bytes(data)


class Learned(unittest.TestCase):
    def setUp(self):
        self.capture = tempfile.NamedTemporaryFile(suffix=".pcap")
        self.addCleanup(self.capture.close)
        self.capture.write(as_of_now(CAPTURE))
        self.capture.flush()

    def daemon(self, more, list_text=None):
        text = list_text or pathlib.Path(LIST).read_text(encoding="utf-8")
        return Daemon(ZERORATED, ZERORATE, on_capture(self.capture.name) + more, text)

    def ask(self, daemon, *what):
        return subprocess.run([ZERORATE, "list", "learned", "--socket", f"{daemon.folder}/control.sock", *what], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=60)

    def test_what_stands_behind_a_name(self):
        with self.daemon(f'trusted_resolvers = [ "{RESOLVER}/32" ];\n') as daemon:
            status = daemon.wait_for(lambda status: status["input_ended"] and status["evidence"]["network"]["tables"] > 0 and
                                     status["evidence"]["network"]["rows"] == status["counters"]["lessons"])
            evidence = status["evidence"]
            self.assertEqual((evidence["resolvers"], evidence["verify"], evidence["untold"]), (1, "off", 0))
            self.assertGreater(evidence["lessons"], 0)
            done = self.ask(daemon, "--json", "OLM.vn")
            self.assertEqual(done.returncode, 0, done.stderr)
            reply = json.loads(done.stdout)
            self.assertEqual(reply["matched"], len(reply["rows"]))
            self.assertGreater(reply["matched"], 0)
            for row in reply["rows"]:
                self.assertTrue(row["name"] == "olm.vn" or row["name"].endswith(".olm.vn"), row)
                self.assertEqual(row["resolver"], RESOLVER)
                self.assertLess(row["learned"], row["until"])
            row = reply["rows"][0]
            by_address = json.loads(self.ask(daemon, "--json", row["address"]).stdout)
            self.assertIn(row, by_address["rows"])
            self.assertEqual({other["address"] for other in by_address["rows"]}, {row["address"]})
            table = self.ask(daemon, "olm.vn").stdout
            self.assertIn(row["address"], table)
            self.assertIn("Nothing is known", self.ask(daemon, "nowhere.example.org").stdout)
            # A name that is listed nowhere, or a part of a label, is not told.
            self.assertEqual(json.loads(self.ask(daemon, "--json", "lm.vn").stdout)["matched"], 0)
            # Written as in the list, and names of any script.
            for text in ("*.olm.vn", ".olm.vn", "OLM.VN."):
                self.assertEqual(json.loads(self.ask(daemon, "--json", text).stdout)["matched"], reply["matched"], text)
            self.assertEqual(json.loads(self.ask(daemon, "--json", "học.vn").stdout)["matched"], 0)
            for text in ("not a name", "203.0.113.0/33", "", "olm..vn"):
                done = self.ask(daemon, text)
                self.assertEqual((done.returncode, done.stdout), (2, ""), text)
                self.assertIn("no host name and no address", done.stderr)
            done = self.ask(daemon, "203.0.113.0/24")
            self.assertEqual(done.returncode, 3)
            self.assertIn("one address", done.stderr)

    def test_a_capture_of_long_ago_teaches_by_its_own_clock(self):
        self.capture.seek(0)
        self.capture.write(pathlib.Path(CAPTURE).read_bytes())
        self.capture.flush()
        with self.daemon(f'trusted_resolvers = [ "{RESOLVER}/32" ];\n') as daemon:
            status = daemon.wait_for(lambda status: status["input_ended"] and status["evidence"]["network"]["tables"] > 0 and
                                     status["evidence"]["network"]["rows"] == status["counters"]["lessons"])
            self.assertGreater(status["evidence"]["network"]["rows"], 0)
            reply = json.loads(self.ask(daemon, "--json", "olm.vn").stdout)
            self.assertGreater(reply["matched"], 0)
            with open(CAPTURE, "rb") as file:
                first_s = struct.unpack_from("<I", file.read(28), 24)[0]
            for row in reply["rows"]:
                learned_s = datetime.datetime.fromisoformat(row["learned"].replace("Z", "+00:00")).timestamp()
                self.assertLess(abs(learned_s - first_s), 3600, row)

    def test_nobody_is_trusted(self):
        with self.daemon("") as daemon:
            status = daemon.wait_for(lambda status: status["input_ended"])
            self.assertEqual(status["evidence"]["network"]["rows"], 0)
            self.assertFalse([text for text in status["warnings"] if "trusted_resolvers" in text])
            done = self.ask(daemon, "olm.vn")
            self.assertEqual(done.returncode, 3)
            self.assertIn("trusted_resolvers", done.stderr)

    def test_a_list_that_nothing_can_back(self):
        lines = pathlib.Path(LIST).read_text(encoding="utf-8").splitlines()
        head = next(i for i, line in enumerate(lines) if line.startswith("match,"))
        verify = lines[head].split(",").index("verify")
        cells = [".backed.example", "backed", "90001"] + [""] * (len(lines[head].split(",")) - 3)
        cells[verify] = "require"
        with self.daemon("", "\n".join([*lines, ",".join(cells)]) + "\n") as daemon:
            status = daemon.wait_for(lambda status: status["input_ended"])
            self.assertTrue([text for text in status["warnings"] if "verify require" in text], status["warnings"])
            self.assertIn("write trusted_resolvers", daemon.logged())
        with self.daemon(f'trusted_resolvers = [ "{RESOLVER}/32" ];\n', "\n".join([*lines, ",".join(cells)]) + "\n") as daemon:
            status = daemon.wait_for(lambda status: status["input_ended"])
            self.assertFalse([text for text in status["warnings"] if "verify require" in text], status["warnings"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
