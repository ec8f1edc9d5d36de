"""Commits and their authors as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.canonical import Json
from reconciler.core.changelog import Author, Changelog, by_author
from reconciler.core.commits import CommitInfo
from reconciler.core.render import wording
from reconciler.core.render.escape import prose
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer
from reconciler.core.render.style import BOLD, DIM, PLAIN, Style

NOTHING = "No commits."
_SUBJECT = 200


def text(log: Changelog, style: Style = PLAIN) -> str:
    """Return commits by author."""
    blocks = [style.paint(shown(_title(log)), BOLD)]
    blocks += ["\n".join(_author(author, style)) for author in by_author(log.commits)]
    return "\n\n".join([*blocks, _end(log)])


def markdown(log: Changelog) -> str:
    """Return commits by author, as they can stand in release notes."""
    blocks = [f"## {prose(_title(log))}"]
    for author in by_author(log.commits):
        title = f"### {prose(author.name)} ({wording.counted(len(author.commits), 'commit')})"
        items = (f"- {prose(one.subject, _SUBJECT)} ({_where(one)})" for one in author.commits)
        blocks.append("\n".join([title, "", *items]))
    return "\n\n".join([*blocks, _end(log)])


def answer(log: Changelog) -> Answer:
    """Return the answer of `changelog`: one changelog."""
    authors = by_author(log.commits)
    row = {
        "environment": log.environment,
        "version": log.version,
        "base": log.base,
        "origin": log.origin,
        "since": log.since,
        "until": log.until,
        "complete": log.complete,
        "authors": [{"author": one.name, "commits": len(one.commits)} for one in authors],
        "commits": [_commit(one) for one in log.commits],
    }
    return {"formatVersion": FORMAT_VERSION, "changelogs": [row]}


def _title(log: Changelog) -> str:
    what = f"{log.environment}/{log.version}" if log.version else f"The next {log.environment}"
    brings = "brought" if log.version else "would bring"
    since = f" since {log.base}" if log.base else ""
    return f"{what} {brings} from {log.origin}{since}"


def _author(author: Author, style: Style) -> Iterator[str]:
    count = wording.counted(len(author.commits), "commit")
    yield f"{style.paint(shown(author.name), BOLD)}  {style.paint(count, DIM)}"
    for one in author.commits:
        yield f"  {_where(one)}  {shown(one.subject, _SUBJECT)}"


def _where(one: CommitInfo) -> str:
    day = one.date[:10] if one.date else "no date   "
    return f"{day} {wording.short_commit(one.commit)}"


def _end(log: Changelog) -> str:
    if not log.commits:
        return NOTHING
    authors = wording.counted(len(by_author(log.commits)), "author")
    more = "" if log.complete else ", and there are more"
    return f"{wording.counted(len(log.commits), 'commit')} by {authors}{more}."


def _commit(one: CommitInfo) -> Json:
    return {
        "commit": one.commit,
        "author": one.author,
        "date": one.date,
        "subject": one.subject,
    }
