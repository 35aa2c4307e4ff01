# SPDX-License-Identifier: BSD-3-Clause
"""What subscribers and their accomplices try, as captures of stated packets, and who pays what for it.

.olm.vn is listed. SERVER is its address, as the trusted resolver says; PROXY forwards to anywhere. Each attack names the parts of its
capture, one for each record that is due, and says of each under off, flag and require: verdict, reason, evidence, flags; and of
the whole capture how many packets and bytes are free and charged. Questions and answers of DNS are the part "dns".
"""

import socket

from packets import GRE, UDP, Flow, Packet, fragments, in_gre, in_gtpu, quic_initial, quic_short
from test_classify_cli import tls_hello
from test_dns_cli import A, CNAME, message, record, wire_name

ME, OTHER, THIRD = "10.1.2.3", "10.1.2.4", "10.1.2.5"
RESOLVER, SERVER, PROXY = "10.9.0.53", "203.0.113.80", "198.51.100.66"
ENDPOINTS = "10.200.0.1", "10.200.0.2"
LISTED, OWN, GAME = "www.olm.vn", "www.attacker.vn", "abc.xyz.vn"
PORT, TLS_PORT, HTTP_PORT, DNS_PORT = 40000, 443, 80, 53
ANSWER = bytes(1000)


def address(owner, where):
    return record(owner, A, 300, socket.inet_aton(where))


def ask(capture, client=ME, resolver=RESOLVER, name=LISTED, where=SERVER, port=20000):
    """A question, and the answer to it."""
    flow = Flow(capture, client, port, resolver, DNS_PORT, UDP)
    flow.up("dns", message(1, name))
    flow.down("dns", message(1, name, [address(name, where)]))


def learned():
    """A capture in which the subscriber has asked for the listed name."""
    capture = []
    ask(capture)
    return capture


def request(host, method=b"GET", target=b"/"):
    return method + b" " + target + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n"


def talk(capture, part, client=ME, server=PROXY, port=PORT, name=LISTED):
    """A handshake, a hello, an answer."""
    flow = Flow(capture, client, port, server, TLS_PORT)
    flow.handshake(part)
    flow.up(part, tls_hello(name))
    flow.down(part, ANSWER)
    return flow


# ---- names where nothing of that name is ----

def honest():
    capture = learned()
    talk(capture, "a", server=SERVER)
    return capture


def sni_to_a_proxy():
    capture = learned()
    talk(capture, "a")
    return capture


def http(capture, part, server):
    flow = Flow(capture, ME, PORT, server, HTTP_PORT)
    flow.handshake(part)
    flow.up(part, request(LISTED))
    flow.down(part, ANSWER)
    return flow


def forged_host():
    capture = learned()
    http(capture, "a", PROXY)
    return capture


def ech():
    """The listed name outside, another one encrypted inside (RFC 9849)."""
    capture = learned()
    flow = Flow(capture, ME, PORT, PROXY, TLS_PORT)
    flow.handshake("a")
    flow.up("a", tls_hello(LISTED, b"\xfe\x0d\0\x40" + bytes(64)))
    flow.down("a", ANSWER)
    return capture


# ---- another host on a free connection ----

def second_request(server):
    capture = learned()
    flow = http(capture, "a", server)
    flow.up("b", request(GAME))
    flow.down("b", ANSWER)
    # Back to the listed host: the paid answer may still be on its way.
    flow.up("c", request(LISTED))
    flow.down("c", ANSWER)
    return capture


def pipelined():
    """Both requests in one segment."""
    capture = learned()
    flow = Flow(capture, ME, PORT, SERVER, HTTP_PORT)
    flow.handshake("a")
    flow.up("b", request(LISTED) + request(GAME))
    flow.down("b", ANSWER)
    return capture


def two_hosts():
    """Two Host headers in one request: nobody knows which one a server takes."""
    capture = learned()
    flow = Flow(capture, ME, PORT, SERVER, HTTP_PORT)
    flow.handshake("a")
    flow.up("a", request(LISTED)[:-2] + b"Host: " + GAME.encode() + b"\r\n\r\n")
    flow.down("a", ANSWER)
    return capture


def late_evidence():
    """The answer that backs the listed name comes when the connection has asked for another host."""
    capture = []
    flow = http(capture, "a", SERVER)
    flow.up("b", request(GAME))
    ask(capture)
    flow.down("b", ANSWER)
    return capture


def connect():
    """A proxy is asked for the listed host, and inside that tunnel for another."""
    capture = learned()
    flow = Flow(capture, ME, PORT, PROXY, HTTP_PORT)
    flow.handshake("a")
    flow.up("a", request(f"{LISTED}:443", b"CONNECT", f"{LISTED}:443".encode()))
    flow.down("a", b"HTTP/1.1 200 OK\r\n\r\n")
    flow.up("b", tls_hello(GAME))
    flow.down("b", ANSWER)
    return capture


def front():
    """A listed name in the hello, to an address that serves it and much else; what is asked for inside is encrypted."""
    capture = learned()
    ask(capture, OTHER, name=GAME)
    talk(capture, "a", server=SERVER)
    return capture


# ---- a hello that the server does not see ----

def overlap():
    """Segments of two hellos for the same bytes of the stream, before either is whole."""
    capture = learned()
    listed, other = tls_hello(LISTED), tls_hello(GAME)
    flow = Flow(capture, ME, PORT, SERVER, TLS_PORT)
    flow.handshake("a")
    begin = flow.next[True]
    flow.up("a", listed[20:], sequence=begin + 20)
    flow.up("a", other[20:], sequence=begin + 20)
    flow.up("a", listed[:20], sequence=begin)
    flow.down("a", ANSWER)
    return capture


def overlapping_fragments():
    """The same with fragments of one IP packet."""
    capture = learned()
    flow = Flow(capture, ME, PORT, SERVER, TLS_PORT)
    flow.handshake("a")
    begin = flow.next[True]
    listed, other = (flow.make(True, tls_hello(name), sequence=begin) for name in (LISTED, GAME))
    end = len(listed) - 20
    for ip in *fragments(listed, [(40, end)]), *fragments(other, [(40, end)]), *fragments(listed, [(0, 40)]):
        flow.add("a", True, ip)
    flow.down("a", ANSWER)
    return capture


def decoy(server, split=None, **how):
    """A listed hello that the server ignores, whole or its first bytes, then another one for the same bytes of the stream.

    how: why it does.
    """
    capture = learned()
    flow = Flow(capture, ME, PORT, server, TLS_PORT)
    flow.handshake("a")
    begin = flow.next[True]
    flow.up("a", tls_hello(LISTED)[:split], **how)
    flow.up("a", tls_hello(GAME), sequence=begin)
    flow.down("a", ANSWER)
    return capture


def low_request():
    """A request for another host, on a free connection, of which nobody can tell whether it arrives."""
    capture = learned()
    flow = http(capture, "a", SERVER)
    flow.up("b", request(GAME), ttl=23)
    flow.down("b", ANSWER)
    return capture


def decoy_request():
    """The same with requests, of which the first expires on its way."""
    capture = learned()
    flow = Flow(capture, ME, PORT, PROXY, HTTP_PORT)
    flow.handshake("a")
    begin = flow.next[True]
    flow.up("a", request(LISTED), ttl=23)
    flow.up("a", request(GAME), sequence=begin)
    flow.down("a", ANSWER)
    return capture


# ---- headers inside headers ----

def forged_tunnel(wrap, proto, port):
    """The subscriber wraps packets for the listed server and has a proxy unwrap them."""
    capture = learned()
    outer = (proto, ME, port, PROXY, port)
    flow = Flow(capture, ME, PORT, SERVER, TLS_PORT)
    for up, data in (True, tls_hello(LISTED)), (False, ANSWER):
        flow.tunnelled("a", wrap, (ME, PROXY), outer, up, flow.make(up, data))
    return capture


def nested_tunnel():
    """The network's tunnel is opened; the one that the subscriber wraps inside it is not."""
    capture = []
    flow = Flow(capture, ME, PORT, SERVER, TLS_PORT)
    for up, data in (True, tls_hello(LISTED)), (False, ANSWER):
        ip = in_gre(*((ME, PROXY) if up else (PROXY, ME)), flow.make(up, data))
        capture.append(Packet("a", (GRE, ME, 0, PROXY, 0), up, in_gtpu(*(ENDPOINTS if up else ENDPOINTS[::-1]), ip), ip))
    return capture


# ---- DNS ----

def untrusted_answer():
    capture = []
    ask(capture, resolver=PROXY, where=PROXY)
    talk(capture, "a")
    return capture


def answers_to_nothing():
    """From the resolver: without a question, to another port, with another id, for another name than was asked."""
    capture = []
    flow = Flow(capture, ME, 20000, RESOLVER, DNS_PORT, UDP)
    forged = [address(LISTED, PROXY)]
    flow.up("dns", message(1, f"api.{LISTED}"))
    flow.down("dns", message(2, f"api.{LISTED}", [address(f"api.{LISTED}", PROXY)]))
    flow.down("dns", message(1, LISTED, forged))
    other = Flow(capture, ME, 20001, RESOLVER, DNS_PORT, UDP)
    other.down("dns", message(1, LISTED, forged))
    talk(capture, "a")
    return capture


def own_name():
    """The subscriber's own name, whose zone leads to a listed one and to his proxy."""
    capture = []
    flow = Flow(capture, ME, 20000, RESOLVER, DNS_PORT, UDP)
    flow.up("dns", message(1, OWN))
    flow.down("dns", message(1, OWN, [record(OWN, CNAME, 300, wire_name(LISTED)), address(LISTED, PROXY)]))
    talk(capture, "a")
    return capture


def dns_tunnel(zone, free_bytes=0, before=()):
    """Data as names, up and down, over the trusted resolver, behind questions for other names.

    What free_bytes has room for are the parts "in-0" and so on, one for each name; the rest is "dns".
    """
    capture = []
    flow = Flow(capture, ME, PORT, RESOLVER, DNS_PORT, UDP)
    spent = 0
    for number, name in enumerate([*before, *(f"data{number:04}.{zone}" for number in range(40))]):
        for up, data in (True, message(number, name)), (False, message(number, name, [address(name, PROXY)])):
            ip = flow.make(up, data)
            spent += len(ip)
            flow.add(f"in-{number}" if spent <= free_bytes else "dns", up, ip)
    return capture


# ---- addresses ----

def remote_hello():
    """An accomplice outside says the listed name to a server behind the subscriber."""
    capture = []
    flow = Flow(capture, PROXY, PORT, ME, TLS_PORT)
    # The subscriber is the client: its ends and directions in records are his.
    for up, flags, data in (True, 2, b""), (False, 18, b""), (True, 16, tls_hello(LISTED)), (False, 16, ANSWER):
        flow.add("a", not up, flow.make(up, data, flags), (6, ME, TLS_PORT, PROXY, PORT))
    return capture


def others_address():
    """Where one subscriber's free connection goes, another one goes without having asked, without a name, and with both."""
    capture = learned()
    talk(capture, "a", server=SERVER)
    talk(capture, "b", OTHER, SERVER)
    silent = Flow(capture, OTHER, PORT + 1, SERVER, TLS_PORT)
    silent.handshake("c")
    silent.up("c", bytes(100))
    silent.down("c", ANSWER)
    ask(capture, THIRD)
    talk(capture, "d", THIRD, SERVER)
    return capture


def reused_ports():
    """The same addresses and ports once more, for another connection (its SYN has another number)."""
    capture = learned()
    talk(capture, "a", server=SERVER)
    flow = Flow(capture, ME, PORT, SERVER, TLS_PORT)
    flow.next = {True: 777777, False: 888888}
    flow.handshake("b")
    flow.up("b", tls_hello(GAME))
    flow.down("b", ANSWER)
    return capture


# ---- QUIC ----

def quic(server, second):
    """A connection of the listed name, then on its ports another one; second: with its Initial."""
    capture = learned()
    flow = Flow(capture, ME, PORT, server, TLS_PORT, UDP)
    one, two = b"first-id", b"other-id"
    flow.up("a", quic_initial(b"client", one, one, b"me", tls_hello(LISTED)[5:]))
    flow.down("a", quic_initial(b"server", one, b"me", b"server-1", b""))
    part = "b" if second else "a"
    if second:
        flow.up(part, quic_initial(b"client", two, two, b"me", tls_hello(GAME)[5:]))
    flow.up(part, quic_short(b"server-2"))
    flow.down(part, quic_short(b"me"))
    return capture
