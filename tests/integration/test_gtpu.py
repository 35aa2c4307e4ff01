# SPDX-License-Identifier: BSD-3-Clause
"""The daemon in the way of GTP-U: sgsnemu and osmo-ggsn talk through it, volumes are the kernel's behind the GGSN.

Usage: test_gtpu.py ZERORATED ZERORATE LIST     as root; status 77 and the reason where it cannot run

The network is gtpu.py's. Five runs of the daemon, one after the other: all cases of test_live in packets that fit into the line,
marked inside and outside; two lists during downloads; packets of 1500 bytes, which come over the line in fragments, on ports that
show them to one worker or to two, and on ports for which the kernel puts them together.
"""

import contextlib
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import test_live
from daemon import PATIENCE_S, Daemon, Stream
from gtpu import ARP_FRAME_LEN, BOX, CODE_POINTS, GGSN_IP, LINE_MTU, OUTER_LEN, SGSN, TunnelNet, why_no_tun
from test_inline import CONFIG, Inline
from test_live import CASES, GATEWAY, SKIPPED, SUBSCRIBER, Case, Live, inside, is_talk, quiet, run

ICMP = 1
GATE = "table inet gate { chain out { type filter hook output priority 0; policy drop; }; }"
OPEN_GATE = "add table inet gate; delete table inet gate"
FRAME_HEADER_LEN = 14
# A connection that was given up says so for a while, seconds apart.
ATTEMPTS = 3
PROGRAMS = ("osmo-ggsn", "sgsnemu", "ping")
FITTING_MTU = 1400
# Far more than is waited for.
FILM_BYTES = 6_000_000
INSIDE = CONFIG.replace('subscribers = [ "10.77.0.0/24", "2001:db8:77::/64" ];',
                        'subscribers = [ "10.77.0.8/29", "2001:db8:77::/56" ]; tunnel_endpoints = [ "10.200.0.0/24" ];')
OUTSIDE = INSIDE.replace("mark = {", "mark = { outer = true;")


def pieces(workers):
    """net_af_packet has the kernel put fragments together; libpcap's sockets do not. A queue for each worker to send from."""
    ports = [f"--vdev=net_pcap{number},rx_iface_in={link}{f',tx_iface={link}' * workers}" for number, link in enumerate(("left", "right"))]
    config = re.sub("--vdev=.*qpairs=2", " ".join(ports), INSIDE).replace("net_af_packet", "net_pcap")
    return config.replace('workers = "1-2"', f'workers = "1-{workers}"')


def settled(net, daemon):
    """What arrived over the line, what the kernel forwarded, and the daemon's status, all of one quiet moment."""
    for _ in range(10):
        line = {name: net.arrived(name) for name in (SGSN, GATEWAY)}
        volumes, status = quiet(net, daemon)
        if line == {name: net.arrived(name) for name in (SGSN, GATEWAY)}:
            return line, volumes, status
    raise AssertionError("packets do not end")


def inner(volume):
    """Bytes and packets inside of the tunnel."""
    return volume[0] - OUTER_LEN * volume[1], volume[1]


def lost(port):
    """What the daemon says that it did not send, inside of the tunnel."""
    volumes = [(drop["bytes"], drop["pkts"]) for drop in port["tx_drops"].values()]
    octets, pkts = added(volumes)
    return octets - (FRAME_HEADER_LEN + OUTER_LEN) * pkts, pkts


def added(volumes):
    return tuple(map(sum, zip((0, 0), *volumes)))


def volume_of(records):
    return added((record[f"{way}_bytes"], record[f"{way}_pkts"]) for record in records for way in ("up", "down"))


class Tunnelled(Live):
    """What holds in every run."""

    namespace = BOX
    subscribers = "10.77.0.11", "2001:db8:77:1::/64"
    expected = Inline.expected
    test_what_comes_in_goes_out = Inline.test_what_comes_in_goes_out

    @classmethod
    def gather(cls, net, zerorated, zerorate, list_path):
        text = re.sub("#! expires: .*", "#! expires: 2099-12-31T23:59:59+07:00", pathlib.Path(list_path).read_text())
        net.count()
        with Daemon(zerorated, zerorate, cls.config, text, inside(cls.namespace)) as daemon:
            stream = Stream(daemon, op="subscribe", consumer="billing")
            cls.work(net, daemon, text)
            cls.line, volumes, cls.status = settled(net, daemon)
            cls.contexts = net.contexts()
            cls.exit_status = daemon.end()[1]
            # Without the daemon nothing gets over the line: what is there now came before its end.
            cls.still = cls.line == {name: net.arrived(name) for name in cls.line}
            cls.messages = stream.to_end()
            stream.close()
            cls.log = daemon.logged()
        servers = {case.server for case in cls.cases}
        cls.kernel = {key: volume for key, volume in volumes.items() if key[0] in servers}
        cls.usage = [message["record"] for message in cls.messages
                     if message["op"] == "record" and message["record"]["type"] == "usage"]

    def marked(self, direction):
        """Inner bytes by server and code point as they came over the line."""
        line = self.line[GATEWAY if direction == "up" else SGSN]
        return {(server, mark): inner(line[f"{server} {mark}"])[0] for server, mark in self.expected(direction)}

    def outside(self):
        """Pairs of code points that user packets had: inner, outer."""
        pairs = [(mark, outer) for mark in CODE_POINTS for outer in CODE_POINTS]
        return {pair for pair in pairs for version in (4, 6) for line in self.line.values() if line[f"{pair[0]} in {pair[1]}, v{version}"][1]}

    def test_all_that_came_over_the_line_is_accounted(self):
        user, own, arp, rest = [], [], [], []
        for line in self.line.values():
            self.assertEqual(line["other"], (0, 0))
            user.append(inner(line["user"]))
            own += [line[name] for name in ("control", "echo", "echoed", "icmp")]
            arp.append((ARP_FRAME_LEN * line["arp"][1], line["arp"][1]))
            whole = inner(line["whole"])
            rest.append((line["pieces"][0] - whole[0], line["pieces"][1] - whole[1]))
        user += [lost(port) for port in self.status["ports"]]
        totals = self.status["totals"]
        self.assertEqual((totals["bytes"], totals["pkts"]), added(user + own + arp + rest))
        unaccounted = {name: (volume["bytes"], volume["pkts"]) for name, volume in totals["unaccounted"].items() if volume["pkts"]}
        expected = {"not_ip": added(arp), "tunnel_fragment": added(rest)}
        self.assertEqual(unaccounted, {name: volume for name, volume in expected.items() if volume[1]})
        self.assertEqual(volume_of(self.usage), added(user + own))

    def test_the_tunnels_own_traffic_is_nobodys(self):
        """GTP-C, echoes and ICMP of its ends; else only what subscribers' link-local addresses say is charged to nobody."""
        own = [record for record in self.usage if record["reason"] == "not_subscriber"]
        outer = [record for record in own if GGSN_IP in (record["server_ip"], record["client_ip"])]
        for names, proto, port in ((("control",), "udp", 2123), (("echo", "echoed"), "udp", 2152), (("icmp",), ICMP, None)):
            of_it = [record for record in outer if record["proto"] == proto and port in (None, record["server_port"], record["client_port"])]
            self.assertEqual(volume_of(of_it), added(line[name] for line in self.line.values() for name in names), names)
        for record in own:
            self.assertTrue(record in outer or record["client_ip"].startswith("fe80:"), record)

    def test_tunnel_ids_are_those_agreed_on(self):
        """And belong to the inner subscriber."""
        agreed = {address + "/64" if ":" in address else address: ids for address, ids in self.contexts.items()}
        self.assertEqual(len(set(agreed.values())), 3, agreed)
        servers = {case.server for case in self.cases}
        for record in self.usage:
            if record["server_ip"] in servers and is_talk(record):
                who = record["subscriber"]
                self.assertEqual((who.get("teid_up"), who.get("teid_down")), agreed[who["ip"]], record)


class Fitting(Tunnelled):
    """Every packet fits into the line with its tunnel around it. This run makes the PDP contexts."""

    config = OUTSIDE
    test_marks_behind_the_ggsn = Inline.test_marks_on_the_way_up
    test_both_marks_were_there = Inline.test_both_marks_were_there

    @classmethod
    def work(cls, net, daemon, _):
        net.attach()
        net.inner_mtu(FITTING_MTU)
        net.speak_outside()
        for case in cls.cases:
            net.fetch(case)

    def test_signalling_was_there(self):
        for line in self.line.values():
            self.assertEqual({name: line[name][1] > 0 for name in ("control", "icmp", "arp")}, dict.fromkeys(("control", "icmp", "arp"), True))
            self.assertEqual(line["echo"][1] + line["echoed"][1], 1)
            self.assertEqual(line["pieces"], (0, 0))

    def test_marks_on_the_line(self):
        for direction in ("up", "down"):
            self.assertEqual(self.marked(direction), self.expected(direction), direction)

    def test_outer_marks_are_the_inner_ones(self):
        self.assertEqual(self.outside(), {(mark, mark) for mark in CODE_POINTS})


class Swapped(Tunnelled):
    """Two lists during downloads: what was free is charged from then on, and the other way round."""

    config = INSIDE
    cases = tuple(case._replace(path="film") for case in CASES if case.server in ("203.0.113.10", "203.0.113.24", "2001:db8:203::10"))
    test_marks_behind_the_ggsn = Inline.test_marks_on_the_way_up
    test_marks_on_the_line = Fitting.test_marks_on_the_line

    @classmethod
    def work(cls, net, daemon, text):
        net.inner_mtu(FITTING_MTU)
        serial = 2099010101
        other = re.sub("(?m)^[.]olm[.]vn,.*\n", "", re.sub("#! serial: .*", f"#! serial: {serial}", text))
        with cls.downloads(net) as more:
            more()
            daemon.write_list(other + "hocmai.vn,hocmai,90001,,,,,\n")
            daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_for(lambda status: status["list"]["serial"] == serial and status["list"]["phase"] == "in_force")
            more()

    @classmethod
    @contextlib.contextmanager
    def downloads(cls, net):
        """All cases at once; gives a function that waits until each has got more."""
        def got():
            return {case.server: net.counted()[case.server, "down"][0] for case in cls.cases}

        def more():
            before, until = got(), time.monotonic() + PATIENCE_S
            while not all(octets > before[server] + 200_000 for server, octets in got().items()):
                assert time.monotonic() < until and all(process.poll() is None for process in processes), "the downloads do not run"
                time.sleep(0.05)

        (net.folder / "film").write_bytes(bytes(FILM_BYTES))
        processes = []
        for case in cls.cases:
            processes.append(subprocess.Popen(net.curl(case), stdin=subprocess.DEVNULL))
        try:
            yield more
        finally:
            for process in processes:
                process.terminate()
                process.wait()

    def test_reasons(self):
        """Parts in order, each of one verdict; nothing is credited behind the list's cut."""
        for case in self.cases:
            parts = [record for record in self.usage if record["server_ip"] == case.server and is_talk(record)]
            after = ("charged", "no_match") if case.verdict == "free" else ("free", "sni")
            with self.subTest(server=case.server, name=case.name):
                self.assertEqual([(part["verdict"], part["reason"]) for part in parts], [(case.verdict, case.reason), after])
                self.assertEqual(parts[0]["cause"], "list")
                self.assertEqual(parts[1].get("retro_down_bytes", 0) + parts[1].get("retro_up_bytes", 0), 0)
                self.assertEqual([part["list_serial"] for part in parts if part["verdict"] == "free"],
                                 [2026112201 if case.verdict == "free" else 2099010101])
                for part in parts:
                    self.assertGreater(part["down_bytes"], 100_000)

    def test_daemon_is_exact(self):
        free = [record for record in self.usage if record["verdict"] == "free"]
        self.assertEqual(self.status["totals"]["free"]["bytes"], volume_of(free)[0])
        self.assertEqual(self.status["exactness_bytes"], 0)
        self.assertEqual(self.exit_status, 0, self.log)


class InPieces(Tunnelled):
    """Packets of 1500 bytes: with the tunnel around them they come over the line as two fragments each."""

    config = pieces(workers=1)
    cases = (
        CASES[0],
        Case("203.0.113.14", 80, "upload", "lms.vnedu.vn", "upload", "free", "host"),
        Case("203.0.113.20", 443, "curl", "quangcao.olm.vn", "picture", "charged", "excluded"),
        Case("2001:db8:203::10", 443, "curl", "www.olm.vn", "picture", "free", "sni"),
        Case("2001:db8:203::20", 80, "upload", "www.example.vn", "upload", "charged", "no_match"),
    )

    @classmethod
    def work(cls, net, daemon, _):
        net.inner_mtu(LINE_MTU)
        for case in cls.cases:
            net.fetch(case)

    def test_there_were_fragments(self):
        for line in self.line.values():
            self.assertGreater(line["whole"][1], 100)
            self.assertEqual(line["pieces"][1], 2 * line["whole"][1])

    def test_marks_are_on_whole_packets_only(self):
        """What is free and came in one frame is marked, inside alone."""
        for direction in ("up", "down"):
            marked, expected = self.marked(direction), self.expected(direction)
            line = self.line[GATEWAY if direction == "up" else SGSN]
            for server in {case.server for case in self.cases if case.verdict == "free"}:
                whole = inner(line[f"{server} whole"])[0]
                self.assertEqual(marked[server, "af11"], expected[server, "af11"] - whole, (direction, server))
                self.assertEqual(marked[server, "cs0"], expected[server, "cs0"] + whole, (direction, server))
        self.assertEqual({outer for _, outer in self.outside()}, {"cs0"})


class InPiecesByTwo(InPieces):
    """The same with two workers, of which the subscribers' is not the tunnel's: later fragments follow the first one, and all is as with one."""

    config = pieces(workers=2)


class Reassembled(Tunnelled):
    """The same on net_af_packet, for which the kernel puts fragments together: too long for the line then, and lost under a name."""

    config = INSIDE
    cases = InPieces.cases[1:2]

    @classmethod
    def work(cls, net, daemon, _):
        case, = cls.cases
        net.inner_mtu(LINE_MTU)
        run(*inside(SUBSCRIBER, "nft", "-f", "-"), input=OPEN_GATE.encode())
        upload = subprocess.Popen(net.curl(case, "--data-binary", f"@{net.folder}/picture"), stdin=subprocess.DEVNULL)
        try:
            daemon.wait_for(lambda status: status["ports"][1]["tx_drops"]["tx_too_long"]["pkts"] >= 3)
            # It would try again for minutes.
            run(*inside(SUBSCRIBER, "nft", "-f", "-"), input=GATE.encode())
        finally:
            upload.kill()
            upload.wait()

    def test_volumes_are_the_kernels(self):
        """Less what is named as not sent."""
        case, = self.cases
        of_case = [record for record in self.usage if record["server_ip"] == case.server]
        for way, not_sent in (("up", lost(self.status["ports"][1])), ("down", (0, 0))):
            recorded = added((record[f"{way}_bytes"], record[f"{way}_pkts"]) for record in of_case)
            self.assertEqual((recorded[0] - not_sent[0], recorded[1] - not_sent[1]), self.kernel[case.server, way])

    def test_what_comes_in_goes_out(self):
        access, core = self.status["ports"]
        names = {name for port in (access, core) for name, drop in port["tx_drops"].items() if drop["pkts"]}
        self.assertEqual(names, {"tx_too_long"})
        for port, peer in ((access, core), (core, access)):
            for unit in ("pkts", "bytes"):
                self.assertEqual(port[f"rx_{unit}"], peer[f"tx_{unit}"] + peer["tx_drops"]["tx_too_long"][unit], port["device"])

    test_daemon_is_exact = Swapped.test_daemon_is_exact


def why_not():
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        return "missing: " + ", ".join(missing) + " (tests/support/setup.sh tests)"
    return test_live.why_not() or why_no_tun()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    good = True
    with TunnelNet() as net:
        for run_of in (Fitting, Swapped, InPieces, InPiecesByTwo, Reassembled):
            run_of.net = net
            for _ in range(ATTEMPTS):
                run_of.gather(net, *sys.argv[1:])
                if run_of.still:
                    break
                print(f"{run_of.__name__}: packets came between the measurement and the daemon's end; once more", flush=True)
            totals = run_of.status["totals"]
            print(f"{run_of.__name__}: {totals['bytes']} bytes came, {totals['free']['bytes']} free, {totals['charged']['bytes']} charged,",
                  "unaccounted", {name: volume["bytes"] for name, volume in totals["unaccounted"].items()},
                  "not sent", {name: drop for port in run_of.status["ports"] for name, drop in port["tx_drops"].items() if drop["pkts"]}, flush=True)
            # The next run counts anew.
            good &= unittest.main(argv=sys.argv[:1], exit=False, defaultTest=run_of.__name__).result.wasSuccessful()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
