"""Whether a tag is accepted: every rule with its own code, reason and next step.

It is given what was found and must not know git, keys or the store.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from reconciler.core.names import quoted
from reconciler.core.releases import names, versions
from reconciler.core.releases.evidence import Judgement, SignatureFinding, TagEvidence, counted
from reconciler.core.releases.tags import TagObject

__all__ = ["Judgement", "SignatureFinding", "TagEvidence", "counted", "judge", "judge_object"]

_FORMATS = {"openpgp": "OpenPGP", "x509": "X.509"}
_SIGN_WITH_SSH = (
    "Sign with SSH: `git config gpg.format ssh`, `git config user.signingKey FILE`, "
    "then make the tag again under this name."
)


def judge(evidence: TagEvidence) -> Judgement:
    """Say whether a release tag is accepted; the first rule that it breaks is the reason."""
    found = judge_object(evidence)
    if not found.accepted:
        return found
    broken = _off_branch(evidence) or _manifest(evidence) or _version(evidence)
    if broken is None:
        return found
    return replace(found, accepted=False, code=broken.code, reason=broken.reason, hint=broken.hint)


def judge_object(evidence: TagEvidence) -> Judgement:
    """Say whether a tag's object and signature are right, whatever the tag is for.

    This is all there is to acknowledgements and holds; releases and approvals ask more.
    """
    moved = _moved(evidence)
    if moved is not None:
        return replace(_refusal(moved), alarm=True)
    if evidence.kind != "tag":
        return _refusal(_lightweight(evidence))
    if not isinstance(evidence.tag, TagObject):
        return _refusal(_unreadable(evidence))
    tag = evidence.tag
    broken = _target(evidence, tag) or _inner_name(evidence, tag) or _authority(evidence)
    broken = broken or (_signature(evidence) if evidence.signature_required else None)
    return _accepted(evidence, tag) if broken is None else _refusal(broken)


class _Broken(NamedTuple):
    """A rule that a tag breaks."""

    code: str
    reason: str
    hint: str


def _refusal(broken: _Broken) -> Judgement:
    return Judgement(accepted=False, code=broken.code, reason=broken.reason, hint=broken.hint)


def _accepted(evidence: TagEvidence, tag: TagObject) -> Judgement:
    """Return that the object is right, and who signed it."""
    who = evidence.signature.who
    return Judgement(
        accepted=True,
        code="accepted" if who is not None else "accepted-unsigned",
        reason=_who(evidence),
        principal=who,
        signed=who is not None,
        notice=_notice(tag, who),
    )


def _who(evidence: TagEvidence) -> str:
    """Return the sentence on whose signature counts, or why none does."""
    name, finding = quoted(evidence.name), evidence.signature
    if finding.who is not None:
        return f"The tag {name} is signed by {quoted(finding.who)}."
    if not finding.signed:
        return f"The tag {name} is not signed, and signatures are optional."
    why = _why(finding)
    return f"The tag {name} counts as unsigned, and signatures are optional: {why}."


def _why(finding: SignatureFinding) -> str:
    """Return in a phrase why a signature does not count."""
    if finding.format not in {None, "ssh"}:
        return f"its signature is {_FORMATS[finding.format]}, and only SSH signatures count"
    return finding.reason or "its signature cannot be verified"


def _notice(tag: TagObject, who: str | None) -> str | None:
    """Say that the tagger, which anybody can write, is not who signed."""
    if who is None or tag.tagger_email == who:
        return None
    return f"The tag names {quoted(tag.tagger_email)} as tagger; {quoted(who)} signed and counts."


def _moved(evidence: TagEvidence) -> _Broken | None:
    if evidence.pinned in {None, evidence.oid}:
        return None
    name = quoted(evidence.name)
    return _Broken(
        "tag-moved",
        f"The tag {name} was accepted as object {evidence.pinned} and is {evidence.oid} now.",
        "Find out who moved it, and put the first object back under this name; "
        "to release other content, use a higher version.",
    )


def _lightweight(evidence: TagEvidence) -> _Broken:
    return _Broken(
        "tag-lightweight",
        f"The tag {quoted(evidence.name)} points straight to a {evidence.kind}; "
        "wanted is an annotated tag.",
        _again(evidence),
    )


def _unreadable(evidence: TagEvidence) -> _Broken:
    why = evidence.tag or "its object is not there"
    return _Broken(
        "tag-unreadable",
        f"The tag {quoted(evidence.name)} cannot be read: {why}.",
        _again(evidence),
    )


def _target(evidence: TagEvidence, tag: TagObject) -> _Broken | None:
    if tag.target_kind == "commit":
        return None
    nested = tag.target_kind == "tag"
    what = "another tag" if nested else f"a {tag.target_kind}"
    return _Broken(
        "tag-nested" if nested else "tag-not-commit",
        f"The tag {quoted(evidence.name)} points to {what}; wanted is a commit.",
        _again(evidence),
    )


def _inner_name(evidence: TagEvidence, tag: TagObject) -> _Broken | None:
    if tag.name == evidence.name:
        return None
    return _Broken(
        "tag-name-differs",
        f"The tag {quoted(evidence.name)} holds an object that is named {quoted(tag.name)}: "
        "it was made for another name.",
        _again(evidence),
    )


def _authority(evidence: TagEvidence) -> _Broken | None:
    if not evidence.problems:
        return None
    environment = evidence.release.environment
    return _Broken(
        "authority-changed",
        " ".join(("The rules of who may release changed.", *evidence.problems)),
        f"Look at it with `reconciler trust show --environment {environment}`; an operator "
        f"takes it over with `reconciler trust accept COMMIT --environment {environment}`.",
    )


def _signature(evidence: TagEvidence) -> _Broken | None:
    """Return what is wrong with a signature where one is required."""
    finding, name = evidence.signature, quoted(evidence.name)
    if not finding.signed:
        text = f"The tag {name} is not signed, and signatures are required."
        return _Broken("signature-missing", text, _SIGN_WITH_SSH)
    if finding.format not in {None, "ssh"}:
        text = f"The tag {name} is refused: {_why(finding)}."
        return _Broken("signature-not-ssh", text, _SIGN_WITH_SSH)
    if finding.who is not None:
        return None
    return _Broken(
        "signature-invalid",
        f"The signature of the tag {name} does not count: {_why(finding)}.",
        "Have it signed by a member of the role whose key is in environments/allowed_signers, "
        "both at the protected tip and at the trusted commit (`reconciler trust show`).",
    )


def _off_branch(evidence: TagEvidence) -> _Broken | None:
    name, branch = quoted(evidence.name), quoted(evidence.protected_branch)
    if evidence.on_protected is None:
        return _Broken(
            "ancestry-unknown",
            f"Whether the commit of the tag {name} is on {branch} cannot be proven: "
            "the history is not complete.",
            "Fetch all of it, for example with `git fetch --unshallow`.",
        )
    if evidence.on_protected:
        return None
    return _Broken(
        "not-on-protected-branch",
        f"The commit of the tag {name} is not on the protected branch {branch}.",
        f"Merge the release first, then run `reconciler release tag {evidence.release}`.",
    )


def _manifest(evidence: TagEvidence) -> _Broken | None:
    if evidence.manifest_problem is None:
        return None
    hint = f"Run `reconciler release tag {evidence.release}`, which finds the commit to tag."
    return _Broken("manifest", evidence.manifest_problem, hint)


def _version(evidence: TagEvidence) -> _Broken | None:
    """Return why a version may not follow the live one; the very tag that is live may stay."""
    live, version = evidence.live, evidence.release.version
    if live is None or versions.higher(version, live):
        return None
    if live == version and evidence.pinned == evidence.oid:
        return None
    code, how = _rank(version, live)
    return _Broken(
        code,
        f"The version {version} {how} in {evidence.release.environment}.",
        "Release it under a higher version with `reconciler release create`; to bring older "
        f"content back, run `reconciler rollback {evidence.release}`.",
    )


def _rank(version: str, live: str) -> tuple[str, str]:
    """Return the code and the words for a version that is not above the live one."""
    if version == live:
        return "version-live", "is live already, and not by this tag,"
    if versions.same_precedence(version, live):
        how = "and build metadata does not raise a version; that one is live"
        return "version-equal", f"ranks no higher than {live}, {how}"
    return "version-lower", f"is lower than {live}, which is live"


def _again(evidence: TagEvidence) -> str:
    """Return the sentence that says how the tag is made right."""
    return f"Delete this tag and make it with `reconciler release {_command(evidence)}`."


def _command(evidence: TagEvidence) -> str:
    """Return which command makes such a tag."""
    approval = names.parse_approval(evidence.name)
    if approval is not None:
        return f"approve {approval.release} --role {approval.role}"
    if names.parse_acknowledgement(evidence.name) is not None:
        return f"acknowledge {evidence.release} CODE SUBJECT --reason REASON"
    return "hold" if names.parse_hold(evidence.name) else f"tag {evidence.release}"
