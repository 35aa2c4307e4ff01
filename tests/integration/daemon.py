# SPDX-License-Identifier: BSD-3-Clause
"""A running zerorated and a connection to its records.sock, for tests."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE_S = 30

ON_CAPTURE = """gateway = "test-gw";
dataplane = {{ workers = "1"; flows = "64K";
  eal = "--no-huge --no-pci --no-shconf -m 256 --vdev=net_pcap0,rx_pcap={capture}";
  ports = ( {{ device = "net_pcap0"; {port} }} ); }};
list = {{ file = "{{folder}}/list.csv"; state = "{{folder}}/state"; shrink_limit = 100; }};
records = {{ socket = "{{folder}}/records.sock"; }};
ledger = {{ folder = "{{folder}}/ledger"; }};
control = {{ socket = "{{folder}}/control.sock"; {control} }};
"""


def on_capture(capture, port="", control=""):
    """A configuration that plays a capture file, for a Daemon; further keys of its port and of control."""
    return ON_CAPTURE.format(capture=capture, port=port, control=control)


class Stream:
    """One connection to records.sock."""

    def __init__(self, daemon, **subscribe):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_S)
        self.rest = b""
        try:
            self.socket.connect(f"{daemon.folder}/records.sock")
        except OSError:
            self.socket.close()
            raise
        if subscribe:
            self.say(subscribe)

    def say(self, message):
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def line(self):
        """The next message, None at the end."""
        while b"\n" not in self.rest:
            part = self.socket.recv(1 << 20)
            if not part:
                assert self.rest == b"", "the last line has no end"
                return None
            self.rest += part
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def to_end(self):
        messages = []
        while (message := self.line()) is not None:
            messages.append(message)
        return messages

    def close(self):
        self.socket.close()


class Daemon:
    """zerorated with files of its own; `{folder}` in the configuration is their folder. Entered, it is up; left, it is gone."""

    def __init__(self, zerorated, zerorate, config, list_text, command=(), prepare=None):
        """command: what goes before the program on the command line. prepare: called before it is started."""
        self.zerorate = zerorate
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = self.temporary.name
        self.write_list(list_text)
        path = pathlib.Path(self.folder, "zerorated.conf")
        path.write_text(config.replace("{folder}", self.folder))
        self.log = open(f"{self.folder}/log", "w+b")
        self.command = [*command, zerorated, "-c", path]
        if prepare:
            prepare(self)
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log)

    def __enter__(self):
        try:
            self.wait_for(lambda status: True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_again(self):
        """Once more, with what the run before left."""
        self.start()
        self.wait_for(lambda status: True)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()
        self.temporary.cleanup()

    def write_list(self, text):
        pathlib.Path(self.folder, "new.csv").write_text(text)
        os.replace(f"{self.folder}/new.csv", f"{self.folder}/list.csv")

    def logged(self):
        return pathlib.Path(self.folder, "log").read_text(errors="replace")

    def run_status(self, *options):
        return subprocess.run([self.zerorate, "status", "--socket", f"{self.folder}/control.sock", *options], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S)

    def status(self):
        done = self.run_status("--json")
        return json.loads(done.stdout) if done.stdout else None

    def wait_for(self, condition):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            status = self.status()
            if status and condition(status):
                return status
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"it did not come about; the log:\n{self.logged()}")

    def end(self, stop=signal.SIGTERM):
        """Seconds that the end took, and the exit status."""
        begin = time.monotonic()
        self.process.send_signal(stop)
        status = self.process.wait(PATIENCE_S)
        return time.monotonic() - begin, status
