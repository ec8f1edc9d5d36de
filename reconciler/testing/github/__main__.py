"""The forge as a process: `python -m reconciler.testing.github --repository OWNER/NAME`.

It says its address in one line and ends with whoever started it, or when its time is up.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from reconciler.testing.github.server import BOT, GitHubServer
from reconciler.testing.github.state import GitHubState

_LOOK = 0.1


def main() -> None:
    """Serve until the parent is gone or the time is up."""
    parser = argparse.ArgumentParser(prog="python -m reconciler.testing.github")
    parser.add_argument("--repository", default="owner/repository", help="OWNER/NAME")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="the file to remember everything in")
    parser.add_argument("--git", type=Path, help="the bare repository with its tags and branches")
    parser.add_argument("--login", default=BOT, help="who writes with any token")
    parser.add_argument("--seconds", type=float, default=900, help="how long to serve at most")
    told = parser.parse_args()
    parent, until = os.getppid(), time.monotonic() + told.seconds
    state = GitHubState(told.repository, path=told.state, git=told.git)
    with GitHubServer(state, port=told.port, login=told.login) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        while os.getppid() == parent and time.monotonic() < until:
            time.sleep(_LOOK)


if __name__ == "__main__":
    main()
