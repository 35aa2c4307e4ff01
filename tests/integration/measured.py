# SPDX-License-Identifier: BSD-3-Clause
"""What the daemon between namespaces told and what the kernels behind it counted, and that the two are the same, for tests."""

import json
import pathlib

import netns
from billing import rows
from internet import RESOLVERS
from meter import ETHERNET_BYTES, NOTHING, Volume, total

WAYS = ("up", "down")

# Rings hold all frames of a test; a queue for each worker to send from.
RING = "framesz=2048,framecnt=8192,blocksz=65536,qpairs=2"
# more: further keys of the dataplane.
DATAPLANE = f"""dataplane = {{{{ workers = "1-2"; flows = "64K"; mode = "inline";
  eal = "--no-huge --no-pci --no-shconf -m 512 --vdev=net_af_packet0,iface=left,{RING} --vdev=net_af_packet1,iface=right,{RING}";
  ports = ( {{{{ device = "net_af_packet0"; role = "access"; peer = "net_af_packet1"; }}}},
            {{{{ device = "net_af_packet1"; role = "core"; peer = "net_af_packet0"; }}}} ); {{more}} }}}};
subscribers = [ "10.77.0.0/24", "2001:db8:77::/64" ];
"""


class Measured:
    """Tests of sums, to be inherited. `hosts`: with an address; the others are set by finish()."""

    hosts = ()

    @classmethod
    def finish(cls, row, daemon, billing):
        """When nothing moves any more: end the daemon, take all counters and records."""
        cls.quiet, cls.status = netns.quiet(row.counted, daemon)
        cls.exit_status = daemon.end()[1]
        cls.kernel = row.counted()
        cls.take_records(daemon, billing)
        cls.log = daemon.logged()

    @classmethod
    def take_records(cls, daemon, billing):
        """All that the ledger has, from the consumer's database."""
        files = sorted(pathlib.Path(daemon.folder, "ledger").glob("records-*.db"))
        cls.last = max(key for file in files for key in rows(file, "SELECT epoch, seq FROM records ORDER BY epoch DESC, seq DESC LIMIT 1"))
        billing.wait_for_record(cls.last)
        billing.end()
        records = [json.loads(text) for text, in rows(billing.path, "SELECT record FROM records ORDER BY seq")]
        cls.gaps = rows(billing.path, "SELECT count(*) FROM gaps")[0][0]
        cls.numbers = [record["seq"] for record in records]
        cls.usage = [record for record in records if record["type"] == "usage"]
        cls.other_types = {record["type"] for record in records} - {"usage", "tag", "total"}

    def of(self, address, talk=True):
        """A server's records. talk: without what a kernel says of a packet that nobody waits for, which is a flow of its own."""
        return [record for record in self.usage if record["server_ip"] == address and (not talk or record["proto"] in ("tcp", "udp"))]

    def overload(self):
        """Volume that went on unread because a worker was late: charged in totals, and in no record."""
        return volume(self.status["totals"]["reasons"].get("overload", {"bytes": 0, "pkts": 0}))

    def lost(self, way):
        """Of IP, what the box took and could not send."""
        device = "net_af_packet1" if way == "up" else "net_af_packet0"
        drops = next(port for port in self.status["ports"] if port["device"] == device)["tx_drops"].values()
        return total(Volume(drop["bytes"] - ETHERNET_BYTES * drop["pkts"], drop["pkts"]) for drop in drops)

    def need_a_calm_machine(self):
        if self.overload() != NOTHING or self.lost("up") + self.lost("down") != NOTHING:
            self.skipTest("packets were dropped or went on unread, and of which server they were is not known: only sums are compared")

    # ---- volumes ----

    def test_volumes_of_each_server_are_the_kernels(self):
        self.need_a_calm_machine()
        for host in self.hosts:
            for way in WAYS:
                with self.subTest(server=host.address, name=host.name, way=way):
                    self.assertGreater(self.kernel[way][host.address].pkts, 4)
                    self.assertEqual(recorded(way, self.of(host.address, talk=False)), self.kernel[way][host.address])
        for address in RESOLVERS:
            for way in WAYS:
                self.assertEqual(recorded(way, self.of(address, talk=False)), self.kernel[way][address], (address, way))

    def test_sum_of_records_is_the_kernels(self):
        """Neighbours' talk and whatever else came included."""
        told = total(recorded(way, self.usage) for way in WAYS) + self.overload()
        self.assertEqual(told, total(self.kernel[way]["ip"] + self.lost(way) for way in WAYS))

    def test_totals_are_the_kernels(self):
        totals = self.status["totals"]
        free, charged = volume(totals["free"]), volume(totals["charged"])
        unaccounted = total(map(volume, totals["unaccounted"].values()))
        self.assertEqual(free + charged, total(self.quiet[way]["ip"] + self.lost(way) for way in WAYS))
        frames = total(self.quiet[way]["not_ip"] for way in WAYS)
        self.assertEqual(unaccounted, Volume(frames.bytes + ETHERNET_BYTES * frames.pkts, frames.pkts))
        self.assertEqual(set(totals["unaccounted"]), {"not_ip"})
        self.assertEqual(volume(totals), free + charged + unaccounted)
        self.assertEqual(self.status["exactness_bytes"], 0)

    # ---- records ----

    def test_consumer_has_every_record_once(self):
        self.assertEqual(self.numbers, list(range(1, self.last[1] + 1)))
        self.assertEqual(self.gaps, 0)
        self.assertEqual(self.other_types, set(), "volume was lost")
        for worker in self.status["workers"]:
            self.assertEqual(worker["records_lost"], {"pkts": 0, "bytes": 0})
        self.assertEqual(self.exit_status, 0, self.log)


def volume(member):
    """Of the daemon's status."""
    return Volume(member["bytes"], member["pkts"])


def recorded(way, records):
    return total(Volume(record[f"{way}_bytes"], record[f"{way}_pkts"]) for record in records)
