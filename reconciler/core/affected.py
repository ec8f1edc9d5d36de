"""Which connected users a message concerns, as data that a platform can answer with one query.

Only users whose connection to the integration has status `connected` count.
A workflow without an integration concerns the users who have it on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedTo:
    """Everyone connected to the integration."""

    integration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LackingScopes:
    """Connected users whose granted scopes do not cover these."""

    integration: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutSetting:
    """Users without a value for a setting.

    Of an integration's setting: its connected users. Of a workflow's: users who have it on.
    """

    integration: str | None
    workflow: str | None
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldingSetting:
    """Users holding a value that no longer fits.

    `options` names removed options (a value equal to one, or a list with one in it, does not
    fit), `type` the new type that the value must have; with neither, any value counts.
    """

    integration: str | None
    workflow: str | None
    setting: str
    options: tuple[str, ...] | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HavingOn:
    """Users who have the workflow on."""

    workflow: str
    integration: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOnBy:
    """Connected users whom enabling by default switches on: not on, and not off by choice."""

    workflow: str
    integration: str


AffectedQuery = (
    ConnectedTo | LackingScopes | WithoutSetting | HoldingSetting | HavingOn | SwitchedOnBy
)
