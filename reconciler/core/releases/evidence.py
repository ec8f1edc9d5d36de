"""What was found of a tag and what was judged of it, as values.

They must not know git, keys or the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reconciler.core.names import quoted
from reconciler.core.releases.model import ReleaseName
from reconciler.core.releases.tags import SignatureFormat, TagObject
from reconciler.core.releases.trust import Authority


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFinding:
    """What verifying a signature found; `principal` only where it is valid and counts.

    No principal counts unless `signed` is true and `format` is ssh. `reason` says in a phrase
    (no capital, no full stop) why the signature does not count.
    """

    signed: bool = False
    format: SignatureFormat | None = None
    principal: str | None = None
    reason: str | None = None

    @property
    def who(self) -> str | None:
        """The principal, None when the signature does not count."""
        return self.principal if self.signed and self.format == "ssh" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagEvidence:
    """What was found of a tag; `name` is without `refs/tags/`.

    `oid` and `kind` are of the object that the ref points to, `tag` its content or the reason why
    it cannot be read (None unless kind is `tag`). `on_protected` None: cannot be proven.
    `manifest_problem` is a sentence. `live` is the live version, `pinned` the object that was
    accepted under this name. `problems` are those of the authority. A hold of no one version has
    an empty version in `release`.
    """

    name: str
    oid: str
    kind: str
    tag: TagObject | str | None
    release: ReleaseName
    signature: SignatureFinding = SignatureFinding()
    signature_required: bool = True
    on_protected: bool | None = None
    manifest_problem: str | None = None
    live: str | None = None
    pinned: str | None = None
    problems: tuple[str, ...] = ()
    protected_branch: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Whether a tag is accepted and why; `principal` is who signed, never the tagger.

    `alarm`: someone changed what was accepted. `notice` is a sentence worth telling either way.
    """

    accepted: bool
    code: str
    reason: str
    hint: str | None = None
    principal: str | None = None
    signed: bool = False
    alarm: bool = False
    notice: str | None = None


def counted(
    finding: SignatureFinding, authority: Authority, roles: Iterable[str], environment: str
) -> SignatureFinding:
    """Return the finding, without its principal unless they have one of the roles there."""
    wanted = tuple(roles)
    who = finding.principal
    if who is None or any(who in authority.members(role, environment) for role in wanted):
        return finding
    missing = f"does not have the role {' or '.join(wanted)}" if wanted else "has no role"
    text = f"{quoted(who)} {missing} for {environment}"
    return replace(finding, principal=None, reason=text)
