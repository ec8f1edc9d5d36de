"""Releases as JSON and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.canonical import Json
from reconciler.core.errors import ReconcilerError
from reconciler.core.model import Action
from reconciler.core.releases.approvals import Approval
from reconciler.core.releases.listed import Listed, ListedTag
from reconciler.core.releases.model import Acknowledgement, Base, Source
from reconciler.core.render import json as render_json
from reconciler.core.render import wording
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer
from reconciler.core.render.style import BOLD, DIM, GREEN, PLAIN, Style, columns, pad

NOTHING = "No releases yet."
NONE = "-"
_HEAD = ("", "ENVIRONMENT", "VERSION", "TYPE", "TAG", "COMMIT", "CHANGES", "DESCRIPTION")
_LONGEST = 40
SIGNS = {"add": "+", "modify": "~", "remove": "-"}


# --- JSON ---------------------------------------------------------------------------------------


def answer(many: Iterable[Listed], errors: Iterable[ReconcilerError] = ()) -> Answer:
    """Return the answer of `release list` and `release show`."""
    found: Answer = {"formatVersion": FORMAT_VERSION, "releases": [_row(one) for one in many]}
    if failures := render_json.errors(errors):
        found["errors"] = failures
    return found


def as_deployment(one: Listed) -> dict[str, Json]:
    """Return a release that only git knows as a member of the answer of `history`."""
    release = one.release
    nothing = {"actor": None, "backup": None, "startedAt": None, "finishedAt": None}
    return {
        "environment": release.environment,
        "version": release.version,
        "tag": None if one.tag is None else one.tag.name,
        "commit": one.commit,
        "type": release.type.value,
        "description": release.description,
        "phase": None,
        "live": None,
        **nothing,
        "planDigest": release.plan_digest or None,
        "summary": summary(one),
        "messages": [_message(message) for message in release.messages],
        "steps": [],
    }


def summary(one: Listed) -> dict[str, int]:
    """Count the changes of a release by action."""
    counts = Counter(change["action"] for change in one.release.changes)
    return {action.value: counts[action.value] for action in Action}


def _row(one: Listed) -> Json:
    release = one.release
    return {
        "environment": release.environment,
        "version": release.version,
        "type": release.type.value,
        "description": release.description,
        "source": _source(release.source),
        "base": None if release.base is None else _base(release.base),
        "commit": one.commit,
        "tag": None if one.tag is None else one.tag.name,
        "contentDigest": release.content_digest,
        "planDigest": release.plan_digest or None,
        "live": one.live,
        "changes": [_change(change) for change in release.changes],
        "messages": [_message(message) for message in release.messages],
        "acknowledgements": [_acknowledgement(each) for each in acknowledged(one)],
        "approvals": [_approval(each) for each in one.approvals.values() if each is not None],
    }


def _source(source: Source) -> Json:
    return {
        "environment": source.environment,
        "version": source.version,
        "commit": source.commit,
    }


def _base(base: Base) -> Json:
    return {"version": base.version, "contentDigest": base.content_digest or None}


def _change(change: Mapping[str, Json]) -> Json:
    fields = [
        {"path": each["path"], "before": each.get("before"), "after": each.get("after")}
        for each in change.get("fields") or ()
    ]
    head = {name: change[name] for name in ("action", "kind", "name")}
    return {**head, "fields": fields}


def _message(message: Mapping[str, Json]) -> Json:
    empty = {"text": "", "action": "", "affectedUsers": None, "asOf": None, "location": None}
    return {**empty, **message}


def _acknowledgement(each: Acknowledgement) -> Json:
    return {
        "code": each.code,
        "subject": {"kind": str(each.subject.kind), "name": each.subject.name},
        "fingerprint": each.fingerprint,
        "reason": each.reason,
        "until": each.until,
        "by": each.by,
    }


def _approval(approval: Approval) -> Json:
    return {
        "role": approval.role,
        "by": approval.by,
        "signed": approval.signed,
        "evidence": approval.evidence,
        "name": approval.name,
        "link": approval.link,
        "at": approval.at,
    }


def acknowledged(one: Listed) -> Sequence[Acknowledgement]:
    """Return what was acknowledged, by the manifest alone where signed tags were not read."""
    return one.acknowledgements or one.release.acknowledgements


# --- table --------------------------------------------------------------------------------------


def table(many: Sequence[Listed], style: Style = PLAIN) -> str:
    """Return a line for each release, the live ones marked."""
    if not many:
        return NOTHING
    cells = [_HEAD, *map(_cells, many)]
    widths = [max(columns(row[number]) for row in cells) for number in range(len(_HEAD))]
    head, *body = ("  ".join(map(pad, row, widths)).rstrip() for row in cells)
    lines = [
        style.paint(line, *((GREEN, BOLD) if one.live else ()))
        for line, one in zip(body, many, strict=True)
    ]
    return "\n".join([style.paint(head, DIM), *lines])


def _cells(one: Listed) -> tuple[str, ...]:
    release = one.release
    cells = (
        _live(one),
        release.environment,
        release.version,
        release.type.value,
        _tag_state(one.tag),
        wording.short_commit(one.commit) if one.commit else NONE,
        counts(one),
        release.description,
    )
    return tuple(shown(cell, _LONGEST) for cell in cells)


def counts(one: Listed) -> str:
    """Return `+1 ~2 -0`."""
    found = summary(one)
    return " ".join(f"{sign}{found[action]}" for action, sign in SIGNS.items())


def _live(one: Listed) -> str:
    if one.live is None:
        return NONE
    return "Live" if one.live else ""


def _tag_state(tag: ListedTag | None) -> str:
    if tag is None:
        return NONE
    return "accepted" if tag.accepted else "refused"
