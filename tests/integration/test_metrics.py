# SPDX-License-Identifier: BSD-3-Clause
"""Metrics: what Prometheus scrapes and DPDK's telemetry tells are the status's numbers, whoever else asks, and however.

Usage: test_metrics.py SOURCE ZERORATED ZERORATE LIST CAPTURE
"""

import collections
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from daemon import PATIENCE_S, Daemon
from installed import all_commands, options_in

SOURCE, ZERORATED, ZERORATE, LIST, CAPTURE = [""] * 5

GATEWAY = 'test "gw" \\ 1'
CONFIG = """gateway = "test \\"gw\\" \\\\ 1";
dataplane = {{ workers = "1-2"; flows = "64K";
  eal = "--no-huge --no-pci --file-prefix=zr-test -m 256 --vdev=net_pcap0,rx_pcap={capture}{more}";
  ports = ( {{ device = "net_pcap0"; }} ); }};
list = {{ file = "{folder}/list.csv"; state = "{folder}/state"; shrink_limit = 100; }};
records = {{ socket = "{folder}/records.sock"; consumers = [ "billing", "a\\"b" ]; }};
ledger = {{ folder = "{folder}/ledger"; }};
control = {{ socket = "{folder}/control.sock"; }};
metrics = {{ listen = "{host}:{port}"; }};
"""

Metric = collections.namedtuple("Metric", "name type kind command path label key names help")
ROW = re.compile(r'\{"(\w+)", (C|G), ZR_METRIC_(\w+), "(\w+)", "([^"]*)", (NULL|"\w+"), (NULL|"\w+"), (\w+), "((?:[^"\\]|\\.)*)"\}')

# They move while nothing comes.
MOVING = {"zerorate_list_age_seconds", "zerorate_worker_still_seconds", "zerorate_worker_busy_ratio", "zerorate_worker_run_seconds_total",
          "zerorate_worker_busy_seconds_total", "zerorate_consumer_lag_seconds", "zerorate_snapshot_timestamp_seconds", "zerorate_ledger_commit_seconds",
          "zerorate_ledger_commit_max_seconds", "zerorate_ledger_bytes", "zerorate_ledger_wal_bytes"}


def source(path):
    return pathlib.Path(SOURCE, path).read_text()


def table():
    """The rows of control/metrics_table.c."""
    text = source("control/metrics_table.c").split("zr_metrics[] = {")[1].split("\n};")[0]
    joined = re.sub(r"\s*\n\s*", " ", re.sub(r'"\s*\n\s*"', "", text))
    rows = [Metric(*(None if field == "NULL" else field.strip('"') for field in row[:8]), row[8]) for row in ROW.findall(joined)]
    assert len(rows) == joined.count('{"zerorate_'), "a row is not understood"
    return rows


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host.strip("[]"), 0))
        return probe.getsockname()[1]


def ask(port, method="GET", path="/metrics", host="127.0.0.1", headers=None):
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()


LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r"(\w+)(?:\{((?:\w+=\"(?:[^\"\\]|\\.)*\",?)*)\})? (\S+)")


def parse(text):
    """An exposition: {(name, labels): value}, and {name: (type, help)}."""
    samples, heads = {}, {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, told = line[7:].split(" ", 1)
            heads[name] = ["", told]
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            heads[name][0] = kind
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            unescaped = tuple((label, re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], of))
                              for label, of in LABEL.findall(labels or ""))
            assert (name, unescaped) not in samples, f"twice: {line}"
            samples[name, unescaped] = float(value)
    return samples, heads


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


NUMBERS = {"NUMBER": float, "MS": lambda value: value / 1000.0, "MBPS": lambda value: value * 125000, "TIME": seconds, "COUNT": len,
           "GIVEN": lambda value: value is not None}


def members(value, path, label, labels=()):
    """What a path of the table leads to: labels' texts and the member."""
    if not path:
        yield labels, value
    elif path[0] != "*":
        if isinstance(value, dict) and path[0] in value:
            yield from members(value[path[0]], path[1:], label, labels)
    elif isinstance(value, list):
        for one in value:
            yield from members(one, path[1:], label, (*labels, str(one[label])))
    else:
        for key, one in value.items():
            yield from members(one, path[1:], label, (*labels, key))


def expected(status):
    """The samples that a status makes; those of its names that it leaves out are not among them."""
    samples, info = {}, []
    for row in table():
        for labels, value in members(status, row.path.split("."), row.label):
            if row.kind == "INFO":
                info.append((row.key, value))
            elif row.kind == "STATE":
                samples[row.name, ((row.key, value),)] = 1
            elif "" not in labels and not (value is None and row.kind != "GIVEN"):
                names = [name for name in (row.label, row.key) if name]
                samples[row.name, tuple(zip(names, labels))] = NUMBERS[row.kind](value)
    samples["zerorate_info", tuple(info)] = 1
    # Of the flows' members these are not states, and each verdict's reasons are of its own metric.
    wrong = {"zerorate_flows": {"open", "max"}, **{f"zerorate_{verdict}_{unit}_total": {
        name for name, of in REASONS if of != verdict} for verdict in ("free", "charged") for unit in ("packets", "bytes")}}
    return {(name, labels): value for (name, labels), value in samples.items() if not {of for _, of in labels} & wrong.get(name, set())}


REASONS = []


def names_of(path, macro):
    """The names of an X-macro list, with what stands behind each."""
    text = re.search(rf"#define {macro}\(X\)(.*?)\n(?!\s*X\()[^\\\n]*\n", source(path), re.DOTALL).group(1)
    return re.findall(r'X\(\w+, "(\w+)"(?:, (\w+))?\)', text)


def explained(samples, unit):
    """The parts that everything received falls into."""
    return sum(value for (name, _), value in samples.items() if name in (
        f"zerorate_free_{unit}_total", f"zerorate_charged_{unit}_total", f"zerorate_undecided_{unit}", f"zerorate_unaccounted_{unit}_total"))


@contextlib.contextmanager
def running(more="", host="127.0.0.1", prepare=None):
    """A daemon and its port."""
    port = free_port(host)
    config = CONFIG.format(folder="{folder}", capture=CAPTURE, more=more, host=host, port=port)
    command = ["sh", "-c", 'RUNTIME_DIRECTORY=$(dirname "$3") exec "$@"', "sh"]
    with Daemon(ZERORATED, ZERORATE, config, pathlib.Path(LIST).read_text(), command=command, prepare=prepare) as daemon:
        daemon.port = port
        yield daemon


def missing(*programs):
    lacking = [program for program in programs if not shutil.which(program)]
    return f"missing: {', '.join(lacking)} (tests/support/setup.sh tests)" if lacking else None


class Scrape(unittest.TestCase):
    mode = "tap"

    @classmethod
    def start(cls):
        return running()

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.daemon = cls.stack.enter_context(cls.start())
        cls.daemon.wait_for(lambda status: status["input_ended"] and status["records"]["committed"] == status["records"]["seq"] > 0)

    def scrape(self):
        status, headers, body = ask(self.daemon.port)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return body.decode()

    def settled(self):
        """A status and a scrape of the same moment: nothing that does not always move moved between."""
        def still(samples):
            return {key: value for key, value in samples.items() if key[0] not in MOVING}
        until = time.monotonic() + PATIENCE_S
        while True:
            status = self.daemon.status()
            samples = parse(self.scrape())[0]
            wanted = still(expected(status))
            got = still(samples)
            if {key: got.get(key) for key in wanted} == wanted or time.monotonic() > until:
                return status, samples, wanted, got
            time.sleep(0.2)

    def test_values_are_the_statuss(self):
        status, samples, wanted, got = self.settled()
        self.assertEqual({key: got.get(key) for key in wanted}, wanted)
        # Beside them there are names that the status leaves out, with nothing to tell.
        self.assertEqual({key: value for key, value in got.items() if key not in wanted and value}, {})
        self.assertEqual(set(name for name, _ in samples), set(name for name, _ in expected(status)) | {
            row.name for row in table() if row.names})
        self.assertEqual(samples["zerorate_exactness_bytes", ()], 0)
        self.assertGreater(samples["zerorate_free_bytes_total", (("reason", "sni"),)], 0)
        self.assertEqual(samples["zerorate_info", (("version", status["version"]), ("gateway", GATEWAY), ("mode", self.mode))], 1)

    def test_what_moves_is_near(self):
        before, samples, after = self.daemon.status(), parse(self.scrape())[0], self.daemon.status()
        first, last = expected(before), expected(after)
        for key in first:
            if key[0] in ("zerorate_list_age_seconds", "zerorate_worker_run_seconds_total", "zerorate_worker_busy_seconds_total"):
                self.assertLessEqual(samples[key], last[key], key)
                self.assertGreater(samples[key] + 60, first[key], key)
            if key[0] in ("zerorate_consumer_lag_seconds", "zerorate_worker_still_seconds"):
                self.assertGreaterEqual(samples[key], 0, key)

    def test_lag_grows_while_nobody_takes_the_records(self):
        def lag():
            return parse(self.scrape())[0]["zerorate_consumer_lag_seconds", (("consumer", "billing"),)]
        first, until = lag(), time.monotonic() + PATIENCE_S
        while lag() <= first and time.monotonic() < until:
            time.sleep(0.2)
        self.assertGreater(lag(), first)

    def test_sums_are_exact(self):
        _, samples, _, _ = self.settled()
        for unit in ("packets", "bytes"):
            self.assertEqual(explained(samples, unit), samples[f"zerorate_received_{unit}_total", ()])
            self.assertGreater(explained(samples, unit), 100)

    def test_snapshots_age_is_told(self):
        until = time.monotonic() + PATIENCE_S
        first = parse(self.scrape())[0]["zerorate_snapshot_timestamp_seconds", ()]
        self.assertLess(abs(first - time.time()), PATIENCE_S)
        while (later := parse(self.scrape())[0]["zerorate_snapshot_timestamp_seconds", ()]) == first and time.monotonic() < until:
            time.sleep(0.1)
        self.assertGreater(later, first)

    def test_every_name_is_a_series(self):
        samples, _ = parse(self.scrape())
        series = {(name, labels[-1][1]) for name, labels in samples if labels}
        wanted = [(f"zerorate_{verdict}_{unit}_total", name) for name, verdict in REASONS for unit in ("packets", "bytes")]
        wanted += [(f"zerorate_unaccounted_{unit}_total", name) for name, _ in names_of("dataplane/packet/packet.h", "ZR_UNACCOUNTED")
                   for unit in ("packets", "bytes")]
        wanted += [("zerorate_events_total", name) for name, _ in names_of("dataplane/pipeline/pipeline.h", "ZR_COUNTERS")]
        wanted += [("zerorate_port_receive_drops_total", name) for name, _ in names_of("dataplane/dpdk/dataplane.h", "ZR_DROPS")]
        wanted += [(metric, name) for name, _ in names_of("control/record/record.h", "ZR_LOSS_CAUSES")
                   for metric in ("zerorate_losses_total", "zerorate_lost_records_total", "zerorate_lost_free_bytes_total",
                                  "zerorate_lost_charged_bytes_total")]
        self.assertGreater(len(wanted), 60)
        self.assertEqual(set(wanted) - series, set())

    def test_promtool_finds_nothing(self):
        if reason := missing("promtool"):
            self.skipTest(reason)
        done = subprocess.run(["promtool", "check", "metrics"], input=self.scrape(), capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        done = subprocess.run(["promtool", "check", "metrics"], input="# TYPE x_count gauge\nx_count 1\n", capture_output=True, text=True,
                              timeout=PATIENCE_S, check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_heads_are_the_tables(self):
        _, heads = parse(self.scrape())
        rows = {row.name: row for row in reversed(table())}
        for name, (kind, told) in heads.items():
            self.assertEqual((kind, told), ("counter" if rows[name].type == "C" else "gauge", rows[name].help), name)

    def test_pages_beside(self):
        status, headers, body = ask(self.daemon.port, path="/")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html"))
        self.assertIn(b'href="/metrics"', body)
        status, _, body = ask(self.daemon.port, path="/metrics", method="HEAD")
        self.assertEqual((status, body), (200, b""))
        for path in ("/metrics/", "/Metrics", "/status", "/../../etc/passwd", "/..%2f..%2fetc/passwd", "//metrics", "/" + "a" * 4000):
            self.assertEqual(ask(self.daemon.port, path=path)[0], 404, path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "BREW"):
            status, headers, _ = ask(self.daemon.port, method=method)
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)
        self.assertEqual(ask(self.daemon.port, path="/metrics?x=1")[0], 200)

    def test_port_is_taken(self):
        config = pathlib.Path(self.daemon.folder, "zerorated.conf").read_text()
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(LIST, f"{folder}/list.csv")
            pathlib.Path(folder, "zerorated.conf").write_text(config.replace(self.daemon.folder, folder))
            done = subprocess.run([ZERORATED, "-c", f"{folder}/zerorated.conf"], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.splitlines(), [
                f"<3>metrics cannot be served on 127.0.0.1:{self.daemon.port}: Address already in use; set metrics.listen to an address "
                "of this machine and a port above 1023 that is free",
                "<3>not started: Address already in use"])

    def telemetry(self, command):
        done = subprocess.run(["dpdk-telemetry.py", "-f", "zr-test"], input=command + "\n", capture_output=True, text=True,
                              env={**os.environ, "RUNTIME_DIRECTORY": self.daemon.folder}, timeout=PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.splitlines()[-1])[command.split(",")[0]]

    def test_telemetry_tells_the_same(self):
        if reason := missing("dpdk-telemetry.py"):
            self.skipTest(reason)
        self.assertLessEqual({f"/zerorate/{row.command}" for row in table()}, set(self.telemetry("/")))
        _, _, _, wanted = self.settled()
        got = {}
        rows = {row.name.removeprefix("zerorate_"): row for row in table()}
        for command in dict.fromkeys(row.command for row in table()):
            reply = self.telemetry(f"/zerorate/{command}")
            several = command in ("ports", "workers", "consumers")
            for one in reply.values() if several else [reply]:
                for member, value in one.items():
                    if member == "info":
                        got["zerorate_info", tuple(value.items())] = 1
                        continue
                    if several and member == command.removesuffix("s").replace("worker", "lcore").replace("port", "device"):
                        continue
                    row = rows[member]
                    self.assertEqual(row.command, command)
                    of = ((row.label, one[row.label]),) if row.label else ()
                    for key, number in value.items() if isinstance(value, dict) else [(None, value)]:
                        got[row.name, of + (((row.key, key),) if key else ())] = float(number)
        self.assertEqual({key: value for key, value in got.items() if key[0] not in MOVING}, wanted)

    def test_telemetry_takes_parameters(self):
        if reason := missing("dpdk-telemetry.py"):
            self.skipTest(reason)
        worker, = self.telemetry("/zerorate/workers,2").values()
        self.assertEqual(worker["lcore"], "2")
        consumer, = self.telemetry('/zerorate/consumers,a"b').values()
        self.assertEqual(consumer["consumer"], 'a"b')
        for nonsense in ("9", "\\", "x" * 500, "%s%n", "1,2"):
            self.assertEqual(self.telemetry(f"/zerorate/workers,{nonsense}"), {})
        self.assertIn("exactness_bytes", self.telemetry("/zerorate/status,what"))


class Inline(Scrape):
    """All of it with ports in pairs, which send and mark."""

    @classmethod
    def start(cls):
        def pair(daemon):
            path = pathlib.Path(daemon.folder, "zerorated.conf")
            text = path.read_text().replace('flows = "64K";', 'flows = "64K"; mode = "inline"; mark = { default = "AF11"; };')
            text = text.replace(f"rx_pcap={CAPTURE}", f"rx_pcap={CAPTURE},tx_pcap={daemon.folder}/left.pcap "
                                f"--vdev=net_pcap1,rx_pcap={CAPTURE},tx_pcap={daemon.folder}/right.pcap")
            # A capture file has one queue to send.
            text = text.replace('workers = "1-2"', 'workers = "2"')
            path.write_text(text.replace('{ device = "net_pcap0"; }', '{ device = "net_pcap0"; role = "access"; peer = "net_pcap1"; }, '
                                         '{ device = "net_pcap1"; role = "core"; peer = "net_pcap0"; }'))
        return running(prepare=pair)

    mode = "inline"

    def test_what_is_sent(self):
        status, samples, _, _ = self.settled()
        for port in status["ports"]:
            of = ("device", port["device"])
            self.assertGreater(samples["zerorate_port_transmit_packets_total", (of,)], 100)
            for unit in ("packets", "bytes"):
                sent = samples[f"zerorate_port_transmit_{unit}_total", (of,)]
                lost = [samples[f"zerorate_port_transmit_drop_{unit}_total", (of, ("reason", name))]
                        for name, _ in names_of("dataplane/dpdk/dataplane.h", "ZR_TX_DROPS")]
                self.assertEqual(len(lost), 3)
                self.assertEqual(sent + sum(lost), samples[f"zerorate_port_receive_{unit}_total", (("device", port["peer"]),)])
        self.assertGreater(samples["zerorate_marks_total", (("action", "marked"),)], 100)


class Addresses(unittest.TestCase):
    def test_ipv6_loopback(self):
        try:
            free_port("[::1]")
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        with running(host="[::1]") as daemon:
            self.assertEqual(ask(daemon.port, host="::1")[0], 200)
            with self.assertRaises(ConnectionRefusedError):
                ask(daemon.port)

    def test_other_machines_are_warned_of(self):
        with running(host="0.0.0.0") as daemon:
            self.assertIn(f"<4>metrics on 0.0.0.0:{daemon.port} are for whoever reaches it", daemon.logged())
        with running() as daemon:
            self.assertNotIn("whoever reaches", daemon.logged())

    def test_nobody_is_listened_to_without_the_group(self):
        def without(daemon):
            path = pathlib.Path(daemon.folder, "zerorated.conf")
            path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("metrics")))
        with running(prepare=without) as daemon:
            with self.assertRaises(ConnectionRefusedError):
                ask(daemon.port)
            inodes = set()
            for link in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir():
                # The ledger's threads open and close files meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    inodes.add(os.readlink(link))
            self.assertTrue(any(inode.startswith("socket:") for inode in inodes))
            for family in ("tcp", "tcp6"):
                listening = [line.split() for line in pathlib.Path(f"/proc/{daemon.process.pid}/net/{family}").read_text().splitlines()[1:]]
                self.assertEqual([line for line in listening if f"socket:[{line[9]}]" in inodes], [])


class Moving(unittest.TestCase):
    def test_each_scrape_is_exact_under_traffic(self):
        """Two workers judge without a pause; what is told is of one moment of each."""
        with running(more=",infinite_rx=1") as daemon:
            seen = set()
            until = time.monotonic() + PATIENCE_S
            while len(seen) < 4 and time.monotonic() < until:
                samples, _ = parse(ask(daemon.port)[2].decode())
                for unit in ("packets", "bytes"):
                    self.assertEqual(explained(samples, unit), samples[f"zerorate_received_{unit}_total", ()])
                self.assertEqual(samples["zerorate_exactness_bytes", ()], 0)
                seen.add(samples["zerorate_received_packets_total", ()])
                self.assertEqual(daemon.status()["exactness_bytes"], 0)
            self.assertGreaterEqual(len(seen), 4)


class Hostile(unittest.TestCase):
    """Clients that mean ill, while packets come without end."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.daemon = self.stack.enter_context(running(more=",infinite_rx=1"))

    def connect(self):
        client = self.stack.enter_context(socket.create_connection(("127.0.0.1", self.daemon.port), PATIENCE_S))
        return client

    def check_that_all_goes_on(self):
        """Packets are judged, the control socket answers, no worker stood still, and a scrape comes in the end."""
        first = self.daemon.status()
        self.daemon.wait_for(lambda status: status["totals"]["pkts"] > first["totals"]["pkts"] and status["exactness_bytes"] == 0)
        self.assertNotIn("no progress", self.daemon.logged())
        self.assertIsNone(self.daemon.process.poll())

    def check_that_it_is_scraped(self):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                if ask(self.daemon.port)[0] == 200:
                    return
            except OSError:
                time.sleep(0.1)
        self.fail("nothing is answered any more")

    def test_slow_and_silent_clients(self):
        clients = [self.connect() for _ in range(20)]
        for _ in range(5):
            for client in clients[:10]:
                client.sendall(b"G")
            self.check_that_all_goes_on()
        self.check_that_it_is_scraped()

    def test_many_connections(self):
        clients = []
        for _ in range(200):
            client = socket.socket()
            self.stack.enter_context(client)
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", self.daemon.port))
            clients.append(client)
        self.check_that_all_goes_on()
        for client in clients:
            client.close()
        self.check_that_it_is_scraped()

    def test_huge_heads(self):
        for head in (b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 1000000, b"GET /" + b"a" * 1000000,
                     b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200000):
            client = self.connect()
            with contextlib.suppress(OSError):
                client.sendall(head)
                self.assertNotIn(b"200 OK", client.recv(4096))
            self.check_that_all_goes_on()
        self.check_that_it_is_scraped()

    def test_no_http(self):
        for noise in (b"\0" * 4096, b"\xff\xfe" * 100 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n" * 5000,
                      b"GET\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"GET /metrics HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                      b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
                      b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"):
            client = self.connect()
            with contextlib.suppress(OSError):
                client.sendall(noise)
                client.shutdown(socket.SHUT_WR)
                client.settimeout(1)
                client.recv(4096)
        self.check_that_all_goes_on()
        self.check_that_it_is_scraped()

    def test_who_does_not_read(self):
        clients = [self.connect() for _ in range(20)]
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        self.check_that_all_goes_on()
        self.check_that_it_is_scraped()

    def test_ends_under_clients(self):
        for _ in range(20):
            self.connect().sendall(b"GET /met")
        _, status = self.daemon.end()
        self.assertEqual(status, 0, self.daemon.logged())


class Prometheus(unittest.TestCase):
    def test_a_server_scrapes_it(self):
        if reason := missing("prometheus"):
            self.skipTest(reason)
        with running() as daemon, tempfile.TemporaryDirectory() as folder:
            daemon.wait_for(lambda status: status["input_ended"])
            port = free_port()
            pathlib.Path(folder, "prometheus.yml").write_text(json.dumps({
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(pathlib.Path(SOURCE, "tools/packaging/zerorate.rules.yml").resolve())],
                "scrape_configs": [{"job_name": "zerorate", "static_configs": [{"targets": [f"127.0.0.1:{daemon.port}"]}]}]}))
            with open(f"{folder}/log", "w+b") as log:
                server = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                           f"--web.listen-address=127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                try:
                    self.check_server(port, daemon)
                except AssertionError:
                    print(pathlib.Path(folder, "log").read_text(), file=sys.stderr)
                    raise
                finally:
                    server.terminate()
                    server.wait(PATIENCE_S)

    @staticmethod
    def query(port, path):
        """What the server answers; None while it is not up."""
        try:
            status, _, body = ask(port, path=path)
        except OSError:
            return None
        return json.loads(body)["data"] if status == 200 else None

    def wait_for(self, port, path, condition):
        until = time.monotonic() + 2 * PATIENCE_S
        while time.monotonic() < until:
            answer = self.query(port, path)
            if answer and condition(answer):
                return answer
            time.sleep(0.2)
        self.fail(f"{path}: {answer}")

    def check_server(self, port, daemon):
        answer = self.wait_for(port, "/api/v1/query?query=zerorate_exactness_bytes", lambda answer: answer["result"])
        one, = answer["result"]
        self.assertEqual(one["metric"], {"__name__": "zerorate_exactness_bytes", "instance": f"127.0.0.1:{daemon.port}", "job": "zerorate"})
        self.assertEqual(one["value"][1], "0")
        status = daemon.status()
        answer = self.wait_for(port, "/api/v1/query?query=sum(zerorate_received_bytes_total)", lambda answer: answer["result"])
        self.assertEqual(int(answer["result"][0]["value"][1]), status["totals"]["bytes"])
        # All rules can be worked out on what there is.
        rules = self.wait_for(port, "/api/v1/rules", lambda answer: all(
            rule["health"] != "unknown" and (rule["name"] != "ZerorateAbsent" or rule["state"] == "inactive") for group in answer["groups"] for rule in group["rules"]))
        rules = [rule for group in rules["groups"] for rule in group["rules"]]
        self.assertGreater(len(rules), 20)
        self.assertEqual([rule for rule in rules if rule["health"] != "ok"], [])
        # And this gateway has nothing but its unsigned list, consumers who are away and, seen twice, a capture that is over to complain of.
        unfit = {rule["name"] for rule in rules if rule["state"] != "inactive"} - {
            "ZerorateUnsigned", "ZerorateConsumerAway", "ZerorateConsumerLags", "ZerorateNoPackets"}
        self.assertEqual({rule["state"] for rule in rules if rule["name"] == "ZerorateNoPackets"} - {"inactive", "pending"}, set())
        self.assertEqual(unfit, set())


class Files(unittest.TestCase):
    """Alerts, the dashboard and the manual speak of the metrics that there are."""

    rules = staticmethod(lambda: source("tools/packaging/zerorate.rules.yml"))
    dashboard = staticmethod(lambda: json.loads(source("tools/packaging/zerorate-dashboard.json")))

    def promtool(self, *words):
        if reason := missing("promtool"):
            self.skipTest(reason)
        return subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    def test_rules_are_rules(self):
        done = self.promtool("check", "rules", SOURCE / "tools/packaging/zerorate.rules.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_alerts_are_raised(self):
        done = self.promtool("test", "rules", SOURCE / "tests/integration/alerts.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_is_tested(self):
        """And the tests of each fail when it says nothing."""
        alerts = re.findall(r"- alert: (\w+)", self.rules())
        self.assertEqual(len(alerts), len(set(alerts)))
        tests = source("tests/integration/alerts.yml")
        self.assertEqual(set(alerts), set(re.findall(r'alertname="(\w+)"', tests)))
        mute = re.sub(r"( +expr: ).*", r"\1vector(1) > 1", self.rules())
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "rules.yml").write_text(mute)
            pathlib.Path(folder, "tests.yml").write_text(re.sub(r"rule_files: .*", "rule_files: [ rules.yml ]", tests))
            done = self.promtool("test", "rules", f"{folder}/tests.yml")
        self.assertNotEqual(done.returncode, 0)
        for alert in alerts:
            self.assertIn(f'alertname="{alert}"', done.stdout + done.stderr)

    def test_alerts_say_what_to_do(self):
        for alert in self.rules().split("- alert: ")[1:]:
            self.assertRegex(alert, r"severity: (critical|warning|info) ")
            self.assertRegex(alert, r'summary: ".*\$labels\.instance')
            self.assertRegex(alert, r'description: ".* .*[.?]"')
            self.assertRegex(alert, r'description: ".*`\w+.*`', "it names no command to go on with")

    def test_alerts_name_commands_that_there_are(self):
        known = all_commands([ZERORATE])
        named = re.findall(r"`(zerorate [^`]*)`", self.rules())
        self.assertGreater(len(named), 20)
        for text in named:
            words = text.split()
            command = (ZERORATE, *(word for word in words[1:] if not word.startswith("-") and word.islower() and word not in ("expired", "subscriber")))
            with self.subTest(command=text):
                self.assertIn(command, known)
                self.assertLessEqual({word for word in words if word.startswith("--")}, set(options_in(known[command])))

    def expressions(self):
        """All that the dashboard asks for."""
        board = self.dashboard()
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield target["expr"]
        for note in board["annotations"]["list"]:
            yield note["expr"]
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield variable["query"]

    def test_their_metrics_are_there(self):
        names = {row.name for row in table()}
        used = set(re.findall(r"\bzerorate_\w+", " ".join(re.findall(r"expr: (.*)", self.rules()))))
        shown = set(re.findall(r"\bzerorate_\w+", " ".join(self.expressions())))
        self.assertGreater(len(used), 20)
        self.assertGreater(len(shown), 35)
        self.assertEqual((used | shown) - names, set())
        # Whatever tells of a loss is looked at by somebody.
        losses = {name for name in names if re.search("drop|error|loss|lost|exactness|stalled|expir|damaged|unwritten_rec", name)}
        each = {"zerorate_port_transmit_drop_bytes_total", "zerorate_lost_records_total", "zerorate_worker_lost_packets_total",
                "zerorate_worker_lost_bytes_total", "zerorate_list_refused_errors"}
        self.assertEqual(losses - used - shown - each, set())

    def test_their_labels_are_there(self):
        labels = collections.defaultdict(set)
        for row in table():
            labels[row.name] |= {label for label in (row.label, row.key) if label} | {"instance", "job"}
        texts = [*re.findall(r"expr: (.*)", self.rules()), *self.expressions()]
        for name, inside in re.findall(r"\b(zerorate_\w+)\{([^}]*)\}", " ".join(texts)):
            self.assertLessEqual(set(re.findall(r"(\w+)(?:=|!)", inside)), labels[name], name)

    def test_dashboard_is_sound(self):
        panels = self.dashboard()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertLessEqual(at["x"] + at["w"], 24)
            self.assertFalse(cells & taken, panel["title"])
            taken |= cells

    def test_dashboards_questions_are_understood(self):
        """promtool reads them as rules."""
        exprs = [expr.replace("$__rate_interval", "1m").replace("$instance", "x") for expr in self.expressions() if "label_values" not in expr]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "g", "rules": [{"record": f"r{i}", "expr": expr} for i, expr in enumerate(exprs)]}]}, file)
            file.flush()
            done = self.promtool("check", "rules", file.name)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_manual_has_every_metric(self):
        """zerorate-metrics(7), section by section: name, labels, type, HELP, member of the status."""
        rows = {}
        for row in table():
            rows.setdefault(row.name, []).append(row)
        page = source("control/zerorate-metrics.7.scd")
        told = re.findall(r"^\*(zerorate_\w+)\*(?: _\{(.*?)\}_)?\n\t(.*)$", page, re.MULTILINE)
        self.assertEqual([name for name, _, _ in told], list(rows))
        for name, labels, text in told:
            first = rows[name][0]
            paths = ", ".join(row.path for row in rows[name]).replace("*", "\\*")
            self.assertEqual(labels, ", ".join(dict.fromkeys(label for row in rows[name] for label in (row.label, row.key) if label)), name)
            self.assertEqual(text, f"{'Counter' if first.type == 'C' else 'Gauge'}. {first.help}. Status: _{paths}_.", name)


if __name__ == "__main__":
    SOURCE, ZERORATED, ZERORATE, LIST, CAPTURE = sys.argv[1:6]
    SOURCE = pathlib.Path(SOURCE)
    REASONS += [(name, verdict.removeprefix("ZR_").lower()) for name, verdict in names_of("dataplane/flow/verdict.h", "ZR_REASONS")]
    unittest.main(argv=sys.argv[:1], verbosity=2)
