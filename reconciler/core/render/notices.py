"""What is told to people outside, as a subject and a body of plain text.

Titles and reasons come from others: each stays on one line, with control characters written out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from reconciler.core.model import Action
from reconciler.core.notices import News, Occasion, Said
from reconciler.core.printable import one_line
from reconciler.core.render import wording

_SUBJECT = 160
_LINE = 500
_MOST = 20  # lines of one list; the program itself shows all of them
_WIDTH = 78
_LABEL = 12


class _Words(NamedTuple):
    """The words of an occasion: `what` is the release or deployment, `where` the environment."""

    headline: str
    sentence: str
    list_follows: str = ""


_WORDS = {
    Occasion.STARTED: _Words(
        "{what} is being deployed",
        "{What} is being deployed to {where}. Until that has ended the environment is in "
        "maintenance: calls that write are asked to try again later, nothing is lost.",
    ),
    Occasion.WAITING: _Words(
        "{what} waits", "{What} is not promoted to {where} yet.", "What holds it:"
    ),
    Occasion.DONE: _Words(
        "{what} is live", "{What} is live in {where}, and the environment is unlocked."
    ),
    Occasion.FAILED: _Words(
        "{what} failed, nothing was written",
        "{What} was not deployed to {where}. Nothing was written: what ran before still runs.",
    ),
    Occasion.RESTORED: _Words(
        "{what} failed, what ran before runs again",
        "{What} could not be deployed to {where}. What ran before was put back, was verified and "
        "runs again. The environment is unlocked.",
        "What differs from before:",
    ),
    Occasion.NOT_RESTORED: _Words(
        "{what} failed and was NOT restored",
        "{What} could not be deployed to {where}, and what ran before could not be put back. "
        "The environment stays locked until somebody acts.",
        "What differs from before:",
    ),
    Occasion.DRIFT: _Words(
        "{count} changed outside",
        "{Count} of {where} changed since the last deployment, and not by it.",
        "What changed:",
    ),
}


def subject(occasion: Occasion, news: News) -> str:
    """Return one line that says what happened, and where."""
    return one_line(f"[reconciler] {news.environment}: {_headline(occasion, news)}", _SUBJECT)


def body(occasion: Occasion, news: News, event: str) -> str:
    """Return the whole text; `event` lets a reader recognise one that comes twice."""
    blocks: tuple[Iterable[str], ...] = (
        _opening(occasion, news),
        _facts(news),
        _listed("Why:", _folded(news.reason)),
        _listed(_WORDS[occasion].list_follows, _cut(news.lines)),
        _listed("Messages of the plan:", _cut([_said(each) for each in news.messages])),
        _listed("What to do:", _folded(news.next_step)),
        _listed("Where to look:", _where(news)),
        ["-- ", f"Sent by reconciler for event {one_line(event)}."],
    )
    found = (list(block) for block in blocks)
    return "\n\n".join("\n".join(lines) for lines in found if lines) + "\n"


def _headline(occasion: Occasion, news: News) -> str:
    text = _WORDS[occasion].headline.format_map(_names(news))
    count = len(news.lines)
    if occasion is Occasion.WAITING and count:
        return f"{text} ({wording.counted(count, 'closed gate')})"
    if occasion is Occasion.RESTORED and count:
        return f"{text} with {wording.counted(count, 'difference')}"
    return text


def _opening(occasion: Occasion, news: News) -> Iterator[str]:
    yield from _wrapped(_WORDS[occasion].sentence.format_map(_names(news)))
    if occasion is Occasion.DRIFT:
        yield from _wrapped(
            "All of it is put back to what was deployed."
            if news.heals
            else "It is left as it is, since selfHeal is off."
        )
    if news.description:
        yield from ("", *_wrapped(news.description, "  "))


def _names(news: News) -> dict[str, str]:
    what = "a change" if news.version is None else f"release {news.version}"
    count = wording.counted(len(news.lines), "resource")
    return {
        "what": what,
        "What": what[0].upper() + what[1:],
        "where": news.environment,
        "count": count,
        "Count": count,
    }


def _facts(news: News) -> Iterator[str]:
    times = [wording.short_time(at) for at in (news.started_at, news.finished_at) if at]
    facts = {
        "Changes": _changes(news),
        "Users": _users(news),
        "Step": news.step,
        "By": news.actor,
        "When": " to ".join(times),
        "Earliest": (news.earliest or "").replace("T", " ", 1),
        "Deployment": news.deployment,
        "Commit": None if news.commit is None else wording.short_commit(news.commit),
    }
    for name, fact in facts.items():
        if fact:
            yield f"{name:<{_LABEL}}{one_line(fact, _LINE)}"


def _changes(news: News) -> str | None:
    words = {Action.ADD: "added", Action.MODIFY: "modified", Action.REMOVE: "removed"}
    if not any(news.changed.values()):
        return None
    return ", ".join(f"{news.changed.get(action, 0)} {word}" for action, word in words.items())


def _users(news: News) -> str | None:
    """Say how many users a single message concerns at most; they are not told apart here."""
    known = [said.users for said in news.messages if said.users is not None]
    if not known or not max(known):
        return None
    most = wording.counted(max(known), "user")
    return f"{most} affected" if len(known) == 1 else f"up to {most} affected by one message"


def _said(said: Said) -> str:
    users = f" ({wording.counted(said.users, 'user')} affected)" if said.users else ""
    return f"{said.severity}: {said.text}{users}"


def _where(news: News) -> list[str]:
    found = [f"reconciler history --environment {news.environment}"]
    return found + [one_line(f"{title}: {url}", 4 * _LINE) for title, url in news.links]


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    return [title, *(f"  {line}" for line in lines)]


def _cut(lines: Sequence[str]) -> list[str]:
    """Return foreign lines, not too many and each of them one line."""
    more = len(lines) - _MOST
    end = [wording.and_more(more)] if more > 0 else []
    return [f"- {one_line(line, _LINE)}" for line in lines[:_MOST]] + end


def _folded(text: str | None) -> list[str]:
    return [] if not text else _wrapped(text)


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Return foreign text as paragraphs' lines; a line end in it is written out."""
    return textwrap.wrap(
        one_line(text, 4 * _LINE),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
