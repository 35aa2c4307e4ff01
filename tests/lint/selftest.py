#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Trees that lint.py must reject, one per rule, so that no check can pass in silence; and a good one that it must accept."""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
import lint

C = "/* SPDX-License-Identifier: BSD-3-Clause */\n"
PY = "#!/usr/bin/env python3\n# SPDX-License-Identifier: BSD-3-Clause\n"


def header(guard):
    return f"{C}#ifndef {guard}\n#define {guard}\n#endif\n"


def function(lines):
    return C + "void f(void)\n{\n" + "\tg();\n" * lines + "}\n"


GOOD = {
    "README.md": "# good\n",
    "LICENSE": "text\n",
    ".clang-format": "BasedOnStyle: LLVM\nUseTab: Always\nIndentWidth: 8\nTabWidth: 8\nBreakBeforeBraces: Linux\n"
    "AllowShortFunctionsOnASingleLine: None\n",
    "rules/README.md": "x\n",
    "dataplane/README.md": "x\n",
    "control/README.md": "x\n",
    "tools/README.md": "x\n",
    "tests/README.md": "x\n",
    "rules/name.h": header("RULES_NAME_H"),
    "rules/list.h": header("RULES_LIST_H"),
    "dataplane/packet/view.h": header("DATAPLANE_PACKET_VIEW_H"),
    "dataplane/pipeline/usage.h": header("DATAPLANE_PIPELINE_USAGE_H"),
    "dataplane/dpdk/port.h": header("DATAPLANE_DPDK_PORT_H"),
    "dataplane/dpdk/port.c": C + '#include <rte_ethdev.h>\n\n#include "dataplane/dpdk/port.h"\n',
    "dataplane/packet/parse.c": C + '#include "dataplane/packet/view.h"\n#include "rules/name.h"\n\n/* time() */\n',
    "control/record/record.h": header("CONTROL_RECORD_RECORD_H"),
    "tests/support/guard.h": header("TESTS_SUPPORT_GUARD_H"),
    "tests/unit/dpdk/test_port.c": C + '#include <rte_ethdev.h>\n\n#include "dataplane/dpdk/port.h"\n',
    "tests/fuzz/corpus/tls/one": "no line break, white space ",
    "tests/lint/x.py": PY,
    "build/anything": "TO" "DO ",
}

# What is added to the good tree, and what the one failure must say.
BAD = (
    ({"notes.txt": "x\n"}, "agreed names"),
    ({"rules/README.md": None}, "has no README.md"),
    ({"rules/a.c": C + '#include "dataplane/packet/view.h"\n'}, "must not include dataplane/packet/view.h"),
    ({"dataplane/packet/a.c": C + '#include "rules/list.h"\n'}, "must not include rules/list.h"),
    ({"dataplane/packet/a.c": C + '#include "control/record/record.h"\n'}, "must not include control/"),
    ({"dataplane/packet/a.c": C + '#include "dataplane/dpdk/port.h"\n'}, "must not include dataplane/dpdk/"),
    ({"control/record/a.c": C + '#include "dataplane/packet/view.h"\n'}, "must not include dataplane/packet/"),
    ({"control/a.c": C + '#include "dataplane/packet/view.h"\n'}, "must not include dataplane/packet/"),
    ({"tools/a.c": C + '#include "dataplane/dpdk/port.h"\n'}, "must not include dataplane/dpdk/"),
    ({"tools/a.c": C + '#include "tests/support/guard.h"\n'}, "must not include tests/"),
    ({"rules/a.c": C + '#include "name.h"\n'}, "no path from the root"),
    ({"rules/a.c": C + '#include "rules/none.h"\n'}, "no path from the root"),
    ({"rules/a.c": C + "#include <rules/name.h>\n"}, "with quotes"),
    ({"dataplane/packet/a.c": C + "#include <rte_mbuf.h>\n"}, "DPDK belongs"),
    ({"control/record/a.c": C + "#include <rte_mbuf.h>\n"}, "DPDK belongs"),
    ({"tests/unit/packet/a.c": C + "#include <rte_mbuf.h>\n"}, "DPDK belongs"),
    ({"dataplane/packet/a.c": C + "#include <netinet/in.h>\n"}, "no sockets"),
    ({"rules/a.c": C + "#include <pthread.h>\n"}, "no threads"),
    ({"dataplane/flow/a.c": C + "long a(void)\n{\n\treturn time(0);\n}\n"}, "has no clock"),
    ({"dataplane/flow/a.c": C + "void *a(void)\n{\n\treturn malloc(1);\n}\n"}, "memory is the caller's"),
    ({"tests/a.c": C + "/* TO" "DO */\n"}, "unfinished work"),
    ({"tests/a.md": "see /ho" "me/somebody\n"}, "somebody's machine"),
    ({"tests/a.md": "x \n"}, "white space"),
    ({"tests/a.md": "x"}, "no line break"),
    ({"tests/a.c": "int a;\n"}, "the first line must say"),
    ({"tests/a.py": "pass\n"}, "the first line must say"),
    ({"tests/meson.build": "x = 1\n"}, "the first line must say"),
    ({"tests/run": "#!/bin/sh\ntrue\n"}, "the first line must say"),
    ({"rules/b.h": header("B_H")}, "header guard must be RULES_B_H"),
    ({"tests/a.c": C + "int a;\n" * 800}, "split it by job"),
    ({"tests/a.c": function(101)}, "a function of 101 lines"),
    ({"tests/a.c": C + "int  a;\n"}, "clang-format writes"),
)
NOTED = (
    ({"tests/a.c": C + "int a;\n" * 400}, "401 lines"),
    ({"tests/a.c": function(61)}, "a function of 61 lines"),
)


def run(changes):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **changes}.items():
            if text is not None:
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
        return lint.lint(root)


def main():
    wrong = 0
    good = run({})
    has_format = not any("clang-format" in note for note in good.notes)
    if good.failures:
        print(f"the good tree is rejected: {good.failures}")
        wrong += 1
    for changes, text in BAD:
        if "clang-format" in text and not has_format:
            print("not tested: clang-format 14 is missing")
            continue
        failures = run(changes).failures
        if len(failures) != 1 or text not in failures[0]:
            print(f"{next(iter(changes))}: expected one failure with {text!r}, got {failures}")
            wrong += 1
    for changes, text in NOTED:
        report = run(changes)
        if report.failures or not any(text in note for note in report.notes):
            print(f"{next(iter(changes))}: expected a note with {text!r}, got {report.notes}, {report.failures}")
            wrong += 1
    print(f"{len(BAD) + len(NOTED) + 1} trees, {wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
