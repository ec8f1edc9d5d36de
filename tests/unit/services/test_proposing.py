"""What `release propose` prepares: for which environment, on which day, and on which branch."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from reconciler.core.errors import UsageError
from reconciler.core.messages.review import Severity
from reconciler.core.model import Deployment, Phase
from reconciler.core.releases.model import Acknowledgement, ReleaseName, ReleaseType
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.proposing.proposal import Outcome, Proposal
from reconciler.services.releases.reading.grounds import local_grounds, remote_grounds
from tests.unit.services.shop import HEAD, HUBSPOT, PLAIN, Shop

PIPELINE = HEAD.format("Pipeline", "shop") + (
    "spec:\n"
    "  environments: [development, staging, production]\n"
    "  signatures: optional\n"
    "  roles:\n"
    "    release-manager: {members: [ana@example.com, ben@example.com],"
    " rotation: {every: month, start: 2026-01-01}}\n"
    "    qa: {members: [quinn@example.com]}\n"
)
CALENDAR = (
    "  calendar:\n"
    "    timezone: Europe/Berlin\n"
    '    cadence: {start: 2026-01-06, rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}\n'
    "    holidays: {country: DE, subdivision: BE}\n"
)
STAGING = HEAD.format("Environment", "staging") + (
    "spec:\n  mode: release-only\n  promotesFrom: development\n"
)
PRODUCTION = HEAD.format("Environment", "production") + (
    "spec:\n"
    "  mode: release-only\n"
    "  promotesFrom: staging\n"
    "  values: {colour: red}\n"
    "  promotion:\n"
    "    approvals: [qa, release-manager]\n"
    '    monitors: [{title: Errors, url: "https://example.com/errors"}]\n'
)
FILES = {
    "environments/pipeline.yaml": PIPELINE + CALENDAR,
    "environments/development/environment.yaml": HEAD.format("Environment", "development")
    + "spec: {mode: editable}\n",
    "environments/staging/environment.yaml": STAGING,
    "environments/production/environment.yaml": PRODUCTION,
    "environments/development/workflows/news.yaml": PLAIN.format("news", "News"),
}
TUESDAY = "2026-01-20T10:00:00+01:00"  # a release day
NEXT = "2026-02-03T10:00:00+01:00"  # the release day after it
WEDNESDAY = "2026-01-21T10:00:00+01:00"


class World(Shop):
    """A shop with three environments; what is live is said, not promoted."""

    def __init__(self) -> None:
        super().__init__(FILES)

    def propose(
        self, at: str = TUESDAY, *names: str, any_day: bool = False, remote: bool = False
    ) -> dict[str, Proposal]:
        """Propose at a moment; return what is said of each environment, in that order."""
        grounds = (remote_grounds if remote else local_grounds)(self.workspace)
        many = self.releases.proposer.propose(
            grounds, datetime.fromisoformat(at), environments=names or None, any_day=any_day
        )
        return {each.environment: each for each in many}

    def outcomes(self, at: str = TUESDAY, *, any_day: bool = False) -> dict[str, str]:
        """Propose at a moment, and return the outcome for each environment."""
        return {k: v.outcome.value for k, v in self.propose(at, any_day=any_day).items()}

    def live(self, environment: str, version: str, at: str = "2026-01-06T12:00:00+00:00") -> None:
        """Let a merged release be live since a moment."""
        catalog = self.releases.catalog
        tip = self.git.snapshot("main")
        name = ReleaseName(environment, version)
        release = catalog.release(tip, name)
        assert release is not None
        self.record(environment, version, at, release.type.value, release.content_digest)

    def record(self, environment: str, version: str, at: str, type: str, digest: str) -> None:
        """Record a deployment that is live."""
        commit = self.releases.catalog.introduced(
            self.git.branches["main"], ReleaseName(environment, version)
        )
        made = Deployment(
            id=self.clock.new_id(),
            environment=environment,
            phase=Phase.RUNNING,
            type=type,
            actor="ana@example.com",
            started_at=at,
            version=version,
            commit=commit,
            content_digest=digest,
        )
        self.store.begin(made)
        self.store.mark_live(made.id)
        self.store.finish(made.id, Phase.SUCCEEDED, at)

    def release(
        self,
        environment: str,
        version: str,
        at: str,
        type: ReleaseType = ReleaseType.REGULAR,
        description: str = "",
    ) -> None:
        """Make and merge a release by hand, and let it be live since a moment."""
        releases, grounds = self.releases, local_grounds(self.workspace)
        ask = Ask(to=environment, version=version, type=type, description=description)
        draft = releases.preparer.draft(grounds, ask)
        prepared = releases.preparer.commit(grounds, [draft], "Release")
        self.git.merge(prepared.branch)
        self.live(environment, version, at)

    def news(self, title: str) -> None:
        """Merge another title of the workflow."""
        self.write("workflows/news.yaml", PLAIN.format("news", title))


@pytest.fixture
def world() -> World:
    """Return a shop in which nothing was ever released."""
    return World()


@pytest.fixture
def released(world: World) -> World:
    """Return a shop where 1.0.0 is live in staging and production, and something was merged."""
    world.release("staging", "1.0.0", "2026-01-06T12:00:00+00:00", description="Deals")
    world.release("production", "1.0.0", "2026-01-06T12:00:00+00:00")
    world.news("Fresh news")
    return world


def test_first_release_goes_to_staging(world: World) -> None:
    """Production is looked at first, and nothing is live in staging yet; staging gets 1.0.0."""
    found = world.propose()

    assert [*found] == ["production", "staging"]
    assert found["production"].outcome is Outcome.NOTHING
    assert "nothing is live in staging yet" in found["production"].reason
    assert (found["staging"].outcome, found["staging"].version) == (Outcome.PROPOSED, "1.0.0")


def test_same_again_changes_nothing(released: World) -> None:
    """A second run leaves the branch and its commit as they are, also when main moved meanwhile."""
    first = released.propose()["staging"].prepared
    released.put("README.md", "hello")
    second = released.propose(NEXT)["staging"]

    assert first is not None
    assert second.prepared is not None
    assert second.outcome is Outcome.UNCHANGED
    assert second.prepared.commit == first.commit == released.git.branches[first.branch]


def test_production_gets_what_is_live_in_staging(released: World) -> None:
    """Production's release has version and description of staging's, staging the next minor."""
    released.release("staging", "1.1.0", "2026-01-07T12:00:00+00:00", description="Fresh deals")
    released.news("Late news")
    found = released.propose()

    assert [each.outcome for each in found.values()] == [Outcome.PROPOSED] * 2
    production, staging = (each.draft for each in found.values())
    assert production is not None
    assert staging is not None
    assert str(production.release.name) == "production/1.1.0"
    assert production.release.description == "Fresh deals"
    assert str(staging.release.name) == "staging/1.2.0"


def test_nothing_merged_is_nothing_proposed(released: World) -> None:
    """Where content is the same there is no release, whatever else was merged."""
    released.news("News")

    assert released.outcomes() == {"production": "nothing", "staging": "nothing"}


def test_other_days_name_the_next_release_day(released: World) -> None:
    """On a day that is no release day nothing is prepared, and the next one is named."""
    found = released.propose(WEDNESDAY)

    assert {each.outcome for each in found.values()} == {Outcome.NOT_A_RELEASE_DAY}
    assert "the next release day is Tue 2026-02-03" in found["staging"].reason
    assert "release/staging/1.1.0" not in released.git.branches


def test_any_day(released: World) -> None:
    """Asked for, a release is proposed on any day but a holiday."""
    assert released.outcomes(WEDNESDAY, any_day=True)["staging"] == "proposed"
    holiday = released.propose("2026-05-01T10:00:00+02:00", any_day=True)["staging"]
    assert holiday.outcome is Outcome.NOT_A_RELEASE_DAY
    assert "is a holiday" in holiday.reason


def test_without_a_cadence_any_day_will_do(released: World) -> None:
    """A pipeline that has no cadence proposes on every day."""
    released.put("environments/pipeline.yaml", PIPELINE)

    assert released.outcomes(WEDNESDAY)["staging"] == "proposed"


def test_merged_release_is_pending(released: World) -> None:
    """A release that is merged and not live is named, with what it waits for."""
    prepared = released.propose()["staging"].prepared
    assert prepared is not None
    released.git.merge(prepared.branch)
    found = released.propose(NEXT)["staging"]

    assert (found.outcome, found.version) == (Outcome.PENDING, "1.1.0")
    assert "`reconciler release tag staging/1.1.0 --push`" in found.reason


def test_hotfix_replaces_the_release_of_its_week(released: World) -> None:
    """A hotfix live in production replaces its release in that week; healing does not renew it."""
    released.release("staging", "1.1.0", "2026-01-07T12:00:00+00:00")
    released.release("production", "1.0.1", "2026-01-19T08:00:00+00:00", type=ReleaseType.HOTFIX)
    released.news("Late news")
    found = released.propose()

    assert found["production"].outcome is Outcome.REPLACED
    assert "production/1.0.1 is a hotfix and live since Mon 2026-01-19" in (
        found["production"].reason
    )
    assert found["staging"].outcome is Outcome.PROPOSED
    live = released.store.live("production")
    assert live is not None
    digest = live.content_digest or ""
    released.record("production", "1.0.1", "2026-02-02T08:00:00+00:00", "reconcile", digest)
    assert released.outcomes(NEXT)["production"] == "nothing"


def test_warmfix_replaces_the_release_of_its_week(released: World) -> None:
    """A warmfix live in staging replaces staging's release, and only in its week."""
    released.release("staging", "1.0.1", "2026-01-22T08:00:00+00:00", type=ReleaseType.WARMFIX)
    released.news("Late news")

    assert released.outcomes("2026-01-23T10:00:00+01:00", any_day=True)["staging"] == "replaced"
    assert released.outcomes("2026-01-26T10:00:00+01:00", any_day=True)["staging"] == "proposed"


def test_week_without_a_release_day_replaces_nothing(released: World) -> None:
    """In a week that has no release day a warmfix changes nothing."""
    released.release("staging", "1.0.1", "2026-01-27T08:00:00+00:00", type=ReleaseType.WARMFIX)
    released.news("Late news")

    assert released.outcomes("2026-01-28T10:00:00+01:00", any_day=True)["staging"] == "proposed"


def test_hotfix_in_staging_replaces_nothing(released: World) -> None:
    """What a hotfix brings to an environment below is no reason to skip that one's release."""
    released.release("staging", "1.0.1", "2026-01-19T08:00:00+00:00", type=ReleaseType.HOTFIX)
    released.news("Late news")

    assert released.outcomes()["staging"] == "proposed"


def test_other_content_rebuilds_the_same_branch(released: World) -> None:
    """More merges rebuild the branch under the same version; its description is kept."""
    first = released.propose()["staging"].prepared
    assert first is not None
    draft = first.draft
    said = replace(draft, release=replace(draft.release, description="By hand"))
    grounds = local_grounds(released.workspace)
    by_hand = released.releases.preparer.commit(grounds, [said], "By hand")
    assert released.outcomes()["staging"] == "unchanged"
    released.news("Later news")
    second = released.propose()["staging"]

    assert second.outcome is Outcome.PROPOSED
    assert second.prepared is not None
    assert second.prepared.branch == by_hand.branch
    assert second.prepared.commit != by_hand.commit
    assert second.prepared.draft.release.description == "By hand"


def test_branch_with_files_of_others_is_rebuilt(released: World) -> None:
    """A branch whose folder no longer fits its manifest is not taken for the same."""
    first = released.propose()["staging"].prepared
    assert first is not None
    path = "environments/staging/workflows/news.yaml"
    released.git.files |= released.git._commits[first.commit].files
    released.git.files[path] = PLAIN.format("news", "Not reviewed")
    other = released.git.commit(first.branch)
    found = released.propose()["staging"]

    assert found.outcome is Outcome.PROPOSED
    assert found.prepared is not None
    assert found.prepared.commit not in (other, first.commit)


def test_branch_of_the_remote_is_left_as_it_is(released: World) -> None:
    """In a new clone the branch is known from the remote: the same release keeps its commit."""
    released.git.share()
    first = released.propose(remote=True)["staging"].prepared
    assert first is not None
    released.git.push([f"refs/heads/{first.branch}"])
    del released.git.branches[first.branch]
    found = released.propose(remote=True)["staging"]

    assert (found.outcome, found.shared) == (Outcome.UNCHANGED, True)
    assert found.prepared is not None
    assert found.prepared.commit == first.commit
    assert first.branch not in released.git.branches


def test_somebody_elses_warmfix_on_the_branch_is_pending(released: World) -> None:
    """A branch that holds a release of another type is not built over."""
    grounds = local_grounds(released.workspace)
    ask = Ask(to="staging", version="1.1.0", type=ReleaseType.WARMFIX)
    draft = released.releases.preparer.draft(grounds, ask)
    made = released.releases.preparer.commit(grounds, [draft], "Warmfix")
    found = released.propose()["staging"]

    assert found.outcome is Outcome.PENDING
    assert "as a warmfix" in found.reason
    assert released.git.branches[made.branch] == made.commit


def test_change_of_values_alone_is_the_next_patch(released: World) -> None:
    """Production runs staging's version already; other values are released as the next patch."""
    released.put("environments/production/environment.yaml", PRODUCTION.replace("red", "blue"))
    found = released.propose()["production"]

    assert (found.outcome, found.version) == (Outcome.PROPOSED, "1.0.1")
    assert "values alone change" in found.reason


def test_lower_version_is_not_proposed(released: World) -> None:
    """What is live in staging is not released over a higher version; the command is named."""
    released.release(
        "production",
        "1.3.0",
        "2026-01-06T13:00:00+00:00",
        type=ReleaseType.HOTFIX,
    )
    released.put("environments/production/environment.yaml", PRODUCTION.replace("red", "blue"))
    found = released.propose()["production"]

    assert found.outcome is Outcome.NOTHING
    assert "--to production --version 1.3.1`" in found.reason


def test_what_was_rolled_back_is_not_proposed_again(released: World) -> None:
    """After a rollback the content that was rolled back is nothing new, until something is."""
    released.release("staging", "1.1.0", "2026-01-07T12:00:00+00:00")
    released.news("News")
    released.release("staging", "1.1.1", "2026-01-08T12:00:00+00:00", type=ReleaseType.ROLLBACK)
    released.news("Fresh news")
    found = released.propose()["staging"]
    assert found.outcome is Outcome.NOTHING
    assert "staging/1.1.0, which staging/1.1.1 rolled back" in found.reason
    released.news("Better news")

    assert released.outcomes()["staging"] == "proposed"


def test_empty_source_is_a_sentence(released: World) -> None:
    """A folder without resources is not proposed as a release that removes them all."""
    released.remove("workflows/news.yaml")
    found = released.propose()["staging"]

    assert found.outcome is Outcome.NOTHING
    assert "development holds no resources" in found.reason


def test_refusal_does_not_stop_the_others(released: World) -> None:
    """An environment that cannot be released is a sentence with its exit code; others go on."""
    released.put("environments/production/environment.yaml", PRODUCTION + "  odd: 1\n")
    found = released.propose()

    assert (found["production"].outcome, found["production"].exit_code) == (Outcome.REFUSED, 1)
    assert found["staging"].outcome is Outcome.PROPOSED


def test_only_the_environments_that_are_named(released: World) -> None:
    """Named environments alone are looked at; an editable or unknown one is wrong usage."""
    assert [*released.propose(TUESDAY, "staging")] == ["staging"]
    for name in ("development", "stagin"):
        with pytest.raises(UsageError, match=name):
            released.propose(TUESDAY, name)


def test_body_tells_reviewers_everything(released: World) -> None:
    """The body names who is asked, the requirements, changes, commits, monitors and the steps."""
    released.release("staging", "1.1.0", "2026-01-07T12:00:00+00:00")
    found = released.propose()["production"]

    body = found.body or ""
    for text in (
        "**Release manager:** ana@&#8203;example.com is asked",
        "| Automated unit and integration tests pass |  | not asked here |",
        "| QA has not identified blockers via manual testing | X | **waiting**",
        "| Release date is not a holiday | X | ✓ passed",
        "- `Workflow/news`: `/spec/title`",
        "1 commit by 1 author",
        "[Errors](<https://example.com/errors>)",
        "Earliest: as soon as people have acted",
        "   reconciler release approve production/1.1.0 --role qa --push\n",
        "   reconciler release tag production/1.1.0 --push\n",
    ):
        assert text in body


def test_acknowledgements_on_the_branch_are_kept(released: World) -> None:
    """What was acknowledged on the branch stands in its rebuild, unless no warning fits it."""
    released.write("integrations/hubspot.yaml", HUBSPOT)
    first = released.propose()["staging"].prepared
    assert first is not None
    warning = next(m for m in first.draft.plan.messages if m.severity is Severity.WARNING)
    about = f"{warning.code} {warning.subject}"
    command = f"*Or acknowledge:* `reconciler release acknowledge staging/1.1.0 {about} "
    body = released.propose()["staging"].body or ""
    assert command in body
    assert "- Integration `hubspot`: clientId, clientSecret" in body
    said = Acknowledgement(
        code=warning.code, subject=warning.subject, fingerprint=warning.fingerprint, reason="Told"
    )
    lapsed = replace(said, fingerprint=f"sha256:{0:064}")
    draft = replace(first.draft, release=replace(first.draft.release, acknowledgements=(said,)))
    released.releases.preparer.commit(local_grounds(released.workspace), [draft], "Said")
    assert released.outcomes()["staging"] == "unchanged"
    draft = replace(draft, release=replace(draft.release, acknowledgements=(said, lapsed)))
    released.releases.preparer.commit(local_grounds(released.workspace), [draft], "Said")
    found = released.propose()["staging"]

    assert found.outcome is Outcome.PROPOSED
    assert found.draft is not None
    assert found.draft.release.acknowledgements == (said,)
    assert "*Acknowledged:* Told" in (found.body or "")
