"""A release as lists and pages show it; it must not know how its tag was judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.releases.approvals import Approval
from reconciler.core.releases.model import Acknowledgement, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTag:
    """The tag of a release: whether it is accepted, the sentence why, and who signed it.

    `by` is None where nobody signed, or nobody whose signature counts today.
    """

    name: str
    accepted: bool
    reason: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A release with what git, and the store where it has a record, know of it.

    `commit` brought the manifest to the protected branch, None while it is on `branch` only.
    `live` is None where no store says. `approvals` has every role that must approve, with None
    while that is missing. `acknowledgements` are those of the manifest and of signed tags.
    """

    release: Release
    commit: str | None
    branch: str | None = None
    tag: ListedTag | None = None
    live: bool | None = None
    acknowledgements: tuple[Acknowledgement, ...] = ()
    approvals: Mapping[str, Approval | None] = field(default_factory=dict)
