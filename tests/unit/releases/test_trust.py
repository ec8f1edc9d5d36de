"""Who may sign: only what the trusted commit and the protected tip both allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.model import Environment, Mode, Pipeline
from reconciler.core.releases import trust
from reconciler.core.releases.trust import Check, Role, WhoKeys

ANA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFzGqtIH1brxwHR35dbYa+dLajNDaiM0FS1vVsJ9tPVC"
BEN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDWSoU4QQju1g+JhWDfheRwp5TdCDzOQsYcquWe6ehTN"
MANAGER = trust.RELEASE_MANAGER
BASE = WhoKeys(
    environment="production",
    signers=f"ana {ANA}\n",
    signatures="optional",
    roles={MANAGER: Role(members=("ana", "ben")), "qa": Role(members=("quinn",))},
    protected_branch="main",
    tag_format="{environment}/v{version}",
    mode=Mode.RELEASE_ONLY,
    promotes_from="staging",
    approvals=("qa",),
)


def roles(**given: Role) -> WhoKeys:
    """Return who-keys with these roles, `_` for a dash."""
    return replace(BASE, roles={name.replace("_", "-"): role for name, role in given.items()})


def test_who_keys_come_from_the_manifests() -> None:
    """Roles, approvals and the rest are read as the manifests say, with their defaults."""
    pipeline = Pipeline(
        name="shop",
        environments=("production",),
        signatures="required",
        raw={
            "roles": {
                "qa": {"members": ["quinn"]},
                "tests": {"members": ["bot"], "environments": ["staging"], "via": ["check"]},
            }
        },
    )
    environment = Environment(
        name="production",
        mode=Mode.RELEASE_ONLY,
        promotes_from="staging",
        raw={"promotion": {"approvals": ["qa"]}},
    )
    assert trust.who_keys(pipeline, environment, "text") == replace(
        BASE,
        signers="text",
        signatures="required",
        roles={
            "qa": Role(members=("quinn",)),
            "tests": Role(members=("bot",), environments=("staging",), via=("check",)),
        },
    )


def test_accounts_and_checks_are_who_keys() -> None:
    """By which login a member is known, and which checks speak for a role, is read too."""
    spec = {
        "members": ["quinn"],
        "via": ["review", "check"],
        "accounts": {"quinn": "quinn-q"},
        "checks": [{"name": "tests", "app": "github-actions"}],
    }
    pipeline = Pipeline(name="shop", environments=("e",), raw={"roles": {"qa": spec}})
    found = trust.who_keys(pipeline, Environment(name="e"), None).role("qa")
    assert found.accounts == (("quinn", "quinn-q"),)
    assert found.checks == (Check("tests", "github-actions"),)


def test_accounts_and_checks_count_by_both_commits() -> None:
    """Of logins and checks only those count that both commits have alike."""
    ours, theirs = Check("tests", "github-actions"), Check("tests", "another-app")
    role = Role(members=("quinn", "zoe"), accounts=(("quinn", "Q"), ("zoe", "z")), checks=(ours,))
    other = replace(role, accounts=(("quinn", "q"), ("zoe", "y")), checks=(ours, theirs))
    found = trust.combine(roles(qa=role), roles(qa=other))
    assert found.accounts("qa", "production") == ("q",)
    assert found.reviewer("qa", "production", "Q") == "quinn"
    assert found.checks("qa", "production") == (ours,)
    assert found.checks("tests", "production") == ()


def test_each_account_and_check_that_differs_is_a_sentence() -> None:
    """Whoever accepts a commit sees whole names: two may begin alike."""
    long = "x" * 80
    old = Role(members=("quinn",), accounts=(("quinn", "q"),), checks=(Check(f"{long}1", "app"),))
    new = replace(old, accounts=(("quinn", "mallory"),), checks=(Check(f"{long}2", "app"),))
    assert trust.differences(roles(qa=old), roles(qa=new)) == (
        'Removed account of role qa: "q" is "quinn".',
        f'Removed check of role qa: "{long}1" of the app "app".',
        'Added account of role qa: "mallory" is "quinn".',
        f'Added check of role qa: "{long}2" of the app "app".',
    )


def test_a_pipeline_without_roles_lets_nobody_sign() -> None:
    """What is left out allows nothing."""
    found = trust.who_keys(Pipeline(name="p", environments=()), Environment(name="e"), None)
    assert (found.roles, found.approvals, found.signers) == ({}, (), None)


def test_only_members_of_both_commits_count() -> None:
    """A removal acts at once, an addition only once it is trusted."""
    tip = roles(release_manager=Role(members=("ben", "cleo")), tests=Role(members=("bot",)))
    found = trust.combine(BASE, tip)
    assert found.members(MANAGER, "production") == {"ben"}
    assert found.members("qa", "production") == frozenset()
    assert found.members("tests", "production") == frozenset()
    assert found.roles("production") == (MANAGER,)


def test_a_role_counts_where_both_commits_say() -> None:
    """Who may sign for staging may not sign for production."""
    tip = roles(release_manager=Role(members=("ana",), environments=("staging",)))
    found = trust.combine(BASE, tip)
    assert found.members(MANAGER, "staging") == {"ana"}
    assert found.members(MANAGER, "production") == frozenset()
    assert found.roles("production") == ()


def test_evidence_counts_by_both_commits() -> None:
    """A review counts only where both commits take reviews."""
    tip = roles(qa=Role(members=("quinn",), via=("review", "tag")))
    assert trust.combine(BASE, tip).via("qa") == ("tag",)
    assert trust.combine(BASE, tip).via("tests") == ()


@pytest.mark.parametrize("trusted", ["required", "optional"])
@pytest.mark.parametrize("tip", ["required", "optional"])
def test_a_signature_is_required_when_either_says_so(trusted: str, tip: str) -> None:
    """The stricter of both commits decides."""
    found = trust.combine(replace(BASE, signatures=trusted), replace(BASE, signatures=tip))
    assert found.signature_required is ("required" in (trusted, tip))


def test_approvals_of_both_commits_are_needed() -> None:
    """A role that either commit asks for must approve."""
    tip = replace(BASE, approvals=("tests", "qa"))
    assert trust.combine(BASE, tip).approvals == ("qa", "tests")
    assert trust.combine(BASE, replace(BASE, approvals=())).approvals == ("qa",)


def test_both_texts_must_verify() -> None:
    """Each differing text is handed on, without what is refused; a missing one is empty."""
    tip = replace(BASE, signers=f"* {BEN}\nben {BEN}\n")
    assert trust.combine(BASE, tip).signers == (f"ana {ANA}\n", f"ben {BEN}\n")
    assert trust.combine(BASE, BASE).signers == (f"ana {ANA}\n",)
    assert trust.combine(BASE, replace(BASE, signers=None)).signers == (f"ana {ANA}\n", "")


@pytest.mark.parametrize("trusted", list(Mode))
@pytest.mark.parametrize("tip", list(Mode))
def test_release_only_stays_until_it_is_accepted(trusted: Mode, tip: Mode) -> None:
    """An environment is editable only when both commits say so; loosening is a problem."""
    found = trust.combine(replace(BASE, mode=trusted), replace(BASE, mode=tip))
    both = (trusted, tip) == (Mode.EDITABLE, Mode.EDITABLE)
    assert found.mode is (Mode.EDITABLE if both else Mode.RELEASE_ONLY)
    assert bool(found.problems) is ((trusted, tip) == (Mode.RELEASE_ONLY, Mode.EDITABLE))


@pytest.mark.parametrize(
    ("tip", "said"),
    [
        (
            replace(BASE, protected_branch="trunk"),
            'The protected branch is now "trunk", before "main".',
        ),
        (
            replace(BASE, tag_format="{environment}-{version}"),
            'The tag format is now "{environment}-{version}", before "{environment}/v{version}".',
        ),
        (
            replace(BASE, promotes_from=None),
            'production now promotes from "nothing", before "staging".',
        ),
        (
            replace(BASE, mode=Mode.EDITABLE),
            'The mode of production is now "editable", before "release-only".',
        ),
    ],
)
def test_what_decides_where_releases_come_from_blocks(tip: WhoKeys, said: str) -> None:
    """Branch, tag format, source and a loosened mode count after `trust accept` alone."""
    assert trust.combine(BASE, tip).problems == (said,)
    assert trust.differences(BASE, tip) == (said,)


def test_other_differences_do_not_block() -> None:
    """Roles, keys, approvals and signatures are combined, not refused."""
    tip = replace(BASE, signatures="required", roles={}, signers=None, approvals=())
    assert trust.combine(BASE, tip).problems == ()


def test_the_same_who_keys_do_not_differ() -> None:
    """Other order or comments in allowed_signers are no difference."""
    tip = replace(BASE, signers=f"# people\nana {ANA} laptop\n")
    assert trust.differences(BASE, tip) == ()


def test_each_difference_is_a_sentence() -> None:
    """Whoever accepts a commit sees members, keys, roles and approvals that came and went."""
    tip = replace(
        BASE,
        signers=f"ben {BEN}\n",
        signatures="required",
        approvals=("tests",),
        roles={
            MANAGER: Role(members=("ana", "cleo"), environments=("staging", "production")),
            "tests": Role(members=("bot",), environments=(), via=("tag", "check")),
            "qa": Role(members=("quinn",), via=("review",)),
        },
    )
    old = replace(BASE, roles={**BASE.roles, "tests": Role(members=())})
    assert trust.differences(old, tip) == (
        'Signatures are now "required", before "optional".',
        'Removed required approval "qa".',
        'Added required approval "tests".',
        'Role qa now approves by "review", before "tag".',
        'Removed member of role release-manager: "ben".',
        'Added member of role release-manager: "cleo".',
        'Role release-manager now counts in "production, staging", before "every environment".',
        'Added member of role tests: "bot".',
        'Role tests now counts in "no environment", before "every environment".',
        'Role tests now approves by "tag, check", before "tag".',
        'Removed key of "ana": ssh-ed25519 SHA256:UkLKaPPljdEoCeyG+eOAmHokiXwHvCRaPUext5LTWFc.',
        'Added key of "ben": ssh-ed25519 SHA256:PVcPmsz43/IYcwGMbDcfOfc+E1jHx0SVL3u/SVLR+EQ.',
    )


def test_a_role_that_is_gone_approves_by_nothing() -> None:
    """A removed role loses its members and its evidence."""
    found = trust.differences(BASE, replace(BASE, roles={MANAGER: BASE.roles[MANAGER]}))
    assert found == (
        'Removed member of role qa: "quinn".',
        'Role qa now approves by "nothing", before "tag".',
    )
