"""Resolves the secrets an environment needs, at apply only, and seals them for its runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler import telemetry
from reconciler.core import needs
from reconciler.ports import PlatformReader, SealedSecret, Sealer, SecretSource
from reconciler.services.loading.environment import Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedSecrets:
    """Sealed values by name (None: no value), and the names whose value is new to the platform."""

    sealed: Mapping[str, SealedSecret | None]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretResolver:
    """Reads values from their sources and never keeps one."""

    source: SecretSource
    sealer: Sealer

    def resolve(self, loaded: Loaded, platform: PlatformReader) -> ResolvedSecrets:
        """Resolve every secret that something desired needs.

        Raises:
            SecretError: a source cannot be reached; nothing was written.
        """
        needed = needs.secrets(loaded.desired.entries, loaded.environment)
        sealed = {name: self._sealed(loaded, name) for name in needed}
        known = platform.secret_fingerprints()
        changed = [
            name
            for name, secret in sealed.items()
            if known.get(name) != (secret.fingerprint if secret else None)
        ]
        gone = dict.fromkeys(name for name in known if name not in sealed)
        return ResolvedSecrets(sealed={**sealed, **gone}, changed=tuple(sorted({*changed, *gone})))

    def _sealed(self, loaded: Loaded, name: str) -> SealedSecret | None:
        environment = loaded.environment
        source = environment.secrets.get(name)
        if source is None:
            return None
        value = self.source.value(environment.name, name, source)
        if value is None:
            return None
        telemetry.redact([value])
        return self.sealer.seal(environment.name, name, value)
