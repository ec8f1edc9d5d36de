"""What is to be shown of a release: the plan with the release, its gates and people beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.core.commits import CommitInfo
from reconciler.core.gates.model import Verdict
from reconciler.core.plan import Plan
from reconciler.core.releases.model import Release

# An approval of a role is a signed tag, unless its `via` says what else counts.
VIA_TAG = ("tag",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a preview shows; `missing` are (kind, name, what is still to be given)."""

    plan: Plan
    release: Release
    commits: Sequence[CommitInfo] = ()
    missing: Sequence[tuple[str, str, tuple[str, ...]]] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What reviewers of a proposed release want to know.

    `manager` is the release manager whose turn it is, `managers` are all of them. `roles` must
    approve, each by what `via` says of it; `checks` are the names that count for a role. `commands`
    acknowledge a warning, by its fingerprint. `monitors` are (title, URL). `protected` is the
    branch that it is merged into.
    """

    preview: Preview
    branch: str
    protected: str
    manager: str | None = None
    managers: Sequence[str] = ()
    roles: Sequence[str] = ()
    via: Mapping[str, Sequence[str]] = field(default_factory=dict)
    checks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    commands: Mapping[str, str] | None = None
    monitors: Sequence[tuple[str, str]] = ()

    @property
    def release(self) -> Release:
        """The release that is proposed."""
        return self.preview.release

    @property
    def plan(self) -> Plan:
        """What it would do."""
        return self.preview.plan
