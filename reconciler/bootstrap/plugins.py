"""Platforms of other packages: found, loaded, and kept from doing harm when they do not work.

Whatever such a package does wrong ends as one sentence about the environment that names it; every
other environment goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from reconciler.core import layout
from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.errors import Invalid, PlatformError, ReconcilerError
from reconciler.core.model import Environment, Finding, Observation, ResourceKey
from reconciler.core.names import nearest, quoted
from reconciler.ports import (
    AffectedUser,
    Operation,
    Platform,
    PlatformContext,
    PlatformFactory,
    PlatformReader,
    SealedSecret,
    Unit,
)
from reconciler.ports.plugins import GROUP

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_LONGEST = 300


class Plugins:
    """The platforms of other packages; each is imported when an environment first names it."""

    def __init__(self, own: str) -> None:
        """Take the name of our own platform, which no package can take over."""
        self._own = own
        self._factories: dict[str, PlatformFactory] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The types that are installed, sorted."""
        return tuple(sorted(self._entries))

    def reader(self, environment: Environment, context: PlatformContext) -> PlatformReader:
        """Return what reads the platform of an environment.

        Raises:
            Invalid: the environment names what is not installed or does not work.
        """
        with _contained(lambda why: _finding(environment, why)):
            found: object = self._factory(environment).reader(environment, context)
            if not isinstance(found, PlatformReader):
                raise _no_platform(environment, found)
            return ContainedReader(found, environment)

    def open(self, environment: Environment, context: PlatformContext) -> Platform:
        """Return what reads and writes the platform of an environment.

        Raises:
            Invalid: the environment names what is not installed or does not work.
        """
        with _contained(lambda why: _finding(environment, why)):
            found: object = self._factory(environment).open(environment, context)
            if not isinstance(found, Platform):
                raise _no_platform(environment, found)
            if found.transactional:
                text = "does not work: only the built-in platform can be transactional"
                raise _refused(environment, text)
            return ContainedPlatform(found, environment)

    @cached_property
    def _entries(self) -> Mapping[str, Sequence[EntryPoint]]:
        from importlib.metadata import entry_points

        found: dict[str, dict[str, EntryPoint]] = {}
        for entry in entry_points(group=GROUP):
            if entry.name != self._own:
                found.setdefault(entry.name, {})[entry.value] = entry
        return {name: list(values.values()) for name, values in found.items()}

    def _factory(self, environment: Environment) -> PlatformFactory:
        name = str(environment.platform.get("type"))
        if name not in self._factories:
            self._factories[name] = self._load(environment, name)
        return self._factories[name]

    def _load(self, environment: Environment, name: str) -> PlatformFactory:
        entries = self._entries.get(name, ())
        if not entries:
            known = (self._own, *self.names)
            there = f"; installed is {known[0]}" if len(known) == 1 else _listed(known)
            raise _refused(environment, f"is not installed{nearest(name, known)}{there}")
        if len(entries) > 1:
            values = " and ".join(sorted(each.value for each in entries))
            raise _refused(environment, f"is brought by two packages: {values}")
        factory = entries[0].load()
        if not isinstance(factory, PlatformFactory):
            text = f"does not work: {entries[0].value} is no platform factory"
            raise _refused(environment, text)
        return factory


class ContainedReader:
    """A `ports.PlatformReader` of another package, whose errors are PlatformErrors."""

    def __init__(self, found: PlatformReader, environment: Environment) -> None:
        """Take what the package opened for an environment."""
        self._found = found
        self._environment = environment

    def observe(self) -> Observation:
        """Return the digest of every resource that runs."""
        with self._contained():
            return self._found.observe()

    def contents(self, keys: Iterable[ResourceKey]) -> Mapping[ResourceKey, Json]:
        """Return the contents of those of the keys that run."""
        with self._contained():
            return self._found.contents(keys)

    def count_affected(self, query: AffectedQuery) -> int | None:
        """Return how many users a message concerns."""
        with self._contained():
            return self._found.count_affected(query)

    def affected(self, query: AffectedQuery) -> Iterator[AffectedUser]:
        """Stream those users."""
        with self._contained():
            yield from self._found.affected(query)

    def users(self, integration: str | None = None) -> Iterator[Mapping[str, Json]]:
        """Stream records of connected users."""
        with self._contained():
            yield from self._found.users(integration)

    def secret_fingerprints(self) -> Mapping[str, str]:
        """Return the keyed fingerprint of each secret that the runtime may use."""
        with self._contained():
            return self._found.secret_fingerprints()

    @contextmanager
    def _contained(self) -> Iterator[None]:
        with _contained(lambda why: PlatformError(_about(self._environment, f"failed: {why}"))):
            yield


class ContainedPlatform(ContainedReader):
    """A `ports.Platform` of another package, whose errors are PlatformErrors."""

    transactional = False

    def __init__(self, found: Platform, environment: Environment) -> None:
        """Take what the package opened for an environment."""
        super().__init__(found, environment)
        self._platform = found

    def deploy(self, unit: Unit, operations: Sequence[Operation], revision: str) -> None:
        """Write the operations."""
        with self._contained():
            self._platform.deploy(unit, operations, revision)

    def write(self, operation: Operation) -> None:
        """Write one resource at once."""
        with self._contained():
            self._platform.write(operation)

    def give_secrets(
        self, unit: Unit | None, sealed: Mapping[str, SealedSecret | None]
    ) -> tuple[str, ...]:
        """Set the secrets a runtime may use."""
        with self._contained():
            return self._platform.give_secrets(unit, sealed)

    def removed(self, before: str) -> tuple[ResourceKey, ...]:
        """Return what was removed before a time and is still kept hidden."""
        with self._contained():
            return self._platform.removed(before)

    def purge(self, unit: Unit, before: str) -> tuple[ResourceKey, ...]:
        """Forget for good what was removed before a time."""
        with self._contained():
            return self._platform.purge(unit, before)

    def give_back(
        self, unit: Unit, records: Iterable[Mapping[str, Json]], keys: Sequence[ResourceKey]
    ) -> int:
        """Put back what a purge took of users."""
        with self._contained():
            return self._platform.give_back(unit, records, keys)


@contextmanager
def _contained(told: Callable[[str], ReconcilerError]) -> Iterator[None]:
    """Turn whatever foreign code raises into an error of ours; `told` makes it of one sentence."""
    try:
        yield
    except ReconcilerError:
        raise
    except (Exception, SystemExit) as error:
        raise told(_why(error)) from error


def _why(error: BaseException) -> str:
    """Return an error of foreign code as part of a sentence."""
    text = " ".join(str(error).split()).rstrip(".")[:_LONGEST]
    if isinstance(error, ValueError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _finding(environment: Environment, why: str) -> Invalid:
    return _refused(environment, f"does not work: {why}")


def _no_platform(environment: Environment, found: object) -> Invalid:
    return _refused(
        environment, f"does not work: what it opened is no platform but a {type(found).__name__}"
    )


def _refused(environment: Environment, text: str) -> Invalid:
    file = layout.environment_file(environment.name)
    kind = quoted(str(environment.platform.get("type")))
    return Invalid((Finding(file, 1, 1, f"the platform {kind} {text}"),))


def _about(environment: Environment, text: str) -> str:
    kind = quoted(str(environment.platform.get("type")))
    return f"The platform {kind} of {environment.name} {text}."


def _listed(known: Sequence[str]) -> str:
    return f"; installed are {', '.join(known[:-1])} and {known[-1]}"
