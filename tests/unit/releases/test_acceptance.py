"""A tag is accepted only if every rule holds, and each rule has its own reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.model import Mode
from reconciler.core.releases.acceptance import (
    SignatureFinding,
    TagEvidence,
    counted,
    judge,
    judge_object,
)
from reconciler.core.releases.model import ReleaseName
from reconciler.core.releases.tags import TagObject
from reconciler.core.releases.trust import Role, WhoKeys, combine

NAME = "production/v1.4.0"
TAG = TagObject(
    oid="a" * 40,
    name=NAME,
    target="c" * 40,
    target_kind="commit",
    tagger_name="Ana",
    tagger_email="ana@example.com",
    message="Weekly\n",
    payload=b"",
)
GOOD = TagEvidence(
    name=NAME,
    oid="a" * 40,
    kind="tag",
    tag=TAG,
    release=ReleaseName("production", "1.4.0"),
    signature=SignatureFinding(signed=True, format="ssh", principal="ana@example.com"),
    on_protected=True,
    live="1.3.0",
)
BAD = SignatureFinding(signed=True, format="ssh", reason="its key is in no allowed_signers")
PGP = SignatureFinding(signed=True, format="openpgp", principal="ana@example.com")
X509 = SignatureFinding(signed=True, format="x509")

# One for each rule, in the order in which the rules are looked at.
OBJECT_RULES = (
    ("tag-moved", replace(GOOD, pinned="f" * 40), "was accepted as object ffff"),
    ("tag-lightweight", replace(GOOD, kind="commit"), "points straight to a commit"),
    ("tag-unreadable", replace(GOOD, tag="it contains a NUL byte"), "cannot be read: it contains"),
    (
        "tag-not-commit",
        replace(GOOD, tag=replace(TAG, target_kind="tree")),
        "points to a tree; wanted is a commit",
    ),
    (
        "tag-name-differs",
        replace(GOOD, tag=replace(TAG, name="production/v1.0.0")),
        'holds an object that is named "production/v1.0.0"',
    ),
    (
        "authority-changed",
        replace(GOOD, problems=("The tag format is now other.",)),
        "changed. The tag format is now other.",
    ),
    ("signature-not-ssh", replace(GOOD, signature=PGP), "its signature is OpenPGP, and only SSH"),
    ("signature-invalid", replace(GOOD, signature=BAD), "its key is in no allowed_signers"),
)
RELEASE_RULES = (
    (
        "not-on-protected-branch",
        replace(GOOD, on_protected=False),
        'is not on the protected branch "main"',
    ),
    ("manifest", replace(GOOD, manifest_problem="It is not there."), "It is not there."),
    (
        "version-lower",
        replace(GOOD, live="1.10.0"),
        "The version 1.4.0 is lower than 1.10.0, which is live in production.",
    ),
)
OTHERS = (
    (
        "tag-nested",
        replace(GOOD, tag=replace(TAG, target_kind="tag")),
        "points to another tag",
    ),
    ("tag-unreadable", replace(GOOD, tag=None), "its object is not there"),
    ("signature-not-ssh", replace(GOOD, signature=X509), "its signature is X.509"),
    ("signature-missing", replace(GOOD, signature=SignatureFinding()), "is not signed, and"),
    (
        "signature-invalid",
        replace(GOOD, signature=SignatureFinding(signed=True, principal="ana@example.com")),
        "its signature cannot be verified",
    ),
    ("ancestry-unknown", replace(GOOD, on_protected=None), "the history is not complete"),
    (
        "version-live",
        replace(GOOD, live="1.4.0"),
        "The version 1.4.0 is live already, and not by this tag, in production.",
    ),
    (
        "version-equal",
        replace(GOOD, live="1.4.0+2", pinned=GOOD.oid),
        "build metadata does not raise a version",
    ),
    (
        "version-lower",
        replace(GOOD, release=ReleaseName("production", "1.3.0-rc.1")),
        "1.3.0-rc.1 is lower than 1.3.0",
    ),
)


def test_a_good_tag_is_accepted() -> None:
    """When every rule holds, the principal is who signed."""
    found = judge(GOOD)
    assert (found.accepted, found.code, found.principal) == (True, "accepted", "ana@example.com")
    assert (found.signed, found.alarm, found.notice, found.hint) == (True, False, None, None)
    assert found.reason == f'The tag "{NAME}" is signed by "ana@example.com".'


@pytest.mark.parametrize(("code", "evidence", "said"), OBJECT_RULES + RELEASE_RULES + OTHERS)
def test_each_rule_has_its_own_reason(code: str, evidence: TagEvidence, said: str) -> None:
    """A broken rule is refused with its code, a sentence and the next step."""
    found = judge(evidence)
    assert (found.accepted, found.code) == (False, code)
    assert said in found.reason
    assert str(found.hint).endswith((".", ")."))
    assert found.alarm is (code == "tag-moved")


def test_the_first_rule_that_is_broken_is_the_reason() -> None:
    """With everything wrong from one rule on, that rule is told."""
    rules = OBJECT_RULES + RELEASE_RULES
    fields = ("pinned", "kind", "tag", "problems", "signature", "on_protected", "manifest_problem")
    for place, (code, evidence, _) in enumerate(rules):
        worse = evidence
        for _, later, _ in rules[place + 1 :]:
            changed = {
                name: getattr(later, name)
                for name in (*fields, "live")
                if getattr(worse, name) == getattr(GOOD, name)
            }
            worse = replace(worse, **changed)
        assert judge(worse).code == code


@pytest.mark.parametrize("live", [None, "1.3.0", "1.4.0-rc.1"])
def test_a_higher_version_may_follow(live: str | None) -> None:
    """The first release, the next and the end of a prerelease are all higher."""
    assert judge(replace(GOOD, live=live)).accepted


def test_the_very_tag_that_is_live_stays_accepted() -> None:
    """The same tag again is no downgrade: it is what runs."""
    assert judge(replace(GOOD, live="1.4.0", pinned=GOOD.oid)).accepted


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (SignatureFinding(), "is not signed, and signatures are optional."),
        (BAD, "signatures are optional: its key is in no allowed_signers."),
        (PGP, "signatures are optional: its signature is OpenPGP, and only SSH signatures count."),
    ],
)
def test_where_signatures_are_optional_an_unsigned_tag_counts(
    signature: SignatureFinding, said: str
) -> None:
    """Every such tag says that nothing was signed, and why a signature does not count."""
    found = judge(replace(GOOD, signature=signature, signature_required=False))
    assert (found.accepted, found.code) == (True, "accepted-unsigned")
    assert (found.signed, found.principal, found.notice) == (False, None, None)
    assert found.reason.endswith(said)


def test_a_valid_signature_counts_where_none_is_required() -> None:
    """Optional does not mean ignored."""
    assert judge(replace(GOOD, signature_required=False)).signed


def test_the_tagger_is_never_who_approved() -> None:
    """A tagger's address that differs is told, and the principal is who signed."""
    tag = replace(TAG, tagger_email="boss@example.com")
    found = judge(replace(GOOD, tag=tag))
    assert found.principal == "ana@example.com"
    assert found.notice == (
        'The tag names "boss@example.com" as tagger; "ana@example.com" signed and counts.'
    )


def test_who_signed_is_known_of_a_refused_release() -> None:
    """A tag that is refused for its version still says whose it is."""
    found = judge(replace(GOOD, live="2.0.0"))
    assert (found.accepted, found.principal, found.signed) == (False, "ana@example.com", True)


@pytest.mark.parametrize(("code", "evidence", "said"), RELEASE_RULES)
def test_other_tags_need_no_version_or_branch(code: str, evidence: TagEvidence, said: str) -> None:
    """What is only for releases is not asked of holds and acknowledgements."""
    assert judge_object(evidence).accepted


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (NAME, "release tag production/1.4.0`"),
        ("approvals/production/v1.4.0/qa", "release approve production/1.4.0 --role qa`"),
        ("acknowledgements/production/v1.4.0/1", "release acknowledge production/1.4.0 CODE"),
        ("holds/production/1", "release hold`"),
    ],
)
def test_the_next_step_is_the_command_for_such_a_tag(name: str, command: str) -> None:
    """Each kind of tag is made right by its own command."""
    assert command in str(judge_object(replace(GOOD, name=name, kind="commit")).hint)


WHO = WhoKeys(
    environment="production",
    signers=None,
    signatures="required",
    roles={
        "qa": Role(members=("quinn",)),
        "release-manager": Role(members=("ana@example.com",), environments=("staging",)),
    },
    protected_branch="main",
    tag_format="{environment}/v{version}",
    mode=Mode.RELEASE_ONLY,
    promotes_from=None,
    approvals=(),
)


def test_a_signature_counts_for_the_role_and_environment_of_its_signer() -> None:
    """Who may sign for staging may not sign for production."""
    authority = combine(WHO, WHO)
    finding = GOOD.signature
    assert counted(finding, authority, ["qa", "release-manager"], "staging") == finding
    found = counted(finding, authority, ["release-manager", "qa"], "production")
    assert found.principal is None
    assert found.reason == (
        '"ana@example.com" does not have the role release-manager or qa for production'
    )
    assert judge(replace(GOOD, signature=found)).code == "signature-invalid"


def test_where_there_are_no_roles_nobody_counts() -> None:
    """Asked for any role, the answer names none."""
    found = counted(GOOD.signature, combine(WHO, WHO), [], "production")
    assert found.reason == '"ana@example.com" has no role for production'


def test_a_signature_that_does_not_count_stays_as_it_is() -> None:
    """Its own reason is kept."""
    assert counted(BAD, combine(WHO, WHO), ["qa"], "production") is BAD
