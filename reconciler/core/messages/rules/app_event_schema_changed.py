"""AppEventSchemaChanged: the application sends, or workflows read, an event of another form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.core.canonical import Json
from reconciler.core.compatibility import SchemaChange, bare, compare
from reconciler.core.messages.readers import reads
from reconciler.core.messages.reading import Pair, modified, pointer, users_by_event
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import plural, verb, workflows
from reconciler.core.model import Kind
from reconciler.core.names import quoted

CODE = "AppEventSchemaChanged"

_SHOWN = 10

Path = tuple[str, ...]
Contents = Mapping[str, Mapping[str, Json]]  # of workflows, by name


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each event whose schema means something else, however it is written."""
    users = None
    for pair in modified(review, Kind.APP_EVENT):
        changes = compare(pair.before.get("schema"), pair.after.get("schema"))
        if not changes:
            continue
        users = users_by_event(review) if users is None else users
        started = {key.name: review.content(key) for key in users.get(pair.key.name, ())}
        yield _message(review, pair, changes, started)


def _message(
    review: Review, pair: Pair, changes: Sequence[SchemaChange], started: Contents
) -> Message:
    breaking = [change for change in changes if change.breaking]
    name, where = pair.key.name, review.environment.name
    if breaking:
        text = _breaking_text(f"The schema of app event {name} breaks in {where}", changes, started)
    else:
        opening = f"The schema of app event {name} changes in {where} and stays compatible"
        text = f"{opening}: {_list(changes)}."
    return Message(
        code=CODE,
        severity=Severity.WARNING if breaking else Severity.INFO,
        subject=pair.key,
        text=text,
        action=_action(name, breaking),
        fingerprint=fingerprint(
            CODE, pair.key, bare(pair.before.get("schema")), bare(pair.after.get("schema"))
        ),
        pointer=pointer("schema"),
    )


def _breaking_text(opening: str, changes: Sequence[SchemaChange], started: Contents) -> str:
    breaking = [change for change in changes if change.breaking]
    readers = {change.path: _readers(change, started) for change in breaking[:_SHOWN]}
    fine = len(changes) - len(breaking)
    parts = [
        f"{opening}: {_list(breaking, readers)}.",
        f"{plural(fine, 'other difference')} {verb(fine, 'is', 'are')} compatible." if fine else "",
        _effects(breaking, list(started)),
        "" if _all_known(breaking, readers) else _started(list(started)),
    ]
    return " ".join(filter(None, parts))


def _all_known(breaking: Sequence[SchemaChange], readers: Mapping[Path, list[str]]) -> bool:
    """Say whether whoever reads what is gone has been named."""
    return all(readers.get(change.path) for change in breaking if change.breaks_readers)


def _readers(change: SchemaChange, started: Contents) -> list[str]:
    return [name for name, content in started.items() if reads(content, change.path)]


def _list(changes: Sequence[SchemaChange], readers: Mapping[Path, list[str]] | None = None) -> str:
    """Return differences with their paths, and who reads each."""
    told = []
    for change in changes[:_SHOWN]:
        place = quoted(change.place)[1:-1] or "the event itself"
        names = (readers or {}).get(change.path)
        told.append(f"{place} {change.text}{f' (read by {workflows(names)})' if names else ''}")
    if len(changes) > _SHOWN:
        told.append(f"and {len(changes) - _SHOWN:,} more")
    return "; ".join(told)


def _effects(breaking: Sequence[SchemaChange], started: Sequence[str]) -> str:
    """Return what happens to those who read the event and to those who send it."""
    told = []
    if any(change.breaks_readers for change in breaking):
        told.append("Workflows that read it do not find what they expect.")
    if any(change.breaks_senders for change in breaking):
        so = f", so they do not start {workflows(started)}" if started else ""
        told.append(f"Events that the application sends in the old form are refused{so}.")
    return " ".join(told)


def _started(names: Sequence[str]) -> str:
    if not names:
        return "It starts no workflow."
    return f"It starts {workflows(names)}; check what {verb(len(names), 'it reads', 'they read')}."


def _action(name: str, breaking: Sequence[SchemaChange]) -> str:
    if not breaking:
        return f"Nothing has to be done: the application may go on sending {name} as it does."
    told = []
    if any(change.breaks_readers for change in breaking):
        told.append("Change the workflows that read it in the same change.")
    if any(change.breaks_senders for change in breaking):
        told.append(f"Change the application to send {name} in the new form together with this.")
    return f"{' '.join(told)} Or keep the old fields and add new ones beside them."
