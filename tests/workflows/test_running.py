"""The runner itself: what it does with small workflow files, so that others can rely on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import reconciler
from tests.acceptance.program import run, variables
from tests.repositories import Repository
from tests.workflows.commands import Annotation, read
from tests.workflows.expressions import Scope, UnknownForm
from tests.workflows.jobs import Job
from tests.workflows.running import Runner
from tests.workflows.triggers import Event, fits, matches

HEAD = """\
name: tiny
on:
  push: {branches: [main], tags: ["*/v*"]}
  pull_request: {branches: [main]}
permissions: {}
"""


@dataclass(slots=True)
class Tiny:
    """A forge with one repository and nothing else."""

    remote: Repository
    folder: Path
    repository: str = "acme/shop"
    api: str = "http://127.0.0.1:1"
    protected: str = "main"
    program: Path = Path(sys.executable).parent
    secrets: Mapping[str, str] = field(default_factory=dict)
    environments: Mapping[str, Mapping[str, str]] = field(
        default_factory=lambda: {"production": {"STORE": "kept-for-main"}}
    )

    def token(self, permissions: Mapping[str, str]) -> str:
        """Return a token."""
        return "a-token"


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """Return an empty repository on a forge."""
    return Tiny(Repository(tmp_path / "work"), tmp_path / "jobs")


def ran(place: Tiny, jobs: str, ref: str = "refs/heads/main", **more: Any) -> list[Job]:
    """Commit a workflow of these jobs, and run it for a push."""
    text = HEAD + "jobs:\n" + dedent(jobs).replace("\n", "\n  ").join(["  ", "\n"])
    commit = place.remote.commit({".github/workflows/tiny.yml": text})
    event = Event(name="push", ref=ref, commit=commit, workflows_at=commit, **more)
    return Runner(place).run(event)


def steps(*commands: str, more: str = "") -> str:
    """Return a job of these commands."""
    listed = "".join(f"    - run: {command}\n" for command in commands)
    return f"one:\n  timeout-minutes: 1\n  runs-on: any\n{more}  steps:\n{listed}"


def test_steps_run_in_order_until_one_fails(tiny: Tiny) -> None:
    """After a step that fails only those run that ask for it."""
    (job,) = ran(
        tiny,
        steps("echo first", "exit 3", "echo never")
        + "    - {run: echo after, if: failure()}\n    - {run: echo always, if: always()}\n",
    )

    assert job.result == "failure"
    assert [step.code for step in job.steps] == [0, 3, 0, 0]
    assert job.output == "first\nafter\nalways\n"


def test_outputs_summary_and_variables_go_on(tiny: Tiny) -> None:
    """What a step writes to the runner's files is read: outputs, variables and the summary."""
    (job,) = ran(
        tiny,
        steps(
            "{id: a, run: 'echo x=1 >> $GITHUB_OUTPUT; echo Y=2 >> $GITHUB_ENV'}",
            "echo '## Done' >> $GITHUB_STEP_SUMMARY; echo $Z$Y",
        )
        .replace("- run: {id: a, run:", "- {id: a, run:")
        .replace("echo $Z$Y", "echo $Z$Y\n      env: {Z: '${{ steps.a.outputs.x }}'}"),
    )

    assert (job.output, job.summary) == ("12\n", "## Done\n")


def test_what_sets_up_the_program_is_left_out(tiny: Tiny) -> None:
    """Python and the released package are not installed: this checkout's program is on the PATH."""
    uses = "    - uses: actions/setup-python@v1\n"

    (job,) = ran(tiny, steps("python -m pip install reconciler==9.9") + uses)
    (version,) = ran(tiny, steps("reconciler --version"))

    assert (job.result, job.steps) == ("success", [])
    assert version.output == f"reconciler {reconciler.__version__}\n"


def test_the_program_that_starts_at_once_is_the_program(program: Path, tmp_path: Path) -> None:
    """It has its caller's folder, arguments, variables, pipes and exit code."""
    command = program / "reconciler"
    asked = (["--version"], ["plan", "--nonsense"], ["validate"])

    ended = [
        subprocess.run(
            [command, *words], cwd=tmp_path, env=variables(), capture_output=True, check=False
        )
        for words in asked
    ]

    real = [run(tmp_path, *words, code=None) for words in asked]
    assert [(each.returncode, each.stdout.decode(), each.stderr.decode()) for each in ended] == [
        (each.code, each.out, each.err) for each in real
    ]


def test_an_environments_secret_is_for_the_protected_branch_alone(tiny: Tiny) -> None:
    """A job on another ref that names a forge environment is not run at all."""
    job = steps("'[ $S = kept-for-main ] && echo same'", more="  environment: production\n")
    job += "      env: {S: '${{ secrets.STORE }}'}\n"

    (allowed,) = ran(tiny, job)
    (refused,) = ran(tiny, job, ref="refs/tags/production/v1")
    (elsewhere,) = ran(tiny, job.replace("  environment: production\n", ""))

    assert (allowed.output, allowed.secrets) == ("same\n", {"STORE"})
    assert (refused.result, refused.steps, refused.secrets) == ("rejected", [], set())
    assert (elsewhere.result, elsewhere.secrets) == ("failure", set())


def test_a_printed_secret_is_an_error(tiny: Tiny) -> None:
    """No job may print a secret, although a real runner would hide it."""
    job = steps("echo ${{ secrets.STORE }}", more="  environment: production\n")

    with pytest.raises(AssertionError, match="STORE was printed by one"):
        ran(tiny, job)


def test_a_fork_gets_no_secret_and_may_not_write(tiny: Tiny) -> None:
    """A run for a fork has a token that reads and nothing else."""
    job = steps("echo ok", more="  permissions: {pull-requests: write, contents: read}\n")
    tiny.secrets = {"KEY": "for-the-team"}

    (own,) = ran(tiny, job)
    (fork,) = ran(tiny, job + "      env: {K: '${{ secrets.KEY }}'}\n", from_fork=True)

    assert own.permissions == {"pull-requests": "write", "contents": "read"}
    assert fork.permissions == {"pull-requests": "read", "contents": "read"}
    assert fork.secrets == set()


def test_a_job_waits_for_those_that_it_needs(tiny: Tiny) -> None:
    """A job is told what the others found, runs for each value, and not after a failure."""
    needing = "\ntwo:\n  needs: one\n  timeout-minutes: 1\n  strategy:\n    matrix: {n: [a, b]}\n"
    needing += "  steps: [{run: 'echo ${{ matrix.n }}'}]\n"

    fine = ran(tiny, steps("exit 0") + needing)
    failed = ran(tiny, steps("exit 1") + needing)

    assert [(job.name, job.output) for job in fine] == [("one", ""), ("two", "a\n"), ("two", "b\n")]
    assert [job.result for job in failed] == ["failure", "skipped", "skipped"]


@pytest.mark.parametrize(
    "job",
    [
        steps("echo", more="  container: debian\n"),
        steps("echo").replace("- run: echo", "- uses: somebody/action@v1"),
        steps("echo ${{ github.nothing }}"),
        steps("echo ${{ hashFiles('x') }}"),
        steps("echo", more="  if: github.ref > 1\n"),
        steps("echo", more="  permissions: write-all\n"),
    ],
)
def test_what_is_not_known_is_an_error(tiny: Tiny, job: str) -> None:
    """A key, action, name, function or sign that this runner does not know ends the test."""
    with pytest.raises(UnknownForm):
        ran(tiny, job)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.ref == 'REFS/heads/main'", True),
        ("!(github.ref == 'x') && github.event.n || 'none'", 7),
        ("github.event.missing.deeper || 'none'", "none"),
        ("startsWith(github.ref, 'refs/') && contains(fromJSON('[\"a\"]'), 'a')", True),
        ("format('{0}-{1}', github.event.n, 'it''s')", "7-it's"),
        ("github.event['n'] != 7", False),
    ],
)
def test_expressions(text: str, value: object) -> None:
    """Texts compare without regard to case, and `&&` and `||` give one of their sides."""
    github = {"ref": "refs/heads/main", "event": {"n": 7}}

    assert Scope({"github": github}).filled("${{ " + text + " }}") == value


def test_annotations_and_other_commands_are_told_apart() -> None:
    """An annotation is read with its place; anything else a runner would obey is named."""
    said = read(
        "::warning file=a%2Cb.yaml,line=3,title=T::one%0Atwo\n"
        "text ::error::not at the start\n"
        "  ::set-output name=x::1\n"
        "text ##[add-mask]x\n"
        "::no-such-command::\n"
        "::stop-commands::word\n::error::ignored\n::word::\n::notice::seen\n"
    )

    assert said.annotations == (
        Annotation(level="warning", text="one\ntwo", file="a,b.yaml", line=3, title="T"),
        Annotation(level="notice", text="seen"),
    )
    assert said.others == ("set-output", "add-mask", "stop-commands")


def test_filters_of_refs() -> None:
    """`*` ends at a slash, `**` does not; a filter for tags leaves branches out."""
    assert matches(["*/v*"], "staging/v1.0.0")
    assert not matches(["*/v*"], "approvals/staging/v1.0.0/qa")
    assert matches(["approvals/**"], "approvals/staging/v1.0.0/qa")
    assert not matches(["**", "!main"], "main")
    push = Event(name="push", ref="refs/heads/main", commit="", workflows_at="")
    assert fits({"push": {"branches": ["main"]}}, push, "x.yml")
    assert not fits({"push": {"tags": ["**"]}}, push, "x.yml")
    assert fits("push", push, "x.yml")
