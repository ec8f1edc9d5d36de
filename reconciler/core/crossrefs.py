"""What one manifest says of another: every reference that leads nowhere, and cycles by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.core.canonical import Json
from reconciler.core.circles import circles
from reconciler.core.model import Entry, Environment, Kind, ResourceKey
from reconciler.core.names import nearest

_SHOWN = 10  # of the workflows of a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A reference that leads nowhere; where it stands is a pointer or the reference's own text.

    `event` is the app event that is not there, when that is the problem.
    """

    key: ResourceKey
    text: str
    pointer: str = ""
    reference: str | None = None
    event: str | None = None


def problems(
    entries: Mapping[ResourceKey, Entry],
    environment: Environment,
    unreadable: Iterable[ResourceKey] = (),
) -> tuple[Problem, ...]:
    """Check every reference between the resources of one environment.

    `unreadable` are resources that have findings of their own: they are there, and no more is
    known of them.
    """
    names = _Names.of(entries, environment, (*entries, *unreadable))
    found: list[Problem] = []
    for entry in entries.values():
        found.extend(_of_entry(entry, names))
    found.extend(_cycles(entries))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What may be referred to."""

    entries: Mapping[ResourceKey, Entry]
    integrations: frozenset[str]
    events: frozenset[str]
    workflows: frozenset[str]
    values: Mapping[str, Json]
    secrets: frozenset[str]
    apps: Mapping[str, Mapping[str, Json]]

    @classmethod
    def of(
        cls,
        entries: Mapping[ResourceKey, Entry],
        environment: Environment,
        there: Iterable[ResourceKey],
    ) -> _Names:
        there = tuple(there)
        return cls(
            entries=entries,
            integrations=_of_kind(there, Kind.INTEGRATION),
            events=_of_kind(there, Kind.APP_EVENT),
            workflows=_of_kind(there, Kind.WORKFLOW),
            values=environment.values,
            secrets=frozenset(environment.secrets),
            apps=environment.app_configuration,
        )


def _of_kind(keys: Iterable[ResourceKey], kind: Kind) -> frozenset[str]:
    return frozenset(key.name for key in keys if key.kind == kind)


def _of_entry(entry: Entry, names: _Names) -> Iterator[Problem]:
    facts = entry.facts
    if facts.integration is not None and facts.integration not in names.integrations:
        yield _missing(
            entry, "integration", facts.integration, names.integrations, "/spec/integration"
        )
    if facts.event is not None and facts.event not in names.events:
        problem = _missing(entry, "app event", facts.event, names.events, "/spec/trigger/event")
        yield replace(problem, event=facts.event)
    for workflow in facts.workflows:
        if workflow not in names.workflows:
            pointer = "/spec/requires/workflows"
            yield _missing(entry, "workflow", workflow, names.workflows, pointer)
    yield from _secrets(entry, names)
    yield from _settings(entry, names)
    yield from _values(entry, names)
    yield from _app(entry, names)


def _missing(entry: Entry, noun: str, name: str, known: Iterable[str], pointer: str) -> Problem:
    text = f'unknown {noun} "{name}"{nearest(name, known)}'
    return Problem(key=entry.key, text=text, pointer=pointer)


def _secrets(entry: Entry, names: _Names) -> Iterator[Problem]:
    """A secret is known when environment.yaml declares it or the manifest requires it.

    Requiring one that the environment lacks is a message (EnvironmentSecretMissing), so that a
    manifest can be released before its secret is given; a name that stands nowhere is a typo.
    """
    known = names.secrets.union(entry.facts.declared_secrets)
    for name in entry.facts.secrets:
        if name not in known:
            text = (
                f'unknown secret "{name}"{nearest(name, known)}; declare it in '
                "environment.yaml or list it in requires.secrets"
            )
            yield Problem(key=entry.key, text=text, reference=f"secrets.{name}")


def _settings(entry: Entry, names: _Names) -> Iterator[Problem]:
    facts = entry.facts
    if not facts.needs_settings:
        return
    known = set(facts.settings)
    if facts.integration is not None:
        owner = names.entries.get(ResourceKey(Kind.INTEGRATION, facts.integration))
        known.update(owner.facts.settings if owner else facts.needs_settings)
    for name in facts.needs_settings:
        if name not in known:
            text = f'unknown user setting "{name}"{nearest(name, known)}'
            yield Problem(key=entry.key, text=text, reference=f"settings.{name}")


def _values(entry: Entry, names: _Names) -> Iterator[Problem]:
    for path in entry.facts.values:
        value: Json = names.values
        for part in path.split("."):
            known = value if isinstance(value, Mapping) else {}
            if part not in known:
                hint = nearest(part, known)
                text = f'unknown value "{path}"{hint}; environment.yaml has no such value'
                yield Problem(key=entry.key, text=text, reference=f"values.{path}")
                break
            value = known[part]


def _app(entry: Entry, names: _Names) -> Iterator[Problem]:
    """`${{ app.x }}` is the app configuration of the integration that a manifest belongs to."""
    owner = entry.key.name if entry.key.kind == Kind.INTEGRATION else entry.facts.integration
    if entry.facts.app and owner is None:
        text = "app configuration belongs to an integration, and this workflow names none"
        yield Problem(key=entry.key, text=text, reference=f"app.{entry.facts.app[0]}")
        return
    integration = names.entries.get(ResourceKey(Kind.INTEGRATION, str(owner)))
    required = integration.facts.app_configuration if integration else ()
    known = {*required, *names.apps.get(str(owner), ())}
    for name in entry.facts.app:
        # A disabled integration needs no configuration, so nothing can be said of its keys.
        if required and name not in known:
            text = f'unknown app configuration "{name}"{nearest(name, known)}'
            yield Problem(key=entry.key, text=text, reference=f"app.{name}")


def _cycles(entries: Mapping[ResourceKey, Entry]) -> Iterator[Problem]:
    """Yield circles of workflows that require one another, each at its first workflow."""
    graph = {
        key.name: entry.facts.workflows
        for key, entry in entries.items()
        if key.kind == Kind.WORKFLOW and entry.facts.workflows
    }
    for circle in circles(graph):
        way = " → ".join([*_cut(circle), circle[0]])
        yield Problem(
            key=ResourceKey(Kind.WORKFLOW, circle[0]),
            text=f"workflows require one another in a circle: {way}; take one requirement out",
            pointer="/spec/requires/workflows",
        )


def _cut(circle: tuple[str, ...]) -> tuple[str, ...]:
    left = len(circle) - _SHOWN
    return circle if left <= 1 else (*circle[:_SHOWN], f"… {left:,} more …")
