#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run `zerorate dns` over every capture of $ZR_CAPTURES with DNS in it and compare it with the truth kept there.

    tests/conformance/dns.py [--verbose] [--jobs N] ZERORATE

For every A and AAAA record of the answers that must be read: was its address learned by the subscriber who asked, from that
resolver, for that name, with that TTL? And the other way: is everything that was learned in some answer of the truth, each alias
of its chain included? An answer that comes twice to one query teaches once; answers whose query the capture lacks teach nothing
and are counted apart: both by design. Fails on a crash, when less is learned than floors.tsv allows, and on any address or
alias that no answer gives.
"""
import argparse
import collections
import concurrent.futures
import gzip
import ipaddress
import json
import os
import sys

from shared import HOST_NAME, canonical, captures_folder, read_floors, read_scopes, run_program

ADDRESS_TYPES = {1: "A", 28: "AAAA"}
CNAME = 5
HINT_TYPES = ("HTTPS", "SVCB")


def subscriber_of(address):
    """A subscriber as the program writes it: an IPv6 address stands for its /64."""
    ip = ipaddress.ip_address(address)
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))


def address_of(text):
    return ipaddress.ip_address(text)


def ends_of(message):
    """Transport, client, client's port, resolver, resolver's port of a message: the truth's cli is who sent it."""
    sender, receiver = (message["cli"], message["cport"]), (message["srv"], message["sport"])
    return (message["l4"], *(receiver + sender if message["kind"] == "answer" else sender + receiver))


class Capture:
    """The truth of one capture."""

    def __init__(self):
        self.required, self.unasked = collections.Counter(), 0
        self.addresses, self.aliases, self.names = set(), set(), set()
        self.asked = set()

    def add(self, message):
        question = tuple((canonical(name), kind) for name, kind in message["q"])
        ends = ends_of(message)
        if message["kind"] == "query":
            self.asked.add((ends, question))
            return
        self.names.update(name for name, _ in question)
        subscriber, resolver = subscriber_of(ends[1]), address_of(ends[3])
        for owner, kind, ttl, value in message["a"]:
            if kind == CNAME and value is not None:
                self.aliases.add((canonical(owner), canonical(value)))
            if kind not in ADDRESS_TYPES or value is None:
                continue
            learned = (ends[0], subscriber, resolver, canonical(owner), ADDRESS_TYPES[kind], address_of(value), ttl)
            self.addresses.add(learned)
            if message["grade"] != "required" or not all(map(HOST_NAME.match, (canonical(owner), question[0][0]))):
                continue
            if (ends, question) in self.asked:
                self.required[learned] += 1
            else:
                self.unasked += 1


def read_truth(folder):
    captures = collections.defaultdict(Capture)
    with gzip.open(os.path.join(folder, "dns.jsonl.gz"), "rt", encoding="utf-8") as file:
        for message in map(json.loads, file):
            if message["proto"] == "dns" and message["grade"] != "forbidden" and message["q"]:
                captures[message["capture"]].add(message)
    return captures


class Result:
    """What a run over one capture gave."""

    def __init__(self, name):
        self.name, self.faults, self.learned, self.links, self.hints = name, [], collections.Counter(), set(), 0

    def add(self, learned):
        chain = [learned["name"], *learned["chain"]]
        if learned["type"] in HINT_TYPES:
            self.hints += 1
            return
        self.links.update(zip(chain, chain[1:]))
        self.learned[learned["transport"], learned["subscriber"], address_of(learned["resolver"]), chain[-1], learned["type"],
                     address_of(learned["address"]), learned["ttl"]] += 1


def run(zerorate, folder, name):
    result = Result(name)
    output = run_program([zerorate, "dns", "--format", "json", os.path.join(folder, "pcaps", name)], result.faults)
    for line in (output or b"").splitlines():
        result.add(json.loads(line))
    return result


class Tally:
    def __init__(self, verbose):
        self.verbose = verbose
        self.found = self.wanted = self.wrong = self.unasked = self.learned = self.hints = self.faults = 0

    def tell(self, name, text):
        if self.verbose:
            print(f"{name}: {text}")

    def count(self, truth, result):
        for fault in result.faults:
            print(f"{result.name}: {fault}")
        self.faults += len(result.faults)
        self.learned += sum(result.learned.values())
        self.hints += result.hints
        self.unasked += truth.unasked
        for learned, times in truth.required.items():
            self.wanted += times
            self.found += times if learned in result.learned else 0
            if learned not in result.learned:
                self.tell(result.name, f"not learned: {' '.join(map(str, learned))}")
        wrong = [learned for learned in result.learned if learned not in truth.addresses]
        wrong += [link for link in result.links if link not in truth.aliases]
        self.wrong += len(wrong)
        for learned in wrong:
            self.tell(result.name, f"in no answer: {' '.join(map(str, learned))}")

    def judge(self, floor):
        share = 100 * self.found / self.wanted if self.wanted else 100
        print(f"required addresses learned {self.found} of {self.wanted}, {share:.2f} %, floor {floor:.2f} %")
        print(f"learned in all {self.learned}, hints beside {self.hints}, in no answer {self.wrong}")
        print(f"required addresses of answers whose query is not in the capture {self.unasked}, faults {self.faults}")
        return share >= floor and self.wrong == 0 and self.faults == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbose", action="store_true", help="name every difference")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("zerorate")
    arguments = parser.parse_args()
    folder = captures_folder()
    scopes, truth, tally = read_scopes(folder), read_truth(folder), Tally(arguments.verbose)
    names = [name for name in truth if scopes[name] == "full"]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(lambda name: run(arguments.zerorate, folder, name), names):
            tally.count(truth[result.name], result)
    print(f"{len(names)} captures with DNS")
    sys.exit(0 if tally.judge(read_floors()["dns"]) else 1)


if __name__ == "__main__":
    main()
