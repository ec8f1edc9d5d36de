"""The folder `.reconciler`: private, kept out of git by itself, shared by store, keys and cache.

It knows nothing of what is kept inside.
"""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600

_IGNORED = "# Nothing in here belongs into git.\n*\n"


def ensure(folder: Path) -> None:
    """Create a state folder with its own `.gitignore`, if it is missing.

    Raises:
        OSError: it cannot be created.
    """
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(_IGNORED, encoding="utf-8")


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can read, if it is missing.

    Raises:
        OSError: it cannot be created, or stands there as a symlink.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE))
