"""The remote platform as a process: `python -m reconciler.testing.remote --port 0 --state FILE`.

It says its address in one line and ends with whoever started it, or when its time is up.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from reconciler.testing.remote.server import RemoteServer

_LOOK = 0.1


def main() -> None:
    """Serve until the parent is gone or the time is up."""
    parser = argparse.ArgumentParser(prog="python -m reconciler.testing.remote")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="the file to remember everything in")
    parser.add_argument("--page", type=int, default=100, help="resources in a page of the list")
    parser.add_argument("--seconds", type=float, default=900, help="how long to serve at most")
    told = parser.parse_args()
    parent, until = os.getppid(), time.monotonic() + told.seconds
    with RemoteServer(path=told.state, port=told.port, page=told.page) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        while os.getppid() == parent and time.monotonic() < until:
            time.sleep(_LOOK)


if __name__ == "__main__":
    main()
