# SPDX-License-Identifier: BSD-3-Clause
"""The subscribers of test_everything.py, who never stop."""

import collections
import itertools
import random
import signal
import subprocess
import threading
import time

import claims
from daemon import PATIENCE_S


class Clients:
    """Subscribers that download and talk without end, until stopped: some ask a resolver first, some do not, and one only asks."""

    def __init__(self, row, cases, chance, count):
        self.row, self.cases, self.chance = row, cases, chance
        self.stopping = False
        self.bound_turns = itertools.count()
        self.done = collections.Counter()
        media = [case for case in cases if case.by == "media"]
        web = [case for case in cases if case.by != "media"]
        asked = [case for case in cases if case.kind != "silent"]
        # Each once, media more often, and then by chance.
        self.first = [chance.sample(web, len(web)), chance.sample(media * 3, len(media) * 3)]
        works = [(self.fetch, web, self.first[0])] * count + [(self.talk, media, self.first[1])] * 2 + [(self.ask, asked, [])]
        self.threads = [threading.Thread(target=self.keep, args=(*work, random.Random(chance.random())), daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def keep(self, work, cases, first, chance):
        while not self.stopping:
            try:
                case = first.pop()
            except IndexError:
                case = chance.choice(cases)
            work(case, chance)

    def all_begun(self):
        return not any(self.first)

    def run(self, case, command, seconds):
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + seconds
            while client.poll() is None and time.monotonic() < until and not self.stopping:
                time.sleep(0.1)
            if client.poll() is None:
                client.send_signal(signal.SIGINT if int(seconds * 10) % 2 else signal.SIGKILL)
            self.done[case.name, client.wait(PATIENCE_S) == 0] += 1
        finally:
            client.kill()

    def fetch(self, case, chance):
        own = claims.ME6 if ":" in case.address else claims.ME
        if case.client[0] == "curl" and ":" not in case.address and chance.random() < 0.7:
            own = chance.choice(claims.NEIGHBOURS)
            case = case._replace(client=(*case.client, "--interface", own))
        if case.kind == "asked" and chance.random() < 0.5:
            claims.ask(own, [case.name], chance.random() < 0.2)
        self.run(case, self.row.command(case, chance.choice(("page", "picture", "film", "film"))), chance.uniform(1, 12))

    def talk(self, case, chance):
        alone = case.kind == "bound" and next(self.bound_turns) % 2 == 0
        own = claims.LONER if alone else chance.choice((claims.ME, claims.NEIGHBOURS[0]))
        if case.kind == "learned" or chance.random() < 0.5:
            claims.ask(own, [case.name], False)
        lesson = claims.LESSON._replace(client=(*claims.CURL, "--interface", own))
        beside = subprocess.Popen(self.row.command(lesson, "film"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) if case.kind == "bound" and not alone else None
        try:
            self.run(case, claims.talk(case, own, chance.randrange(20000, 60000)), chance.uniform(3, 6))
        finally:
            if beside:
                beside.kill()
                beside.wait(PATIENCE_S)

    def in_peace(self):
        """What records must tell of once more, while nothing happens to the daemon: chance alone may have kept it from them."""
        works = [(self.talk, case) for case in self.cases for _ in range({"bound": 2, "learned": 1}.get(case.kind, 0))]
        works += [(self.ask_and_fetch, case) for case in self.cases if case.kind == "asked"]
        threads = [threading.Thread(target=work, args=(case, random.Random(self.chance.random())), daemon=True) for work, case in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE_S)
            assert not thread.is_alive()

    def ask_and_fetch(self, case, _):
        own = claims.ME6 if ":" in case.address else claims.ME
        claims.ask(own, [case.name], False)
        self.run(case, self.row.command(case, "page"), PATIENCE_S)

    def ask(self, case, chance):
        names = list(claims.OTHER_NAMES.values())
        names.append(case.name)
        own = chance.choice((claims.ASKER, claims.ASKER, claims.ME6))
        claims.ask(own, chance.sample(names, chance.randrange(1, len(names) + 1)), chance.random() < 0.2)
        time.sleep(chance.uniform(0, 0.5))

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(2 * PATIENCE_S)
            assert not thread.is_alive()
