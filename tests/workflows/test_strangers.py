"""Pull requests and tags of people who may do nothing: they are told, and nothing else happens."""

from __future__ import annotations

import pytest

from tests.repositories import Repository
from tests.workflows import golden, team
from tests.workflows.hosting import Host, Pull
from tests.workflows.jobs import Job
from tests.workflows.story import TITLE, change

OWN = "mallory"
STOLEN = """\
name: reconcile
on: {pull_request: {}, push: {}}
permissions: {contents: write, actions: write}
jobs:
  production:
    runs-on: any
    timeout-minutes: 5
    environment: production
    steps: [{run: 'printenv STORE', env: {STORE: '${{ secrets.RECONCILER_STORE }}'}}]
  anywhere:
    runs-on: any
    timeout-minutes: 5
    steps:
      - run: '[ -z "$STORE$KEY" ] && echo nothing to steal'
        env:
          STORE: ${{ secrets.RECONCILER_STORE }}
          KEY: ${{ secrets.RECONCILER_KEY_PRODUCTION }}
"""


def fork(host: Host, branch: str = "chatter") -> Repository:
    """Return somebody's own clone, on a new branch."""
    desk = host.desk(OWN)
    desk.switch(branch, create=True)
    return desk


def forked(host: Host) -> Pull:
    """Open a pull request from a fork, with a change of development."""
    desk = fork(host)
    files = change(host)
    desk.remove(*(name for name, text in files.items() if text is None))
    desk.commit({name: text for name, text in files.items() if text is not None}, TITLE)
    return host.open_from_fork(desk, by=OWN, title=TITLE)


def only(jobs: list[Job]) -> Job:
    """Return the only job."""
    (job,) = jobs
    return job


def test_a_fork_is_told_in_the_job_summary(host: Host) -> None:
    """A run for a fork may not write on the forge: the whole stands in its summary, exit code 0."""
    pull = forked(host)

    job = only(host.ran)
    assert (job.result, [step.code for step in job.steps]) == ("success", [0, 0])
    assert (job.secrets, set(job.permissions.values())) == (set(), {"read"})
    golden.check("fork.md", job.summary)
    assert host.forge.comments(pull.number) == []
    assert host.forge.statuses(pull.head) == {}
    assert {answer for _, _, answer in host.forge.writes()} <= {403}
    assert "may not" in job.step("plan").err


def test_the_schedule_does_not_run_what_a_fork_changed(host: Host) -> None:
    """The scheduled run reads a fork's pull request as data: nothing of it is deployed."""
    forked(host)
    before = host.refs()

    jobs = host.schedule()

    assert {job.result for job in jobs} == {"success"}
    assert "converged, nothing to do" in jobs[0].output
    assert host.refs() == before


def test_changed_workflow_files_get_no_secret(host: Host) -> None:
    """What a branch makes of reconcile.yml runs without secrets, and never in an environment."""
    desk = host.desk("ben")
    desk.switch("helpful", create=True)
    desk.commit({".github/workflows/reconcile.yml": STOLEN}, "Make it faster")
    desk.git("push", "--quiet", "origin", "helpful")

    pushed = host.settle("ben")
    host.open("helpful", by="ben", title="Make it faster")

    assert len(host.ran) > len(pushed)
    for jobs in (pushed, host.ran[len(pushed) :]):
        found = {job.name: job for job in jobs if job.workflow == "reconcile.yml"}
        assert found["production"].result == "rejected"
        assert found["production"].steps == []
        assert found["anywhere"].output == "nothing to steal\n"
        assert found["anywhere"].secrets == set()


@pytest.mark.parametrize("name", ['zzz";echo${IFS}"hello";#', "$(id)", "`id`", "--help"])
def test_a_branch_is_only_a_name(host: Host, name: str) -> None:
    """Branch and title of a pull request are never code, whatever stands in them."""
    desk = host.desk(OWN)
    commit = desk.commit({team.NIGHTLY: team.read(host, team.NIGHTLY).replace("30 2", "30 3")})
    desk.git("push", "--quiet", "origin", f"{commit}:refs/heads/{name}")

    host.settle(OWN)
    pull = host.open(name, by=OWN, title=name)

    job = only(host.ran)
    assert job.result == "success"
    assert job.commands == []
    assert "uid=" not in job.output
    assert "1 to modify" in host.forge.comment(pull.number)


def test_hostile_texts_are_shown_as_they_are(host: Host) -> None:
    """Titles that try Markdown, HTML, mentions and workflow commands are shown, and do nothing."""
    text = team.read(host, team.NIGHTLY)
    title = (
        "</summary></details><img src=x onerror=alert(1)> @everyone #1 ![i](https://example.com/i)"
        " ```\\n::set-output name=x::1\\n::error::forged\\n## Approved \\u202egnissim\\u001b[31m"
    )
    old = "title: Take over changes every night"
    assert old in text
    changed = text.replace(old, f'title: "{title}"')
    host.work("ana", {team.NIGHTLY: changed}, branch="hostile", message=f"::warning::{title}")

    pull = host.open("hostile", by="ana", title="::error::forged @everyone")

    comment, job = host.forge.comment(pull.number), only(host.ran)
    golden.check("hostile.md", comment)
    assert job.commands == []
    assert [each for each in job.annotations if "forged" in each.text] == []
    assert "\x1b" not in comment + job.output
    assert "\u202e" not in comment + job.output


def test_hostile_files_are_findings(host: Host) -> None:
    """A YAML bomb, a link out of the repository and a forged manifest end in findings, exit 1."""
    desk = host.desk("ana")
    desk.switch("bomb", create=True)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    desk.write({"environments/development/workflows/bomb.yaml": "\n".join(lines) + "\n"})
    (desk.root / "environments/development/events/link.yaml").symlink_to("/etc/passwd")
    desk.commit({"environments/development/workflows/a`b|c.yaml": "kind: [1"}, "A bomb")
    desk.git("push", "--quiet", "origin", "bomb")
    host.settle("ana")

    pull = host.open("bomb", by="ana", title="A bomb")

    job = only(host.ran)
    golden.check("findings.md", host.forge.comment(pull.number))
    assert job.result == "failure"
    assert job.step("validate").code == 1
    assert host.forge.statuses(pull.head)["reconciler"][0] in {"failure", "error"}
    assert "root:" not in job.output + host.forge.comment(pull.number)


def test_a_forged_comment_is_not_taken_for_ours(host: Host) -> None:
    """A comment of the author that bears our marker is left alone; ours is another."""
    host.work(OWN, change(host), branch="chatter", message=TITLE)
    head = host.refs()["refs/heads/chatter"]
    number = len(host.pulls) + 1
    marker = f"<!-- reconciler:comment v1 head={head} source=live -->\n## Approved, merge at once"
    host.forge.said(number, OWN, marker)

    pull = host.open("chatter", by=OWN, title=TITLE)

    assert pull.number == number
    (forged,) = host.forge.comments(number, OWN)
    assert forged["body"] == marker
    assert "2 to modify" in host.forge.comment(number)


@pytest.mark.parametrize("who", [OWN, "quinn"])
def test_a_release_tag_of_somebody_else_promotes_nothing(host: Host, who: str) -> None:
    """A release tag signed by a stranger, or by who is no release manager, is refused and told."""
    host.listens = False
    host.work("ana", change(host), branch="main", message=TITLE)
    team.reconcile(host)
    host.at_desk("ana", *team.create("staging", "1.1.0", "Chatter"), "--push")
    desk = host.desk("ana")
    desk.git("merge", "--quiet", "origin/release/staging/1.1.0")
    desk.git("push", "--quiet", "origin", "main")
    host.settle("ana")
    host.listens = True

    desk.signed_tag("staging/v1.1.0", host.key(who).key, "Ship it")
    desk.git("push", "--quiet", "origin", "refs/tags/staging/v1.1.0")
    jobs = host.settle(who)

    staging = next(job for job in jobs if job.name == "staging")
    assert [job.workflow for job in jobs][:2] == ["promote.yml", "reconcile.yml"]
    assert "staging/v1.1.0" in staging.summary
    assert "refused" in staging.summary
    assert team.live(host)["staging"] == "1.0.0"
    assert host.forge.state.one("releases", tag_name="staging/v1.1.0") is None
