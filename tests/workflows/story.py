"""From a changed YAML line to a version in production, and what was seen at each stage."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.workflows import team
from tests.workflows.commands import Annotation
from tests.workflows.hosting import Host, Pull
from tests.workflows.jobs import Job, Step

APPROVERS = {"tests": "ci", "qa": "quinn"}
TITLE = "Ask for Chatter, refund from one euro on"


@dataclass(slots=True, kw_only=True)
class Stage:
    """What was seen after one thing happened: the jobs that it started, and the forge's pages.

    `comment` and `statuses` are those of the pull request that the stage is about, or (statuses) of
    the protected branch's tip.
    """

    jobs: list[Job]
    comment: str = ""
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    deployments: list[tuple[str, str, str]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    tip: str = ""
    writes: list[tuple[str, str, int]] = field(default_factory=list)

    def job(self, name: str) -> Job:
        """Return the last job of this name."""
        return [job for job in self.jobs if job.name == name][-1]

    def order(self) -> list[str]:
        """Return the workflows in the order in which they ran."""
        names = [job.workflow for job in self.jobs]
        return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


class Story:
    """All stages by name, in their order."""

    def __init__(self, stages: dict[str, Stage]) -> None:
        """Take the stages."""
        self.stages = stages

    def __getitem__(self, name: str) -> Stage:
        """Return a stage."""
        return self.stages[name]

    @classmethod
    def lived(cls, host: Host) -> Story:
        """Go the whole way and note what is seen."""
        told = _Teller(host)
        change = told.changed()
        host.merge(change)
        told.note("merged")
        told.released("staging")
        told.released("production")
        return cls(told.stages)

    def save(self, path: Path) -> None:
        """Write it, for other test processes."""
        told = {name: asdict(each) for name, each in self.stages.items()}
        path.write_text(json.dumps(told, default=sorted))  # a set is the one thing JSON lacks

    @classmethod
    def load(cls, path: Path) -> Story:
        """Read it."""
        return cls({name: _stage(each) for name, each in json.loads(path.read_text()).items()})


class _Teller:
    """Goes the way, and notes what is seen."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.stages: dict[str, Stage] = {}
        self._written = 0

    def note(self, name: str, pull: Pull | None = None) -> None:
        """Note what is seen now, and what ran since the last time."""
        host, forge = self.host, self.host.forge
        tip = host.refs()["refs/heads/main"]
        writes = forge.writes()
        self.stages[name] = Stage(
            jobs=list(host.ran),
            comment=forge.comment(pull.number) if pull else "",
            statuses=forge.statuses(pull.head if pull else tip),
            deployments=forge.deployments(),
            releases=forge.state.entries("releases"),
            tip=tip,
            writes=writes[self._written :],
        )
        host.ran.clear()
        self._written = len(writes)

    def changed(self) -> Pull:
        """Open the pull request that changes development."""
        host = self.host
        host.work("ana", change(host), branch="chatter", message=TITLE)
        pull = host.open("chatter", by="ana", title=TITLE)
        self.note("changed", pull)
        return pull

    def released(self, environment: str) -> None:
        """Release 1.1.0 to an environment: propose, acknowledge, approve, merge, tag."""
        host, release = self.host, f"{environment}/1.1.0"
        host.at_desk("ana", *team.create(environment, "1.1.0", "Chatter for Salesforce"), "--push")
        host.ran.clear()
        pull = host.open(f"release/{release}", by="ana", title=f"Release {release}")
        self.note(f"{environment} proposed", pull)
        if environment == "staging":
            self.looked_at(pull)
        subject = ("AppEventSchemaChanged", "AppEvent/order-refunded")
        reason = ("--reason", "The application is ready", "--push")
        host.at_desk("ana", "release", "acknowledge", release, *subject, *reason)
        pull = host.pulls[pull.number]
        self.note(f"{environment} acknowledged", pull)
        self.approved(environment, pull)
        host.merge(pull)
        self.note(f"{environment} merged")
        host.at_desk("ana", "release", "tag", release, "--push")
        self.note(f"{environment} tagged")

    def looked_at(self, pull: Pull) -> None:
        """Let the schedule come twice."""
        self.host.schedule()
        self.note("staging looked at", pull)
        self.host.schedule()
        self.note("staging looked at again", pull)

    def approved(self, environment: str, pull: Pull) -> None:
        """Have those approve who must, before the merge."""
        for role, who in {"staging": {"tests": "ci"}, "production": APPROVERS}[environment].items():
            release = f"{environment}/1.1.0"
            self.host.at_desk(who, "release", "approve", release, "--role", role, "--push")
            self.note(f"{environment} {role}", pull)


def change(host: Host) -> dict[str, str | bytes | None]:
    """Return what three people might change on a day: a scope, a schema, a workflow that goes."""
    scopes = team.read(host, team.SALESFORCE).replace(
        "refresh_token]", "refresh_token, chatter_api]"
    )
    amount = team.read(host, team.REFUNDED).replace("minimum: 1,", "minimum: 100,")
    return {team.SALESFORCE: scopes, team.REFUNDED: amount, team.NEWS: None}


def _stage(found: dict[str, Any]) -> Stage:
    jobs = [
        Job(
            **{
                **job,
                "steps": [Step(**step) for step in job["steps"]],
                "annotations": [Annotation(**each) for each in job["annotations"]],
                "secrets": set(job["secrets"]),
            }
        )
        for job in found["jobs"]
    ]
    statuses = {name: tuple(each) for name, each in found["statuses"].items()}
    pairs = {name: [tuple(each) for each in found[name]] for name in ("deployments", "writes")}
    return Stage(**{**found, "jobs": jobs, "statuses": statuses, **pairs})
