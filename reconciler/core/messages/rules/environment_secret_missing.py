"""EnvironmentSecretMissing: something that shall run needs a secret that is not there.

The fingerprint holds which kind of missing it is and who needs the secret. An acknowledgement
says "these may stay off until it arrives", so it covers neither a further workflow that begins
to need the secret nor a declared one that turns out to be empty; it lapses then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core.canonical import Json
from reconciler.core.layout import environment_file
from reconciler.core.messages.reading import pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import all_called, verb
from reconciler.core.model import ResourceKey
from reconciler.core.names import nearest
from reconciler.core.needs import secrets_of

CODE = "EnvironmentSecretMissing"
SUBJECT_KIND = "Secret"  # not a manifest: its pointer is one into environment.yaml


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each missing secret that anything desired needs."""
    declared, present = review.environment.secrets, review.secrets_present or {}
    fine = {name for name in declared if present.get(name) is not False}
    missing: dict[str, list[ResourceKey]] = {}
    for entry in review.desired.values():
        for name in secrets_of(entry, review.environment):
            if name not in fine:
                missing.setdefault(name, []).append(entry.key)
    for name, keys in missing.items():
        make = _without_value if name in declared else _undeclared
        yield make(review, name, sorted(keys))


def _undeclared(review: Review, name: str, keys: list[ResourceKey]) -> Message:
    where = review.environment.name
    file = environment_file(where)
    hint = nearest(name, review.environment.secrets)
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=ResourceKey(SUBJECT_KIND, name),
        text=f"The secret {name} is not declared in {file}{hint}. {_needers(keys)}",
        action=(
            f"Add `{name}: {{from: store}}` to spec.secrets in {file}, "
            f"then run `{_set_command(name, where)}`."
        ),
        fingerprint=_fingerprint(name, "undeclared", keys),
        pointer=pointer("secrets"),
    )


def _without_value(review: Review, name: str, keys: list[ResourceKey]) -> Message:
    where = review.environment.name
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=ResourceKey(SUBJECT_KIND, name),
        text=f"The secret {name} has no value in {where}. {_needers(keys)}",
        action=_how_to_give(name, review.environment.secrets[name], where),
        fingerprint=_fingerprint(name, "without value", keys),
        pointer=pointer("secrets", name),
        from_git=False,
    )


def _needers(keys: list[ResourceKey]) -> str:
    needs, works = verb(len(keys), "needs", "need"), verb(len(keys), "it does", "they do")
    who = all_called(keys)
    return f"{who[0].upper()}{who[1:]} {needs} it: until it is there {works} not work for any user."


def _fingerprint(name: str, state: str, keys: list[ResourceKey]) -> str:
    subject = ResourceKey(SUBJECT_KIND, name)
    return fingerprint(CODE, subject, None, [state, [str(key) for key in keys]])


def _set_command(name: str, where: str) -> str:
    return f"reconciler secret set {name} --environment {where}"


def _how_to_give(name: str, source: Mapping[str, Json], where: str) -> str:
    match source.get("from"):
        case "store":
            return f"Run `{_set_command(name, where)}`."
        case "env":
            variable = source.get("name", name)
            return f"Set the environment variable {variable} where reconciler runs for {where}."
        case "file":
            path = source.get("path")
            return f"Write the value to the file {path} where reconciler runs for {where}."
        case other:
            return f"Give {source.get('name', source.get('path', name))} a value in {other}."
