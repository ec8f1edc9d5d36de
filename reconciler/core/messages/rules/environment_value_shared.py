"""EnvironmentValueShared: two environments use the same thing where each should have its own.

Mostly environment.yaml was copied and one line forgotten. It is told of an environment and every
other one of which at least one is release-only: editable ones share an app or a server on purpose,
but what production uses belongs to production, whichever side looks. Values are told only when
they look bound to a place or an account, and by their name, never by what they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reconciler.core.canonical import Json
from reconciler.core.flat_schema import identity
from reconciler.core.layout import environment_file
from reconciler.core.messages.bound import looks_bound
from reconciler.core.messages.reading import pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import listed
from reconciler.core.model import Environment, Kind, Mode, ResourceKey

CODE = "EnvironmentValueShared"


class _Thing(NamedTuple):
    """Something that an environment has: its name, where it stands, and what tells it apart."""

    subject: ResourceKey
    pointer: str
    severity: Severity
    what: str
    identity: str


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each thing of this environment that others have too."""
    here = review.environment
    others = {
        other.name: frozenset((thing.subject.kind, thing.identity) for thing in _things(other))
        for other in review.others
        if other.name != here.name and Mode.RELEASE_ONLY in (here.mode, other.mode)
    }
    for thing in _things(here) if others else ():
        key = (thing.subject.kind, thing.identity)
        sharing = sorted(name for name, things in others.items() if key in things)
        if sharing:
            yield _message(here, thing, sharing)


def _things(environment: Environment) -> Iterator[_Thing]:
    yield from _app_configuration(environment)
    yield from _secrets(environment)
    subject = ResourceKey(Kind.ENVIRONMENT, environment.name)
    for path, value in _leaves(environment.values, ()):
        if looks_bound(value):
            name = ".".join(path)
            what = f"the value {name}"
            yield _Thing(
                subject, pointer("values", *path), Severity.INFO, what, identity([path, value])
            )


def _app_configuration(environment: Environment) -> Iterator[_Thing]:
    for name, keys in environment.app_configuration.items():
        subject, at = ResourceKey(Kind.INTEGRATION, name), pointer("requiredAppConfiguration")
        for key, value in keys.items():
            if key == "clientId" and isinstance(value, str) and value:
                what = f"the client id of {name}"
                yield _Thing(subject, at, Severity.WARNING, what, identity([name, key, value]))
            elif key not in {"clientId", "clientSecret"} and looks_bound(value):
                what = f"the app configuration {key} of {name}"
                yield _Thing(subject, at, Severity.INFO, what, identity([name, key, value]))


def _secrets(environment: Environment) -> Iterator[_Thing]:
    """Yield secrets by their source; the store has values of its own for each environment."""
    for name, source in environment.secrets.items():
        if source.get("from") != "store":
            subject = ResourceKey("Secret", name)
            at, what = pointer("secrets", name), f"the source of secret {name}"
            yield _Thing(subject, at, Severity.WARNING, what, identity(dict(source)))


def _leaves(value: Json, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Json]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, str(index)))
    else:
        yield path, value


def _message(environment: Environment, thing: _Thing, sharing: list[str]) -> Message:
    where = environment.name
    return Message(
        code=CODE,
        severity=thing.severity,
        subject=thing.subject,
        text=f"{listed([where, *sharing])} share {thing.what}. {_effect(thing)}",
        action=_action(environment, thing),
        fingerprint=fingerprint(CODE, thing.subject, None, [thing.what, thing.identity, sharing]),
        pointer=thing.pointer,
    )


def _effect(thing: _Thing) -> str:
    if thing.subject.kind == "Secret":
        return "What runs in one acts with the access of the other."
    if thing.severity is Severity.WARNING:
        return "Users of one are connected through the app of the other."
    return "It looks as if it belonged to one of them."


def _action(environment: Environment, thing: _Thing) -> str:
    where, file = environment.name, environment_file(environment.name)
    if thing.subject.kind == "Secret":
        return (
            f"Give it a source of its own in {file}, or acknowledge that the same place holds "
            "another value there."
        )
    if thing.severity is Severity.WARNING:
        return f"Register an app for {where} at the provider and write its client id into {file}."
    return (
        f"Check it in {file}. What is the same everywhere needs no value: write it into the "
        "manifests."
    )
