"""Keeps the stored secrets of environments, and says of all secrets whether they have a value."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler import telemetry
from reconciler.core import needs
from reconciler.core.errors import NotFound, UsageError
from reconciler.core.model import Environment, ResourceKey
from reconciler.core.names import nearest
from reconciler.ports import Clock, Sealer, SecretSource, Store
from reconciler.services.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRow:
    """What can be told of a secret; `present` is None where it cannot be known here."""

    name: str
    source: str | None
    present: bool | None
    needed_by: tuple[ResourceKey, ...]

    @property
    def missing(self) -> bool:
        """True when something needs it and it is known to have no value."""
        return bool(self.needed_by) and self.present is False

    @property
    def told(self) -> str:
        """What a person should know, in words."""
        state = {True: "has a value", False: "has no value", None: "not known here"}[self.present]
        if not self.needed_by:
            return f"{state}; nothing needs it"
        shown = ", ".join(str(key) for key in self.needed_by[:3])
        more = len(self.needed_by) - 3
        return f"{state}; needed by {shown}" + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretKeeper:
    """Stores, deletes and lists secrets; values go in and never come out."""

    workspace: Workspace
    store: Store
    sealer: Sealer
    source: SecretSource
    clock: Clock

    def refuse_unknown(self, environment: str, name: str) -> None:
        """Refuse a name that environment.yaml does not take from the store.

        Raises:
            UsageError: with the line to add, or where the value comes from instead.
        """
        declared = self._environment(environment).secrets
        if name not in declared:
            raise UsageError(
                f"{environment} declares no secret {name}{nearest(name, declared)}; "
                f"nothing was stored. Add `{name}: {{from: store}}` to its environment.yaml."
            )
        if (source := declared[name].get("from")) != "store":
            raise UsageError(
                f"{name} of {environment} comes from {source}, not from the store; "
                "nothing was stored."
            )

    def set(self, environment: str, name: str, value: str) -> None:
        """Store a value, sealed."""
        telemetry.redact([value])
        sealed = self.sealer.seal(environment, name, value)
        self.store.put_secret(environment, name, sealed, self.clock.now())

    def delete(self, environment: str, name: str) -> None:
        """Delete a stored value."""
        self._environment(environment)
        if not self.store.delete_secret(environment, name):
            known = self.store.secret_names(environment)
            raise NotFound(f"{environment} stores no secret {name}{nearest(name, known)}.")

    def rows(self, environment: str) -> list[SecretRow]:
        """Return every secret that is declared or needed, by name."""
        chosen = self.workspace.choose(isolated=[environment])
        declared = chosen.repository.environment(environment)
        loaded = self.workspace.load(chosen, declared)
        needed = needs.secrets(loaded.desired.entries, declared)
        return [
            self._row(declared, name, tuple(needed.get(name, ())))
            for name in sorted({*declared.secrets, *needed})
        ]

    def _row(
        self, environment: Environment, name: str, needed_by: tuple[ResourceKey, ...]
    ) -> SecretRow:
        source = environment.secrets.get(name)
        return SecretRow(
            name=name,
            source=None if source is None else str(source.get("from")),
            present=source is not None and self.source.present(environment.name, name, source),
            needed_by=needed_by,
        )

    def _environment(self, name: str) -> Environment:
        repository = self.workspace.choose(isolated=[name]).repository
        repository.refuse_broken(name)
        return repository.environment(name)
