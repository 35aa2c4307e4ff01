# SPDX-License-Identifier: BSD-3-Clause
"""What test_everything.py knows of evidence: hosts that are asked for or not, entries that want to know, and what records may say then."""

import collections
import datetime
import ipaddress
import subprocess
import sys

import media
from internet import RESOLVERS
from meter import NOTHING, Volume, total
from netns import inside, run, wait_until
from row import SERVER, SUBSCRIBER

# In every name that no list frees, or that nobody asks a resolver for, and nowhere else.
SECRET = "bimat"
ME, ME6 = "10.77.0.11", "2001:db8:77::11"
NEIGHBOURS = [f"10.77.0.{host}" for host in range(12, 16)]
# Asks, and does nothing else.
ASKER = "10.77.0.16"
# Has media and no lesson.
LONER = "10.77.0.17"

# So short that what was learned is gone again while somebody downloads.
TTL_MAX_S, GRACE_S, BIND_GRACE_S = 2, 1, 2
DNS_FREE_BYTES = 4096
VERIFY = "flag"    # of entries that say nothing
CONFIG = f"""trusted_resolvers = [ {", ".join(f'"{address}"' for address in RESOLVERS)} ];
evidence = {{ verify = "{VERIFY}"; ttl_min = "0s"; ttl_max = "{TTL_MAX_S}s"; grace = "{GRACE_S}s"; bind_grace = "{BIND_GRACE_S}s";
  dns_free = "listed"; dns_free_bytes = "{DNS_FREE_BYTES}B"; }};
"""

# kind: always free, never, or as the list has it at the time; of entries with `require`, some are asked for and some by nobody; what
# is by `media` has no name: its address is learned, learned for others too (and for whom, only time tells), or bound to a service.
Case = collections.namedtuple("Case", "address name by port client kind")
CURL, QUIC, MEDIA = ("curl", "--tlsv1.3", "--http2"), ("gtlsclient",), ("media",)
MEDIA_PORT = 8801
LESSON = Case("203.0.113.45", "lop.phonghoc.vn", "nginx", 443, CURL, "free")
CASES = [
    Case("203.0.113.40", "de.thi.vn", "nginx", 443, CURL, "asked"),
    Case("2001:db8:203::40", "de6.thi.vn", "nginx", 80, ("curl",), "asked"),
    Case("203.0.113.41", "q.thi.vn", "caddy", 443, QUIC, "asked"),
    Case("203.0.113.42", f"{SECRET}7.thi.vn", "nginx", 443, CURL, "silent"),
    Case("2001:db8:203::42", f"{SECRET}8.thi.vn", "caddy", 443, QUIC, "silent"),
    Case("203.0.113.43", "phim.hoctap.vn", "media", MEDIA_PORT, MEDIA, "learned"),
    Case("203.0.113.44", "chung.hoctap.vn", "media", MEDIA_PORT, MEDIA, "shared"),
    Case("203.0.113.97", f"{SECRET}9.example.vn", "media", MEDIA_PORT, MEDIA, "bound"),
    LESSON,
]
# What machines know without asking.
KNOWN = [(case.address, case.name) for case in CASES if case.kind in ("asked", "silent")]
OTHER_NAMES = {"203.0.113.44": f"{SECRET}10.example.net", "203.0.113.46": f"{SECRET}11.example.net", "203.0.113.47": "tin.thi.vn"}
ZONES = "server:\n" + "".join(f' local-data: "{name}. 300 A {address}"\n' for address, name in OTHER_NAMES.items())

BLOCK, SERVICE = "203.0.113.96/28 udp 8801-8810", "phong"
ENTRIES = f""".thi.vn,thi,90001,require,,
.hoctap.vn,hoctap,90002,learn,,
.phonghoc.vn,{SERVICE},90001,off,,
{BLOCK},live,90002,,,{SERVICE}
"""
BACKING = {"dns_subscriber", "dns_seen", "prefix"}
BY_NAME = {"sni", "host", "quic_sni", "dtls_sni"}

Rule = collections.namedtuple("Rule", "verify bind")


def rules_of(text):
    """Of a list with the columns of ENTRIES: {match: Rule}."""
    rows = [line.split(",") for line in text.splitlines() if line[0] != "#"][1:]
    return {match: Rule(verify or VERIFY, bind) for match, _, _, verify, _, bind in rows}


def serve_media(row):
    for case in CASES:
        if case.by == "media":
            row.internet.run_server(f"media-{case.address}", sys.executable, media.__file__, "serve", case.address, case.port)
    want = {f"{case.address}:{case.port}" for case in CASES if case.by == "media"}
    wait_until(lambda: want <= {line.split()[3] for line in run(*inside(SERVER, "ss", "-Hlun")).decode().splitlines()},
               lambda: "no media servers")


def talk(case, own, own_port):
    """A command: media until it is ended."""
    return inside(SUBSCRIBER, sys.executable, media.__file__, "talk", own, own_port, case.address, case.port, 1 << 30)


def ask(own, names, tcp):
    """A resolver, for addresses. Whoever gets no answer goes on without."""
    v6 = ":" in own
    command = inside(SUBSCRIBER, "dig", "+short", "+tries=1", "+time=2", "-b", own, f"@{RESOLVERS[v6]}", *(["+tcp"] if tcp else []),
                     *(word for name in names for word in (name, "AAAA" if v6 else "A")))
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


# ---- what records say ----


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def broken(record, rules):
    """What a record says that it must not, by the rules of its list; or None. rules: as of rules_of()."""
    reason, backing = record["reason"], BACKING & set(record.get("evidence", ()))
    rule = rules.get(record.get("rule"))
    suspect = "spoof_suspect" in record.get("flags", ())
    if record["verdict"] == "free":
        if rule is None:
            return "free by no entry of its list"
        if reason in BY_NAME:
            if rule.verify == "require" and not backing:
                return "free and nothing backs it"
            if suspect != (rule.verify == "flag" and not backing):
                return "suspect and backed, or neither"
        elif reason == "dns_learned" and not (rule.verify == "learn" and backing - {"prefix"}):
            return "free by what was not learned"
        elif reason == "dns_free" and record["server_ip"] not in RESOLVERS:
            return "free questions to somebody else"
        elif reason not in ("dns_learned", "dns_free", "prefix"):
            return "free for no reason"
    elif suspect and reason != "spoof":
        return "a suspect and charged for something else"
    elif reason == "unlearned" and rule is None and record["part"] == 0:    # over a restart to another list it is forgotten
        return "unlearned by no entry of its list"
    elif reason == "unlearned" and rule and rule.verify != "require":
        return "unlearned without having been asked for it"
    elif reason == "unbound" and (rule is None or not rule.bind):
        return "unbound and by no service"
    return None


def unattended(usage, slack_s):
    """Free records under BLOCK for which the same subscriber had no free flow of its service, in so many seconds before."""
    lessons = collections.defaultdict(list)
    usage = [record for record in usage if "first" in record]    # one without volume has no times
    for record in usage:
        if record["verdict"] == "free" and record.get("service") == SERVICE and record["reason"] != "dns_free":
            lessons[record["client_ip"]].append((seconds(record["first"]), seconds(record["last"])))
    media_records = [record for record in usage if record["verdict"] == "free" and record.get("rule") == BLOCK]
    return [record for record in media_records
            if not any(first <= seconds(record["last"]) and last >= seconds(record["first"]) - slack_s
                       for first, last in lessons[record["client_ip"]])]


def free_questions(usage):
    """{subscriber: volume}; an IPv6 subscriber is a /64."""
    sums = collections.defaultdict(lambda: NOTHING)
    for record in usage:
        if record["reason"] == "dns_free":
            of = ipaddress.ip_network((record["client_ip"], 64 if ":" in record["client_ip"] else 32), strict=False)
            sums[of] += total(Volume(record[f"{way}_bytes"], record[f"{way}_pkts"]) for way in ("up", "down"))
    return sums
