"""What this machine has: versions of the programs and libraries that the product stands on."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys


def python_version() -> tuple[int, ...]:
    """Return the version of this Python."""
    return tuple(sys.version_info[:3])


def sqlite_version() -> tuple[int, ...]:
    """Return the version of the SQLite library."""
    return sqlite3.sqlite_version_info


def openssh_version() -> tuple[int, ...] | None:
    """Return OpenSSH's version, None without it or where it does not say."""
    program = shutil.which("ssh")
    if program is None or shutil.which("ssh-keygen") is None:
        return None
    try:
        told = subprocess.run(  # noqa: S603  # fixed argv, found on PATH
            [program, "-V"], capture_output=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rb"OpenSSH_([0-9]{1,3})\.([0-9]{1,3})", told.stderr + told.stdout)
    return None if match is None else (int(match[1]), int(match[2]))


def has_libyaml() -> bool:
    """Say whether PyYAML brings libyaml."""
    import yaml

    return bool(yaml.__with_libyaml__)
