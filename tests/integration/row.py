# SPDX-License-Identifier: BSD-3-Clause
"""Three network namespaces in a row, for tests: a subscriber, a box for zerorated, and the servers (internet.py)."""

import base64
import hashlib
import os
import pathlib
import re
import tempfile

import netns
from internet import RESOLVERS, Host, Internet
from meter import Meter
from netns import inside, run

SUBSCRIBER, BOX, SERVER = NAMESPACES = [f"zr-row-{os.getpid()}-{name}" for name in ("sub", "box", "srv")]
BROWSER_PATIENCE_S = 150


class Row:
    """The three namespaces, the servers and the meters: `up` what reached the servers, `down` what reached the subscriber."""

    def __init__(self, cases, marks, zones="", known=()):
        """cases: with an address, a name, the server that it is `by`, its port and its `client`. marks: code points to count. zones: internet.py.
        known: (address, name), what the subscriber's machine need not ask for.
        """
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.marks, self.known = marks, known
        self.hosts = [Host(case.address, case.name, case.by, case.port) for case in cases]
        self.internet = Internet(SERVER, self.folder, self.hosts, zones)

    def __enter__(self):
        try:
            (self.folder / "resolv.conf").write_text("".join(f"nameserver {address}\n" for address in RESOLVERS))
            (self.folder / "nsswitch.conf").write_text("hosts: files dns\n")
            (self.folder / "hosts").write_text("".join(f"{address} {name}\n" for address, name in self.known))
            self.lay()
            self.internet.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in NAMESPACES:
            netns.remove_namespace(name)
        for server in self.internet.servers.values():
            server.wait()
        self.temporary.cleanup()

    def lay(self):
        for name in NAMESPACES:
            run("ip", "netns", "add", name)
            # The box's interfaces stay without addresses, and nobody looks for routers.
            netns.set_sysctl(name, ipv6__conf__default__disable_ipv6=int(name == BOX), ipv6__conf__default__accept_ra=0,
                             ipv6__conf__default__router_solicitations=0)
            run("ip", "-n", name, "link", "set", "lo", "up")
        netns.link(SUBSCRIBER, "line", BOX, "left")
        netns.link(SERVER, "line", BOX, "right")
        netns.add_addresses(SUBSCRIBER, "line", "10.77.0.11/24", "2001:db8:77::11/64")
        netns.add_addresses(SERVER, "line", "10.77.0.1/24", "2001:db8:77::1/64")
        for address in ("10.77.0.1", "2001:db8:77::1"):
            run("ip", "-n", SUBSCRIBER, "route", "add", "default", "via", address)
        servers = {host.address for host in self.hosts} | set(RESOLVERS)
        netns.add_addresses(SERVER, "lo", *(f"{address}/{128 if ':' in address else 32}" for address in sorted(servers)))
        self.up = Meter(SERVER, "line", "daddr", servers, self.marks)
        self.down = Meter(SUBSCRIBER, "line", "saddr", servers, self.marks)

    def counted(self):
        """{"up": …, "down": …}, each as Meter.read()."""
        return {"up": self.up.read(), "down": self.down.read()}

    def as_subscriber(self, *command):
        """A command of the subscriber's. Names are asked of our resolver, whatever this machine does."""
        bind = 'for file in resolv.conf nsswitch.conf hosts; do mount --bind "$0/$file" "/etc/$file" || exit; done; exec "$@"'
        return inside(SUBSCRIBER, "env", f"HOME={self.folder}", f"TMPDIR={self.folder}", "sh", "-c", bind, self.folder, *command)

    def command(self, case, file):
        """A client that fetches a file."""
        program, *options = case.client
        url = f"{'http' if case.port == 80 else 'https'}://{case.name}/{file}"
        if program == "gtlsclient":
            return self.as_subscriber(program, "-q", "--handshake-timeout=60s", "--exit-on-all-streams-close", *options, case.name, case.port, url)
        upload = ("--data-binary", f"@{self.folder}/www/picture", "-H", "Expect:") if file == "upload" else ()
        return self.as_subscriber(program, "-sSf", "-o", "/dev/null", "--noproxy", "*", "--cacert", self.folder / "ca.pem", *options,
                                  *upload, url)

    def browse(self, cases):
        """Have chromium load one page with a part from each other host. Returns the names whose part has come."""
        first, *others = cases
        parts = "".join(f'<script src="https://{case.name}/{case.file}"></script>\n' for case in others)
        (self.folder / "www" / first.file).write_text(f"<!DOCTYPE html>\n<!-- {os.urandom(50_000).hex()} -->\n{parts}")
        key = run("openssl", "pkey", "-in", self.folder / "key.pem", "-pubout", "-outform", "der")
        pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
        # Addresses for documentation are a local network to it, which a page may not ask without leave.
        quic = ",".join(f"{case.name}:{case.port}" for case in others if "quic" in case.client)
        page = run(*self.as_subscriber(
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks", f"--user-data-dir={tempfile.mkdtemp(dir=self.folder)}",
            f"--ignore-certificate-errors-spki-list={pin}", f"--origin-to-force-quic-on={quic}", "--dump-dom",
            f"https://{first.name}/{first.file}"), timeout=BROWSER_PATIENCE_S).decode()
        return set(re.findall(r'<script src="https://([^/]+)/[^>]*data-came="1"', page))
