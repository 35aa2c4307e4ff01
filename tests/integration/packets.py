# SPDX-License-Identifier: BSD-3-Clause
"""Packets as a test states them, bytes from the IP header on, with checksums that are right unless it says otherwise."""

import collections
import hashlib
import hmac
import socket
import struct

try:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    AESGCM = None

SYN, PSH, ACK = 0x02, 0x08, 0x10
TCP, UDP, GRE = 6, 17, 47
GTPU_PORT = 2152
FRAGMENT_UNIT = 8

# One packet of a capture: its part (what a test calls the volume that one record tells), its flow, its direction, its bytes; and
# its volume, where a tunnel is opened and that of the packet inside counts.
Packet = collections.namedtuple("Packet", "part flow up ip inner", defaults=[None])


def checksum(data):
    """Of RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ipv4(source, destination, proto, content, ttl=64, fragment=0, number=0):
    """fragment: the second half of the header's fragment word: 0x2000 for more, and the offset in units of eight bytes."""
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(content), number, fragment, ttl, proto, 0, socket.inet_aton(source),
                         socket.inet_aton(destination))
    return header[:10] + struct.pack(">H", checksum(header)) + header[12:] + content


def with_checksum(source, destination, proto, content, at, right=True):
    """TCP or UDP, with the checksum at that offset put in."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack(">BBH", 0, proto, len(content))
    word = checksum(pseudo + content) ^ (0 if right else 0x5555)
    return content[:at] + struct.pack(">H", word) + content[at + 2:]


def in_gre(source, destination, ip):
    """RFC 2784."""
    return ipv4(source, destination, GRE, struct.pack(">HH", 0, 0x0800) + ip)


def in_gtpu(source, destination, ip, teid=0x1234):
    """3GPP TS 29.281."""
    gtpu = struct.pack(">BBHI", 0x30, 0xFF, len(ip), teid) + ip
    udp = struct.pack(">HHHH", GTPU_PORT, GTPU_PORT, 8 + len(gtpu), 0) + gtpu
    return ipv4(source, destination, UDP, with_checksum(source, destination, UDP, udp, 6))


def frame(packet):
    """Ethernet around it."""
    return bytes(12) + b"\x08\x00" + packet.ip


def volume(packets):
    """Packets and bytes as they are accounted: the IP length, in an opened tunnel the inner one."""
    packets = list(packets)
    return len(packets), sum(len(packet.inner or packet.ip) for packet in packets)


class Flow:
    """A conversation of a client with a server, whose packets go into a capture, each under the part that is named."""

    def __init__(self, capture, client, client_port, server, server_port, proto=TCP):
        self.capture = capture
        self.tuple = (proto, client, client_port, server, server_port)
        self.proto, self.ends, self.ports = proto, (client, server), (client_port, server_port)
        self.next = {True: 1000, False: 5000}

    def add(self, part, up, ip, flow=None):
        self.capture.append(Packet(part, flow or self.tuple, up, ip))

    def make(self, up, data, flags=ACK, sequence=None, ttl=64, right=True, right_ip=True):
        """The packet with this data; sequence: where it stands in the client's stream, else it goes on. right: its checksums."""
        source, destination = self.ends if up else self.ends[::-1]
        ports = self.ports if up else self.ports[::-1]
        if self.proto == UDP:
            content, at = struct.pack(">HHHH", *ports, 8 + len(data), 0) + data, 6
        else:
            number = self.next[up] if sequence is None else sequence
            acknowledged = 0 if flags == SYN else self.next[not up]
            self.next[up] = number + len(data) + (flags & SYN != 0)
            content, at = struct.pack(">HHIIBBHHH", *ports, number, acknowledged, 5 << 4, flags, 65535, 0, 0) + data, 16
        content = with_checksum(source, destination, self.proto, content, at, right)
        ip = ipv4(source, destination, self.proto, content, ttl)
        return ip if right_ip else ip[:10] + bytes([ip[10] ^ 0x55]) + ip[11:]

    def handshake(self, part):
        self.add(part, True, self.make(True, b"", SYN))
        self.add(part, False, self.make(False, b"", SYN | ACK))

    def up(self, part, data, **how):
        self.add(part, True, self.make(True, data, **how))

    def down(self, part, data):
        self.add(part, False, self.make(False, data))

    def tunnelled(self, part, wrap, ends, flow, up, ip):
        """A packet that was made goes in a tunnel; flow: whose volume it is, by default this conversation's."""
        self.add(part, up, wrap(*(ends if up else ends[::-1]), ip), flow)


def fragments(ip, cuts):
    """Pieces of a packet: (from, to) of what its header carries; the last byte's piece says that no more follow."""
    source, destination = socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20])
    for begin, end in cuts:
        more = 0x2000 if end < len(ip) - 20 else 0
        yield ipv4(source, destination, ip[9], ip[20 + begin:20 + end], fragment=more | begin // FRAGMENT_UNIT, number=77)


# ---- QUIC version 1 (RFC 9000, RFC 9001) ----

SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")


def expand_label(secret, label, length):
    """RFC 8446, section 7.1, in one block of SHA-256."""
    label = b"tls13 " + label
    info = struct.pack(">HB", length, len(label)) + label + b"\0"
    return hmac.digest(secret, info + b"\x01", "sha256")[:length]


def quic_initial(sender, first_id, to_id, from_id, crypto):
    """The datagram of an Initial of the sender, b"client" or b"server": crypto in one CRYPTO frame, padded to 1200 bytes."""
    initial = hmac.digest(SALT, first_id, hashlib.sha256)
    secret = expand_label(initial, sender + b" in", 32)
    key, iv, protection = (expand_label(secret, label, length) for label, length in ((b"quic key", 16), (b"quic iv", 12), (b"quic hp", 16)))
    header = b"\xc0" + struct.pack(">I", 1) + bytes([len(to_id)]) + to_id + bytes([len(from_id)]) + from_id + b"\0"
    frame = b"\x06\0" + struct.pack(">H", 0x4000 | len(crypto)) + crypto
    length = 1200 - len(header) - 2
    frame += bytes(length - 1 - 16 - len(frame))
    header += struct.pack(">H", 0x4000 | length) + b"\0"
    sealed = AESGCM(key).encrypt(iv, frame, header)
    encryptor = Cipher(algorithms.AES(protection), modes.ECB()).encryptor()
    mask = encryptor.update(sealed[3:19])
    return bytes([header[0] ^ mask[0] & 0x0F]) + header[1:-1] + bytes([header[-1] ^ mask[1]]) + sealed


def quic_short(to_id, length=400):
    """What a connection sends when its handshake is over; nobody between can read it."""
    return b"\x5a" + to_id + bytes(length - 1 - len(to_id))
