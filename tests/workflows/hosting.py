"""A forge as a team has it: a bare remote, pull requests, people, and runs for what happens.

host.work("ana", {"environments/…": "…"}, branch="chatter")
number = host.open("chatter", by="ana", title="Ask for Chatter")
host.merge(number)

Everything that happens starts the runs that the workflow files ask for; they are kept in `ran`.
People work in clones of their own, with a store of their own; jobs share the team's store.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.acceptance import program
from tests.acceptance.program import Run
from tests.repositories import Repository, Signer
from tests.workflows.forge import Forge
from tests.workflows.jobs import Job
from tests.workflows.running import Runner
from tests.workflows.triggers import Event

PEOPLE = ("ana", "ben", "quinn", "ci", "mallory")
MOST_TAGS = 3  # a push of more tags makes no event
_SERVED = ("refs/heads/", "refs/tags/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request as the forge has it."""

    number: int
    title: str
    author: str
    branch: str
    head: str
    from_fork: bool = False
    base: str = "main"


class Host:
    """A forge with one repository."""

    repository = "acme/shop"
    protected = "main"

    def __init__(self, folder: Path, forge: Forge, program: Path) -> None:
        """Take what stands in a folder, or begin there; `program` is where the program is."""
        self.program = program
        self.folder, self.forge = folder / "jobs", forge
        self.root = folder
        self.remote = Repository(folder / "shop.git", bare=True)
        self.api = forge.api
        self.secrets: Mapping[str, str] = {}
        self.pulls: dict[int, Pull] = {}
        self.ran: list[Job] = []
        (folder / "store").mkdir(exist_ok=True)
        self.environments: dict[str, Mapping[str, str]] = {}
        self.listens = True  # whether what happens starts runs
        self._runner = Runner(self)
        self._desks = 0
        self._seen = self.refs()

    @property
    def store(self) -> str:
        """The address of the store that jobs share."""
        return f"sqlite:///{self.root / 'store' / 'state.db'}"

    def token(self, permissions: Mapping[str, str]) -> str:
        """Return a new token of a run, as which the forge's own app writes."""
        return self.forge.token("github-actions[bot]", permissions)

    def refs(self) -> dict[str, str]:
        """Return branches and tags with what they point to."""
        listed = self.remote.git("for-each-ref", "--format=%(refname) %(objectname)", *_SERVED)
        return dict(line.split(" ") for line in listed.splitlines())

    # --- what people do ---------------------------------------------------------------------

    def key(self, who: str) -> Signer:
        """Return somebody's key, made when it is first asked for."""
        made = self.root / "keys" / f"{who}@example.com-ed25519"
        if made.exists():
            signer = object.__new__(Signer)
            signer.principal, signer.key = f"{who}@example.com", made
            return signer
        return Signer(self.root / "keys", f"{who}@example.com")

    def desk(self, who: str, branch: str = "main") -> Repository:
        """Return a new clone in which somebody works and signs."""
        self._desks += 1
        root = self.root / f"desk-{self._desks}"
        asked = ("git", "clone", "--quiet", "--branch", branch, str(self.remote.root), str(root))
        subprocess.run(asked, check=True, env=program.variables(), capture_output=True)
        clone = Repository(root)
        clone.git("config", "gpg.format", "ssh")
        clone.git("config", "user.signingkey", str(self.key(who).key))
        return clone

    def at_desk(self, who: str, *arguments: str, code: int = 0, **environ: str) -> Run:
        """Run the program as somebody in a new clone, then let the forge do its part."""
        desk = self.desk(who)
        name = {f"GIT_{role}_NAME": who.title() for role in ("AUTHOR", "COMMITTER")}
        mail = {f"GIT_{role}_EMAIL": f"{who}@example.com" for role in ("AUTHOR", "COMMITTER")}
        own = {"RECONCILER_STORE": f"sqlite:///{self.root / 'store' / f'of-{who}.db'}"}
        found = self.run(desk.root, *arguments, code=code, **{**name, **mail, **own, **environ})
        shutil.rmtree(desk.root)
        self.settle(who)
        return found

    def run(self, folder: Path, *arguments: str, code: int = 0, **environ: str) -> Run:
        """Run the program in a folder, and check its exit code."""
        done = subprocess.run(
            [str(self.program / "reconciler"), *arguments],
            cwd=folder,
            env=program.variables(**environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return Run(code=done.returncode, out=done.stdout, err=done.stderr)

    def work(
        self,
        who: str,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str,
        message: str = "A change",
    ) -> str:
        """Commit a change of files on a branch, push it, and return the commit."""
        exists = f"refs/heads/{branch}" in self.refs()
        desk = self.desk(who, branch if exists else "main")
        if not exists:
            desk.switch(branch, create=True)
        desk.remove(*(name for name, text in files.items() if text is None))
        commit = desk.commit(
            {name: text for name, text in files.items() if text is not None}, message
        )
        desk.git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        shutil.rmtree(desk.root)
        self.settle(who)
        return commit

    # --- what the forge does ----------------------------------------------------------------

    def open(self, branch: str, *, by: str, title: str, body: str = "") -> Pull:
        """Open a pull request from a branch of the repository."""
        head = self.refs()[f"refs/heads/{branch}"]
        number = self.forge.open(branch=branch, head=head, author=by, title=title, body=body)
        return self._opened(Pull(number=number, title=title, author=by, branch=branch, head=head))

    def open_from_fork(self, desk: Repository, *, by: str, title: str) -> Pull:
        """Open a pull request from what is checked out in somebody's fork."""
        head = desk.head
        branch = desk.git("symbolic-ref", "--short", "HEAD")
        number = self.forge.open(branch=branch, head=head, author=by, title=title, fork=True)
        desk.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/head")
        return self._opened(
            Pull(number=number, title=title, author=by, branch=branch, head=head, from_fork=True)
        )

    def _opened(self, pull: Pull) -> Pull:
        self.pulls[pull.number] = pull
        self._pull_request(pull, "opened")
        return pull

    def again(self, pull: Pull) -> list[Job]:
        """Run once more what a pull request starts, and return the jobs."""
        return self._pull_request(self.pulls[pull.number], "reopened")

    def merge(self, pull: Pull, *, by: str = "ana", squash: bool = True) -> str:
        """Merge a pull request, as its page offers it, and return the new commit."""
        desk = self.desk(by)
        desk.git("fetch", "--quiet", "origin", f"refs/pull/{pull.number}/head:merging")
        title = f"{pull.title} (#{pull.number})"
        commit = desk.squash("merging", title) if squash else desk.merge("merging", title)
        del self.pulls[pull.number]
        self.forge.merged(pull.number, commit)
        desk.git("push", "--quiet", "origin", "HEAD:main")
        shutil.rmtree(desk.root)
        self.settle(by)
        return commit

    def queue(self, pull: Pull) -> list[Job]:
        """Put a pull request into the merge queue, and return the jobs of its run."""
        commit = self._merge_of(pull)
        ref = f"refs/heads/gh-readonly-queue/main/pr-{pull.number}-{self.refs()['refs/heads/main']}"
        self.remote.git("update-ref", ref, commit)
        group = {"head_sha": commit, "head_ref": ref, "base_ref": "refs/heads/main"}
        group["base_sha"] = self.refs()["refs/heads/main"]
        payload = {"action": "checks_requested", "merge_group": group}
        event = Event(
            name="merge_group", ref=ref, commit=commit, workflows_at=commit, payload=payload
        )
        ran = self._run(replace(event, base="main"))
        self.remote.git("update-ref", "-d", ref)
        self._seen = self.refs()
        return ran

    def schedule(self) -> list[Job]:
        """Let the time of every schedule come, and return the jobs."""
        return self._on_main("schedule", {"schedule": "*/15 * * * *"})

    def dispatch(self, file: str, **inputs: str) -> list[Job]:
        """Start a workflow by hand on the protected branch."""
        return self._on_main("workflow_dispatch", {"inputs": inputs}, file)

    def settle(self, by: str) -> list[Job]:
        """Raise the events of what was pushed since, and of what runs asked for."""
        before, self._seen = self._seen, self.refs()
        changed = [name for name, oid in self._seen.items() if before.get(name) != oid]
        tags = [name for name in changed if name.startswith("refs/tags/")]
        ran: list[Job] = []
        for name in changed:
            if name not in tags or len(tags) <= MOST_TAGS:
                ran += self._pushed(name, before.get(name), by)
        return ran

    # --- events -----------------------------------------------------------------------------

    def _pushed(self, ref: str, before: str | None, by: str) -> list[Job]:
        commit = self.remote.git("rev-parse", f"{ref}^{{commit}}")
        payload = {"ref": ref, "before": before or "0" * 40, "after": commit}
        event = Event(
            name="push", ref=ref, commit=commit, workflows_at=commit, payload=payload, actor=by
        )
        ran = self._run(event)
        for pull in list(self.pulls.values()):
            if f"refs/heads/{pull.branch}" == ref and not pull.from_fork:
                self.pulls[pull.number] = replace(pull, head=commit)
                self.forge.moved(pull.number, commit)
                ran += self._pull_request(self.pulls[pull.number], "synchronize")
        return ran

    def _pull_request(self, pull: Pull, action: str) -> list[Job]:
        commit = self._merge_of(pull)
        owner = pull.author if pull.from_fork else self.repository.partition("/")[0]
        full = f"{owner}/shop"
        head = {"ref": pull.branch, "sha": pull.head, "repo": {"full_name": full}}
        head["repo"]["fork"] = pull.from_fork
        base: dict[str, Any] = {"ref": pull.base, "repo": {"full_name": self.repository}}
        base["sha"] = self.refs()[f"refs/heads/{pull.base}"]
        request = {"number": pull.number, "title": pull.title, "head": head, "base": base}
        request["user"] = {"login": pull.author}
        event = Event(
            name="pull_request",
            ref=f"refs/pull/{pull.number}/merge",
            commit=commit,
            workflows_at=commit,
            payload={"action": action, "number": pull.number, "pull_request": request},
            actor=pull.author,
            base=pull.base,
            head=pull.branch,
            from_fork=pull.from_fork,
        )
        return self._run(event)

    def _merge_of(self, pull: Pull) -> str:
        """Make the merge commit that a pull request is tried with, and return it."""
        base, tree = self.refs()[f"refs/heads/{pull.base}"], None
        self.remote.git("update-ref", f"refs/pull/{pull.number}/head", pull.head)
        tree = self.remote.git("merge-tree", "--write-tree", base, pull.head).splitlines()[0]
        text = f"Merge {pull.head} into {base}".encode()
        parents = ("-p", base, "-p", pull.head)
        commit = self.remote.git("commit-tree", tree, *parents, stdin=text)
        self.remote.git("update-ref", f"refs/pull/{pull.number}/merge", commit)
        return commit

    def _on_main(self, name: str, payload: dict[str, Any], file: str | None = None) -> list[Job]:
        tip = self.refs()[f"refs/heads/{self.protected}"]
        ref = f"refs/heads/{self.protected}"
        event = Event(name=name, ref=ref, commit=tip, workflows_at=tip, payload=payload, file=file)
        return self._run(event)

    def _run(self, event: Event) -> list[Job]:
        """Run what an event starts, and then what those runs started."""
        if not self.listens:
            return []
        ran = self._runner.run(event)
        assert self.refs() == self._seen or event.name == "merge_group", "a job pushed something"
        self.ran += ran
        for asked in self.forge.dispatched():
            assert asked["ref"] in {self.protected, f"refs/heads/{self.protected}"}, asked
            ran += self.dispatch(asked["workflow"], **asked["inputs"])
        return ran
