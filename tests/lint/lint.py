#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The conventions that a script can hold: borders between the folders, file headers, lengths, form.

    tests/lint/lint.py ROOT     exit status 1 when anything breaks them; `note:` lines do not fail
"""
import os
import re
import shutil
import subprocess
import sys

TOP_LEVEL = {"dataplane", "control", "rules", "tools", "tests", "meson.build", "meson_options.txt", "README.md", "LICENSE"}
TOP_FOLDERS = ("rules", "dataplane", "control", "tools", "tests")
DATA_FOLDERS = re.compile(r"^tests/(fuzz/corpus|golden/expected)/")
CODE_SUFFIXES = (".c", ".h", ".py", ".sh")
MESON_FILES = ("meson.build", "meson_options.txt")

# Who may include whom: the first prefix that fits a file rules. DESIGN, section 1.
RULES_TYPES = ("rules/name.h", "rules/image.h", "rules/learned.h", "rules/prefix.h")
INCLUDES = (
    ("rules/", ("rules/",)),
    ("dataplane/", RULES_TYPES + ("dataplane/",)),
    ("control/record/", ("control/record/", "dataplane/pipeline/usage.h", "rules/image.h", "rules/utf8.h")),
    ("control/ledger/", ("control/ledger/", "control/record/", "rules/timestamp.h")),
    ("control/", ("control/", "rules/", "dataplane/dpdk/dataplane.h")),
    ("tools/", ("tools/", "rules/", "dataplane/", "control/record/", "control/client.h", "control/client/")),
    ("tests/", ("rules/", "dataplane/", "control/", "tools/", "tests/")),
)
DPDK_FOLDERS = ("dataplane/dpdk/", "control/", "tests/unit/dpdk/", "tests/integration/dpdk/", "tests/bench/bench_forward.", "tests/bench/bench_workers.", "tests/bench/loop.", "tests/support/fake_dataplane.")
NO_DPDK = ("control/record/", "control/ledger/")
SOCKET_HEADERS = re.compile(r"(sys/socket|sys/un|netdb|arpa/inet|netinet/\w+|net/if)\.h$")
THREAD_HEADERS = re.compile(r"(pthread|threads|semaphore)\.h$")
CLOCK_CALLS = re.compile(r"\b(time|clock|clock_gettime|gettimeofday|timespec_get)\s*\(")
HEAP_CALLS = re.compile(r"\b(malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|strdup|strndup|free)\s*\(")
# Files of the core that may use the heap, each with its reason. All other memory of the core is the caller's.
HEAP_ALLOWED = {
    "dataplane/inspect/quic_crypto.c": "the cipher library's contexts, made once per pipeline",
}

MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(home|root|work|Users)/\w")
SPDX = "SPDX-License-Identifier: BSD-3-Clause"
FILE_FAILS, FILE_NOTE, FUNCTION_FAILS, FUNCTION_NOTE = 800, 400, 100, 60
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


class Report:
    def __init__(self):
        self.failures, self.notes = [], []

    def fail(self, path, line, text):
        self.failures.append(f"{path}:{line}: {text}" if line else f"{path}: {text}")

    def note(self, text):
        self.notes.append(text)


class File:
    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), "rb") as file:
            data = file.read()
        self.is_text = b"\0" not in data and not DATA_FOLDERS.match(path)
        self.text = data.decode("utf-8", errors="replace") if self.is_text else ""
        self.lines = self.text.split("\n")
        self.is_c = path.endswith((".c", ".h"))
        name = os.path.basename(path)
        self.is_code = path.endswith(CODE_SUFFIXES) or name in MESON_FILES or self.text.startswith("#!")

    def in_core(self):
        return self.path.startswith("dataplane/") and not self.path.startswith("dataplane/dpdk/")


def is_build_folder(name):
    return name == "build" or name.startswith("build-")


def read_tree(root):
    files = []
    for folder, folders, names in os.walk(root):
        top = folder == root
        folders[:] = sorted(f for f in folders if f not in (".git", "__pycache__") and not (top and is_build_folder(f)))
        files += [File(root, os.path.relpath(os.path.join(folder, name), root)) for name in sorted(names) if name != ".git"]
    return files


def blank(match):
    """A comment or literal, gone; its line breaks stay, so that line numbers hold."""
    return " " + "\n" * match.group().count("\n")


def check_top_level(report, root, _):
    for name in sorted(os.listdir(root)):
        if name not in TOP_LEVEL and not name.startswith(".") and not is_build_folder(name):
            report.fail(name, 0, "not one of the agreed names of the top level")
    for folder in TOP_FOLDERS:
        if not os.path.exists(os.path.join(root, folder, "README.md")):
            report.fail(folder, 0, "has no README.md")


def check_includes(report, root, files):
    for file in files:
        if not file.is_c:
            continue
        for number, line in enumerate(file.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                check_include(report, root, file, number, *match.groups())


def check_include(report, root, file, number, mark, target):
    if mark == '"':
        if "/" not in target or not os.path.exists(os.path.join(root, target)):
            report.fail(file.path, number, f'"{target}" is no path from the root of the tree')
            return
        allowed = next((targets for prefix, targets in INCLUDES if file.path.startswith(prefix)), ())
        if not target.startswith(allowed) or (target.startswith("dataplane/dpdk/") and not file.path.startswith(DPDK_FOLDERS)):
            report.fail(file.path, number, f"must not include {target}")
        return
    if target.startswith(tuple(folder + "/" for folder in TOP_FOLDERS)):
        report.fail(file.path, number, f"own headers are included with quotes: {target}")
    if target.startswith("rte_") and (not file.path.startswith(DPDK_FOLDERS) or file.path.startswith(NO_DPDK)):
        report.fail(file.path, number, f"{target}: DPDK belongs into dataplane/dpdk and control")
    if file.in_core() and SOCKET_HEADERS.search(target):
        report.fail(file.path, number, f"{target}: the core has no sockets")
    if file.path.startswith("rules/") and THREAD_HEADERS.search(target):
        report.fail(file.path, number, f"{target}: rules/ has no threads")


def check_core_calls(report, _, files):
    for file in files:
        if not file.is_c or not file.in_core():
            continue
        for number, line in enumerate(COMMENT_OR_STRING.sub(blank, file.text).split("\n"), 1):
            clock, heap = CLOCK_CALLS.search(line), HEAP_CALLS.search(line)
            if clock:
                report.fail(file.path, number, f"{clock.group(1)}(): the core has no clock, time comes in with the packets")
            if heap and file.path not in HEAP_ALLOWED:
                report.fail(file.path, number, f"{heap.group(1)}(): the core's memory is the caller's")


def check_text(report, _, files):
    for file in files:
        for number, line in enumerate(file.lines, 1):
            if MARKS.search(line):
                report.fail(file.path, number, "unfinished work belongs into an issue, not into the tree")
            if MACHINE_PATHS.search(line):
                report.fail(file.path, number, "a path of somebody's machine")
            if line != line.rstrip():
                report.fail(file.path, number, "white space at the end of the line")
        if file.is_text and file.text and not file.text.endswith("\n"):
            report.fail(file.path, len(file.lines), "no line break at the end")


def check_headers(report, _, files):
    for file in files:
        first = file.lines[1:2] if file.text.startswith("#!") else file.lines[:1]
        if file.is_code and SPDX not in "".join(first):
            report.fail(file.path, 1, f"the first line must say {SPDX}")
        if file.path.endswith(".h"):
            guard = re.sub(r"[/.\-]", "_", file.path).upper()
            if not re.search(rf"^#ifndef {guard}\n#define {guard}$", file.text, re.MULTILINE):
                report.fail(file.path, 0, f"the header guard must be {guard}")


def check_lengths(report, _, files):
    for file in files:
        if not file.path.endswith(".c"):
            continue
        count = len(file.lines) - 1
        if count > FILE_FAILS:
            report.fail(file.path, 0, f"{count} lines; split it by job ({FILE_FAILS} at most)")
        elif count > FILE_NOTE:
            report.note(f"{file.path}: {count} lines")
        start = None
        for number, line in enumerate(file.lines, 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                check_function(report, file.path, start, number - start - 1)
                start = None


def check_function(report, path, line, count):
    if count > FUNCTION_FAILS:
        report.fail(path, line, f"a function of {count} lines ({FUNCTION_FAILS} at most)")
    elif count > FUNCTION_NOTE:
        report.note(f"{path}:{line}: a function of {count} lines")


def check_format(report, root, files):
    sources = [file.path for file in files if file.is_c]
    program = next(filter(None, map(shutil.which, ("clang-format-14", "clang-format"))), None)
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout if program else "none"
    if "version 14." not in version:
        report.note(f"form of C files not checked: clang-format 14 is needed, found {version.strip()}")
        return
    if not sources:
        return
    done = subprocess.run([program, "--dry-run", "-Werror", *sources], cwd=root, capture_output=True, text=True, check=False)
    for path, line in dict.fromkeys(re.findall(r"^(\S+?):(\d+):\d+: error:", done.stderr, re.MULTILINE)):
        report.fail(path, line, "not as clang-format writes it")
    if done.returncode and not report.failures:
        report.fail("clang-format", 0, done.stderr.strip())


CHECKS = (check_top_level, check_includes, check_core_calls, check_text, check_headers, check_lengths, check_format)


def lint(root):
    report = Report()
    files = read_tree(root)
    for check in CHECKS:
        check(report, root, files)
    return report


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    report = lint(sys.argv[1])
    for text in report.notes:
        print(f"note: {text}")
    for text in report.failures:
        print(text)
    print(f"{len(report.failures)} failures, {len(report.notes)} notes")
    sys.exit(1 if report.failures else 0)


if __name__ == "__main__":
    main()
