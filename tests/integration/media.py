# SPDX-License-Identifier: BSD-3-Clause
"""A class's media, for tests: datagrams that carry no name, to a server that sends each one back.

Usage: media.py serve ADDRESS PORT
       media.py talk OWN-ADDRESS OWN-PORT ADDRESS PORT COUNT     until so many have come back
"""

import socket
import sys

# Of the RTP kind: nothing that a hello, a request or a question begins with.
HEAD = b"\x80\x60"
LEN = 600
TRIES = 60


def bound(address, port):
    media = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    media.bind((address, port))
    return media


def serve(address, port):
    media = bound(address, port)
    while True:
        media.sendto(*media.recvfrom(2048))


def talk(own_address, own_port, address, port, count):
    """One at a time; a lost one is sent again."""
    media = bound(own_address, own_port)
    media.connect((address, port))
    media.settimeout(0.5)
    for number in range(count):
        datagram = (HEAD + number.to_bytes(2, "big")).ljust(LEN, b"m")
        for _ in range(TRIES):
            try:
                media.send(datagram)
                if media.recv(2048) == datagram:
                    break
            except (TimeoutError, ConnectionRefusedError):
                pass
        else:
            sys.exit(f"datagram {number} has not come back")


def main():
    what, *rest = sys.argv[1:]
    arguments = [int(word) if word.isdecimal() else word for word in rest]
    (serve if what == "serve" else talk)(*arguments)


if __name__ == "__main__":
    main()
