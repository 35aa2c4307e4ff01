# SPDX-License-Identifier: BSD-3-Clause
"""flows, top, explain and explain_record at control.sock: exact on a quiet gateway, alive under traffic, discreet always.

Usage: test_ask.py ZERORATED ZERORATE LIST CAPTURE...
"""

import collections
import grp
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

import endless
from daemon import PATIENCE_S, Daemon, Stream
from test_access import ask_as

ZERORATED, ZERORATE, LIST, CAPTURES = "", "", "", []

CONFIG = """gateway = "test-gw";
dataplane = {{ workers = "{workers}"; flows = "64K";
  eal = "--no-huge --no-pci --no-shconf -m 384 --vdev=net_pcap0,rx_pcap={capture}";
  ports = ( {{ device = "net_pcap0"; role = "{role}"; }} ); }};
tunnel_endpoints = [ "0.0.0.0/0", "::/0" ];
{more}
list = {{ file = "{folder}/list.csv"; state = "{folder}/state"; shrink_limit = 100; }};
records = {{ socket = "{folder}/records.sock"; consumers = [ "billing" ]; totals_interval = "24h"; {records} }};
ledger = {{ folder = "{folder}/ledger"; batch_interval = "10ms"; }};
control = {{ socket = "{folder}/control.sock"; {control} }};
"""

VOLUMES = ("free_bytes", "free_pkts", "charged_bytes", "charged_pkts")
READERS = [group for group in grp.getgrall() if group.gr_gid != 0][0]


class Asking:
    """One connection to control.sock."""

    def __init__(self, daemon):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect(f"{daemon.folder}/control.sock")
        self.file = self.socket.makefile("rw", encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def send(self, **request):
        self.file.write(json.dumps(request) + "\n")
        self.file.flush()

    def ask(self, **request):
        self.send(**request)
        return json.loads(self.file.readline())


def on_capture(capture, workers="1", records="", control="", list_text=None):
    config = CONFIG.format(folder="{folder}", capture=capture, workers=workers, role="both", more="", records=records, control=control)
    return Daemon(ZERORATED, ZERORATE, config, list_text or pathlib.Path(LIST).read_text())


def on_endless(folder, workers="1-3", control="", flows=400):
    """Connections that come and end without end, of subscribers 10.77.0.0/16."""
    capture = os.path.join(folder, "endless.pcap")
    endless.write(capture, tuples=flows)
    config = CONFIG.format(folder="{folder}", capture=capture + ",infinite_rx=1", workers=workers, role="both", records="",
                           more='subscribers = [ "10.77.0.0/16" ];', control=control)
    config = config.replace('flows = "64K";', 'flows = "64K"; state = "{folder}/flows";')
    return Daemon(ZERORATED, ZERORATE, config, endless.LIST)


def volume_of(status):
    totals = status["totals"]
    return {f"{verdict}_{unit}": totals[verdict][unit] for verdict in ("free", "charged") for unit in ("bytes", "pkts")}


def add_up(rows):
    sums = collections.Counter({name: 0 for name in VOLUMES})
    for row in rows:
        sums.update({name: row[name] for name in VOLUMES})
    return dict(sums)


def add_up_flows(flows):
    sums = collections.Counter({name: 0 for name in VOLUMES})
    for flow in flows:
        verdict = "free" if flow["state"] == "free" else "charged"
        for unit in ("bytes", "pkts"):
            sums[f"{verdict}_{unit}"] += flow[f"up_{unit}"] + flow[f"down_{unit}"]
    return dict(sums)


class Exact(unittest.TestCase):
    """Captures are played to their end, where flows stay open."""

    def test_sums_are_the_totals(self):
        for capture in CAPTURES:
            for workers in ("1", "1-3"):
                with self.subTest(capture=os.path.basename(capture), workers=workers):
                    with on_capture(capture, workers, records="totals_subscribers = true;") as daemon:
                        self.check(daemon)

    def check(self, daemon):
        status = daemon.wait_for(lambda status: status["input_ended"])
        expected = volume_of(status)
        with Asking(daemon) as control:
            flows = control.ask(op="flows", limit=10000)
            self.check_flows(flows, status)
            for by in ("service", "rule", "subscriber"):
                for limit in (1, 1000):
                    top = control.ask(op="top", by=by, limit=limit)
                    self.assertEqual(top["op"], "top")
                    self.assertEqual(top["by"], by)
                    self.assertIn("since", top)
                    self.assertLessEqual(len(top["rows"]), limit)
                    self.assertEqual({name: top["total"][name] for name in VOLUMES}, expected)
                    self.assertEqual(add_up([*top["rows"], top["others"]]), expected)
                    self.assertEqual(top["total"]["flows"], status["flows"]["open"])
                    self.assertEqual(sum(row["flows"] for row in [*top["rows"], top["others"]]), status["flows"]["open"])
                    sizes = [row["free_bytes"] + row["charged_bytes"] for row in top["rows"]]
                    self.assertEqual(sizes, sorted(sizes, reverse=True))
                    if limit == 1000:
                        self.check_rows(by, top["rows"], flows["flows"])

    def check_flows(self, flows, status):
        self.assertEqual(flows["open"], status["flows"]["open"])
        self.assertEqual(flows["matched"], status["flows"]["open"])
        self.assertEqual(len(flows["flows"]), flows["matched"])
        states = collections.Counter(flow["state"] for flow in flows["flows"])
        for state in ("free", "charged", "undecided"):
            self.assertEqual(states[state], status["flows"][state])
        sums = add_up_flows(flows["flows"])
        self.assertEqual(flows["matched_bytes"], sums["free_bytes"] + sums["charged_bytes"])
        if status["counters"]["flows_new"] == status["flows"]["open"]:  # Nothing was cut.
            self.assertEqual(sums, volume_of(status))
        sizes = [flow["up_bytes"] + flow["down_bytes"] for flow in flows["flows"]]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        for flow in flows["flows"]:
            self.assertEqual("reason" in flow, flow["state"] != "undecided")
            self.assertFalse("name" in flow and flow["state"] != "free")
            self.assertEqual("flow" in flow, flow["state"] == "free")

    def check_rows(self, by, rows, flows):
        """Each open flow is in its row."""
        def key(of):
            return of.get("service") if by == "service" else (of.get("rule"), of.get("service")) if by == "rule" else \
                of["subscriber"]["ip"] if isinstance(of.get("subscriber"), dict) else of.get("subscriber")
        expected = collections.Counter(key(flow) for flow in flows)
        self.assertEqual({key(row): row["flows"] for row in rows if row["flows"]}, dict(expected))

    def test_flows_are_what_records_say_at_the_end(self):
        with on_capture(CAPTURES[0]) as daemon:
            stream = Stream(daemon, op="subscribe", consumer="billing")
            daemon.wait_for(lambda status: status["input_ended"])
            with Asking(daemon) as control:
                flows = {flow["flow"]: flow for flow in control.ask(op="flows", state="free")["flows"]}
            daemon.end()
            finals = {message["record"]["flow"]: message["record"] for message in stream.to_end()
                      if message["op"] == "record" and message["record"]["type"] == "usage" and message["record"]["cause"] == "shutdown"}
            stream.close()
        self.assertEqual(flows.keys(), finals.keys())
        for number, flow in flows.items():
            for name in flow.keys() - {"state"}:
                self.assertEqual(flow[name], finals[number][name], f"{name} of {number}")

    def test_subscribers_without_totals_are_open_flows_only(self):
        with on_capture(CAPTURES[0]) as daemon:
            daemon.wait_for(lambda status: status["input_ended"])
            with Asking(daemon) as control:
                top = control.ask(op="top", by="subscriber")
                flows = control.ask(op="flows", limit=10000)["flows"]
        self.assertNotIn("since", top)
        self.assertEqual({name: top["total"][name] for name in VOLUMES}, add_up_flows(flows))


class Filters(unittest.TestCase):
    def test_each_narrows(self):
        with on_capture(CAPTURES[0]) as daemon:
            daemon.wait_for(lambda status: status["input_ended"])
            with Asking(daemon) as control:
                everything = control.ask(op="flows", limit=10000)["flows"]
                a_free = next(flow for flow in everything if flow["state"] == "free" and flow["proto"] == "tcp")
                for request, fits in (
                        ({"subscriber": a_free["client_ip"]}, lambda flow: flow["client_ip"] == a_free["client_ip"]),
                        ({"subscriber": "10.77.0.8/29"}, lambda flow: flow["client_ip"].startswith("10.77.0.1")),
                        ({"server": a_free["server_ip"]}, lambda flow: flow["server_ip"] == a_free["server_ip"]),
                        ({"server": "0.0.0.0/0"}, lambda flow: "." in flow["server_ip"]),
                        ({"service": a_free["service"]}, lambda flow: flow.get("service") == a_free["service"]),
                        ({"rule": a_free["rule"], "state": "free"}, lambda flow: flow.get("rule") == a_free["rule"]),
                        ({"state": "undecided"}, lambda flow: flow["state"] == "undecided"),
                        ({"service": "no such"}, lambda flow: False)):
                    reply = control.ask(op="flows", limit=10000, **request)
                    expected = [flow for flow in everything if fits(flow)]
                    self.assertCountEqual(map(json.dumps, reply["flows"]), map(json.dumps, expected), str(request))
                    self.assertEqual(reply["matched"], len(expected))
                    self.assertEqual(reply["open"], len(everything))
                few = control.ask(op="flows", limit=2)
                self.assertEqual(few["flows"], everything[:2])
                self.assertEqual(few["matched"], len(everything))


class Explain(unittest.TestCase):
    def test_decisions_of_a_subscriber(self):
        with on_capture(CAPTURES[0]) as daemon:
            daemon.wait_for(lambda status: status["input_ended"])
            with Asking(daemon) as control:
                flows = [flow for flow in control.ask(op="flows", limit=10000)["flows"] if flow["state"] != "undecided"]
                self.assertGreater(len(flows), 5)
                for flow in flows:
                    reply = control.ask(op="explain", subscriber=flow["client_ip"], limit=1000)
                    self.assertEqual(reply["subscriber"], flow["subscriber"]["ip"])
                    self.assertNotIn("recorded_until", reply)
                    decisions = reply["decisions"]
                    times = [decision["time"] for decision in decisions]
                    self.assertEqual(times, sorted(times, reverse=True))
                    latest = next(decision for decision in decisions if all(
                        decision[name] == flow[name] for name in ("client_port", "server_ip", "server_port", "proto")))
                    for name in ("reason", "evidence", "rule", "service", "rating_group", "list_serial", "name", "flow"):
                        self.assertEqual(latest.get(name), flow.get(name))
                    self.assertEqual(latest["verdict"], flow["state"])
                    self.assertEqual(latest["cause"], "first")
                one = control.ask(op="explain", subscriber=flows[0]["client_ip"], server=flows[0]["server_ip"], limit=1)
                self.assertEqual(len(one["decisions"]), 1)
                self.assertEqual(one["decisions"][0]["server_ip"], flows[0]["server_ip"])
                self.assertEqual(control.ask(op="explain", subscriber="192.0.2.77")["decisions"], [])

    def test_without_memory(self):
        with on_capture(CAPTURES[0], control='decisions = "0B";') as daemon:
            self.assertEqual(daemon.wait_for(lambda status: status["input_ended"])["counters"]["decisions"], 0)
            for op in ({"op": "explain"}, {"op": "explain_record", "seconds": 1}):
                with Asking(daemon) as control:
                    self.assertIn("control.decisions", control.ask(subscriber="10.0.0.1", **op)["error"])


class Hostile(unittest.TestCase):
    def test_requests_are_refused_in_one_sentence(self):
        address = {"subscriber": "10.0.0.1"}
        wrong = ([{"op": "flows", **more} for more in (
            {"x": 1}, {"limit": 0}, {"limit": 10001}, {"limit": "5"}, {"limit": 1.5}, {"limit": True}, {"limit": 2 ** 62},
            {"limit": None}, {"state": "open"}, {"state": 1}, {"subscriber": ""}, {"subscriber": "10.0.0.300"},
            {"subscriber": "10.0.0.1/8"}, {"subscriber": 1}, {"subscriber": "a" * 3000}, {"subscriber": "10.0.0.1\0"}, {"subscriber": []},
            {"server": "::1/8"}, {"server": "x"}, {"server": {}}, {"service": ""}, {"service": "s" * 129}, {"rule": "r" * 513},
            {"rule": "a\0b"}, {"rule": ["x"]})]
            + [{"op": "top", **more} for more in (
                {}, {"by": "name"}, {"by": 1}, {"by": "service", "limit": 0}, {"by": "service", "limit": 1001}, {"by": "rule", "subscriber": "x"})]
            + [{"op": "explain", **more} for more in (
                {}, {"subscriber": "10.0.0.0/24"}, {"subscriber": "2001:db8::/48"}, {"subscriber": "x"}, {**address, "limit": 1001},
                {**address, "server": "10.0.0.1/8"}, {**address, "seconds": 1})]
            + [{"op": "explain_record", **more} for more in (
                address, {"seconds": 5}, {**address, "seconds": 0}, {**address, "seconds": 3601}, {**address, "seconds": "5"},
                {**address, "seconds": -1}, {**address, "seconds": 5, "limit": 1}, {"subscriber": "10.0.0.0/8", "seconds": 5})])
        with on_capture(CAPTURES[0]) as daemon:
            daemon.wait_for(lambda status: status["input_ended"])
            for request in wrong:
                with self.subTest(request=str(request)[:80]), Asking(daemon) as control:
                    reply = control.ask(**request)
                    self.assertEqual(reply["op"], "error")
                    self.assertTrue(10 < len(reply["error"]) < 200 and "\n" not in reply["error"], reply["error"])
                    self.assertEqual(control.file.readline(), "")  # Closed behind it.
            self.assertTrue(daemon.status()["input_ended"])
            self.assertNotIn("recorded", daemon.logged())

    def test_more_who_ask_than_are_served_at_once(self):
        with on_capture(CAPTURES[0], workers="1-3") as daemon:
            daemon.wait_for(lambda status: status["input_ended"])
            all_of_them = [Asking(daemon) for _ in range(12)]
            for control in all_of_them:
                for op in ({"op": "flows"}, {"op": "top", "by": "rule"}, {"op": "explain", "subscriber": "10.77.0.11"}):
                    control.send(**op)
            for i, control in enumerate(all_of_them):
                if i % 3 != 0:  # The others are gone before they are answered.
                    self.assertEqual([json.loads(control.file.readline())["op"] for _ in range(3)], ["flows", "top", "explain"])
                control.__exit__()
            with Asking(daemon) as control:
                self.assertEqual(control.ask(op="flows")["op"], "flows")

    def test_end_of_the_daemon_answers_who_waits(self):
        with on_capture(CAPTURES[0]) as daemon:
            daemon.wait_for(lambda status: status["input_ended"])
            waiting = [Asking(daemon) for _ in range(8)]
            for control in waiting:
                control.send(op="flows")
            self.assertEqual(daemon.end()[1], 0)
            for control in waiting:
                line = control.file.readline()
                self.assertTrue(line == "" or json.loads(line)["op"] in ("flows", "error"))
                control.__exit__()


class UnderTraffic(unittest.TestCase):
    def test_lists_come_into_force_while_it_is_asked(self):
        with on_endless_daemon(self) as daemon, Asking(daemon) as control:
            daemon.wait_for(lambda status: status["flows"]["open"] > 0)
            published, rounds = 1, 0
            until = time.monotonic() + 6 * PATIENCE_S
            while (published < 6 or rounds < 30) and time.monotonic() < until:
                if rounds % 5 == 0:
                    text = endless.LIST.replace("serial: 1", f"serial: {published + 1}")
                    daemon.write_list(text.replace(",school,", f",school{published + 1},"))
                flows = control.ask(op="flows", limit=1000)
                self.assertEqual(flows["op"], "flows", flows)
                for flow in flows["flows"]:
                    if flow.get("rule") == ".free.example":
                        # Text and serial are of one list, whichever it was.
                        number = flow["list_serial"]
                        self.assertEqual(flow["service"], "school" if number == 1 else f"school{number}")
                top = control.ask(op="top", by="rule")
                self.assertEqual(top["op"], "top", top)
                self.assertEqual(top["total"]["flows"] >= sum(row["flows"] for row in top["rows"]), True)
                self.assertEqual(control.ask(op="explain", subscriber="10.77.0.3")["op"], "explain")
                status = daemon.status()
                self.assertEqual(status["exactness_bytes"], 0)
                published, rounds = status["list"]["published"], rounds + 1
            self.assertGreaterEqual(published, 6, daemon.logged())


def on_endless_daemon(test, **more):
    import tempfile
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return on_endless(folder.name, **more)


class Recording(unittest.TestCase):
    CHARGED = "10.77.0.3"  # of the kind that asks for charged.example
    SECRET = "charged.example"

    def names(self, control, subscriber=CHARGED):
        return {decision.get("name") for decision in control.ask(op="explain", subscriber=subscriber, limit=1000)["decisions"]}

    def wait_names(self, control, condition):
        until = time.monotonic() + PATIENCE_S
        while not condition(names := self.names(control)):
            self.assertLess(time.monotonic(), until, names)
            time.sleep(0.02)

    def entries(self, daemon):
        done = subprocess.run([ZERORATE, "list", "log", "--socket", f"{daemon.folder}/control.sock", "--format", "json"],
                              capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        return [entry for entry in map(json.loads, done.stdout.splitlines()) if entry["event"].startswith("names_")]

    def test_names_of_charged_flows_while_it_lasts_and_no_longer(self):
        with on_endless_daemon(self, control=f'readers = "{READERS.gr_name}";') as daemon, Asking(daemon) as other:
            os.chmod(daemon.folder, 0o755)
            self.wait_names(other, lambda names: None in names)
            self.assertEqual(self.names(other), {None})
            with Asking(daemon) as recording:
                reply = recording.ask(op="explain_record", subscriber=self.CHARGED, seconds=600)
                self.assertEqual(reply["subscriber"], self.CHARGED)
                self.wait_names(recording, lambda names: self.SECRET in names)
                explained = recording.ask(op="explain", subscriber=self.CHARGED)
                self.assertEqual(explained["recorded_until"], reply["until"])
                # Nobody else's are recorded, and who may only read is told none.
                self.assertEqual(self.names(recording, "10.77.0.7"), {None})
                if os.geteuid() == 0:
                    seen = ask_as(f"{daemon.folder}/control.sock", {"op": "explain", "subscriber": self.CHARGED}, READERS.gr_gid)
                    self.assertEqual({decision.get("name") for decision in seen["decisions"]}, {None})
                    refused = ask_as(f"{daemon.folder}/control.sock", {"op": "explain_record", "subscriber": self.CHARGED, "seconds": 5},
                                     READERS.gr_gid)
                    self.assertIn("operators", refused["error"])
                # One at a time.
                with Asking(daemon) as third:
                    self.assertIn("busy", third.ask(op="explain_record", subscriber="10.77.0.7", seconds=5)["error"])
                self.assertEqual([entry["event"] for entry in self.entries(daemon)], ["names_recorded"])
            # The connection is closed.
            self.wait_names(other, lambda names: self.SECRET not in names)
            self.assertNotIn("recorded_until", other.ask(op="explain", subscriber=self.CHARGED))
            until = time.monotonic() + PATIENCE_S
            while len(entries := self.entries(daemon)) < 2 and time.monotonic() < until:
                time.sleep(0.05)
            self.assertEqual([entry["event"] for entry in entries], ["names_recorded", "names_wiped"])
            for entry in entries:
                self.assertEqual(entry["who"]["uid"], os.geteuid())
                self.assertEqual(entry["subscriber"], self.CHARGED)
                self.assertEqual(entry["until"], reply["until"])
            table = subprocess.run([ZERORATE, "list", "log", "--socket", f"{daemon.folder}/control.sock", "--format", "table"],
                                   capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
            self.assertIn("names_recorded", table)
            self.assertIn(self.CHARGED, table)
            # It is recorded when the daemon ends and leaves its open flows to the next run.
            other.ask(op="explain_record", subscriber=self.CHARGED, seconds=600)
            self.wait_names(other, lambda names: self.SECRET in names)
            logged = daemon.logged()
            self.assertIn(f"names of charged flows of {self.CHARGED} are recorded: asked for by uid {os.geteuid()}, until {reply['until']}",
                          logged)
            self.assertIn(f"names of charged flows of {self.CHARGED} are recorded no more", logged)
            self.assertEqual(daemon.end()[1], 0)
            self.assertGreater(os.path.getsize(f"{daemon.folder}/flows"), 0)
            for path in pathlib.Path(daemon.folder).rglob("*"):
                if path.is_file() and path.suffix != ".pcap":
                    self.assertNotIn(self.SECRET.encode(), path.read_bytes(), path)

    def test_it_ends_with_its_time(self):
        with on_endless_daemon(self) as daemon, Asking(daemon) as control:
            control.ask(op="explain_record", subscriber=self.CHARGED, seconds=1)
            self.wait_names(control, lambda names: self.SECRET in names or "recorded no more" in daemon.logged())
            self.wait_names(control, lambda names: self.SECRET not in names)
            self.assertIn("recorded no more, and wiped", daemon.logged())
            # The same connection may go on, and with another one.
            control.ask(op="explain_record", subscriber=self.CHARGED, seconds=600)
            self.wait_names(control, lambda names: self.SECRET in names)
            control.ask(op="explain_record", subscriber="10.77.0.7", seconds=600)
            self.wait_names(control, lambda names: self.SECRET not in names)
            self.assertEqual(daemon.end()[1], 0)
            self.assertEqual(daemon.logged().count("recorded no more"), 3)


if __name__ == "__main__":
    ZERORATED, ZERORATE, LIST, *CAPTURES = sys.argv[1:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
