"""Who may release, approve and sign: the who-keys of two commits, combined and compared.

What only one of both commits allows does not count. It must not know tags or git.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.core.model import Environment, Mode, Pipeline
from reconciler.core.names import quoted
from reconciler.core.releases import signers as lines
from reconciler.core.releases.roles import (
    Check,
    Role,
    added_removed,
    differs,
    role_differences,
    role_of,
)
from reconciler.core.releases.signers import principals, signers_findings

__all__ = [
    "RELEASE_MANAGER",
    "Authority",
    "Check",
    "Role",
    "WhoKeys",
    "combine",
    "differences",
    "principals",
    "signer_differences",
    "signers_findings",
    "who_keys",
]

RELEASE_MANAGER = "release-manager"


_NOBODY = Role(members=(), via=())


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoKeys:
    """What one commit says of who may do what to one environment.

    `signers` is the text of `environments/allowed_signers`, None where there is no such file.
    """

    environment: str
    signers: str | None
    signatures: str
    roles: Mapping[str, Role]
    protected_branch: str
    tag_format: str
    mode: Mode
    promotes_from: str | None
    approvals: tuple[str, ...]

    def role(self, name: str) -> Role:
        """Return the role; one that is not there has no members."""
        return self.roles.get(name, _NOBODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What the trusted commit and the protected tip allow together."""

    trusted: WhoKeys
    tip: WhoKeys

    def members(self, role: str, environment: str) -> frozenset[str]:
        """Return who has the role for this environment by both commits."""
        one, other = self.trusted.role(role), self.tip.role(role)
        return one.in_environment(environment) & other.in_environment(environment)

    def roles(self, environment: str) -> tuple[str, ...]:
        """Return the roles that have a member for this environment by both commits, sorted."""
        return tuple(sorted(r for r in self.trusted.roles if self.members(r, environment)))

    def reviewer(self, role: str, environment: str, login: str) -> str | None:
        """Return the member of the role there whose login it is by both commits."""
        who = self.trusted.role(role).member_of(login)
        known = who == self.tip.role(role).member_of(login)
        return who if known and who in self.members(role, environment) else None

    def accounts(self, role: str, environment: str) -> tuple[str, ...]:
        """Return the logins that count for the role there by both commits."""
        logins = (login for _, login in self.tip.role(role).accounts)
        return tuple(each for each in logins if self.reviewer(role, environment, each))

    def checks(self, role: str, environment: str) -> tuple[Check, ...]:
        """Return the checks that count for the role there by both commits."""
        one, other = self.trusted.role(role), self.tip.role(role)
        if not (one.counts_in(environment) and other.counts_in(environment)):
            return ()
        return tuple(check for check in one.checks if check in other.checks)

    def via(self, role: str) -> tuple[str, ...]:
        """Return what counts as the role's approval by both commits: tag, review, check."""
        return tuple(v for v in self.trusted.role(role).via if v in self.tip.role(role).via)

    @property
    def signature_required(self) -> bool:
        """True when either commit says so."""
        return "required" in {self.trusted.signatures, self.tip.signatures}

    @property
    def approvals(self) -> tuple[str, ...]:
        """The roles that must approve by either commit, in the order of the trusted one."""
        return tuple(dict.fromkeys(self.trusted.approvals + self.tip.approvals))

    @property
    def mode(self) -> Mode:
        """Release-only when either commit says so."""
        strict = Mode.RELEASE_ONLY in {self.trusted.mode, self.tip.mode}
        return Mode.RELEASE_ONLY if strict else Mode.EDITABLE

    @property
    def signers(self) -> tuple[str, ...]:
        """The allowed_signers texts that must both verify, without lines that are refused.

        One text when both are equal; a missing file is an empty text, which verifies nobody.
        """
        texts = (lines.clean(each.signers or "") for each in (self.trusted, self.tip))
        return tuple(dict.fromkeys(texts))

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences on what differs and counts only after `trust accept`."""
        old, new = self.trusted, self.tip
        differing = (*_branch(old, new), *_tag_format(old, new), *_promotes_from(old, new))
        loosened = old.mode is Mode.RELEASE_ONLY and new.mode is Mode.EDITABLE
        return (*differing, *(_mode(old, new) if loosened else ()))


def who_keys(pipeline: Pipeline, environment: Environment, signers: str | None) -> WhoKeys:
    """Return what a commit's manifests and allowed_signers text say for one environment."""
    roles = pipeline.raw.get("roles", {})
    return WhoKeys(
        environment=environment.name,
        signers=signers,
        signatures=pipeline.signatures,
        roles={name: role_of(spec) for name, spec in roles.items()},
        protected_branch=pipeline.protected_branch,
        tag_format=pipeline.tag_format,
        mode=environment.mode,
        promotes_from=environment.promotes_from,
        approvals=tuple(environment.raw.get("promotion", {}).get("approvals", ())),
    )


def combine(trusted: WhoKeys, tip: WhoKeys) -> Authority:
    """Return what both commits allow."""
    return Authority(trusted=trusted, tip=tip)


def differences(old: WhoKeys, new: WhoKeys) -> tuple[str, ...]:
    """Return a sentence for each who-key that differs; keys as type and fingerprint."""
    found = [
        *_branch(old, new),
        *_tag_format(old, new),
        *_mode(old, new),
        *_promotes_from(old, new),
        *differs("Signatures are now", old.signatures, new.signatures),
        *added_removed("required approval", old.approvals, new.approvals),
    ]
    for name in sorted({*old.roles, *new.roles}):
        found += role_differences(name, old.role(name), new.role(name))
    return (*found, *signer_differences(old.signers or "", new.signers or ""))


def _branch(old: WhoKeys, new: WhoKeys) -> tuple[str, ...]:
    return differs("The protected branch is now", old.protected_branch, new.protected_branch)


def _tag_format(old: WhoKeys, new: WhoKeys) -> tuple[str, ...]:
    return differs("The tag format is now", old.tag_format, new.tag_format)


def _mode(old: WhoKeys, new: WhoKeys) -> tuple[str, ...]:
    return differs(f"The mode of {old.environment} is now", old.mode.value, new.mode.value)


def _promotes_from(old: WhoKeys, new: WhoKeys) -> tuple[str, ...]:
    before, after = old.promotes_from or "nothing", new.promotes_from or "nothing"
    return differs(f"{old.environment} now promotes from", before, after)


def signer_differences(old: str, new: str) -> Iterator[str]:
    """Yield which keys only one of two allowed_signers texts has, removals first."""
    before, after = lines.signers(old), lines.signers(new)
    for verb, found in (("Removed", before - after), ("Added", after - before)):
        for signer in sorted(found):
            yield f"{verb} key of {quoted(signer.principal)}: {signer.key}."
