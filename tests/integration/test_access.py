# SPDX-License-Identifier: BSD-3-Clause
"""Who may ask what at control.sock: operators, readers, others, each by its credentials.

Usage: test_access.py ZERORATED ZERORATE LIST CAPTURE
"""

import contextlib
import grp
import json
import os
import pathlib
import select
import socket
import stat
import sys
import unittest

from daemon import PATIENCE_S, Daemon, on_capture

ZERORATED, ZERORATE, LIST, CAPTURE = [""] * 4

USER = 41001
READS = ({"op": "status"}, {"op": "list_log", "last": 1}, {"op": "flows"}, {"op": "top", "by": "service"},
         {"op": "explain", "subscriber": "10.0.0.1"})
CHANGES = ({"op": "list_push", "file": "l", "signatures": []}, {"op": "reload", "no": "such member"}, {"op": "explain_record"})


def ask_as(path, request, main_group, groups=()):
    """What somebody of these groups is answered, who is no user of this machine; None: cannot connect."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups(list(groups))
            os.setgid(main_group)
            os.setuid(USER)
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(PATIENCE_S)
            try:
                client.connect(path)
            except PermissionError:
                os._exit(0)
            try:
                client.sendall(json.dumps(request).encode() + b"\n")
                client.shutdown(socket.SHUT_WR)
                while part := client.recv(65536):
                    os.write(theirs, part)
            except BrokenPipeError:
                # Refused before it was read.
                os.write(theirs, client.recv(65536))
            except ConnectionResetError:
                pass  # The same, and the refusal has come.
            status = 0
        finally:
            os._exit(status)
    os.close(theirs)
    with os.fdopen(ours, "rb") as file:
        reply = file.read()
    assert os.waitpid(child, 0)[1] == 0
    assert reply.count(b"\n") == (1 if reply else 0)
    return json.loads(reply) if reply else None


def ask_on(connection, request):
    connection.sendall(json.dumps(request).encode() + b"\n")
    with connection.makefile("rb") as lines:
        return json.loads(lines.readline())


class Crowd:
    """A process of a group that has taken places, each with a request answered, or with one that is asked again and again."""

    def __init__(self, path, group, waits, count=16, files=False):
        self.path, self.group, self.waits, self.count, self.files = path, group, waits, count, files

    def __enter__(self):
        ours, theirs = os.pipe()
        self.held, end = os.pipe()
        go_on, self.go = os.pipe()
        self.child = os.fork()
        if self.child == 0:
            try:
                self.crowd(theirs, end, go_on)
            finally:
                os._exit(1)
        for fd in (theirs, end, go_on):
            os.close(fd)
        assert os.read(ours, 1) == b"."
        os.close(ours)
        return self

    def crowd(self, theirs, end, go_on):
        os.close(self.held)
        os.close(self.go)
        os.setgroups([])
        os.setgid(self.group)
        os.setuid(USER)
        places = [socket.socket(socket.AF_UNIX) for _ in range(self.count)]
        for place in places:
            place.settimeout(PATIENCE_S)
            place.connect(self.path)
            # Who finds no place is told, and the connection is closed.
            with contextlib.suppress(OSError, ValueError):
                ask_on(place, READS[0])
                if self.files:
                    socket.send_fds(place, [b" "], [end])
                if self.waits:
                    place.sendall((json.dumps(READS[2]).encode() + b"\n") * 20)
        os.close(end)
        os.write(theirs, b".")
        os.read(go_on, 1)
        os._exit(0)

    def is_held(self):
        """Does the daemon hold what was sent?"""
        with select.epoll() as poll:
            poll.register(self.held, select.EPOLLHUP)
            return not poll.poll(1)

    def __exit__(self, *_):
        os.close(self.go)
        os.close(self.held)
        os.waitpid(self.child, 0)


@unittest.skipIf(os.geteuid() != 0, "only root can connect as other users")
class Access(unittest.TestCase):
    def setUp(self):
        # Groups that every system has; nobody's main one.
        self.operators, self.readers, self.others = [group for group in grp.getgrall() if group.gr_gid != 0][:3]

    def daemon(self, groups):
        config = on_capture(CAPTURE, control=groups)
        daemon = Daemon(ZERORATED, ZERORATE, config, pathlib.Path(LIST).read_text())
        os.chmod(daemon.folder, 0o755)
        self.socket = f"{daemon.folder}/control.sock"
        return daemon

    def check_operator(self, *groups):
        for request in READS:
            self.assertEqual(ask_as(self.socket, request, *groups)["op"], request["op"])
        for request in CHANGES:
            # Allowed to, and then wrong for another reason.
            self.assertNotIn("operators", ask_as(self.socket, request, *groups)["error"])

    def check_reader(self, where, *groups):
        for request in READS:
            self.assertEqual(ask_as(self.socket, request, *groups)["op"], request["op"])
        for request in CHANGES:
            reply = ask_as(self.socket, request, *groups)
            self.assertEqual(reply["op"], "error")
            self.assertIn(f"{request['op']} is for operators", reply["error"])
            self.assertIn(where, reply["error"])

    def check_refused(self, *groups):
        """Not served; the refusal of who could connect names the groups."""
        for request in READS + CHANGES:
            reply = ask_as(self.socket, request, *groups)
            if reply is not None:
                self.assertEqual(reply["op"], "error")
                self.assertIn("not allowed", reply["error"])
        return reply

    def test_two_groups(self):
        operators, readers = self.operators.gr_gid, self.readers.gr_gid
        with self.daemon(f'group = "{self.operators.gr_name}"; readers = "{self.readers.gr_name}";'):
            self.check_operator(operators)
            self.check_operator(USER, (operators,))
            self.check_operator(readers, (operators,))
            self.check_reader(f"the group {self.operators.gr_name}", readers)
            self.check_reader(f"the group {self.operators.gr_name}", USER, (self.others.gr_gid, readers))
            # More groups than fit a small table.
            self.check_reader("the group", USER, (*range(50000, 50500), readers))
            refused = self.check_refused(self.others.gr_gid)["error"]
            self.assertIn(self.operators.gr_name, refused)
            self.assertIn(self.readers.gr_name, refused)

    def test_readers_take_no_operators_place(self):
        """All places are taken by readers, who wait or not: an operator is served, and keeps the place."""
        readers = self.readers.gr_gid
        with self.daemon(f'group = "{self.operators.gr_name}"; readers = "{self.readers.gr_name}";'):
            for waits in (False, True):
                with self.subTest(waits=waits), Crowd(self.socket, readers, waits), socket.socket(socket.AF_UNIX) as operator:
                    operator.settimeout(PATIENCE_S)
                    operator.connect(self.socket)
                    self.assertEqual(ask_on(operator, READS[0])["op"], "status")
                    with Crowd(self.socket, readers, waits):
                        self.assertEqual(ask_on(operator, READS[0])["op"], "status")
            with Crowd(self.socket, self.operators.gr_gid, False):
                self.assertIn("too many connections", ask_as(self.socket, READS[0], readers)["error"])
                self.assertEqual(ask_as(self.socket, READS[0], self.operators.gr_gid)["op"], "status")

    def test_descriptors_of_readers_are_not_taken(self):
        with self.daemon(f'group = "{self.operators.gr_name}"; readers = "{self.readers.gr_name}";'):
            for group, taken in ((self.operators.gr_gid, True), (self.readers.gr_gid, False)):
                with self.subTest(group=group), Crowd(self.socket, group, False, count=1, files=True) as crowd:
                    # Whose end somebody holds is not at its end. It is known once more was read on that connection.
                    self.assertEqual(crowd.is_held(), taken)

    def test_one_group(self):
        with self.daemon(f'group = "{self.operators.gr_name}";'):
            self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o660)
            self.check_operator(self.operators.gr_gid)
            self.assertIsNone(self.check_refused(self.readers.gr_gid))

    def test_readers_only(self):
        with self.daemon(f'readers = "{self.readers.gr_name}";'):
            self.assertEqual(stat.S_IMODE(os.stat(self.socket).st_mode), 0o660)
            self.check_reader("control.group", self.readers.gr_gid)
            self.assertIsNone(self.check_refused(self.operators.gr_gid))

    def test_nobody(self):
        with self.daemon(""):
            self.assertIsNone(self.check_refused(self.operators.gr_gid))


if __name__ == "__main__":
    ZERORATED, ZERORATE, LIST, CAPTURE = sys.argv[1:5]
    unittest.main(argv=sys.argv[:1], verbosity=2)
