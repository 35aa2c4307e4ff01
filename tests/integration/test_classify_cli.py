# SPDX-License-Identifier: BSD-3-Clause
"""The command line of `zerorate classify`: statuses, messages, and that what can be read is always counted.

Usage: test_classify_cli.py ZERORATE
"""

import json
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile
import unittest

ZERORATE = ""

LIST = """#! serial: 2026112201
#! issuer: Bộ Giáo dục và Đào tạo
#! issued: 2020-11-22T00:00:00+07:00
#! expires: 2037-06-30T23:59:59+07:00
match,service,rating_group,from,until,verify,owner,note
.olm.vn,olm,90001,,,,OLM,
!quangcao.olm.vn,,,,,,,
"""

START = 1700000000
CLIENT, SERVER = bytes([10, 1, 2, 3]), bytes([203, 0, 113, 80])
SYN, ACK = 0x02, 0x10


def tls_hello(name, more=b""):
    """A ClientHello (RFC 8446, section 4.1.2) that carries a server name (RFC 6066, section 3), little else, and more extensions."""
    host = name.encode()
    entry = b"\0" + struct.pack(">H", len(host)) + host
    sni = struct.pack(">H", len(entry)) + entry
    extensions = struct.pack(">HH", 0, len(sni)) + sni + more
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    handshake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


def tcp_frame(up, seq, flags, payload=b"", port=50123):
    src, dst = (CLIENT, SERVER) if up else (SERVER, CLIENT)
    ports = (port, 443) if up else (443, port)
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, 0, 5 << 4, flags, 65535, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, src, dst)
    return bytes(12) + b"\x08\x00" + ip + tcp


def pcap(frames, first=0):
    """A little-endian microsecond pcap file; packets are a millisecond apart, from number `first` on."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    for i, frame in enumerate(frames, first):
        out += struct.pack("<IIII", START + i // 1000, i % 1000 * 1000, len(frame), len(frame)) + frame
    return out


def connection(name, port=50123):
    return [
        tcp_frame(True, 1000, SYN, port=port),
        tcp_frame(False, 5000, SYN | ACK, port=port),
        tcp_frame(True, 1001, ACK, tls_hello(name), port=port),
        tcp_frame(False, 5001, ACK, bytes(1200), port=port),
    ]


def volume(frames):
    """Packets and bytes as they are accounted: the IP length, here all that follows the Ethernet header."""
    return {"pkts": len(frames), "bytes": sum(len(f) - 14 for f in frames)}


class Classify(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.list = self.file("list.csv", LIST.encode())
        self.frames = connection("static.olm.vn")
        self.free = self.file("free.pcap", pcap(self.frames))

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def zerorate(self, *args, **more):
        return subprocess.run([ZERORATE, *args], capture_output=True, text=True, timeout=60, **more)

    def classify(self, *args):
        return self.zerorate("classify", "--list", self.list, *args)

    def records(self, run):
        return [json.loads(line) for line in run.stdout.splitlines()]

    def check_sum(self, summary):
        for unit in "pkts", "bytes":
            parts = summary["free"][unit] + summary["charged"][unit]
            reasons = sum(v[unit] for v in summary["reasons"].values())
            unaccounted = sum(v[unit] for v in summary["unaccounted"].values())
            self.assertEqual(parts, reasons)
            self.assertEqual(parts + unaccounted, summary[unit])

    # What is asked for

    def test_help(self):
        for args in ["--help"], ["-h"], ["classify", "-h"], ["classify", "--help"]:
            run = self.zerorate(*args)
            self.assertEqual(run.returncode, 0)
            self.assertEqual(run.stderr, "")
            self.assertIn("Usage:", run.stdout)
            self.assertIn("Exit status:", run.stdout)
            self.assertLessEqual(max(map(len, run.stdout.splitlines())), 100)
        for option in "--list", "--subscribers", "--tunnel-endpoints", "--verify-checksums", "--all", "--show-names", "--format":
            self.assertIn(option, run.stdout)

    def test_version(self):
        run = self.zerorate("--version")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, r"^zerorate \d+\.\d+\.\d+\n$")

    def test_usage_errors(self):
        cases = [
            [],
            ["frobnicate"],
            ["classify"],
            ["classify", self.free],
            ["classify", "--list", self.list],
            ["classify", "--list", self.list, "--nonsense", self.free],
            ["classify", "--list", self.list, "--format", "xml", self.free],
            ["classify", "--list", self.list, "--subscribers", "10.0.0.0/40", self.free],
        ]
        for args in cases:
            with self.subTest(args=args):
                run = self.zerorate(*args)
                self.assertEqual(run.returncode, 2)
                self.assertEqual(run.stdout, "")
                self.assertIn("--help", run.stderr)

    def test_prefix_with_host_bits(self):
        run = self.classify("--subscribers", "10.1.2.3/8", self.free)
        self.assertEqual(run.returncode, 2)
        self.assertIn("write 10.0.0.0/8", run.stderr)

    # Lists

    def test_list_errors(self):
        text = LIST + ".good.vn,svc,notanumber,,,,,\nbad name,svc,1,,,,,\n.olm.vn,olm,90001,,,,,\n"
        broken = self.file("broken.csv", text.encode())
        run = self.zerorate("classify", "--list", broken, self.free)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        *findings, last = run.stderr.splitlines()
        self.assertEqual(last, f"{broken}: the list is refused: 3 errors")
        self.assertEqual(len(findings), 3, run.stderr)
        for line in 8, 9, 10:
            self.assertTrue(any(f.startswith(f"{broken}:{line}:") for f in findings), run.stderr)
        for finding in findings:
            self.assertRegex(finding, r":\d+:\d+: \S")

    def test_list_missing(self):
        run = self.zerorate("classify", "--list", str(self.folder / "none.csv"), self.free)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("none.csv: the list cannot be read: No such file", run.stderr)

    def test_list_is_no_file(self):
        large = self.folder / "large.csv"
        with open(large, "wb") as file:
            file.truncate(10 << 30)  # a hole: it takes no room on the disk
        for path, why in (
            (self.folder, "it is a folder"),
            ("/dev/zero", "it is a device or socket, not a file"),
            (large, "it is larger than 512 MiB"),
        ):
            with self.subTest(path=path):
                run = self.zerorate("classify", "--list", str(path), self.free)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn(f"{path}: the list cannot be read: {why}; name a list", run.stderr)

    # The main job

    def test_free_flow(self):
        run = self.classify(self.free)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        tag, usage, summary = self.records(run)
        self.assertEqual([tag["type"], usage["type"], summary["type"]], ["tag", "usage", "summary"])
        self.assertEqual([tag["seq"], usage["seq"]], [1, 2])
        for record in tag, usage:
            self.assertEqual(record["gateway"], "classify")
            self.assertEqual(record["epoch"], "2023-11-14T22:13:20.000000Z")
            self.assertEqual(record["flow"][:6], "000000")
            self.assertEqual(record["flow"], tag["flow"])
            self.assertEqual(record["verdict"], "free")
            self.assertEqual(record["reason"], "sni")
            self.assertEqual(record["evidence"], ["tls_sni"])
            self.assertEqual(record["rule"], ".olm.vn")
            self.assertEqual(record["service"], "olm")
            self.assertEqual(record["rating_group"], 90001)
            self.assertEqual(record["name"], "static.olm.vn")
            self.assertEqual(record["list_serial"], 2026112201)
            self.assertEqual(record["subscriber"], {"ip": "10.1.2.3"})
            self.assertEqual(record["domain"], 0)
            self.assertEqual(record["first"], "2023-11-14T22:13:20.000000Z")
        self.assertEqual(tag["last"], "2023-11-14T22:13:20.002000Z")
        self.assertEqual(usage["last"], "2023-11-14T22:13:20.003000Z")
        self.assertEqual((usage["part"], usage["final"], usage["cause"]), (0, True, "shutdown"))
        self.assertEqual(usage["up_bytes"] + usage["down_bytes"], volume(self.frames)["bytes"])
        self.assertEqual(usage["up_pkts"] + usage["down_pkts"], 4)
        self.assertEqual((usage["retro_up_bytes"], usage["retro_down_bytes"]), (40, 40))
        self.assertEqual(summary["free"], volume(self.frames))
        self.assertEqual(summary["reasons"], {"sni": volume(self.frames)})
        self.check_sum(summary)

    def test_charged_flow_and_its_name(self):
        charged = self.file("charged.pcap", pcap(connection("video.example")))
        quiet, shown, named = (
            self.records(self.classify(*args, charged)) for args in ([], ["--all"], ["--all", "--show-names"])
        )
        self.assertEqual([r["type"] for r in quiet], ["summary"])
        self.assertEqual([r["type"] for r in shown], ["usage", "summary"])
        self.assertEqual(shown[0]["reason"], "no_match")
        self.assertEqual(shown[0]["list_serial"], 2026112201)
        for member in "name", "rule", "service", "rating_group", "retro_up_bytes":
            self.assertNotIn(member, shown[0])
        self.assertEqual(named[0]["name"], "video.example")
        self.assertEqual(quiet[-1], named[-1])

    def test_excluded(self):
        path = self.file("excluded.pcap", pcap(connection("a.quangcao.olm.vn")))
        usage, summary = self.records(self.classify("--all", path))
        self.assertEqual((usage["verdict"], usage["reason"]), ("charged", "excluded"))
        self.assertEqual(usage["rule"], "!quangcao.olm.vn")
        self.assertNotIn("service", usage)
        self.check_sum(summary)

    def test_not_subscriber(self):
        records = self.records(self.classify("--subscribers", "192.0.2.0/24", self.free))
        self.assertEqual([r["type"] for r in records], ["summary"])
        self.assertEqual(records[0]["reasons"], {"not_subscriber": volume(self.frames)})

    def test_two_files_are_one_stream(self):
        first = self.file("first.pcap", pcap(self.frames[:2]))
        second = self.file("second.pcap", pcap(self.frames[2:], 2))
        self.assertEqual(self.classify(first, second).stdout, self.classify(self.free).stdout)

    def test_same_output_every_time(self):
        frames = [f for i in range(50) for f in connection(f"h{i}.olm.vn", 40000 + i)]
        path = self.file("many.pcap", pcap(frames))
        runs = [self.classify("--all", path).stdout for _ in range(2)]
        self.assertEqual(runs[0], runs[1])
        records = [json.loads(line) for line in runs[0].splitlines()]
        self.assertEqual([r["seq"] for r in records[:-1]], list(range(1, 101)))
        self.assertEqual(records[-1]["free"], volume(frames))

    def test_no_packets(self):
        run = self.classify(self.file("none.pcap", pcap([])))
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(self.records(run)[0]["pkts"], 0)

    def test_other_link_type(self):
        content = bytearray(pcap(self.frames))
        content[20:24] = struct.pack("<I", 105)
        run = self.classify(self.file("wlan.pcap", bytes(content)))
        self.assertEqual(run.returncode, 0)
        summary = self.records(run)[-1]
        self.assertEqual(summary["unaccounted"]["link_type"]["pkts"], 4)
        self.check_sum(summary)

    # Tables

    def test_table(self):
        run = self.classify("--format", "table", self.free)
        self.assertEqual(run.returncode, 0)
        header, row = run.stdout.splitlines()
        self.assertEqual(header.index("NAME"), row.index("static.olm.vn"))
        self.assertEqual(header.index("SERVER"), row.index("203.0.113.80:443"))
        self.assertRegex(run.stderr, r"(?m)^free +4 +\d+$")
        self.assertRegex(run.stderr, r"(?m)^total +4 +\d+$")

    def test_terminal_gets_a_table(self):
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            self.skipTest(f"no pseudo-terminal can be had here: {error}")
        self.addCleanup(os.close, ours)
        with subprocess.Popen(
            [ZERORATE, "classify", "--list", self.list, self.free], stdout=theirs, stderr=subprocess.DEVNULL
        ) as run:
            os.close(theirs)
            text = os.read(ours, 65536).decode()
            self.assertEqual(run.wait(60), 0)
        self.assertIn("NAME", text.splitlines()[0])

    # Broken captures

    def check_broken(self, bad, expected, pkts):
        """A bad file before and after a good one: one line each, and all that can be read is counted."""
        charged = self.file("other.pcap", pcap(connection("video.example", 50200), 10))
        run = self.classify(bad, charged, bad)
        self.assertEqual(run.returncode, 1)
        lines = run.stderr.splitlines()
        self.assertEqual(len(lines), 2, run.stderr)
        for line in lines:
            self.assertTrue(line.startswith(f"{bad}: "))
            self.assertIn(expected, line)
        summary = self.records(run)[-1]
        self.assertEqual(summary["pkts"], 4 + 2 * pkts)
        self.check_sum(summary)

    def test_truncated(self):
        self.check_broken(self.file("cut.pcap", pcap(self.frames)[:-100]), "copy it again", 3)

    def test_truncated_header(self):
        self.check_broken(self.file("cut.pcap", pcap(self.frames)[:20]), "is no capture", 0)

    def test_corrupt(self):
        corrupt = pcap(self.frames[:2]) + struct.pack("<IIII", START, 0, 0xFFFFFFF0, 60) + bytes(60)
        self.check_broken(self.file("corrupt.pcap", corrupt), "breaks off in packet 3", 2)

    def test_two_link_types(self):
        """libpcap reads a pcapng file as far as its interfaces have one link type."""

        def block(kind, body):
            return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

        def interface(link):
            return block(1, struct.pack("<HHI", link, 0, 0))

        def packet(frame):
            body = struct.pack("<IIIII", 0, START * 1000000 >> 32, START * 1000000 & 0xFFFFFFFF, len(frame), len(frame))
            return block(6, body + frame + bytes(-len(frame) % 4))

        section = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        content = section + interface(1) + packet(self.frames[0]) + interface(101)
        self.check_broken(self.file("two.pcapng", content), "capture each to a file of its own", 1)

    def test_empty(self):
        self.check_broken(self.file("empty.pcap", b""), "is empty", 0)

    def test_no_capture(self):
        self.check_broken(self.file("text.pcap", LIST.encode()), "is no capture", 0)

    def test_missing(self):
        self.check_broken(str(self.folder / "missing.pcap"), "cannot be opened: No such file", 0)

    def test_folder(self):
        self.check_broken(str(self.folder), "Is a directory", 0)

    # Output that fails

    def run_into(self, command):
        line = f'"$0" classify --list "$1" "$2" {command}'
        return subprocess.run(
            ["sh", "-c", line, ZERORATE, self.list, self.free], capture_output=True, text=True, timeout=60
        )

    def test_closed_output(self):
        run = self.run_into(">&-")
        self.assertEqual(run.returncode, 1)
        self.assertIn("cannot be written", run.stderr)

    def test_full_disk(self):
        run = self.run_into(">/dev/full")
        self.assertEqual(run.returncode, 1)
        self.assertIn("No space left on device", run.stderr)

    def test_help_on_a_full_disk(self):
        for args in "--help", "--version", "classify --help":
            run = subprocess.run(["sh", "-c", f'"$0" {args} >/dev/full', ZERORATE], capture_output=True, text=True)
            self.assertEqual(run.returncode, 1)
            self.assertIn("No space left on device", run.stderr)

    def test_closed_pipe(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        self.addCleanup(os.close, write_end)
        run = subprocess.run(
            [ZERORATE, "classify", "--list", self.list, self.free],
            stdout=write_end,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            restore_signals=True,
        )
        self.assertEqual((run.returncode, run.stderr), (1, ""))


if __name__ == "__main__":
    ZERORATE = sys.argv.pop(1)
    unittest.main()
