#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A bench runs, with the least of everything, and what it prints has the form that readers rely on. Says nothing of speed.

    test_smoke.py BENCH
"""
import json
import os
import re
import subprocess
import sys
import tempfile

MEMBERS = ("bench", "value", "unit", "floor", "ratio", "target", "met")
LEFT_OUT = 77  # said of themselves by benches that the machine cannot run, with the reason
TARGET = re.compile(r"(value|ratio) (<=|>=) (floor \+ )?(\d+(?:\.\d+)?)")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def no_number(word):
    """NaN and Infinity, which Python takes and JSON does not know."""
    raise ValueError(f"{word} is no number of JSON")


def check(line):
    """Returns what is wrong with a line, or None."""
    try:
        result = json.loads(line, parse_constant=no_number)
    except ValueError as error:
        return str(error)
    if not isinstance(result, dict) or tuple(result)[:len(MEMBERS)] != MEMBERS:
        return "it does not begin with the members " + ", ".join(MEMBERS)
    if not re.fullmatch(r"[a-z0-9_]+", result["bench"]) or not is_number(result["value"]) or not result["unit"]:
        return "bench, value or unit is not as it should be"
    floor, ratio = result["floor"], result["ratio"]
    if (floor is None) != (ratio is None) or floor is not None and not (is_number(floor) and floor > 0 and is_number(ratio) and ratio >= 0):
        return "floor and ratio are neither a positive number and a number nor two nulls"
    if result["target"] is None:
        return None if result["met"] is None else "a verdict without a target"
    return check_verdict(result)


def check_verdict(result):
    """The verdict is what the target says of the value or the ratio; printed figures are rounded, so at the edge it may be either."""
    target = TARGET.fullmatch(result["target"])
    if target is None or not isinstance(result["met"], bool):
        return "the target is not one, or has no verdict"
    value, bound = result[target[1]], float(target[4])
    if value is None or target[3] and result["floor"] is None:
        return "the target is for a ratio or floor that there is none of"
    if target[3]:
        bound += result["floor"]
    if abs(value - bound) <= 0.01:
        return None
    return None if result["met"] == (value <= bound if target[2] == "<=" else value >= bound) else "the verdict is wrong"


def main():
    bench = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="zr-smoke-") as folder:
        environment = dict(os.environ, ZR_BENCH_QUICK="1", TMPDIR=folder)
        ran = subprocess.run([bench], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)
    print(ran.stdout, end="")
    if ran.returncode == LEFT_OUT:
        sys.exit(LEFT_OUT)
    assert ran.returncode == 0, f"it ended with status {ran.returncode}"
    lines = ran.stdout.splitlines()
    assert lines, "it printed nothing"
    for line in lines:
        wrong = check(line)
        assert wrong is None, f"{wrong}: {line}"
    print(f"{len(lines)} lines, each in form")


if __name__ == "__main__":
    main()
