"""`python -m reconciler` and the `reconciler` command."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command line; asking for the version alone imports nothing else."""
    if sys.argv[1:] == ["--version"]:
        from reconciler import __version__

        print(f"reconciler {__version__}")
        return
    from reconciler.cli import process
    from reconciler.cli.main import main

    process.prepare()
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
