"""Runs the program at any moment, each job in a new clone of a bare remote, as a forge does.

team = Team(launcher, tmp_path, {"environments/pipeline.yaml": "…"})
team.at("2026-03-17 10:00")
team.run("reconcile")

Only the store carries over from job to job. The launcher replaces the system's clock and nothing
else: it tells the moment of the job, and goes on from there.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.acceptance.launcher import Launcher
from tests.acceptance.program import Run, variables
from tests.repositories import Repository, Signer, allowed_signers

ZONE = ZoneInfo("Europe/Berlin")
ANA, BEN, QUINN, CI = "ana@example.com", "ben@example.com", "quinn@example.com", "ci@example.com"
RELEASE_ONLY = ("staging", "production")
Live = dict[str, str]  # version by environment


def moment_of(text: str) -> datetime:
    """Read `2026-03-17 10:00` by the clock on the wall, or any RFC 3339, as a moment in UTC."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=ZONE)).astimezone(UTC)


def days(first: str, last: str, hour: str = "10:00") -> Iterator[str]:
    """Yield each day from the first to the last, at an hour."""
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        yield f"{day} {time.fromisoformat(hour):%H:%M}"
        day += timedelta(days=1)


class Clone(Repository):
    """A clone of one job; what is committed and tagged bears the moment of the job."""

    def __init__(self, root: Path, moment: datetime) -> None:
        """Take a clone."""
        self.dates = dates(moment)
        super().__init__(root)

    def git(self, *argv: str, stdin: bytes = b"", **variables: str) -> str:
        """Run git at the moment of the job."""
        return super().git(*argv, stdin=stdin, **{**self.dates, **variables})


def dates(moment: datetime) -> dict[str, str]:
    """Return the variables that tell git the time."""
    told = f"{moment:%Y-%m-%dT%H:%M:%S%z}"
    return {"GIT_AUTHOR_DATE": told, "GIT_COMMITTER_DATE": told}


class Team:
    """People with keys, the bare remote that they share, and the store of their jobs."""

    def __init__(
        self, launcher: Launcher, folder: Path, files: Mapping[str, str] | None = None
    ) -> None:
        """Make the remote with these files and everyone's keys; without files take what is there.

        Keys made before are found in the folder, so that a folder can be copied as a whole.
        """
        self.launcher = launcher
        self.folder = folder
        self.moment = moment_of("2026-01-01 10:00")
        self._jobs = len(list(folder.glob("job-*")))
        self.remote = Repository(folder / "remote.git", bare=True)
        (folder / "store").mkdir(exist_ok=True)
        if files is None:
            return
        signers = [Signer(folder / "keys", who) for who in (ANA, BEN, QUINN, CI)]
        signed_by = {"environments/allowed_signers": allowed_signers(*signers)}
        first = self._made("first", "init", "--quiet", "--template=", "--initial-branch=main", ".")
        first.commit({**files, **signed_by}, "Begin")
        first.git("push", "--quiet", str(self.remote.root), "main")

    def copy(self, folder: Path) -> Team:
        """Return a copy of it all."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("job-*"))
        copied = type(self)(self.launcher, folder)
        copied.moment = self.moment
        return copied

    def at(self, moment: str) -> Team:
        """Travel to a moment."""
        self.moment = moment_of(moment)
        return self

    def clone(self) -> Clone:
        """Return a new clone at this moment."""
        return self._made("job", "clone", "--quiet", str(self.remote.root), ".")

    def run(self, *arguments: str, by: str = CI, code: int | None = 0, **environ: str) -> Run:
        """Run the program in a new clone, as somebody, and throw the clone away."""
        return self.run_in(self.clone(), *arguments, by=by, code=code, **environ)

    def run_in(
        self, clone: Clone, *arguments: str, by: str = CI, code: int | None = 0, **environ: str
    ) -> Run:
        """Run the program in a clone."""
        clone.git("config", "gpg.format", "ssh")
        clone.git("config", "user.signingkey", str(self.key(by)))
        told = variables(**{**self._environ(by), **environ})
        ended, out, err = self.launcher.run(self.moment, clone.root, arguments, told)
        found = Run(code=ended, out=out, err=err)
        assert "Traceback" not in found.all, found.all
        assert code is None or found.code == code, (arguments, found.code, found.out, found.err)
        return found

    @property
    def store(self) -> str:
        """The URL of the store of all jobs."""
        return f"sqlite:///{self.folder / 'store' / 'state.db'}"

    def key(self, who: str) -> Path:
        """Return somebody's private key."""
        return self.folder / "keys" / f"{who}-ed25519"

    def change(self, files: Mapping[str, str], message: str = "A change") -> str:
        """Merge a change of files into the protected branch, and return the merge."""
        clone = self.clone()
        clone.switch("change", create=True)
        clone.commit(files, message)
        return self._merged(clone, "change")

    def merge(self, release: str) -> str:
        """Merge a release's branch as the forge does, and return the merge."""
        return self._merged(self.clone(), f"origin/release/{release}")

    def approve(self, release: str, role: str, by: str) -> None:
        """Approve a release with git alone: a signed tag on the protected branch's tip."""
        environment, _, version = release.partition("/")
        name, clone = f"approvals/{environment}/v{version}/{role}", self.clone()
        clone.signed_tag(name, self.key(by), f"{release} is approved as {role}")
        clone.git("push", "--quiet", "origin", f"refs/tags/{name}")

    def tagged(self, release: str, *, by: str = ANA, approved: bool = True) -> None:
        """Merge a release, tag it, and have it approved by who must."""
        self.merge(release)
        self.run("release", "tag", release, "--push", by=by)
        if approved:
            self.approve(release, "tests", CI)
        if approved and release.startswith("production/"):
            self.approve(release, "qa", QUINN)

    def release(self, environment: str, version: str, *options: str) -> str:
        """Make a release, merge and tag it and have it approved; return its name."""
        asked = ("--to", environment, "--version", version, "--description", f"Version {version}")
        self.run("release", "create", *asked, *options, "--push", by=ANA)
        self.tagged(f"{environment}/{version}")
        return f"{environment}/{version}"

    def reconciled(self, moment: str, code: int = 0) -> Live:
        """Run the scheduled job at a moment, and return what is live then by the history."""
        clone = self.at(moment).clone()
        self.run_in(clone, "reconcile", code=code)
        return self.live(clone)

    def live(self, clone: Clone | None = None) -> Live:
        """Return which version is live in each release-only environment."""
        answer = self.run_in(clone or self.clone(), "history", "--format", "json").json
        live = [row for row in answer["deployments"] if row["live"] and row["version"]]
        found = {row["environment"]: row["version"] for row in live}
        assert len(found) == len(live), live
        return found

    def gates(self, release: str, *options: str, clone: Clone | None = None) -> Any:
        """Return what `gates` says of a release, as JSON."""
        answer = self.run_in(
            clone or self.clone(), "gates", release, *options, "--format", "json"
        ).json
        assert isinstance(answer, dict)
        return answer

    def branches(self) -> set[str]:
        """Return the release branches at the remote that are not merged, without their prefix."""
        asked = ("for-each-ref", "--no-merged=main", "--format=%(refname)")
        found = self.remote.git(*asked, "refs/heads/release/").splitlines()
        return {name.removeprefix("refs/heads/release/") for name in found}

    def _merged(self, clone: Clone, branch: str) -> str:
        commit = clone.merge(branch)
        clone.git("push", "--quiet", "origin", "HEAD:main")
        return commit

    def _made(self, name: str, *argv: str) -> Clone:
        """Make the clone of a job; the last one is thrown away, no job leaves anything behind."""
        shutil.rmtree(self.folder / f"{name}-{self._jobs}", ignore_errors=True)
        self._jobs += 1
        root = self.folder / f"{name}-{self._jobs}"
        root.mkdir()
        subprocess.run(["git", *argv], cwd=root, check=True, env=variables(), capture_output=True)
        return Clone(root, self.moment)

    def _environ(self, by: str) -> dict[str, str]:
        told = {f"GIT_{role}_EMAIL": by for role in ("AUTHOR", "COMMITTER")}
        return {
            **told,
            **dates(self.moment),
            "RECONCILER_STORE": self.store,
            "TMPDIR": str(self.folder),
        }
