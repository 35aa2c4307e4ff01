#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run `zerorate classify` over every capture of $ZR_CAPTURES and compare it with the truth kept there.

    tests/conformance/run.py [--verbose] [--jobs N] ZERORATE

Fails on a crash or a sanitizer's report, on a summary that does not add up, and when less is found, or more is wrong, than
floors.tsv allows. disputed.tsv names the places where the truth itself is wrong, volumes.tsv
the captures whose volumes DESIGN counts otherwise; they are left out. Flows are compared by
their tuple: the truth does not cut at timeouts, so that several of our flows may stand for one of its.
"""
import argparse
import collections
import concurrent.futures
import gzip
import ipaddress
import json
import os
import re
import sys

from shared import HERE, HOST_NAME, canonical, captures_folder, read_floors, read_scopes, read_tsv, run_program

LIST = os.path.join(HERE, "..", "..", "rules", "sample", "elearning-vn.csv")
QUIC_VERSIONS = {"v1", "v2", "draft-29"}
PROTOCOLS = ("tls", "http", "quic")


def tuple_of(proto, client, client_port, server, server_port):
    """A flow's tuple without direction, its ends in order; and whether the client is the second of them."""
    ends = [(ipaddress.ip_address(client), int(client_port)), (ipaddress.ip_address(server), int(server_port))]
    swapped = (ends[0][0].version, ends[0]) > (ends[1][0].version, ends[1])
    if swapped:
        ends.reverse()
    return (proto, *ends), swapped


class Tuple:
    """What is known of one tuple: names, and per direction packets and bytes (from the first end, from the second)."""

    def __init__(self):
        self.names, self.volume = set(), [0, 0, 0, 0]

    def add(self, swapped, up_pkts, up_bytes, down_pkts, down_bytes):
        parts = (down_pkts, down_bytes, up_pkts, up_bytes) if swapped else (up_pkts, up_bytes, down_pkts, down_bytes)
        self.volume = [sum(pair) for pair in zip(self.volume, parts)]


class Result:
    """What a run over one capture gave."""

    def __init__(self, capture):
        self.capture, self.faults, self.tuples = capture, [], collections.defaultdict(Tuple)

    def add_usage(self, record):
        key, swapped = tuple_of(record["proto"], record["client_ip"], record["client_port"], record["server_ip"],
                                record["server_port"])
        entry = self.tuples[key]
        entry.add(swapped, record["up_pkts"], record["up_bytes"], record["down_pkts"], record["down_bytes"])
        if "name" in record:
            entry.names.add(record["name"])

    def check_summary(self, summary, sums):
        for unit in ("pkts", "bytes"):
            unaccounted = sum(volume[unit] for volume in summary["unaccounted"].values())
            parts = summary["free"][unit] + summary["charged"][unit] + unaccounted
            if parts != summary[unit]:
                self.faults.append(f"{unit}: received {summary[unit]}, free + charged + unaccounted {parts}")
            for verdict in ("free", "charged"):
                if sums[verdict, unit] != summary[verdict][unit]:
                    self.faults.append(f"{verdict} {unit}: summary {summary[verdict][unit]}, records {sums[verdict, unit]}")


def classify(zerorate, folder, capture):
    result = Result(capture)
    path = os.path.join(folder, "pcaps", capture)
    command = [zerorate, "classify", "--all", "--show-names", "--list", LIST, "--format", "json", path]
    output = run_program(command, result.faults)
    if output is not None:
        read_output(result, output)
    return result


def read_output(result, output):
    sums, summary = collections.Counter(), None
    for line in output.splitlines():
        record = json.loads(line)
        if record["type"] == "usage":
            result.add_usage(record)
            for unit in ("pkts", "bytes"):
                sums[record["verdict"], unit] += record[f"up_{unit}"] + record[f"down_{unit}"]
        elif record["type"] == "summary":
            summary = record
    if summary is None:
        result.faults.append("no summary")
    else:
        result.check_summary(summary, sums)


def in_scope(row):
    """Is this row's name one that must be found? (The captures' README says what is out of scope.)"""
    if row["proto"] not in PROTOCOLS or row["grade"] != "required" or not HOST_NAME.match(canonical(row["host"])):
        return False
    versions = re.findall(r"\bv=([\w-]+)", row["notes"])
    return row["proto"] != "quic" or not versions or bool(QUIC_VERSIONS.intersection(versions))


class Truth:
    def __init__(self, folder):
        self.scopes = read_scopes(folder)
        disputed = {(row["capture"], row["flow"]) for row in read_tsv(os.path.join(HERE, "disputed.tsv"))}
        self.required = collections.defaultdict(list)  # capture: (protocol, tuple, host)
        self.allowed = collections.defaultdict(set)    # capture, tuple: hosts that may be its name
        self.disputed = set()                          # capture, tuple
        self.volumes = collections.defaultdict(dict)   # capture: tuple: Tuple
        for row in read_tsv(os.path.join(folder, "flow_hosts.tsv")):
            key, _ = tuple_of(row["l4"], row["cli"], row["cport"], row["srv"], row["sport"])
            where = (row["capture"], key)
            if (row["capture"], row["flow"]) in disputed:
                self.disputed.add(where)
                continue
            if in_scope(row):
                self.required[row["capture"]].append((row["proto"], key, canonical(row["host"])))
            if row["grade"] != "forbidden":
                self.allowed[where].add(canonical(row["host"]))
        self.read_volumes(os.path.join(folder, "flows.jsonl.gz"), disputed)
        for row in read_tsv(os.path.join(HERE, "volumes.tsv")):
            self.volumes.pop(row["capture"])

    def read_volumes(self, path, disputed):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for flow in map(json.loads, file):
                key, swapped = tuple_of(flow["l4"], flow["cli"], flow["cport"], flow["srv"], flow["sport"])
                if (flow["capture"], flow["flow"]) in disputed:
                    self.disputed.add((flow["capture"], key))
                entry = self.volumes[flow["capture"]].setdefault(key, Tuple())
                entry.add(swapped, flow["pkts_up"], flow["ipbytes_up"], flow["pkts_down"], flow["ipbytes_down"])


class Tally:
    """Counts over all captures: found of wanted, by kind."""

    def __init__(self, verbose):
        self.found, self.wanted, self.faults, self.verbose = collections.Counter(), collections.Counter(), 0, verbose
        self.wanted["wrong names"] = self.found["wrong names"] = 0

    def tell(self, capture, text):
        if self.verbose:
            print(f"{capture}: {text}")

    def count(self, truth, result):
        for fault in result.faults:
            print(f"{result.capture}: {fault}")
        self.faults += len(result.faults)
        if truth.scopes[result.capture] == "full":
            self.count_names(truth, result)
            self.count_volumes(truth, result)

    def count_names(self, truth, result):
        capture = result.capture
        for proto, key, host in truth.required[capture]:
            if (capture, key) in truth.disputed:
                continue
            found = key in result.tuples and host in result.tuples[key].names
            self.wanted[proto] += 1
            self.found[proto] += found
            if not found:
                self.tell(capture, f"{proto} name {host} not found on {text_of(key)}")
        for key, entry in result.tuples.items():
            if (capture, key) in truth.disputed:
                continue
            for name in sorted(entry.names - truth.allowed[capture, key]):
                self.found["wrong names"] += 1
                self.tell(capture, f"wrong name {name} on {text_of(key)}")

    def count_volumes(self, truth, result):
        for key, entry in truth.volumes[result.capture].items():
            if (result.capture, key) in truth.disputed:
                continue
            ours = result.tuples[key].volume if key in result.tuples else None
            self.wanted["volumes"] += 1
            self.found["volumes"] += ours == entry.volume
            if ours != entry.volume:
                self.tell(result.capture, f"volume of {text_of(key)}: {ours}, truth {entry.volume}")

    def judge(self, floors):
        """Print the table; True when every floor holds."""
        good = self.faults == 0
        print(f"{'':12} {'found':>7} {'of':>7} {'share':>8} {'floor':>8}")
        for name in (*PROTOCOLS, "volumes"):
            share = 100 * self.found[name] / self.wanted[name] if self.wanted[name] else 100
            holds = share >= floors[name]
            good = good and holds
            print(f"{name:12} {self.found[name]:7} {self.wanted[name]:7} {share:7.2f}% {floors[name]:7.2f}%"
                  f"{'' if holds else '  below the floor'}")
        holds = self.found["wrong names"] <= floors["wrong names"]
        print(f"{'wrong names':12} {self.found['wrong names']:7} {'at most':>16} {floors['wrong names']:8.0f}"
              f"{'' if holds else '  too many'}")
        print(f"{'faults':12} {self.faults:7}")
        return good and holds


def text_of(key):
    proto, (first, first_port), (second, second_port) = key
    return f"{proto} {first} {first_port} {second} {second_port}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbose", action="store_true", help="name every difference")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("zerorate")
    arguments = parser.parse_args()
    folder = captures_folder()
    truth = Truth(folder)
    tally = Tally(arguments.verbose)
    floors = read_floors()
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        run = lambda capture: classify(arguments.zerorate, folder, capture)
        for result in pool.map(run, truth.scopes):
            tally.count(truth, result)
    print(f"{len(truth.scopes)} captures")
    sys.exit(0 if tally.judge(floors) else 1)


if __name__ == "__main__":
    main()
