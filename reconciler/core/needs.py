"""Which secrets the desired resources of an environment need, and who needs each."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.model import Entry, Environment, Kind, ResourceKey

_KEY = "clientSecret"  # the one key of an app that names a secret


def secrets(
    entries: Mapping[ResourceKey, Entry], environment: Environment
) -> dict[str, list[ResourceKey]]:
    """Return each needed secret with the resources that need it, sorted."""
    needed: dict[str, list[ResourceKey]] = {}
    for entry in entries.values():
        for name in secrets_of(entry, environment):
            needed.setdefault(name, []).append(entry.key)
    return {name: sorted(keys) for name, keys in sorted(needed.items())}


def secrets_of(entry: Entry, environment: Environment) -> set[str]:
    """Return what one resource needs, the client secret of its app among it."""
    names = set(entry.facts.secrets)
    if _KEY in entry.facts.app_configuration or _KEY in entry.facts.app:
        own = entry.key.name if entry.key.kind == Kind.INTEGRATION else entry.facts.integration
        secret = environment.app_configuration.get(own or "", {}).get(_KEY)
        names.update([secret] if secret else [])
    return names
