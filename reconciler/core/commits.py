"""What git tells of commits and tags, as values; it must not know git, files or releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitInfo:
    """What people see of a commit, with control characters made visible.

    `date` is the author's, RFC 3339 with the offset written there; None when it is not a time.
    """

    commit: str
    author: str
    email: str
    date: str | None
    subject: str


class TagRef(NamedTuple):
    """A tag as the refs have it: its name, the object the ref points at, and that object's kind.

    `name` has no `refs/tags/` before it and control characters made visible; `kind` is tag
    (annotated), commit (lightweight), tree or blob.
    """

    name: str
    oid: str
    kind: str
