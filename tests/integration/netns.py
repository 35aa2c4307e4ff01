# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces, the links between them, and commands inside, for tests."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

from daemon import PATIENCE_S

SKIPPED = 77


class Failed(Exception):
    """A command that ended badly, and what it said."""


def run(*command, **options):
    command = [str(word) for word in command]
    done = subprocess.run(command, timeout=options.pop("timeout", PATIENCE_S), capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return done.stdout


def inside(namespace, *command):
    return ["ip", "netns", "exec", namespace, *map(str, command)]


def set_sysctl(namespace, **switches):
    """Of /proc/sys/net; `__` in a name stands for `/`."""
    for name, value in switches.items():
        run(*inside(namespace, "sh", "-c", f"echo {value} >/proc/sys/net/{name.replace('__', '/')}"))


def missing(*programs):
    return [program for program in programs if not shutil.which(program)]


def why_not(namespace, *programs):
    """The reason why a test that makes namespaces with these programs cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    if missing(*programs):
        return "missing: " + ", ".join(missing(*programs)) + " (tests/support/setup.sh tests)"
    try:
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "add", "probe", "type", "veth", "peer", "name", "other")
        run(*inside(namespace, "nft", "add table inet probe"))
        set_sysctl(namespace, ipv4__ip_forward=1)
    except Failed as failure:
        return f"not allowed here: {failure}"
    finally:
        remove_namespace(namespace)
    return None


def remove_namespace(name):
    """With all processes in it."""
    for pid in subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def link(one, device, other, other_device):
    """A line between two namespaces. Offloads are off, so that frames are those of a wire."""
    run("ip", "-n", one, "link", "add", device, "mtu", 1500, "type", "veth", "peer", "name", other_device, "mtu", 1500,
        "netns", other)
    for name, end in ((one, device), (other, other_device)):
        run(*inside(name, "ethtool", "-K", end, "tso", "off", "gso", "off", "gro", "off", "tx", "off", "rx", "off"))
        run("ip", "-n", name, "link", "set", end, "up")


def add_addresses(namespace, device, *addresses):
    for address in addresses:
        run("ip", "-n", namespace, "addr", "add", address, "dev", device, *(["nodad"] if ":" in address else []))


def family(address):
    """nftables' word for it."""
    return "ip6" if ":" in address else "ip"


def wait_until(condition, what, patience_s=PATIENCE_S):
    """condition: called until it is true. what: called when patience ends, for what to say."""
    until = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(what())
        time.sleep(0.05)


def quiet(counted, daemon):
    """Wait until nothing has moved for a second. What counted(), the kernel's counters, and the daemon's status say then."""
    last, since = None, time.monotonic()
    until = since + PATIENCE_S
    while time.monotonic() < until:
        volumes, status = counted(), daemon.status()
        now = (volumes, status["ports"][0]["rx_pkts"], status["totals"]["pkts"])
        if now != last:
            last, since = now, time.monotonic()
        elif time.monotonic() - since >= 1:
            return volumes, status
        time.sleep(0.1)
    raise AssertionError("packets do not end")
