# SPDX-License-Identifier: BSD-3-Clause
"""Consumers that say nonsense, or nothing: they are told one error and closed, and nobody else notices.

Usage: test_billing_consumers.py ZERORATED ZERORATE CONSUMER SHIM
"""

import json
import os
import socket
import sys
import time
import unittest

from bill import check_sums
from billing import Consumer, Gateway, check_ledger, last_key, rounds, say
from daemon import PATIENCE_S, Stream

ZERORATED, ZERORATE, CONSUMER, SHIM = "", "", "", ""

SUBSCRIBE = b'{"op":"subscribe","consumer":"archive"}\n'

# Lines, each wrong in another way. Where it matters the connection has subscribed before.
MALFORMED = [
    b"\n", b" \n", b"\0\n", b"\xff\xfe\n", b"\xef\xbb\xbf{}\n", b"hello\n", b"{}\n", b"[]\n", b"null\n", b"1\n", b'"op"\n', b"{\n",
    b'{"op":1}\n', b'{"op":null}\n', b'{"op":"nothing"}\n', b'{"op":"subscribe"\n', b'{"op":"subscribe"} x\n',
    b'{"op":"subscribe","op":"subscribe"}\n', b'{"op":"subscribe","more":1}\n', b'{"op":"subscribe","consumer":""}\n',
    b'{"op":"subscribe","consumer":1}\n', b'{"op":"subscribe","consumer":"nobody"}\n', b'{"op":"subscribe","consumer":"Archive"}\n',
    b'{"op":"subscribe","consumer":"archive\\u0000"}\n', b'{"op":"subscribe","consumer":"' + b"a" * 65 + b'"}\n',
    b'{"op":"subscribe","window":0}\n', b'{"op":"subscribe","window":-1}\n', b'{"op":"subscribe","window":1.5}\n',
    b'{"op":"subscribe","window":1e3}\n', b'{"op":"subscribe","window":"1"}\n', b'{"op":"subscribe","window":1000000001}\n',
    b'{"op":"subscribe","window":99999999999999999999}\n', b'{"op":"subscribe","last":-1}\n',
    b'{"op":"subscribe","last":9007199254740993}\n', b'{"op":"subscribe","consumer":"archive","last":5}\n',
    b'{"op":"ack","epoch":"2026-11-23T05:57:05.818865Z","seq":1}\n', b"[" * 4000 + b"\n", b'{"a":' * 800 + b"1" + b"}" * 800 + b"\n",
    b'{"op":"subscribe","consumer":"' + b"\\ud800" + b'"}\n', b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x02\n",
]


def wrong_acks(epoch, sent):
    """Acknowledgements of what was never sent, behind `sent` records of the epoch."""
    later = epoch[:3] + "9" + epoch[4:]
    earlier = "1" + epoch[1:]
    for of, seq in ((epoch, sent + 10**6), (epoch, 2**53), (epoch, 2**63 - 1), (epoch, 2**64), (epoch, -1), (epoch, -2**63),
                    (later, 1), (earlier, 1), (epoch[:-1], 1), (epoch + "Z", 1), ("", 1), (epoch, 1.5), (epoch, "1"), (epoch, None),
                    (epoch, True), (None, 1), (5, 1), ("9999-12-31T23:59:59.999999Z", 1), ("2026-02-30T00:00:00.000000Z", 1)):
        yield json.dumps({"op": "ack", "epoch": of, "seq": seq}).encode() + b"\n"
    yield b'{"op":"ack","seq":1}\n'
    yield b'{"op":"ack","epoch":"%s"}\n' % epoch.encode()
    yield b'{"op":"ack","epoch":"%s","seq":1,"seq":2}\n' % epoch.encode()


def refused(daemon, *parts):
    """What a client is told at the end: it must be one error, and the last thing."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE_S)
    client.connect(f"{daemon.folder}/records.sock")
    reply = b""
    try:
        for part in parts:
            client.sendall(part)
        while part := client.recv(1 << 20):
            reply += part
    except ConnectionResetError:  # it was closed with something unread behind the wrong line
        pass
    client.close()
    messages = [json.loads(line) for line in reply.splitlines()]
    errors = [message["op"] for message in messages].count("error")
    assert errors == 1 and messages[-1]["op"] == "error", f"{parts[-1][:80]} was answered by {messages[-3:]}"
    return messages


class Nonsense(unittest.TestCase):
    def setUp(self):
        print(self.id(), flush=True)

    def finish(self, daemon, consumer):
        last = daemon.finish()
        after = daemon.catch_up(consumer)
        self.assertEqual((len(consumer.lines), consumer.lost), (check_ledger(daemon), []))
        check_sums(consumer.bill, [last, after])

    def test_nonsense(self):
        with Gateway(ZERORATED, ZERORATE) as daemon, Consumer(daemon) as consumer:
            daemon.wait_for(lambda status: status["records"]["committed"] > 1000)
            count = 0
            for _ in range(rounds(1)):
                for line in MALFORMED:
                    refused(daemon, line)
                    consumer.check_alive()
                for line in MALFORMED:
                    refused(daemon, SUBSCRIBE, line)
                epoch = last_key(daemon.status())[0]
                for line in wrong_acks(epoch, daemon.status()["records"]["seq"]):
                    refused(daemon, SUBSCRIBE, line)
                for _ in range(30):
                    refused(daemon, SUBSCRIBE, os.urandom(500).replace(b"\n", b"") + b"\n")
                count += 2 * len(MALFORMED) + 30 + len(list(wrong_acks(epoch, 0)))
            one = next(one for one in daemon.status()["consumers"] if one["consumer"] == "archive")
            self.assertEqual((one["acked"], one["connected"]), (0, False))
            self.assertEqual(consumer.connections, 1)
            self.finish(daemon, consumer)
            say(f"{count} wrong lines, each one error; the other consumer noticed nothing: {len(consumer.lines)} records")

    def test_never_acks(self):
        """It gets its window and no more, and its records stay; the others go on. When it acknowledges, the files go."""
        with Gateway(ZERORATED, ZERORATE, ledger='retention = "0s";', shim=SHIM) as daemon, Consumer(daemon) as consumer:
            silent = Stream(daemon, op="subscribe", consumer="archive", window=500)
            got = []
            while len(got) < 500:
                message = silent.line()
                if message["op"] == "record":
                    got.append(message["record"])
            for _ in range(3):
                status = daemon.status()
                consumer.wait_for_record(last_key(status))
                daemon.wish.step_clock(3600)
                daemon.wait_for(lambda later: later["records"]["committed"] > status["records"]["seq"] + 1000)
            time.sleep(1.5)  # the folder is looked after once a second
            status = daemon.status()
            files = daemon.files()
            self.assertEqual(len(files), 4)
            self.assertEqual(status["ledger"]["oldest"]["seq"], 0)
            one = next(one for one in status["consumers"] if one["consumer"] == "archive")
            self.assertEqual((one["in_flight"], one["acked"]), (500, 0))
            self.assertGreater(one["lag"], 3000)
            silent.socket.settimeout(0.2)
            with self.assertRaises(TimeoutError):  # alive at most, no record
                while True:
                    self.assertEqual(silent.line()["op"], "alive")
            silent.close()
            say(f"it has 500 records in flight and a lag of {one['lag']}; {len(files)} files are kept")
            with Consumer(daemon, name="archive", ack_every=1) as archive:
                archive.wait_for_record(last_key(status))
                daemon.wait_for(lambda status: status["ledger"]["files"] <= 2)
                self.assertEqual([archive.lines[one["epoch"], one["seq"]] for one in got[:3]],
                                 [consumer.lines[one["epoch"], one["seq"]] for one in got[:3]])
                last = daemon.finish()
                consumer.wait_for_record(last_key(last))
                self.assertEqual(consumer.connections, 1)
                check_sums(consumer.bill, [last])


if __name__ == "__main__":
    ZERORATED, ZERORATE, CONSUMER, SHIM = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
