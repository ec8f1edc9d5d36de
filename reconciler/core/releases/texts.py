"""What people are to read of a release: short enough to be read, and all of it can be seen.

It must not know where a text comes from.
"""

from __future__ import annotations

from reconciler.core.printable import visible
from reconciler.core.releases.trust import RELEASE_MANAGER

LONGEST = 10_000


def problem(text: str) -> str | None:
    """Say in one sentence why a description is refused, None when it is fine."""
    if len(text) > LONGEST:
        return f"The description has {len(text):,} characters; the limit is {LONGEST:,}."
    if visible(text) != text:
        return "The description holds characters that cannot be seen."
    return None


def by_tag(release: str, role: str) -> str:
    """Say how a role approves by a signed tag, behind `give it`."""
    if role == RELEASE_MANAGER:  # whose release tag is an approval too
        return f"with the release tag, `reconciler release tag {release} --push`"
    return f"with `reconciler release approve {release} --role {role} --push`"
