"""One release as a page of text: facts, description, changes, messages and approvals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from reconciler.core.canonical import Json
from reconciler.core.releases.approvals import Approval
from reconciler.core.releases.listed import Listed, ListedTag
from reconciler.core.releases.model import Acknowledgement, Base, Source
from reconciler.core.render import wording
from reconciler.core.render.foreign import shown
from reconciler.core.render.releases import NONE, SIGNS, acknowledged, counts
from reconciler.core.render.style import BOLD, GREEN, PLAIN, RED, Style

_VALUE = 200


def page(one: Listed, style: Style = PLAIN) -> str:
    """Return everything that is known of a release."""
    release = one.release
    blocks = (
        _facts(one, style),
        _text("Description", release.description.splitlines(), style),
        _text(f"Changes {counts(one)}", _changes(release.changes), style),
        _text("Messages", _messages(one), style),
        _text("Approvals", _approvals(one.approvals), style),
    )
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := [*block]))


def _facts(one: Listed, style: Style) -> Iterator[str]:
    release = one.release
    live = style.paint("  Live", GREEN, BOLD) if one.live else ""
    yield style.paint(f"Release {shown(str(release.name))}", BOLD) + live
    facts = {
        "type": release.type.value,
        "source": _from(release.source),
        "base": _onto(release.base),
        "commit": _commit(one),
        "tag": _tag(one.tag),
        "live": {True: "yes", False: "no", None: "not known: the store has no record"}[one.live],
        "content": release.content_digest,
        "plan digest": release.plan_digest or NONE,
    }
    for label, text in facts.items():
        refused = label == "tag" and one.tag is not None and not one.tag.accepted
        painted = style.paint(shown(text), RED) if refused else shown(text)
        yield f"  {label:<11}  {painted}"


def _from(source: Source) -> str:
    version = "" if source.version is None else f"/{source.version}"
    return f"{source.environment}{version} at {wording.short_commit(source.commit)}"


def _onto(base: Base | None) -> str:
    if base is None:
        return "nothing was live"
    return base.version or f"content {base.content_digest[:19]}, of no release"


def _commit(one: Listed) -> str:
    if one.commit is not None:
        return one.commit
    return f"not merged yet; on the branch {one.branch}" if one.branch else "not merged yet"


def _tag(tag: ListedTag | None) -> str:
    if tag is None:
        return "none yet"
    state = "accepted" if tag.accepted else "refused"
    return f"{tag.name}, {state}{f', signed by {tag.by}' if tag.by else ''}: {tag.reason}"


def _changes(changes: Iterable[Mapping[str, Json]]) -> Iterator[str]:
    for change in changes:
        sign = SIGNS.get(str(change["action"]), "?")
        yield shown(f"{sign} {change['kind']}/{change['name']}")
        for field in change.get("fields") or ():
            before, after = _value(field.get("before")), _value(field.get("after"))
            yield f"    {shown(str(field['path']))}: {before} → {after}"


def _value(value: Json) -> str:
    return shown(value if isinstance(value, str) else repr(value), _VALUE)


def _messages(one: Listed) -> Iterator[str]:
    given = {(a.code, *a.subject, a.fingerprint): a for a in acknowledged(one)}
    for message in one.release.messages:
        subject = message["subject"]
        about = (message["code"], subject["kind"], subject["name"], message["fingerprint"])
        yield shown(f"{message['severity']} {about[0]}: {about[1]}/{about[2]}")
        yield from (f"    {line}" for line in _wrapped(str(message.get("text") or "")))
        word = given.pop(about, None)
        if word is not None:
            yield f"    {_words(word)}"
        elif message["severity"] == "warning":
            yield "    not acknowledged"
    # Secret state is no part of a manifest's messages, and may be acknowledged all the same.
    for each in given.values():
        yield shown(f"{each.code}: {each.subject}")
        yield f"    {_words(each)}"


def _words(each: Acknowledgement) -> str:
    by = f" by {each.by}" if each.by else ""
    until = f" until {each.until}" if each.until else ""
    return shown(f"acknowledged{by}{until}: {each.reason}")


def _approvals(approvals: Mapping[str, Approval | None]) -> Iterator[str]:
    for role, approval in approvals.items():
        if approval is None:
            yield shown(f"{role}: missing")
            continue
        who = approval.by or "nobody who signed"
        yield shown(f"{role}: {who} ({approval.told})")
        if approval.notice:
            yield f"    {shown(approval.notice)}"


def _wrapped(text: str) -> list[str]:
    return [shown(line) for line in textwrap.wrap(shown(text), 90)]


def _text(title: str, lines: Iterable[str], style: Style) -> Iterator[str]:
    found = [f"  {shown(line) if title == 'Description' else line}" for line in lines]
    if found:
        yield from (style.paint(title, BOLD), *found)
