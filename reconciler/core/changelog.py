"""What a release brought, or the next one would: commits, and who made them; pure values.

It must not know git.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.commits import CommitInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Somebody with their commits, the newest first."""

    name: str
    commits: tuple[CommitInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelog:
    """Commits from one commit (None: the beginning) up to another, the newest first.

    `version` is None for what is not released yet, `base` the release before. `origin` is the
    environment in which people committed, `until` the commit that is brought. `complete` is false
    where there are more commits than are listed.
    """

    environment: str
    version: str | None
    base: str | None
    origin: str
    since: str | None
    until: str
    commits: tuple[CommitInfo, ...]
    complete: bool = True
    notices: tuple[str, ...] = ()


def by_author(commits: Iterable[CommitInfo]) -> tuple[Author, ...]:
    """Group commits by the author's address, whoever has most first, then by name.

    The name is the one of their newest commit.
    """
    found: dict[str, list[CommitInfo]] = {}
    for commit in commits:
        found.setdefault(commit.email.casefold() or commit.author, []).append(commit)
    authors = (Author(name=many[0].author, commits=tuple(many)) for many in found.values())
    return tuple(sorted(authors, key=lambda one: (-len(one.commits), one.name.casefold())))
