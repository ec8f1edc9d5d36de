"""Which reviews and checks count as approvals, by the words of both commits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.forge.model import CheckRun, Review, Verdict
from reconciler.core.model import Mode
from reconciler.core.releases import outside, trust
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType, Source
from reconciler.core.releases.outside import Counted, Outside, Question, SeenCheck, SeenReview
from reconciler.core.releases.roles import Check, Role
from reconciler.core.releases.trust import WhoKeys

QUINN, ZOE = "quinn@example.com", "zoe@example.com"
TESTS = Check("integration tests", "github-actions")
QA = Role(
    members=(QUINN, ZOE),
    via=("tag", "review", "check"),
    accounts=((QUINN, "Quinn-Q"), (ZOE, "zoe")),
    checks=(TESTS,),
)
KEYS = WhoKeys(
    environment="production",
    signers=None,
    signatures="required",
    roles={"qa": QA},
    protected_branch="main",
    tag_format="{environment}/v{version}",
    mode=Mode.RELEASE_ONLY,
    promotes_from="staging",
    approvals=("qa",),
)
RELEASE = Release(
    name=ReleaseName("production", "1.4.0"),
    type=ReleaseType.REGULAR,
    source=Source(environment="staging", version="1.4.0", commit="c" * 40),
    base=None,
    description="",
    content_digest="sha256:a",
    plan_digest="sha256:b",
)
HEAD = "1" * 40
NOW = "2026-01-06T12:00:00+00:00"


def question(trusted: Role = QA, tip: Role = QA) -> Question:
    """Ask for qa's approval, with the role as both commits have it."""
    sides = (replace(KEYS, roles={"qa": each}) for each in (trusted, tip))
    return Question(role="qa", release=RELEASE, authority=trust.combine(*sides), at=NOW)


def review(
    author: str = "quinn-q",
    verdict: Verdict = Verdict.APPROVED,
    minute: int = 0,
    problem: str | None = None,
) -> SeenReview:
    """Return a review."""
    made = Review(
        id=minute,
        author=author,
        verdict=verdict,
        commit=HEAD,
        at=f"2026-01-06T10:{minute:02}:00Z",
        url=f"https://forge.example/r{minute}",
    )
    return SeenReview(review=made, problem=problem)


def check(
    name: str = TESTS.name,
    app: str = TESTS.app,
    minute: int = 0,
    *,
    passed: bool = True,
    problem: str | None = None,
) -> SeenCheck:
    """Return a check."""
    made = CheckRun(
        id=minute,
        name=name,
        app=app,
        commit=HEAD,
        passed=passed,
        at=f"2026-01-06T11:{minute:02}:00Z",
        url=f"https://forge.example/c{minute}",
    )
    return SeenCheck(check=made, problem=problem)


def reviews(*seen: SeenReview, of: Question | None = None) -> Counted:
    """Judge reviews."""
    return outside.count(of or question(), Outside(reviews=seen))


def checks(*seen: SeenCheck, of: Question | None = None) -> Counted:
    """Judge checks."""
    return outside.count(of or question(), Outside(checks=seen))


def who(found: Counted) -> list[str]:
    """Return who approved."""
    return [each.by for each in found.evidence]


def test_an_approving_review_of_a_member_counts_with_all_that_is_known() -> None:
    """It is kept with login, member, commit, link, times and both digests."""
    (found,) = reviews(review("QUINN-q", minute=3)).evidence

    assert (found.role, found.evidence, found.name, found.by) == ("qa", "review", "QUINN-q", QUINN)
    assert (found.commit, found.link) == (HEAD, "https://forge.example/r3")
    assert (found.at, found.seen_at) == ("2026-01-06T10:03:00Z", NOW)
    assert (found.content_digest, found.plan_digest) == ("sha256:a", "sha256:b")
    assert (found.environment, found.version) == ("production", "1.4.0")


@pytest.mark.parametrize(
    "login",
    [
        "mallory",
        "quinn",
        QUINN,
        "quinn-q ",
        "quinn-q[bot]",
        "qu\u0131nn-q",  # a dotless i
        "\u212auinn-q",
        "quinn-\uff51",
    ],
)
def test_a_login_that_only_looks_alike_counts_for_nobody(login: str) -> None:
    """Only case among ASCII letters makes no difference; the stranger is named in the refusal."""
    found = reviews(review(login))

    assert found.evidence == ()
    assert "whose account is no member's of qa" in found.refused[0]


def test_a_kelvin_sign_is_no_k() -> None:
    """A letter that Python's lower() turns into another is not that one."""
    role = replace(QA, accounts=((QUINN, "kim"),))
    assert reviews(review("\u212aim"), of=question(role, role)).evidence == ()
    assert who(reviews(review("KIM"), of=question(role, role))) == [QUINN]


@pytest.mark.parametrize(
    ("trusted", "tip"),
    [
        (replace(QA, accounts=()), QA),
        (QA, replace(QA, accounts=())),
        (QA, replace(QA, accounts=((QUINN, "mallory"), (ZOE, "quinn-q")))),
        (replace(QA, accounts=((ZOE, "quinn-q"),)), QA),
        (QA, replace(QA, members=(ZOE,))),
        (replace(QA, members=(ZOE,)), QA),
        (QA, replace(QA, environments=("staging",))),
        (replace(QA, accounts=((QUINN, "quinn-q"), (ZOE, "QUINN-Q"))), QA),
    ],
)
def test_an_account_counts_only_as_both_commits_have_it(trusted: Role, tip: Role) -> None:
    """Who is mapped, a member, and here: each by the trusted commit and by the tip."""
    assert reviews(review(), of=question(trusted, tip)).evidence == ()


@pytest.mark.parametrize("kind", ["review", "check"])
def test_what_only_one_commit_takes_is_not_even_looked_at(kind: str) -> None:
    """A kind of evidence that the change itself brings counts for nothing, and is not told."""
    less = replace(QA, via=tuple(each for each in QA.via if each != kind))
    seen = {
        "review": Outside(reviews=(review(), review("mallory"))),
        "check": Outside(checks=(check(), check(app="evil-app"))),
    }
    for one, other in ((less, QA), (QA, less)):
        assert outside.count(question(one, other), seen[kind]) == Counted()


def test_the_newest_word_of_a_reviewer_counts() -> None:
    """Changes that were requested, or a dismissal, end an approval; a new approval is one again."""
    for later in (Verdict.CHANGES_REQUESTED, Verdict.DISMISSED):
        assert who(reviews(review(), review(verdict=later, minute=1))) == []
        assert who(reviews(review(verdict=later), review(minute=1))) == [QUINN]
        assert who(reviews(review(minute=1), review(verdict=later))) == [QUINN]
        assert who(reviews(review("Quinn-Q"), review("qUINN-q", later, 1))) == []


def test_a_comment_decides_nothing() -> None:
    """Neither does it end an approval, nor is it one, whatever it says; it is told of a member."""
    said = review(verdict=Verdict.COMMENTED, minute=5)
    assert who(reviews(review(), said)) == [QUINN]
    found = reviews(said, review("mallory", Verdict.COMMENTED))
    assert found.evidence == ()
    assert found.refused == (
        'the review of "quinn-q" is a comment and approves nothing (https://forge.example/r5)',
    )


def test_a_review_of_another_content_does_not_count() -> None:
    """The reason why its commit is not the release is told."""
    found = reviews(review(problem="its commit 1 does not hold it"))

    assert found.evidence == ()
    assert found.refused == (
        'the review of "quinn-q": its commit 1 does not hold it (https://forge.example/r0)',
    )


def test_members_are_told_before_strangers() -> None:
    """What strangers say never hides what a member said."""
    found = reviews(review("mallory"), review(verdict=Verdict.DISMISSED, minute=1))

    assert found.refused[0] == 'the review of "quinn-q" was dismissed (https://forge.example/r1)'
    assert '"mallory"' in found.refused[1]


def test_reviews_come_first_and_the_oldest_of_them() -> None:
    """Of several that count all are kept, in the order in which they were given."""
    seen = Outside(reviews=(review("zoe", minute=2), review(minute=9)), checks=(check(),))
    found = outside.count(question(), seen)

    assert who(found) == [ZOE, QUINN, TESTS.app]
    assert found.refused == ()


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (check(app="evil-app"), 'was run by "evil-app", not by github-actions'),
        (check(passed=False), "did not pass at 111111111111 (https://forge.example/c0)"),
        (check(problem="its commit is another"), "its commit is another"),
    ],
)
def test_a_check_that_does_not_count_is_told(seen: SeenCheck, reason: str) -> None:
    """Another app, a failure, another content: each says so."""
    found = checks(seen)

    assert found.evidence == ()
    assert found.refused[0].startswith('the check "integration tests"')
    assert reason in found.refused[0]


@pytest.mark.parametrize("name", ["Integration tests", "integration tests ", "other"])
def test_a_check_of_another_name_is_nothing(name: str) -> None:
    """Names are compared as they are; what nobody asked for is not told."""
    assert checks(check(name)) == Counted()


def test_a_check_counts_only_as_both_commits_list_it() -> None:
    """Name and app must be listed by both, for this environment."""
    other = replace(QA, checks=(Check(TESTS.name, "another-app"),))
    elsewhere = replace(QA, environments=("staging",))
    for one, two in ((QA, other), (other, QA), (QA, elsewhere), (elsewhere, QA)):
        assert checks(check(), of=question(one, two)).evidence == ()
    assert who(checks(check())) == [TESTS.app]


def test_a_check_that_passed_at_several_commits_is_one() -> None:
    """It is kept once: as it first passed."""
    found = checks(check(minute=4), check(minute=2), check(minute=3, passed=False))

    assert [each.link for each in found.evidence] == ["https://forge.example/c2"]


def test_foreign_text_is_shown_as_text() -> None:
    """A name with control characters stands in quotes with escapes, and is cut."""
    (reason,) = reviews(review("mal\x1b[31mlory\u202e" + "x" * 500)).refused

    assert reason.isprintable()
    assert len(reason) < 300


# --- what was seen before -----------------------------------------------------------------------


def test_what_was_seen_counts_for_as_long_as_both_commits_say() -> None:
    """Kept evidence is judged again by who decides now; a removal acts at once."""
    kept = (*reviews(review()).evidence, *checks(check()).evidence)
    assert outside.remembered(question(), kept) == kept

    for role in (
        replace(QA, via=("tag",)),
        replace(QA, members=(ZOE,), checks=()),
        replace(QA, accounts=((ZOE, "quinn-q"),), checks=()),
        replace(QA, environments=("staging",)),
    ):
        assert outside.remembered(question(tip=role), kept) == ()


@pytest.mark.parametrize(
    "other", [replace(RELEASE, content_digest="x"), replace(RELEASE, plan_digest="x")]
)
def test_what_was_seen_of_another_content_does_not_count(other: Release) -> None:
    """A release that was made anew under the same version has no approval yet."""
    kept = reviews(review()).evidence

    assert outside.remembered(replace(question(), release=other), kept) == ()
    assert outside.remembered(replace(question(), role="tests"), kept) == ()


def test_evidence_is_an_approval_that_nobody_signed() -> None:
    """It bears the member, the link and the time, and tells what it is in few words."""
    given = outside.approval(reviews(review()).evidence[0])
    assert (given.by, given.signed, given.link) == (QUINN, False, "https://forge.example/r0")
    assert given.told == "review https://forge.example/r0"
    passed = outside.approval(checks(check()).evidence[0])
    assert passed.told == "check integration tests https://forge.example/c0"


def test_only_silence_is_an_outage() -> None:
    """What was read, and what was answered and cannot be judged, leave nothing to remember."""
    assert Outside(unread="It does not answer").is_away
    assert not Outside(unread="There is more than 50,000", answered=True).is_away
    assert not Outside().is_away


# --- how to give it -----------------------------------------------------------------------------


def test_each_way_is_named() -> None:
    """The command, the review with who can give it, the check with its app."""
    asked, where = question(), Outside(pulls=("https://forge.example/pull/7",))
    assert [*outside.ways(asked, where)] == [
        "with `reconciler release approve production/1.4.0 --role qa --push`",
        "by an approving review of https://forge.example/pull/7 by Quinn-Q or zoe",
        'by the check "integration tests" of the app github-actions',
    ]
    assert "its pull request" in [*outside.ways(asked, None)][1]


def test_a_way_that_cannot_work_is_not_named() -> None:
    """Without accounts or checks by both commits there is no such way."""
    assert [*outside.ways(question(tip=replace(QA, accounts=(), checks=())), None)] == [
        "with `reconciler release approve production/1.4.0 --role qa --push`"
    ]
    assert [*outside.ways(question(tip=replace(QA, via=())), None)] == []


def test_times_are_moments() -> None:
    """Times with different offsets are compared as moments; one that is none was before all."""
    early, late = review(), review(verdict=Verdict.DISMISSED, minute=1)
    later = replace(early, review=replace(early.review, at="2026-01-06T13:00:00+02:00", id=9))
    assert who(reviews(late, later)) == [QUINN]
    never = replace(early, review=replace(early.review, at="yesterday", id=9))
    assert who(reviews(late, never)) == []
