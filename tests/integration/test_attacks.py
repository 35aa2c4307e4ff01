# SPDX-License-Identifier: BSD-3-Clause
"""Who pays for what subscribers and their accomplices try (attacks.py), by `zerorate classify`, under off, flag and require.

Usage: test_attacks.py ZERORATED ZERORATE

Every record and the summary are compared with the packets that the captures are made of. A gateway's own part, what dns_free
lets through, is asked of zerorated on the same kind of capture.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from functools import partial

import attacks
import packets
from attacks import PROXY, SERVER
from daemon import Daemon, Stream, on_capture
from packets import GRE, GTPU_PORT, PSH, UDP, frame, in_gre, in_gtpu, volume
from test_classify_cli import LIST, pcap

ZERORATED = ZERORATE = ""

DNS = "charged no_name []"

# Free and charged packets/bytes of the capture, and what is said of each part: verdict, reason, [evidence], flags.
Pays = collections.namedtuple("Pays", "free charged parts")
# pays: by verify; ALL stands for each of them.
Attack = collections.namedtuple("Attack", "name build pays")


def pays(free, charged, **parts):
    return Pays(free, charged, parts)


SNI, BACKED_SNI = "free sni [tls_sni]", "free sni [tls_sni dns_subscriber]"
HOST, BACKED_HOST = "free host [http_host]", "free host [http_host dns_subscriber]"
QUIC, BACKED_QUIC = "free quic_sni [quic_sni]", "free quic_sni [quic_sni dns_subscriber]"
SUSPECT = " spoof_suspect"
SPOOF = "charged spoof [] spoof_suspect"
OTHER_SNI, OTHER_HOST, OTHER_QUIC = (f"charged no_match [{evidence}]" for evidence in ("tls_sni", "http_host", "quic_sni"))
NO_SNI, NO_HOST, NO_QUIC = (f"charged unlearned [{evidence}]" for evidence in ("tls_sni", "http_host", "quic_sni"))
ALL = "off", "flag", "require"


ATTACKS = [
    Attack("none", attacks.honest, {ALL: pays("4/1231", "2/138", a=BACKED_SNI)}),
    Attack("SNI of a listed host to a proxy", attacks.sni_to_a_proxy, {
        "off": pays("4/1231", "2/138", a=SNI),
        "flag": pays("4/1231", "2/138", a=SNI + SUSPECT),
        "require": pays("0/0", "6/1369", a=NO_SNI)}),
    Attack("forged Host to a proxy", attacks.forged_host, {
        "off": pays("4/1196", "2/138", a=HOST),
        "flag": pays("4/1196", "2/138", a=HOST + SUSPECT),
        "require": pays("0/0", "6/1334", a=NO_HOST)}),
    Attack("listed outer name of an encrypted hello", attacks.ech, {
        "off": pays("4/1299", "2/138", a=SNI + " ech"),
        "flag": pays("4/1299", "2/138", a=SNI + " ech" + SUSPECT),
        "require": pays("0/0", "6/1437", a=NO_SNI + " ech")}),

    Attack("second request to another host", partial(attacks.second_request, SERVER), {
        ALL: pays("4/1196", "6/2370", a=BACKED_HOST, b=OTHER_HOST, c=OTHER_HOST)}),
    Attack("second request to another host, by a proxy", partial(attacks.second_request, PROXY), {
        "off": pays("4/1196", "6/2370", a=HOST, b=OTHER_HOST, c=OTHER_HOST),
        "flag": pays("4/1196", "6/2370", a=HOST + SUSPECT, b=OTHER_HOST, c=OTHER_HOST),
        "require": pays("0/0", "10/3566", a=NO_HOST, b=NO_HOST, c=NO_HOST)}),
    Attack("two requests in one segment", attacks.pipelined, {ALL: pays("2/80", "4/1290", a=BACKED_HOST, b=OTHER_HOST)}),
    Attack("two Host headers", attacks.two_hosts, {ALL: pays("0/0", "6/1352", a="charged no_name [http_host]")}),
    Attack("evidence behind a second request", attacks.late_evidence, {
        "off": pays("4/1196", "4/1254", a=HOST, b=OTHER_HOST),
        "flag": pays("4/1196", "4/1254", a=HOST + SUSPECT, b=OTHER_HOST),
        "require": pays("0/0", "8/2450", a=NO_HOST, b=NO_HOST)}),
    Attack("CONNECT to a listed host, another inside", attacks.connect, {
        "off": pays("4/236", "4/1289", a=HOST, b=OTHER_SNI),
        "flag": pays("4/236", "4/1289", a=HOST + SUSPECT, b=OTHER_SNI),
        "require": pays("0/0", "8/1525", a=NO_HOST, b=NO_SNI)}),
    # What is asked for inside TLS is not seen: free, wherever the listed name is really served.
    Attack("domain fronting", attacks.front, {ALL: pays("4/1231", "4/276", a=BACKED_SNI)}),

    Attack("segments of two hellos", attacks.overlap, {ALL: pays("0/0", "8/1500", a="charged spoof [tls_sni] spoof_suspect")}),
    Attack("IP fragments of two hellos", attacks.overlapping_fragments, {ALL: pays("0/0", "8/1460", a=SPOOF)}),
    Attack("hello with a wrong checksum before the real one", partial(attacks.decoy, PROXY, right=False), {
        ALL: pays("0/0", "7/1480", a=OTHER_SNI)}),
    Attack("hello with a wrong IP checksum before the real one", partial(attacks.decoy, PROXY, right_ip=False), {
        ALL: pays("0/0", "7/1480", a=OTHER_SNI)}),
    Attack("hello of low TTL before the real one", partial(attacks.decoy, PROXY, ttl=23), {
        ALL: pays("0/0", "7/1480", a=SPOOF)}),
    Attack("hello of low TTL before the real one, to a front", partial(attacks.decoy, SERVER, ttl=2), {
        ALL: pays("0/0", "7/1480", a=SPOOF)}),
    Attack("request of low TTL before the real one", attacks.decoy_request, {ALL: pays("0/0", "7/1410", a=SPOOF)}),
    Attack("request of low TTL on a free connection", attacks.low_request, {ALL: pays("4/1196", "4/1254", a=BACKED_HOST, b=SPOOF)}),
    Attack("hello without ACK before the real one", partial(attacks.decoy, PROXY, flags=PSH), {ALL: pays("0/0", "7/1480", a=OTHER_SNI)}),
    Attack("part of a hello before another whole one", partial(attacks.decoy, PROXY, split=66), {
        ALL: pays("0/0", "7/1475", a="charged spoof [tls_sni] spoof_suspect")}),
    # A whole name is a verdict, and what its stream says again is not read. What a server makes of the first one, and of hellos that
    # only its own state tells it to ignore, is not known here: as a name to a proxy, but without a proxy.
    Attack("two whole hellos", partial(attacks.decoy, PROXY), {
        "off": pays("5/1342", "2/138", a=SNI),
        "flag": pays("5/1342", "2/138", a=SNI + SUSPECT),
        "require": pays("0/0", "7/1480", a=NO_SNI)}),
    Attack("two whole hellos, to a front", partial(attacks.decoy, SERVER), {ALL: pays("5/1342", "2/138", a=BACKED_SNI)}),

    Attack("forged inner header in GRE", partial(attacks.forged_tunnel, in_gre, GRE, 0), {
        ALL: pays("0/0", "4/1337", a="charged no_name []")}),
    Attack("forged inner header in GTP-U", partial(attacks.forged_tunnel, in_gtpu, UDP, GTPU_PORT), {
        ALL: pays("0/0", "4/1361", a="charged no_name []")}),
    Attack("forged inner header inside the network's GTP-U", attacks.nested_tunnel, {
        ALL: pays("0/0", "2/1199", a="charged no_name []")}),

    Attack("answer of an untrusted resolver", attacks.untrusted_answer, {
        "off": pays("4/1231", "2/138", a=SNI),
        "flag": pays("4/1231", "2/138", a=SNI + SUSPECT),
        "require": pays("0/0", "6/1369", a=NO_SNI)}),
    Attack("answers to what was not asked", attacks.answers_to_nothing, {
        "off": pays("4/1231", "4/314", a=SNI),
        "flag": pays("4/1231", "4/314", a=SNI + SUSPECT),
        "require": pays("0/0", "8/1545", a=NO_SNI)}),
    Attack("own name that leads to a listed one", attacks.own_name, {
        "off": pays("4/1231", "2/187", a=SNI),
        "flag": pays("4/1231", "2/187", a=SNI + SUSPECT),
        "require": pays("0/0", "6/1418", a=NO_SNI)}),
    Attack("DNS tunnel", partial(attacks.dns_tunnel, "t.attacker.vn"), {ALL: pays("0/0", "80/6960")}),

    Attack("remote hello to a server behind a subscriber", attacks.remote_hello, {ALL: pays("0/0", "4/1231", a="charged no_name []")}),
    # b: a name and nothing asked; c: no name; d: asked.
    Attack("address of another subscriber's free connection", attacks.others_address, {
        "off": pays("12/3693", "8/1536", a=BACKED_SNI, b=SNI, c=DNS, d=BACKED_SNI),
        "flag": pays("12/3693", "8/1536", a=BACKED_SNI, b=SNI + SUSPECT, c=DNS, d=BACKED_SNI),
        "require": pays("8/2462", "12/2767", a=BACKED_SNI, b=NO_SNI, c=DNS, d=BACKED_SNI)}),
    Attack("ports of a free connection", attacks.reused_ports, {ALL: pays("4/1231", "6/1369", a=BACKED_SNI, b=OTHER_SNI)}),
]
QUIC_ATTACKS = [
    Attack("another QUIC connection behind a listed one", partial(attacks.quic, SERVER, True), {
        ALL: pays("2/2456", "5/2222", a=BACKED_QUIC, b=OTHER_QUIC)}),
    Attack("another QUIC connection behind a listed one, by a proxy", partial(attacks.quic, PROXY, True), {
        "off": pays("2/2456", "5/2222", a=QUIC, b=OTHER_QUIC),
        "flag": pays("2/2456", "5/2222", a=QUIC + SUSPECT, b=OTHER_QUIC),
        "require": pays("0/0", "7/4678", a=NO_QUIC, b=OTHER_QUIC)}),
    # Short headers tell nobody whose they are.
    Attack("anything behind a listed Initial", partial(attacks.quic, SERVER, False), {ALL: pays("4/3312", "2/138", a=BACKED_QUIC)}),
    Attack("anything behind a listed Initial, by a proxy", partial(attacks.quic, PROXY, False), {
        "off": pays("4/3312", "2/138", a=QUIC),
        "flag": pays("4/3312", "2/138", a=QUIC + SUSPECT),
        "require": pays("0/0", "6/3450", a=NO_QUIC)}),
]

# With dns_free, of which classify knows nothing.
DNS_FREE_BYTES = 2000
GATEWAY = f"""subscribers = [ "10.1.0.0/16" ];
trusted_resolvers = [ "{attacks.RESOLVER}/32" ];
evidence = {{ verify = "%s"; dns_free = "listed"; dns_free_bytes = "{DNS_FREE_BYTES}B"; }};
"""
FREE_DNS = {"in": "free dns_free []"}
GATEWAY_ATTACKS = [
    Attack("DNS tunnel", partial(attacks.dns_tunnel, "t.attacker.vn"), {ALL: pays("0/0", "80/6960")}),
    # Names below the listed one reach its owner only, and no more than the day's bytes.
    Attack("DNS tunnel below a listed name", partial(attacks.dns_tunnel, "olm.vn", DNS_FREE_BYTES), {
        ALL: pays("26/1989", "54/4131", **FREE_DNS)}),
    # The question and the answer before it are free, and nothing else.
    Attack("DNS tunnel behind a listed question", partial(attacks.dns_tunnel, "t.attacker.vn", 138, [attacks.LISTED]), {
        ALL: pays("2/138", "80/6960", **FREE_DNS)}),
]


def by_flow(capture):
    """Packets by the record that tells them: flow and part."""
    groups = collections.defaultdict(list)
    for packet in capture:
        groups[packet.flow, packet.part].append(packet)
    return groups


def expected_records(capture, parts):
    """What records must say: a flow, its verdict in words, volumes up and down."""
    expected = []
    for (flow, part), group in by_flow(capture).items():
        up, down = (volume(packet for packet in group if packet.up == way) for way in (True, False))
        expected.append((flow, parts.get(part.split("-")[0], DNS), up, down))
    return sorted(expected)


def said(record):
    """A record as expected_records() has it."""
    proto = {"tcp": packets.TCP, "udp": packets.UDP}.get(record["proto"], record["proto"])
    flow = (proto, record["client_ip"], record["client_port"], record["server_ip"], record["server_port"])
    words = f"{record['verdict']} {record['reason']} [{' '.join(record.get('evidence', []))}] {' '.join(record.get('flags', []))}".rstrip()
    return flow, words, (record["up_pkts"], record["up_bytes"]), (record["down_pkts"], record["down_bytes"])


def pair(member):
    return member["pkts"], member["bytes"]


def added(pairs):
    pairs = list(pairs)
    return sum(pkts for pkts, _ in pairs), sum(size for _, size in pairs)


def written(pkts_and_bytes):
    return "{}/{}".format(*pkts_and_bytes)


class Attacks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "list.csv").write_text(LIST)

    def capture(self, built):
        path = self.folder / "attack.pcap"
        path.write_bytes(pcap([frame(packet) for packet in built]))
        return path

    def classify(self, built, verify):
        done = subprocess.run(
            [ZERORATE, "classify", "--list", self.folder / "list.csv", "--subscribers", "10.1.0.0/16", "--tunnel-endpoints", "10.200.0.0/24",
             "--trusted-resolvers", f"{attacks.RESOLVER}/32", "--verify", verify, "--verify-checksums", "--all", "--format", "json",
             self.capture(built)], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        *records, summary = map(json.loads, done.stdout.splitlines())
        return records, summary

    def gateway(self, built, verify):
        """What a daemon tells whose port plays the capture."""
        config = on_capture(self.capture(built)).replace('records.sock";', 'records.sock"; charged_flows = true; consumers = [ "billing" ];')
        with Daemon(ZERORATED, ZERORATE, config + GATEWAY % verify, LIST) as daemon:
            stream = Stream(daemon, op="subscribe", consumer="billing")
            status = daemon.wait_for(lambda status: status["input_ended"])
            self.assertEqual(daemon.end()[1], 0, daemon.logged())
            records = [message["record"] for message in stream.to_end() if message["op"] == "record"]
            stream.close()
        self.assertEqual(status["exactness_bytes"], 0)
        return records, status["totals"]

    def check(self, built, records, summary, pays):
        """Records, reasons and sums, to the byte."""
        usage = [record for record in records if record["type"] == "usage" and record["up_pkts"] + record["down_pkts"] > 0]
        expected = expected_records(built, pays.parts)
        self.assertEqual(sorted(map(said, usage)), expected)
        for verdict in "free", "charged":
            of_verdict = added(volume for _, words, *volumes in expected if words.startswith(verdict) for volume in volumes)
            self.assertEqual(pair(summary[verdict]), of_verdict)
            self.assertEqual(written(of_verdict), getattr(pays, verdict), verdict)
        reasons = {words.split()[1] for _, words, *_ in expected}
        self.assertEqual(set(summary["reasons"]), reasons)
        for reason in reasons:
            of_reason = added(volume for _, words, *volumes in expected if words.split()[1] == reason for volume in volumes)
            self.assertEqual(pair(summary["reasons"][reason]), of_reason, reason)
        unaccounted = added(map(pair, summary["unaccounted"].values()))
        self.assertEqual(unaccounted, (0, 0))
        received = added([pair(summary["free"]), pair(summary["charged"]), unaccounted])
        self.assertEqual(received, pair(summary))
        self.assertEqual(received, volume(built))

    def test_who_pays(self):
        for attack in ATTACKS:
            self.check_attack(attack, self.classify)

    @unittest.skipIf(packets.AESGCM is None, "python3-cryptography is missing (tests/support/setup.sh tests)")
    def test_who_pays_for_quic(self):
        for attack in QUIC_ATTACKS:
            self.check_attack(attack, self.classify)

    def test_who_pays_for_dns(self):
        for attack in GATEWAY_ATTACKS:
            self.check_attack(attack, self.gateway)

    def check_attack(self, attack, judge):
        built = attack.build()
        for verify in ALL:
            with self.subTest(attack=attack.name, verify=verify):
                self.check(built, *judge(built, verify), attack.pays.get(verify) or attack.pays[ALL])


if __name__ == "__main__":
    ZERORATED, ZERORATE = sys.argv[1:3]
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id().rpartition('.')[2]}: {reason}")
    sys.exit(0 if result.wasSuccessful() else 1)
