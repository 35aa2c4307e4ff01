# SPDX-License-Identifier: BSD-3-Clause
"""The commands that ask a running daemon: what they ask, what they show of its answers, and what they say when there is none.

Usage: test_gateway_cli.py ZERORATED ZERORATE LIST CAPTURE
"""

import json
import os
import pathlib
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import endless
from daemon import PATIENCE_S, Daemon, on_capture

ZERORATED, ZERORATE, LIST, CAPTURE = [""] * 4

ASKING = (("status",), ("ports",), ("flows",), ("top",), ("explain", "--subscriber", "10.0.0.1"), ("explain", "--record", "10.0.0.1"),
          ("reload",), ("list", "log"))

FLOW = {"flow": "0001010000000001", "state": "free", "reason": "sni", "evidence": ["tls_sni"], "rule": ".olm.vn", "service": "olm",
        "rating_group": 90001, "name": "lop.olm.vn", "list_serial": 2026112201, "subscriber": {"ip": "10.0.0.1"}, "proto": "tcp",
        "client_ip": "10.0.0.1", "client_port": 40000, "server_ip": "192.0.2.1", "server_port": 443, "domain": 0,
        "up_bytes": 1000, "up_pkts": 10, "down_bytes": 50000, "down_pkts": 40, "last": "2026-11-23T10:00:00.000001Z", "part": 0}

DECISION = {"time": "2026-11-23T10:00:00.000001Z", "flow": "0001010000000002", "verdict": "charged", "reason": "no_match",
            "evidence": ["tls_sni"], "list_serial": 2026112201, "proto": "tcp", "client_ip": "10.0.0.1", "client_port": 40001,
            "server_ip": "192.0.2.7", "server_port": 443, "domain": 0, "cause": "first"}

VOLUME = {"flows": 3, "free_bytes": 700, "free_pkts": 7, "charged_bytes": 80, "charged_pkts": 1}


def zerorate(*arguments, **options):
    return subprocess.run([ZERORATE, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S,
                          check=False, **options)


class Script:
    """A control socket that answers each request with the next of the replies (the last one again and again); it keeps the requests."""

    def __init__(self, *replies):
        self.replies, self.requests, self.refuses = list(replies), [], None
        self.delay_s = 0

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = f"{self.folder.name}/control.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refuses:
                # As the daemon does with who may do nothing: an answer, and the end, whatever was asked.
                with client:
                    self.refuses(client)
                    client.sendall(json.dumps(self.replies[0]).encode() + b"\n")
                continue
            with client, client.makefile("rb") as lines:
                for line in lines:
                    self.requests.append(json.loads(line))
                    reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                    time.sleep(self.delay_s)
                    try:
                        client.sendall(reply if isinstance(reply, bytes) else json.dumps(reply).encode() + b"\n")
                    except OSError:
                        break

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(PATIENCE_S)
        self.folder.cleanup()

    def run(self, *arguments):
        return zerorate(*arguments, "--socket", self.path)


class Flows(unittest.TestCase):
    REPLY = {"op": "flows", "flows": [FLOW, {**FLOW, "proto": 47, "client_port": 0, "server_port": 0, "server_ip": "2001:db8::1"}],
             "matched": 2, "matched_bytes": 102000, "open": 5}

    def test_table(self):
        with Script(self.REPLY) as script:
            done = script.run("flows")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(script.requests, [{"op": "flows", "limit": 100}])
        self.assertIn("10.0.0.1:40000", done.stdout)
        self.assertIn("192.0.2.1:443", done.stdout)
        self.assertIn("lop.olm.vn", done.stdout)
        self.assertRegex(done.stdout, r"47 +10.0.0.1 +2001:db8::1 ")
        self.assertIn("2 listed of 2 that fit, with 102000 bytes; 5 are open", done.stdout)

    def test_all_options_are_asked_for(self):
        with Script(self.REPLY) as script:
            done = script.run("flows", "--subscriber", "10.0.0.0/8", "--server", "2001:db8::/32", "--service", "olm", "--rule", ".olm.vn",
                              "--state", "free", "--limit", "7", "--json")
        self.assertEqual(json.loads(done.stdout), self.REPLY)
        self.assertEqual(script.requests, [{"op": "flows", "subscriber": "10.0.0.0/8", "server": "2001:db8::/32", "service": "olm",
                                            "rule": ".olm.vn", "state": "free", "limit": 7}])

    def test_nothing_is_open(self):
        with Script({"op": "flows", "flows": [], "matched": 0, "matched_bytes": 0, "open": 0}) as script:
            done = script.run("flows")
        self.assertEqual((done.returncode, done.stdout), (0, "0 listed of 0 that fit, with 0 bytes; 0 are open\n"))


class Top(unittest.TestCase):
    REPLY = {"op": "top", "by": "service", "since": "2026-11-23T10:00:00.000000Z", "rows": [{"service": "olm", **VOLUME}, VOLUME],
             "total": {**VOLUME, "flows": 9}, "others": {**VOLUME, "flows": 3}}

    def test_table(self):
        with Script(self.REPLY) as script:
            done = script.run("top")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(script.requests, [{"op": "top", "by": "service", "limit": 20}])
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "By service, since 2026-11-23T10:00:00.000000Z")
        self.assertEqual([line.split("  ")[0] for line in lines[2:]], ["olm", "(no entry)", "(others)", "(total)"])
        self.assertEqual(lines[-1].split(), ["(total)", "9", "700", "7", "80", "1"])

    def test_rule_and_subscriber(self):
        reply = {"op": "top", "by": "rule", "rows": [{"rule": ".olm.vn", "service": "olm", **VOLUME}], "total": VOLUME, "others": VOLUME}
        with Script(reply) as script:
            done = script.run("top", "--by", "rule", "--limit", "5")
            self.assertRegex(done.stdout, r"\.olm\.vn +olm +3")
            self.assertEqual(script.requests.pop(), {"op": "top", "by": "rule", "limit": 5})
        reply = {"op": "top", "by": "subscriber", "rows": [{"subscriber": "10.0.0.1", **VOLUME}], "total": VOLUME, "others": VOLUME}
        with Script(reply) as script:
            done = script.run("top", "--by", "subscriber")
        self.assertIn("open flows only", done.stdout)
        self.assertRegex(done.stdout, r"10\.0\.0\.1 +3")

    def test_json(self):
        with Script(self.REPLY) as script:
            self.assertEqual(json.loads(script.run("top", "--json").stdout), self.REPLY)

    def test_watch(self):
        """On a terminal each picture begins on a cleared screen; a daemon that goes away meanwhile is told, and asked again."""
        with Script(self.REPLY, {"op": "error", "error": "about to end"}, self.REPLY) as script:
            ours, theirs = pty.openpty()
            process = subprocess.Popen([ZERORATE, "top", "--watch", "1", "--socket", script.path], stdin=subprocess.DEVNULL,
                                       stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"})
            os.close(theirs)
            shown = b""
            until = time.monotonic() + PATIENCE_S
            while shown.count(b"By service") < 2 and time.monotonic() < until:
                shown += os.read(ours, 65536)
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_S)
            os.close(ours)
        self.assertGreaterEqual(shown.count(b"\033[H\033[2J"), 3)
        # What is wrong stands there until the next picture.
        self.assertRegex(shown, rb"\x1b\[2J[^\x1b]*about to end[^\x1b]*\x1b\[H")

    def test_watch_on_what_is_no_screen(self):
        """A dumb terminal, none that is known, and a pipe get no control sequences."""
        for terminal in ({"TERM": "dumb"}, {"TERM": ""}, None):
            with self.subTest(terminal=terminal), Script(self.REPLY) as script:
                ours, theirs = pty.openpty() if terminal else os.pipe()
                process = subprocess.Popen([ZERORATE, "top", "--watch", "1", "--socket", script.path], stdin=subprocess.DEVNULL,
                                           stdout=theirs, env={**os.environ, **(terminal or {})})
                os.close(theirs)
                shown = b""
                while shown.count(b"(total)") < 2:
                    shown += os.read(ours, 65536)
                process.send_signal(signal.SIGINT)
                process.wait(PATIENCE_S)
                os.close(ours)
                self.assertNotIn(b"\033", shown)

    def test_watch_ends_when_nobody_reads(self):
        """Also when there is nothing to write, since the daemon is not there."""
        for socket_path in ("/nonexistent/control.sock", None):
            with self.subTest(socket_path=socket_path), Script(self.REPLY) as script:
                process = subprocess.Popen([ZERORATE, "top", "--watch", "1", "--socket", socket_path or script.path],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                (process.stderr if socket_path else process.stdout).readline()
                process.stdout.close()
                self.assertEqual(process.wait(PATIENCE_S), 1)
                process.stderr.close()


class Explain(unittest.TestCase):
    def test_a_line_a_decision_and_what_to_do(self):
        free = {**DECISION, "verdict": "free", "reason": "host", "evidence": ["http_host"], "name": "olm.vn", "rule": ".olm.vn",
                "service": "olm", "cause": "host_change", "server_ip": "2001:db8::1"}
        reply = {"op": "explain", "subscriber": "10.0.0.1", "decisions": [DECISION, free, DECISION]}
        with Script(reply) as script:
            done = script.run("explain", "--subscriber", "10.0.0.1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(script.requests, [{"op": "explain", "subscriber": "10.0.0.1", "limit": 20}])
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "2026-11-23T10:00:00  tcp 10.0.0.1:40001 to 192.0.2.7:443  charged: the host that it named is not on "
                                   "list 2026112201 (no_match); read from the TLS hello")
        self.assertEqual(lines[1], "2026-11-23T10:00:00  tcp 10.0.0.1:40001 to [2001:db8::1]:443  free: the host that its HTTP request "
                                   "asks for is on list 2026112201 (host); the host is olm.vn; entry .olm.vn of service olm; read from "
                                   "the HTTP request; judged anew: a request named another host")
        self.assertEqual(lines[3], "Next:")
        self.assertEqual(len(lines), 5)
        self.assertIn("zerorate list lookup", lines[4])

    def test_server_limit_json_and_who_records(self):
        reply = {"op": "explain", "subscriber": "2001:db8::/64", "decisions": [], "recorded_until": "2026-11-23T10:10:00.000000Z"}
        with Script(reply) as script:
            done = script.run("explain", "--subscriber", "2001:db8::/64", "--server", "192.0.2.0/24", "--limit", "3", "--json")
            self.assertEqual(json.loads(done.stdout), reply)
            self.assertEqual(script.requests, [{"op": "explain", "subscriber": "2001:db8::/64", "server": "192.0.2.0/24", "limit": 3}])
            done = script.run("explain", "--subscriber", "2001:db8::1")
        self.assertIn("No decision is known", done.stdout)
        self.assertIn("until 2026-11-23T10:10:00.000000Z", done.stdout)

    def test_of_a_newer_daemon(self):
        strange = {**DECISION, "reason": "moonlight", "evidence": ["stars", 7], "flags": ["wet"], "cause": "tide", "list_serial": "x"}
        with Script({"op": "explain", "subscriber": "10.0.0.1", "decisions": [strange, {}, 7]}) as script:
            done = script.run("explain", "--subscriber", "10.0.0.1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("(moonlight); read from stars; wet", done.stdout)

    def test_control_characters_do_not_reach_the_terminal(self):
        evil = {**DECISION, "name": "a\x1b[2Jb\u009b", "rule": "\u202ex", "server_ip": "1\n2"}
        replies = {"explain": {"op": "explain", "decisions": [evil], "recorded_until": "\x1b[0m"},
                   "flows": {"op": "flows", "flows": [{**FLOW, **evil}]}, "top": {"op": "top", "since": "\x1b", "rows": [evil]},
                   "error": {"op": "error", "error": "\x1b[2J\nno"}}
        for name, command in (("explain", ("explain", "--subscriber", "::1")), ("flows", ("flows",)), ("top", ("top",)),
                              ("error", ("ports",)), ("error", ("reload",))):
            with self.subTest(command=command, reply=name), Script(replies[name]) as script:
                done = script.run(*command)
                for text in (done.stdout, done.stderr):
                    self.assertFalse(set(text.replace("\n", "")) & set("\x1b\u009b\u202e"))
                    self.assertNotIn("1\n2", text)


class Waiting(unittest.TestCase):
    REPLY = {"op": "list_log", "entries": [{"event": "accepted", "serial": 1}]}

    def test_an_answer_may_take_a_while(self):
        """The audit log is read behind what a slow disk takes, and a list that is judged: longer than an answer takes at once."""
        with Script(self.REPLY) as script:
            script.delay_s = 11
            done = script.run("list", "log", "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout), self.REPLY["entries"][0])

    def test_stopped_meanwhile(self):
        """Ctrl-Z and fg."""
        with Script(self.REPLY) as script:
            script.delay_s = 1
            process = subprocess.Popen([ZERORATE, "list", "log", "--json", "--socket", script.path], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            until = time.monotonic() + PATIENCE_S
            while not script.requests and time.monotonic() < until:
                time.sleep(0.01)
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            process.send_signal(signal.SIGCONT)
            shown, told = process.communicate(timeout=PATIENCE_S)
        self.assertEqual((process.returncode, told), (0, ""))
        self.assertEqual(json.loads(shown), self.REPLY["entries"][0])

    def test_refused_while_it_asks(self):
        """The refusal is told, whatever of the request the daemon had read when it closed."""
        def reads_some(client):
            client.recv(1)

        for refuses in (lambda client: None, reads_some):
            with Script({"op": "error", "error": "not allowed: call as root"}) as script:
                script.refuses = refuses
                for _ in range(50):
                    done = script.run("flows", "--service", "x" * 100)
                    self.assertEqual((done.returncode, done.stdout, done.stderr),
                                     (3, "", "zerorate flows: not allowed: call as root\n"))


class Record(unittest.TestCase):
    def explained(self, *decisions):
        return {"op": "explain", "subscriber": "10.0.0.1", "decisions": list(decisions), "recorded_until": "x"}

    def test_new_ones_are_printed_as_they_come_until_interrupted(self):
        old, named = DECISION, {**DECISION, "client_port": 40003, "name": "games.example"}
        until = {"op": "explain_record", "subscriber": "10.0.0.1", "until": "2026-11-23T10:10:00.000000Z"}
        with Script(self.explained(old), until, self.explained(old), self.explained(named, old)) as script:
            process = subprocess.Popen([ZERORATE, "explain", "--record", "10.0.0.1", "--for", "5m", "--socket", script.path],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            rest, told = process.communicate(timeout=PATIENCE_S)
        self.assertEqual((process.returncode, rest), (0, ""))
        self.assertIn("the host is games.example", line)
        self.assertIn("until 2026-11-23T10:10:00.000000Z", told)
        self.assertIn("audit log", told)
        self.assertEqual(script.requests[1], {"op": "explain_record", "subscriber": "10.0.0.1", "seconds": 300})

    def test_time_is_over(self):
        until = {"op": "explain_record", "subscriber": "10.0.0.1", "until": "x"}
        with Script(self.explained(), until, self.explained(DECISION)) as script:
            done = script.run("explain", "--record", "10.0.0.1", "--for", "1s", "--json")
        self.assertEqual(done.returncode, 0)
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], [DECISION])

    def test_told_once(self):
        """A decision whose flow gets its number, and whose name is wiped, is the same; what comes in the last moment is told, too."""
        until = {"op": "explain_record", "subscriber": "10.0.0.1", "until": "x"}
        first = {**DECISION, "name": "games.example"}
        del first["flow"]
        last = {**DECISION, "client_port": 40002}
        over = self.explained(last, DECISION)
        del over["recorded_until"]
        with Script(self.explained(), until, self.explained(first), over) as script:
            done = script.run("explain", "--record", "10.0.0.1", "--for", "2s", "--json")
        self.assertEqual((done.returncode, [json.loads(line) for line in done.stdout.splitlines()]), (0, [first, last]))

    def test_ended_by_the_daemon(self):
        until = {"op": "explain_record", "subscriber": "10.0.0.1", "until": "x"}
        over = self.explained(DECISION)
        del over["recorded_until"]
        with Script(self.explained(), until, over) as script:
            done = script.run("explain", "--record", "10.0.0.1")
        self.assertEqual(done.returncode, 3)
        self.assertIn("has ended the recording", done.stderr)

    def test_daemon_goes_away(self):
        until = {"op": "explain_record", "subscriber": "10.0.0.1", "until": "x"}
        with Script(self.explained(), until, {"op": "error", "error": "about to end"}) as script:
            done = script.run("explain", "--record", "10.0.0.1")
        self.assertEqual(done.returncode, 3)
        self.assertIn("about to end", done.stderr)

    def test_not_allowed(self):
        with Script(self.explained(), {"op": "error", "error": "explain_record is for operators: the group noc"}) as script:
            done = script.run("explain", "--record", "10.0.0.1")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("the group noc", done.stderr)


class Usage(unittest.TestCase):
    def test_refused(self):
        for arguments, why in (
            (("flows", "--state", "lost"), "--state is free, charged or undecided"),
            (("flows", "--limit", "0"), "--limit is a number from 1 to 10000"),
            (("flows", "--limit", "10001"), "--limit is a number"),
            (("flows", "--subscriber", "10.0.0.1/8"), "write 10.0.0.0/8"),
            (("flows", "--server", "olm.vn"), "--server is an address"),
            (("top", "--by", "host"), "--by is service, rule or subscriber"),
            (("top", "--watch", "0"), "--watch is a number from 1 to 3600"),
            (("explain",), "--subscriber IP is missing"),
            (("explain", "--subscriber", "10.0.0.0/8"), "one subscriber's address"),
            (("explain", "--subscriber", "::1", "--record", "::1"), "two questions"),
            (("explain", "--subscriber", "::1", "--for", "5m"), "--record"),
            (("explain", "--record", "::1", "--for", "61m"), "--for is a time from 1s to 3600s"),
            (("explain", "--record", "::1", "--for", "0s"), "--for is a time"),
            (("explain", "--record", "::1", "--for", "5"), "--for is a time"),
            (("ports", "x\x1b[2J"), "it takes options only, not \"x?[2J\""),
            (("ports", "--no"), "unrecognized option"),
            (("flows", "--rule"), "requires an argument"),
            (("flows", "--rule", b"\xff"), "no text in UTF-8"),
        ):
            with self.subTest(arguments=arguments):
                done = zerorate(*arguments, "--socket", "/nowhere") if arguments[-1] != "--rule" else zerorate(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertIn(why, done.stderr)
                self.assertIn(f"Try 'zerorate {arguments[0]} --help'.", done.stderr)


class NoDaemon(unittest.TestCase):
    """The same words from every command, and status 3."""

    def check(self, path, why, **options):
        told = set()
        for command in ASKING:
            done = zerorate(*command, "--socket", path, **options)
            with self.subTest(command=command, path=path):
                self.assertEqual((done.returncode, done.stdout), (3, ""))
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertIn(why, done.stderr)
            told.add(done.stderr.split(": ", 1)[-1])
        self.assertEqual(len(told), 1, told)

    def test_not_there(self):
        self.check("/nowhere/control.sock", "zerorated is not running")

    def test_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(f"{folder}/control.sock")
            listener.close()
            self.check(f"{folder}/control.sock", "nobody listens: zerorated is not running; start it")

    def test_no_control_socket(self):
        with tempfile.NamedTemporaryFile() as file:
            self.check(file.name, "is no control socket")
        self.check("/tmp", "is no control socket")

    @unittest.skipIf(os.geteuid() != 0, "only root can be somebody else")
    def test_not_allowed(self):
        try:
            zerorate("--version", user=65534, group=65534, extra_groups=())
        except PermissionError:
            self.skipTest("the program lies where only root may go")
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
            os.chmod(folder, 0o755)
            path = f"{folder}/control.sock"
            listener.bind(path)
            listener.listen()
            os.chmod(path, 0o660)
            nobody = {"user": 65534, "group": 65534, "extra_groups": ()}
            self.check(path, "control.group and control.readers of zerorated.conf", **nobody)
            os.chown(path, 0, 1)
            self.check(path, "a member of the group daemon", **nobody)
            os.chmod(folder, 0o700)
            self.check(path, "its folder", **nobody)

    def test_answers_nonsense(self):
        for reply in (b"hello\n", b"[]\n", b'{"op":"lost"}\n', b'{"op":7}\n', b"\xff\n"):
            with Script(reply) as script:
                self.check(script.path, "the daemon's answer cannot be understood")

    def test_closes(self):
        with socket.socket(socket.AF_UNIX) as listener, tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/control.sock"
            listener.bind(path)
            listener.listen()

            def close_all():
                while True:
                    try:
                        client, _ = listener.accept()
                    except OSError:
                        return
                    client.recv(1)
                    client.close()
            thread = threading.Thread(target=close_all, daemon=True)
            thread.start()
            self.check(path, "the connection was closed")
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE_S)

    def test_version_needs_none(self):
        done = zerorate("version", "--socket", "/nowhere")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, zerorate("--version").stdout)
        self.assertEqual(list(json.loads(zerorate("version", "--json", "--socket", "/nowhere").stdout)), ["zerorate"])


class Real(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = pathlib.Path(LIST).read_text()

    def setUp(self):
        config = on_capture(CAPTURE, port='role = "access"; domain = 7;')
        self.daemon = Daemon(ZERORATED, ZERORATE, config, self.text)
        self.daemon.__enter__()
        self.addCleanup(self.daemon.__exit__)
        self.status = self.daemon.wait_for(lambda status: status["input_ended"])

    def run_command(self, *arguments):
        return zerorate(*arguments, "--socket", f"{self.daemon.folder}/control.sock")

    def test_ports(self):
        port, = map(json.loads, self.run_command("ports", "--json").stdout.splitlines())
        self.assertEqual((port["device"], port["role"], port["domain"]), ("net_pcap0", "access", 7))
        self.assertEqual(port["rx_pkts"], self.status["totals"]["pkts"])
        done = self.run_command("ports")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        header, row = done.stdout.splitlines()
        self.assertEqual(header.split()[0], "PORT")
        self.assertEqual(row.split()[:3], ["net_pcap0", "access", "7"])
        self.assertIn(str(port["rx_bytes"]), row)

    def test_version(self):
        done = self.run_command("version")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, f"zerorate {self.status['version']}\nzerorated {self.status['version']}, "
                                      f"DPDK {self.status['dpdk']}\n")
        self.assertRegex(self.status["dpdk"], r"^\d+\.\d+")

    def test_what_is_shown_adds_up(self):
        """Nothing was cut yet: open flows hold all that was judged, and top has it all."""
        totals = self.status["totals"]
        judged = totals["free"]["bytes"] + totals["charged"]["bytes"]
        flows = json.loads(self.run_command("flows", "--json").stdout)
        self.assertEqual(len(flows["flows"]), flows["matched"])
        for by in ("service", "rule", "subscriber"):
            top = json.loads(self.run_command("top", "--by", by, "--limit", "2", "--json").stdout)
            self.assertEqual((top["total"]["free_bytes"], top["total"]["charged_bytes"]),
                             (totals["free"]["bytes"], totals["charged"]["bytes"]))
            done = self.run_command("top", "--by", by, "--limit", "2")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout.splitlines()[-1], rf"^\(total\) .*\b{totals['free']['bytes']}\b.*\b{totals['charged']['bytes']}\b")
        self.assertLessEqual(flows["matched_bytes"], judged)
        one = flows["flows"][0]
        done = self.run_command("flows", "--subscriber", one["client_ip"], "--service", one["service"], "--rule", one["rule"],
                                "--state", one["state"], "--server", one["server_ip"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"{one['client_ip']}:{one['client_port']}", done.stdout)

    def test_explain(self):
        flows = json.loads(self.run_command("flows", "--state", "charged", "--json").stdout)["flows"]
        charged = next(flow for flow in flows if flow["reason"] == "no_match")
        done = self.run_command("explain", "--subscriber", charged["client_ip"], "--server", charged["server_ip"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, rf"to {charged['server_ip']}:{charged['server_port']}  charged: the host that it named is not on list "
                                      rf"{charged['list_serial']} \(no_match\); read from the ")
        self.assertNotIn("the host is", done.stdout)
        self.assertIn("Next:\n  no_match: ", done.stdout)
        done = self.run_command("explain", "--subscriber", "192.0.2.250")
        self.assertEqual(done.returncode, 0)
        self.assertIn("No decision is known", done.stdout)

    def reload(self):
        return json.loads(self.run_command("reload", "--json").stdout)

    def test_reload(self):
        serial = self.status["list"]["serial"]
        # Its folder is watched; what reload is told does not depend on who was first.
        done = self.run_command("reload")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("is in force already", done.stdout)
        reply = self.reload()
        self.assertEqual((reply["outcome"], reply["serial"]), ("unchanged", serial))
        self.daemon.write_list(self.text.replace(str(serial), str(serial + 1)))
        reply = self.reload()
        self.assertIn(reply["outcome"], ("accepted", "unchanged"))
        self.assertEqual(reply["serial"], serial + 1)
        self.assertEqual(self.daemon.status()["list"]["serial"], serial + 1)
        self.daemon.write_list(self.text.replace(str(serial), str(serial - 1)))
        done = self.run_command("reload")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("refused; the list in force stays", done.stderr)
        reply = self.reload()
        self.assertEqual((reply["outcome"], reply["serial"], reply["reason"]), ("refused", serial - 1, reply["errors"][0]))
        os.remove(f"{self.daemon.folder}/list.csv")
        self.assertEqual(self.reload()["outcome"], "refused")
        self.assertIn(f"uid {os.geteuid()}: reading {self.daemon.folder}/list.csv anew", self.daemon.logged())
        entries = [json.loads(line) for line in self.run_command("list", "log", "--json").stdout.splitlines()]
        who = {entry["who"]["uid"] for entry in entries if entry["source"] == "reload"}
        self.assertEqual(who, {os.geteuid()})

    def test_many_reloads_are_all_answered(self):
        processes = [subprocess.Popen([ZERORATE, "reload", "--json", "--socket", f"{self.daemon.folder}/control.sock"],
                                      stdout=subprocess.PIPE, text=True) for _ in range(10)]
        for process in processes:
            self.assertEqual(json.loads(process.communicate(timeout=PATIENCE_S)[0])["outcome"], "unchanged")


class Recorded(unittest.TestCase):
    def test_names_of_charged_flows_while_it_runs(self):
        """Connections come and end without end: one subscriber's charged names are shown as long as somebody records, and not after."""
        with tempfile.TemporaryDirectory() as folder:
            capture = os.path.join(folder, "endless.pcap")
            endless.write(capture, tuples=40)
            config = on_capture(f"{capture},infinite_rx=1")
            with Daemon(ZERORATED, ZERORATE, config, endless.LIST) as daemon:
                path = f"{daemon.folder}/control.sock"
                found = []

                def find_charged(_):
                    flows = json.loads(zerorate("flows", "--state", "charged", "--json", "--socket", path).stdout)["flows"]
                    found.extend(flow["client_ip"] for flow in flows if flow["reason"] == "no_match")
                    return found
                daemon.wait_for(find_charged)
                who = found[0]
                process = subprocess.Popen([ZERORATE, "explain", "--record", who, "--socket", path], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                for line in process.stdout:
                    if "charged: " in line and "the host is charged.example" in line:
                        break
                else:
                    self.fail("no name came")
                # Somebody else is told that it is recorded; names come to whom it is recorded for.
                other = json.loads(zerorate("explain", "--subscriber", who, "--json", "--socket", path).stdout)
                self.assertIn("recorded_until", other)
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=PATIENCE_S)
                self.assertEqual(process.returncode, 0)
                daemon.wait_for(lambda _: "recorded_until" not in
                                json.loads(zerorate("explain", "--subscriber", who, "--json", "--socket", path).stdout))
                done = zerorate("explain", "--subscriber", who, "--limit", "1000", "--socket", path)
                self.assertIn("charged: ", done.stdout)
                self.assertNotIn("charged.example", done.stdout)
                done = zerorate("list", "log", "--socket", path)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn('"names_recorded"', done.stdout)
                self.assertIn('"names_wiped"', done.stdout)
                # Without an audit log nobody records.
                next(pathlib.Path(daemon.folder).rglob("audit.jsonl")).unlink()
                done = zerorate("explain", "--record", who, "--socket", path)
                self.assertEqual(done.returncode, 3)
                self.assertIn("has ended the recording: its log says why", done.stderr)
                self.assertIn("the audit log of lists cannot be written", daemon.logged())


if __name__ == "__main__":
    ZERORATED, ZERORATE, LIST, CAPTURE = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1], verbosity=2)
