# SPDX-License-Identifier: BSD-3-Clause
"""Real servers in one namespace, for tests: nginx, caddy and gtlsserver with certificates of a CA made for the purpose, and unbound."""

import collections
import json
import os
import subprocess

from netns import inside, missing, run, wait_until

# A host: its address and name, which server has it (nginx, caddy, gtlsserver) and at which port. Each address is one host's.
Host = collections.namedtuple("Host", "address name by port")
RESOLVERS = ("203.0.113.53", "2001:db8:203::53")
FILES = {"page": 5000, "picture": 200_000, "film": 100_000_000}
# What caddy has nginx send slowly on the loopback interface, since it has no limit of its own.
SLOW = "127.0.0.1:8080"

NGINX = """daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; user root; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  log_format seen '$server_addr $server_protocol $ssl_protocol $ssl_curves'; access_log {folder}/nginx.seen seen;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers DEFAULT@SECLEVEL=0;
  types {{ text/html html; text/javascript js; }} default_type application/octet-stream;
  server {{
{listen}
    root {folder}/www;
    location /film {{ limit_rate 400k; }}
    location /upload {{ client_max_body_size 1m; return 204; }}
  }}
}}
"""

CADDY = """{{
  admin off
  auto_https off
  ocsp_stapling off
  storage file_system {folder}/caddy
}}
https:// {{
  bind {addresses}
  tls {folder}/cert.pem {folder}/key.pem
  log {{
    output file {folder}/caddy.seen
    format json
  }}
  reverse_proxy /film {slow}
  root * {folder}/www
  file_server
}}
"""

# It answers from what it is given and asks nobody.
UNBOUND = """server:
 {interfaces}
 access-control: 0.0.0.0/0 allow
 access-control: ::/0 allow
 do-daemonize: no
 username: ""
 chroot: ""
 directory: "{folder}"
 pidfile: "{folder}/unbound.pid"
 use-syslog: no
 logfile: ""
 module-config: "iterator"
 local-zone: "." static
{data}
remote-control:
 control-enable: no
{zones}"""


class Internet:
    """Servers of hosts in a namespace that has their addresses. `start` returns when all of them listen."""

    def __init__(self, namespace, folder, hosts, zones=""):
        """zones: more of unbound's configuration, behind the hosts' addresses."""
        self.namespace, self.folder, self.hosts, self.zones = namespace, folder, hosts, zones
        self.servers = {}

    def start(self):
        self.make_files()
        self.make_certificates()
        self.start_unbound()
        for name, begin in (("nginx", self.start_nginx), ("caddy", self.start_caddy), ("gtlsserver", self.start_gtlsserver)):
            hosts = [host for host in self.hosts if host.by == name]
            if hosts and not missing(name):
                begin(hosts)
        self.wait()

    def make_files(self):
        www = self.folder / "www"
        www.mkdir()
        for name, size in FILES.items():
            with open(www / name, "wb") as file:
                file.write(os.urandom(min(size, 1_000_000)))
                file.truncate(size)
        # A script that tells the page that it has come.
        (www / "part.js").write_text("document.currentScript.dataset.came = 1; //" + os.urandom(FILES["picture"] // 2).hex())

    def make_certificates(self):
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        run("openssl", "req", "-x509", *key, "-subj", "/CN=test CA", "-days", 30, "-keyout", self.folder / "ca.key", "-out",
            self.folder / "ca.pem")
        names = ",".join(f"DNS:{name}" for name in sorted({host.name for host in self.hosts}))
        run("openssl", "req", *key, "-subj", "/CN=servers", "-addext", f"subjectAltName={names}", "-keyout", self.folder / "key.pem",
            "-out", self.folder / "cert.csr")
        run("openssl", "x509", "-req", "-in", self.folder / "cert.csr", "-CA", self.folder / "ca.pem", "-CAkey", self.folder / "ca.key",
            "-CAcreateserial", "-copy_extensions", "copy", "-days", 30, "-out", self.folder / "cert.pem")

    def run_server(self, name, *command, env=None):
        with open(self.folder / f"{name}.out", "wb") as output:
            self.servers[name] = subprocess.Popen(inside(self.namespace, *command), stdin=subprocess.DEVNULL, stdout=output,
                                                  stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})

    def start_unbound(self):
        data = "".join(f' local-data: "{host.name}. 300 {"AAAA" if ":" in host.address else "A"} {host.address}"\n' for host in self.hosts)
        (self.folder / "unbound.conf").write_text(UNBOUND.format(
            folder=self.folder, data=data, zones=self.zones, interfaces="\n ".join(f"interface: {address}" for address in RESOLVERS)))
        self.run_server("unbound", "unbound", "-d", "-c", self.folder / "unbound.conf")

    def start_nginx(self, hosts):
        listen = [f"    listen {bracketed(host.address)}:{host.port}{' ssl http2' if host.port == 443 else ''};" for host in hosts]
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, listen="\n".join([*listen, f"    listen {SLOW};"])))
        self.run_server("nginx", "nginx", "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.log")

    def start_caddy(self, hosts):
        (self.folder / "Caddyfile").write_text(CADDY.format(folder=self.folder, slow=SLOW,
                                                            addresses=" ".join(host.address for host in hosts)))
        home = {name: str(self.folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        self.run_server("caddy", "caddy", "run", "--adapter", "caddyfile", "--config", self.folder / "Caddyfile", env=home)

    def start_gtlsserver(self, hosts):
        for host in hosts:
            self.run_server(f"gtlsserver-{host.address}", "gtlsserver", "-q", "--handshake-timeout=60s", "-d", self.folder / "www",
                            host.address, host.port, self.folder / "key.pem", self.folder / "cert.pem")

    def wait(self):
        """Until all listen that were started."""
        want = {("udp", f"{bracketed(address)}:53") for address in RESOLVERS}
        for host in self.hosts:
            if not missing(host.by):
                want.add(("tcp" if host.by == "nginx" else "udp", f"{bracketed(host.address)}:{host.port}"))

        def absent():
            for name, server in self.servers.items():
                assert server.poll() is None, f"{name} has ended:\n{self.said(name)}"
            lines = run(*inside(self.namespace, "ss", "-Hltun")).decode().splitlines()
            return want - {(line.split()[0], line.split()[4]) for line in lines}
        wait_until(lambda: not absent(), lambda: f"nobody listens at {sorted(absent())}")

    def said(self, name):
        return (self.folder / f"{name}.out").read_text(errors="replace")[-2000:]

    def seen(self):
        """How clients came, by host's address: sets of (HTTP version, TLS version, groups) of nginx, (HTTP version,) of caddy."""
        seen = collections.defaultdict(set)
        for line in self.lines("nginx.seen"):
            address, http, tls, groups = line.split()
            seen[address].add((http, tls, groups))
        addresses = {host.name: host.address for host in self.hosts if host.by == "caddy"}
        for line in self.lines("caddy.seen"):
            request = json.loads(line)["request"]
            seen[addresses.get(request["host"])].add((request["proto"],))
        return seen

    def lines(self, name):
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []


def bracketed(address):
    return f"[{address}]" if ":" in address else address
