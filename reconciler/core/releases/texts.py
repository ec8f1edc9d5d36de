"""What people are to read of a release: short enough to be read, and all of it can be seen.

It must not know where a text comes from.
"""

from __future__ import annotations

from reconciler.core.printable import visible

LONGEST = 10_000


def problem(text: str) -> str | None:
    """Say in one sentence why a description is refused, None when it is fine."""
    if len(text) > LONGEST:
        return f"The description has {len(text):,} characters; the limit is {LONGEST:,}."
    if visible(text) != text:
        return "The description holds characters that cannot be seen."
    return None
