"""One comment for each pull request: found again by a hidden marker and its author.

A comment is written anew only when what it says has changed, or when somebody else edited it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from reconciler.core.forge.model import Comment

# It begins the comment: a marker further down is a quotation, or text of somebody else.
_MARKER = re.compile(
    r"<!-- reconciler:comment v(?P<version>\d+)"
    r"(?: head=(?P<head>\S*) source=(?P<source>\w+) plan=(?P<plan>\w+)"
    r" text=(?P<text>\w+))?[^>]*-->(?:\n|\Z)"
)
_VERSION = "1"
# What may differ behind what counts: revisions, moments, and which run's page has the whole.
_PASSING = re.compile(r"[0-9a-f]{7,64}|\d+")


class Source(StrEnum):
    """What a comment was made from: `live` knows platforms and store beside git."""

    GIT = "git"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The comment that shall stand: its text without the marker, for which head commit it is.

    `stated` is the beginning of the text that counts; behind it stands what changes with every run.
    `plan` tells what was planned, as the digests of the plans: the same head has another one
    after the branch that it is merged into has moved.
    """

    text: str
    stated: str
    head: str
    source: Source
    plan: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do: `edit` this comment or (None) `add` one where `body` is not None.

    `remove` are further comments of ours, which two runs at once left.
    """

    body: str | None
    edit: Comment | None = None
    remove: Sequence[Comment] = ()


class _Standing(NamedTuple):
    """A comment of ours: the fields of its marker, empty where it does not fit, and its text."""

    comment: Comment
    fields: dict[str, str | None]
    text: str


def body(wanted: Wanted) -> str:
    """Return the text with its hidden marker."""
    fields = {**_fields(wanted), "text": _digest(wanted.text)}
    told = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"<!-- reconciler:comment v{_VERSION} {told} -->\n{_normal(wanted.text)}"


def decide(wanted: Wanted, comments: Sequence[Comment], me: str) -> Decision:
    """Say what to do about the comments of a pull request; `me` is who we write as.

    What a run with the platform said of a head is not replaced by what git alone knows of it.
    """
    ours = [found for each in comments if (found := _standing(each, me)) is not None]
    if not ours:
        return Decision(body=body(wanted))
    ours.sort(key=lambda one: one.comment.id)
    first, *rest = ours
    remove = tuple(one.comment for one in rest)
    best = next((one for one in ours if _knows_more(one, wanted)), None)
    if best is first or (best is None and _says(first, wanted)):
        return Decision(body=None, remove=remove)
    text = body(wanted) if best is None else best.comment.body
    return Decision(body=text, edit=first.comment, remove=remove)


def _standing(comment: Comment, me: str) -> _Standing | None:
    """Return a comment that we wrote; a stranger's with our marker is none."""
    text = _normal(comment.body)
    found = _MARKER.match(text)
    if found is None or comment.author.casefold() != me.casefold():
        return None
    fields, rest = found.groupdict(), text[found.end() :]
    is_whole = fields["version"] == _VERSION and fields["text"] == _digest(rest)
    return _Standing(comment, fields if is_whole else {}, rest)


def _says(one: _Standing, wanted: Wanted) -> bool:
    """Say whether a comment stands as it is wanted: by its text, whatever its marker claims.

    Who may write as we do can make a marker that fits another text.
    """
    if any(one.fields.get(name) != value for name, value in _fields(wanted).items()):
        return False
    text, stated = _normal(wanted.text), _normal(wanted.stated)
    if not (one.text.startswith(stated) and text.startswith(stated)):
        return False
    return _form(one.text[len(stated) :]) == _form(text[len(stated) :])


def _knows_more(one: _Standing, wanted: Wanted) -> bool:
    """Say whether a comment was made with the platform, of the same plan for the same head."""
    same = all(one.fields.get(name) == _fields(wanted)[name] for name in ("head", "plan"))
    return same and wanted.source is Source.GIT and one.fields.get("source") == Source.LIVE


def _fields(wanted: Wanted) -> dict[str, str]:
    """Return what the marker says, in its order; digests, so that no text can end it."""
    return {
        "head": re.sub(r"[^0-9A-Za-z]", "", wanted.head) or "none",
        "source": wanted.source.value,
        "plan": _digest(wanted.plan),
    }


def _form(text: str) -> str:
    return _PASSING.sub("#", text)


def _digest(text: str) -> str:
    return hashlib.sha256(_normal(text).encode(errors="surrogatepass")).hexdigest()


def _normal(text: str) -> str:
    """Return a text as it comes back: forges change line ends, and trim."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
