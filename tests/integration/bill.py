# SPDX-License-Identifier: BSD-3-Clause
"""What records sum up to, and what must hold between them, the flows of `endless.py` and the dataplane's totals."""

import collections
import json

MEMBERS = ("up_pkts", "up_bytes", "down_pkts", "down_bytes")


class Broken(AssertionError):
    """What a consumer was told does not hold together."""


class Bill:
    """Sums over records, each taken once and in order, and what must hold between them."""

    def __init__(self, truth):
        self.truth = truth
        self.usage = collections.defaultdict(collections.Counter)    # by verdict
        self.loss = collections.defaultdict(collections.Counter)     # by (cause, verdict)
        self.totals = collections.defaultdict(collections.Counter)   # gateway's, by verdict
        self.since = collections.Counter()    # free usage since the gateway's last free total
        self.open = {}       # volume of flows that have no last record yet
        self.types = collections.Counter()
        self.causes = collections.Counter()   # of losses
        self.whole = 0       # flows that ended with all their volume
        self.checks_since = True   # false behind a gap: then a total may know more than its records

    def add(self, kind, line):
        """A record's line, and its type."""
        self.types[kind] += 1
        if kind != "tag":  # which has no volume
            getattr(self, "add_" + kind)(json.loads(line))

    def add_usage(self, record):
        volume = [record[member] for member in MEMBERS]
        for sums in (self.usage[record["verdict"]], self.since if record["verdict"] == "free" else {}):
            for member, value in zip(MEMBERS, volume):
                sums[member] = sums.get(member, 0) + value
        flow = [before + value for before, value in zip(self.open.pop(record["flow"], (0, 0, 0, 0)), volume)]
        if not record["final"]:
            self.open[record["flow"]] = flow
        self.check_flow(record, flow)

    def check_flow(self, record, flow):
        kind = self.truth[int(record["server_ip"].rsplit(".", 1)[1])]
        unnamed = record["verdict"] == "charged" and record["reason"] == "no_name" and flow[0] <= 1  # cut before its hello
        if not unnamed and kind.rule != (record["rule"] if record["verdict"] == "free" else None):
            raise Broken(f"{kind.rule} was judged otherwise: {record}")
        if any(value > most for value, most in zip(flow, kind.volume)):
            raise Broken(f"more than the flow has ({kind.volume}): {record}")
        self.whole += record["final"] and flow == kind.volume

    def add_total(self, record):
        if "rule" in record or "subscriber" in record:
            return
        volume = {member: record[member] for member in MEMBERS}
        self.totals[record["verdict"]].update(volume)
        if record["verdict"] != "free":
            return
        if self.checks_since and +self.since != +collections.Counter(volume):
            raise Broken(f"since the last total there were {dict(self.since)}: {record}")
        self.since.clear()
        self.checks_since = True

    def add_loss(self, record):
        self.causes[record["cause"]] += 1
        if "up_bytes" in record:
            self.loss[record["cause"], record["verdict"]].update({member: record[member] for member in MEMBERS})

    def gap(self):
        self.checks_since = False

    def told(self, verdict):
        """Usage and losses of a verdict as {"pkts", "bytes"}."""
        sums = [self.usage[verdict]] + [loss for (_, of), loss in self.loss.items() if of == verdict]
        return volume_of(sums)


def volume_of(sums):
    return {"pkts": sum(one["up_pkts"] + one["down_pkts"] for one in sums),
            "bytes": sum(one["up_bytes"] + one["down_bytes"] for one in sums)}


def add_volumes(*volumes):
    return {name: sum(volume[name] for volume in volumes) for name in ("pkts", "bytes")}


def check_sums(bill, statuses):
    """Usage and losses are the dataplane's free totals, of all runs; gateway totals and charged losses are the charged ones."""
    free = add_volumes(*(status["totals"]["free"] for status in statuses))
    charged = add_volumes(*(status["totals"]["charged"] for status in statuses))
    assert bill.told("free") == free, f"free: records and losses {bill.told('free')}, the dataplane {free}"
    losses = [loss for (_, verdict), loss in bill.loss.items() if verdict == "charged"]
    got = add_volumes(volume_of([bill.totals["charged"]]), volume_of(losses))
    assert got == charged, f"charged: totals and losses {got}, the dataplane {charged}"
    assert volume_of([bill.totals["free"]]) == volume_of([bill.usage["free"]]), "free totals are not their usage records"
    return free, charged
