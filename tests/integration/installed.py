# SPDX-License-Identifier: BSD-3-Clause
"""What `meson install` puts where, for tests."""

import pathlib
import re
import subprocess
import tempfile

PATIENCE_S = 120

ROFF_ESCAPE = re.compile(r"\\(f[A-Z]|&|-|\(..|.)")
ROFF_CHARACTERS = {"\\-": "-", "\\(aq": "'", "\\(ga": "`", "\\(ti": "~", "\\(ha": "^", "\\e": "\\"}


class Tree:
    """A build, installed below a temporary folder, as long as it is entered."""

    def __init__(self, build):
        self.build = build

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "-C", self.build, "--destdir", self.folder], check=True,
                       stdin=subprocess.DEVNULL, timeout=PATIENCE_S)
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def files(self):
        return sorted(path for path in self.folder.rglob("*") if not path.is_dir())

    def find(self, *ends):
        """The one file whose path ends so."""
        found = [path for path in self.files() if path.parts[-len(ends):] == ends]
        assert len(found) == 1, (ends, found)
        return found[0]

    def pages(self):
        """All manual pages: "zerorate-list(5)": the path."""
        return {f"{path.stem}({path.suffix[1:]})": path for path in self.files() if re.fullmatch(r"man\d", path.parent.name)}


def page_text(path):
    """A page as its reader sees it, one line for each of the source's."""
    lines = []
    for line in path.read_text().splitlines():
        if line.startswith(".SH "):
            lines.append("# " + line[4:].strip('"'))
        elif not line.startswith((".", "'")):
            lines.append(ROFF_ESCAPE.sub(lambda match: ROFF_CHARACTERS.get(match.group(), ""), line))
    return "\n".join(lines)


def help_of(command):
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S)
    assert done.returncode == 0, (command, done)
    return done.stdout


def commands_in(text):
    """The commands that a help text lists."""
    match = re.search(r"^Commands.*?:\n(.*?)\n(\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return re.findall(r"^  ([a-z]+)  ", match.group(1), re.MULTILINE) if match else []


def options_in(text):
    """The options that a help text describes."""
    options = []
    for line in text.splitlines():
        if line.startswith("  -"):
            options += re.findall(r"(?:^|[ ,])(--?[a-zA-Z][a-zA-Z-]*)", re.split(r"  ", line.strip())[0])
    return options


def all_commands(programs):
    """Each program's and each of its commands' words and help: [("zerorate", "list", "check")]."""
    texts = {}
    waiting = [(program,) for program in programs]
    while waiting:
        command = waiting.pop()
        texts[command] = help_of(command)
        waiting += [(*command, word) for word in commands_in(texts[command])]
    return texts
