"""The README's tour, run command by command; UPDATE_README=1 writes what the program prints.

A line that begins with `$ ` is a command, lines that begin with `> ` after it go on with it, and
all else is output. What differs from run to run (ids, digests, times) is not compared.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.project import ROOT

README = ROOT / "README.md"
FENCE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ .*\n(?:> .*\n)*", re.MULTILINE)
VARYING = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:…"),
    (re.compile(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b"), "<commit>"),
    (re.compile(r"\b[0-9a-hjkmnp-tv-z]{26}\b"), "<id>"),
    (re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?=\d{4}-)"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?"), "<time>"),
)


@dataclass(frozen=True)
class Shell:
    """One person's shell: the folder is kept from command to command."""

    home: Path

    def run(self, folder: Path, command: str) -> tuple[str, Path]:
        """Run a command; return what it printed and the folder it ended in."""
        script = f"{command}\nprintf '\\n%s' \"$PWD\" >&3\n"
        read, write = os.pipe()
        with os.fdopen(read) as ended:
            done = subprocess.run(
                ["bash", "-c", script.replace(">&3", f">&{write}")],
                cwd=folder,
                env=self._environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                pass_fds=(write,),
                timeout=120,
                check=False,
                text=True,
            )
            os.close(write)
            return done.stdout.rstrip(), Path(ended.read().strip())

    def _environment(self) -> dict[str, str]:
        binaries = Path(sys.executable).parent
        return {
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "RECONCILER_ACTOR": "ana",
        }


def commands(block: str) -> list[list[str]]:
    """Return each command of a block as the lines it stands on."""
    return [match[0].splitlines() for match in COMMAND.finditer(block)]


def printed(home: Path, text: str) -> str:
    """Return the README with the output that its commands print today."""
    shell, folder = Shell(home), home

    def block(match: re.Match[str]) -> str:
        nonlocal folder
        shown = []
        for lines in commands(match[1]):
            output, folder = shell.run(folder, "\n".join(line[2:] for line in lines))
            shown += [*lines, *([output] if output else [])]
        return "```console\n" + "\n".join(shown) + "\n```"

    return FENCE.sub(block, text)


def steady(text: str) -> str:
    """Return text without what differs from run to run."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return text


def test_the_tour_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """Every command of the README's tour prints what stands below it there."""
    written = README.read_text(encoding="utf-8")
    now = printed(tmp_path, written)
    if os.environ.get("UPDATE_README"):
        README.write_text(now, encoding="utf-8")

    assert steady(written).splitlines() == steady(now).splitlines()
