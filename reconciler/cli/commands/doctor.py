"""`reconciler doctor`: is everything here that is needed?"""

from __future__ import annotations

import typer

from reconciler.cli import options
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR

NAME = "doctor"
HELP = """Check this machine, the repository, the store and the secrets, and say what to do.

It also looks at what protects the branch and the tags on the forge, or says what is needed there.
Changes nothing. Exits with 1 when something is broken; what only deserves a look does not count.
"""
EPILOG = "Example:\n\n  reconciler doctor --format json\n"

_MARKS = {"ok": "✓", "look": "!", "broken": "✗"}


def run(context: typer.Context, format: options.TextFormats = TextFormat.TEXT) -> int:
    """Check everything."""
    session: Session = context.obj
    from reconciler.bootstrap import examining

    checks = examining.examine(session.settings, offline=session.options.offline)
    if format is TextFormat.JSON:
        rows = [{"name": c.name, "state": c.state, "text": c.text, "next": c.next} for c in checks]
        session.show_json({"formatVersion": "1.0", "checks": rows})
    else:
        for check in checks:
            session.show(f"{_MARKS[check.state]} {check.name}: {check.text}")
            if check.next:
                session.show(f"    Next: {check.next}")
    return EXIT_ERROR if any(check.state == "broken" for check in checks) else EXIT_DONE
