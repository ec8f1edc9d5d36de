"""One job of a workflow, run in a folder of its own that is thrown away after it."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests import project
from tests.repositories import Repository
from tests.workflows import commands, triggers
from tests.workflows.checkout import checkout
from tests.workflows.expressions import Function, Scope, UnknownForm, string
from tests.workflows.triggers import Event

_STEP_KEYS = {
    *("name", "id", "if", "uses", "with", "run", "env", "shell", "continue-on-error"),
    "timeout-minutes",
}
_LEFT_OUT = ("actions/setup-python", "actions/cache")
_INSTALLS = ("pip install ", "python -m pip install ", "python3 -m pip install ", "pipx install ")
_SHELLS = {None: ("bash", "-e"), "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}
_LONGEST = 120  # seconds, whatever a file allows
_FILES = {
    "GITHUB_ENV": "env",
    "GITHUB_OUTPUT": "output",
    "GITHUB_PATH": "path",
    "GITHUB_STATE": "state",
    "GITHUB_STEP_SUMMARY": "summary",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that was run: its command, exit code and output."""

    name: str
    command: str
    code: int
    out: str
    err: str


@dataclass(slots=True, kw_only=True)
class Job:
    """A job that was run, or `skipped`, or `rejected` by its environment's branch rule.

    `secrets` are the names of those that its file asked for and got.
    """

    workflow: str
    name: str
    permissions: Mapping[str, str]
    environment: str | None = None
    result: str = "success"
    steps: list[Step] = field(default_factory=list)
    summary: str = ""
    annotations: list[commands.Annotation] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """All that its steps printed."""
        return "".join(step.out + step.err for step in self.steps)

    def step(self, part: str) -> Step:
        """Return the only step whose command holds a text."""
        (found,) = (step for step in self.steps if part in step.command)
        return found


class Place(Protocol):
    """What a runner is told by its forge; `environments` are the secrets of each.

    `program` is the folder of the program that is installed.
    """

    repository: str
    api: str
    remote: Repository
    folder: Path
    secrets: Mapping[str, str]
    environments: Mapping[str, Mapping[str, str]]
    protected: str
    program: Path

    def token(self, permissions: Mapping[str, str]) -> str:
        """Return a new token that may do this."""


def known(found: Mapping[str, Any], keys: set[str], where: str) -> None:
    """Refuse keys that this runner does not know."""
    if unknown := set(found) - keys:
        raise UnknownForm(f"{where}: not known to this runner: {sorted(unknown)}")


class _Secrets(dict[str, str]):
    """Secrets, which remember the names that were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names |= {key} & set(self)
        return super().get(key, default)


class Running:
    """A job while it runs."""

    def __init__(
        self,
        place: Place,
        event: Event,
        number: int,
        workflow: tuple[str, Mapping[str, Any]],
        job: Mapping[str, Any],
    ) -> None:
        """Take a job of a workflow file (its name and content)."""
        self._place, self._event, self._number, self._job = place, event, number, job
        self._file, self._workflow = workflow
        self._folder = place.folder / f"job-{number}"
        self._failed = False
        self._steps: dict[str, Any] = {}
        self._environ: dict[str, str] = {}
        self._more: dict[str, Any] = {}
        self._secrets = _Secrets({})
        self._token = ""

    def run(self, needed: Mapping[str, Job], matrix: Mapping[str, Any]) -> Job:
        """Run it, if it is wanted and the forge lets it."""
        needs = {
            name: {"result": job.result, "outputs": job.outputs} for name, job in needed.items()
        }
        self._more = {"needs": needs, "matrix": matrix}
        self._failed = any(job.result != "success" for job in needed.values())
        done = self._begun()
        if done.environment and self._event.ref != f"refs/heads/{self._place.protected}":
            done.result = "rejected"
        elif not self._scope().holds(self._job.get("if", "success()")):
            done.result = "skipped"
        else:
            self._failed = False
            self._run(done)
        return done

    def _begun(self) -> Job:
        asked = self._job.get("permissions", self._workflow.get("permissions"))
        named = self._scope().filled(self._job.get("environment"))
        return Job(
            workflow=self._file,
            name=self._job["id"],
            permissions=triggers.granted(asked, event=self._event),
            environment=named["name"] if isinstance(named, Mapping) else named,
        )

    def _run(self, done: Job) -> None:
        for name in ("work", "temp", "home"):
            (self._folder / name).mkdir(parents=True)
        self._token = self._place.token(done.permissions)
        self._secrets = _Secrets(self._given(done.environment))
        try:
            for number, step in enumerate(self._job["steps"]):
                known(step, _STEP_KEYS, f"{self._file}: {done.name}")
                if self._scope().holds(step.get("if", "success()")):
                    self._step(done, number, step)
        finally:
            shutil.rmtree(self._folder)
        done.result = "failure" if self._failed else "success"
        self._close(done)

    def _close(self, done: Job) -> None:
        """Read what it said; a runner would hide a secret, so that none may be among it."""
        outputs = self._scope().filled(self._job.get("outputs", {}))
        done.outputs = {key: string(value) for key, value in outputs.items()}
        done.secrets = self._secrets.names - {"GITHUB_TOKEN"}
        said = commands.read(done.output)
        done.annotations, done.commands = list(said.annotations), list(said.others)
        for name, value in self._secrets.items():
            assert value not in done.output + done.summary, f"{name} was printed by {done.name}"

    def _given(self, environment: str | None) -> dict[str, str]:
        """Return what the forge gives: nothing to a fork, an environment's to its own jobs."""
        token = {"GITHUB_TOKEN": self._token}
        if self._event.from_fork:
            return token
        own = self._place.environments.get(environment or "", {})
        return {**self._place.secrets, **own, **token}

    def _step(self, done: Job, number: int, step: Mapping[str, Any]) -> None:
        if "uses" in step:
            self._use(step)
        elif not step["run"].strip().startswith(_INSTALLS):
            ran = self._command(number, step)
            done.steps.append(ran)
            done.summary += self._temp(f"summary-{number}").read_text(encoding="utf-8")
            outputs = _pairs(self._temp(f"output-{number}"))
            self._environ |= _pairs(self._temp(f"env-{number}"))
            outcome = "success" if ran.code == 0 else "failure"
            name = step.get("id", f"step-{number}")
            self._steps[name] = {"outputs": outputs, "outcome": outcome}
            self._failed |= ran.code != 0 and not step.get("continue-on-error", False)

    def _temp(self, name: str) -> Path:
        return self._folder / "temp" / name

    def _use(self, step: Mapping[str, Any]) -> None:
        name = step["uses"].partition("@")[0]
        if name == "actions/checkout":
            options = self._scope().filled(step.get("with", {}))
            where, event = self._folder / "work", self._event
            checkout(where, self._place.remote.root, event.ref, event.commit, options)
        elif name not in _LEFT_OUT:
            raise UnknownForm(f"an action not known to this runner: {name}")

    def _command(self, number: int, step: Mapping[str, Any]) -> Step:
        scope = self._scope()
        command = scope.fill(step["run"])
        script = self._temp(f"step-{number}.sh")
        script.write_text(command, encoding="utf-8")
        given = {**self._workflow.get("env", {}), **self._job.get("env", {}), **step.get("env", {})}
        environ = self._variables(number) | self._environ
        environ |= {key: string(scope.filled(value)) for key, value in given.items()}
        minutes = min(self._job["timeout-minutes"], step.get("timeout-minutes", 360))
        done = subprocess.run(
            [*_SHELLS[self._shell(step)], str(script)],
            cwd=self._folder / "work",
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=min(60 * minutes, _LONGEST),
        )
        out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        assert "Traceback" not in out + err, out + err
        assert "something unexpected happened" not in out + err, out + err
        name = step.get("name", command)
        return Step(name=name, command=command, code=done.returncode, out=out, err=err)

    def _shell(self, step: Mapping[str, Any]) -> str | None:
        holders = (step, _defaults(self._job), _defaults(self._workflow))
        return next((str(holder["shell"]) for holder in holders if "shell" in holder), None)

    def _scope(self) -> Scope:
        states: Mapping[str, Function] = {
            "success": lambda: not self._failed,
            "failure": lambda: self._failed,
            "always": lambda: True,
            "cancelled": lambda: False,
        }
        return Scope(self._contexts(), states)

    def _contexts(self) -> dict[str, Any]:
        event = self._event
        told = {name.removeprefix("GITHUB_").lower(): text for name, text in self._told().items()}
        return {
            "github": {**told, "event": event.payload, "token": self._token},
            "secrets": self._secrets,
            "vars": {},
            "inputs": event.payload.get("inputs") or {},
            "steps": self._steps,
            "runner": {"os": "Linux", "arch": "X64", "temp": str(self._folder / "temp")},
            **self._more,
        }

    def _told(self) -> dict[str, str]:
        """Return what a runner tells of the event, as variables."""
        place, event = self._place, self._event
        protected = event.ref == f"refs/heads/{place.protected}"
        return {
            "GITHUB_ACTOR": event.actor,
            "GITHUB_API_URL": place.api,
            "GITHUB_BASE_REF": event.base,
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": str(self._temp("event.json")),
            "GITHUB_HEAD_REF": event.head,
            "GITHUB_JOB": self._job["id"],
            "GITHUB_REF": event.ref,
            "GITHUB_REF_NAME": event.ref.split("/", 2)[2],
            "GITHUB_REF_PROTECTED": string(protected),
            "GITHUB_REF_TYPE": "tag" if event.ref.startswith("refs/tags/") else "branch",
            "GITHUB_REPOSITORY": place.repository,
            "GITHUB_REPOSITORY_OWNER": place.repository.partition("/")[0],
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": str(self._number),
            "GITHUB_RUN_NUMBER": str(self._number),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": event.commit,
            "GITHUB_WORKFLOW": self._workflow.get("name", self._file),
            "GITHUB_WORKSPACE": str(self._folder / "work"),
        }

    def _variables(self, number: int) -> dict[str, str]:
        """Return what the runner gives to a step, and nothing of this machine beside it."""
        self._temp("event.json").write_text(json.dumps(self._event.payload), encoding="utf-8")
        files = {name: self._temp(f"{part}-{number}") for name, part in _FILES.items()}
        for path in files.values():
            path.touch()
        return {
            **self._told(),
            **{name: str(path) for name, path in files.items()},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "HOME": str(self._folder / "home"),
            "LC_ALL": "C.UTF-8",
            "PATH": os.pathsep.join(
                [str(self._place.program), "/usr/local/bin", "/usr/bin", "/bin"]
            ),
            "PYTHONPATH": str(project.ROOT),
            "RUNNER_ARCH": "X64",
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self._folder / "temp"),
            "TMPDIR": str(self._folder / "temp"),
        }


def _defaults(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    found = holder.get("defaults", {}).get("run", {})
    assert isinstance(found, Mapping)
    return found


def _pairs(path: Path) -> dict[str, str]:
    """Read `name=value` lines, or `name<<WORD` up to the word."""
    found: dict[str, str] = {}
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, sign, word = line.partition("<<")
        if sign and "=" not in name:
            found[name] = "\n".join(itertools.takewhile(lambda text, end=word: text != end, lines))
        elif "=" in line:
            key, _, value = line.partition("=")
            found[key] = value
    return found
