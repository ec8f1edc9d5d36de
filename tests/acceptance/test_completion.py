"""Completion in the shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.project import ROOT


def completed(words: str, folder: Path) -> list[str]:
    """Return what bash is offered for the last of the words."""
    count = len(words.split(" ")) - 1
    environment = {
        **os.environ,
        "_RECONCILER_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(count),
    }
    program = Path(sys.executable).parent / "reconciler"
    done = subprocess.run(
        [program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout.split()


def test_commands_are_completed() -> None:
    """The beginning of a command is completed."""
    assert completed("reconciler pl", ROOT) == ["plan"]


def test_environments_are_completed_from_below_the_checkout() -> None:
    """`--environment` offers the environments of the checkout around the current folder."""
    assert completed("reconciler plan --environment st", ROOT / "environments") == ["staging"]


def test_nothing_is_completed_outside_of_a_checkout(tmp_path: Path) -> None:
    """Where there are no environments there is nothing to offer, and no error."""
    assert completed("reconciler plan --environment ", tmp_path) == []
