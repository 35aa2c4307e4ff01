# SPDX-License-Identifier: BSD-3-Clause
"""What the comparisons with the truth of $ZR_CAPTURES share: where it is, how it is read, and how the program is run."""
import csv
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77
SECONDS_PER_CAPTURE = 60
HOST_NAME = re.compile(r"^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$")
SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|: runtime error: )[^\n]*")


def captures_folder():
    """The folder with the captures; ends the program as skipped when there is none."""
    folder = os.environ.get("ZR_CAPTURES")
    if not folder:
        print("skipped: ZR_CAPTURES does not name the folder with the captures and their truth")
        sys.exit(SKIPPED)
    return folder


def read_tsv(path):
    with open(path, encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_scopes(folder):
    return {row["capture"]: row["scope"] for row in read_tsv(os.path.join(folder, "classes.tsv"))}


def read_floors():
    return {row["what"]: float(row["floor"]) for row in read_tsv(os.path.join(HERE, "floors.tsv"))}


def canonical(host):
    host = host.lower()
    return host[:-1] if host.endswith(".") else host


def run_program(command, faults):
    """Standard output of a run; None, and what is wrong added to faults, when it crashed or did not end."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_PER_CAPTURE, check=False)
    except subprocess.TimeoutExpired:
        faults.append(f"not done after {SECONDS_PER_CAPTURE} s")
        return None
    errors = done.stderr.decode(errors="replace")
    report = SANITIZER.search(errors)
    if done.returncode not in (0, 1) or report:
        faults.append(f"exit status {done.returncode}: {report.group() if report else errors[-300:].strip()}")
        return None
    return done.stdout
