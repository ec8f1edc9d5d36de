"""Text that others wrote, as one line that neither a terminal nor a build server obeys."""

from __future__ import annotations

import re

from reconciler.core.printable import one_line, uncommanded

# A build server takes a line for a command that begins with `::`, also after spaces. Wrapping may
# begin a line with any word, so the start of each word counts.
_COMMAND = re.compile(r"(?:(?<=\s)|\A):(?=:)")


def shown(text: str, limit: int | None = None) -> str:
    """Return foreign text as one printable line, its commands to build servers defused."""
    return uncommanded(_COMMAND.sub(r"\\x3a", one_line(text, limit)))
