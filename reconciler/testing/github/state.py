"""What the forge holds: one repository with its pull requests and what is said of its commits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
NO_COMMIT = "0" * 40
_LISTS = (
    *("pulls", "comments", "reviews", "checks", "statuses", "deployments", "deployment_statuses"),
    *("releases", "rulesets", "environments", "dispatches"),
)
_MAPS = ("tags", "branches", "brought", "protection", "rules", "policies")
_SIMPLE = ("head_repository", "body", "merge_commit", "merged_at", "closed_at")


def utc_now() -> str:
    """Return the moment, as the API shows it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class GitHubState:
    """One repository, in memory, and (`path`) in a file that is written after every change.

    Its lists and mappings are in `all`; `git` is a bare repository whose tags and branches are
    there too. Whoever reads or writes holds the `lock`.
    """

    def __init__(
        self,
        repository: str = "owner/repository",
        *,
        path: Path | None = None,
        git: Path | None = None,
        now: Callable[[], str] = utc_now,
    ) -> None:
        """Take its name (`owner/name`), and begin with what the file remembers."""
        self.repository = repository
        self.lock = threading.RLock()
        self.git = git
        self._path = path
        self._now = now
        self.all: dict[str, Any] = {
            "next": 1,
            **{name: [] for name in _LISTS},
            **{name: {} for name in _MAPS},
        }
        if path is not None and path.is_file():
            self.all |= json.loads(path.read_text())

    def save(self) -> None:
        """Write the file, if there is one."""
        if self._path is not None:
            beside = self._path.with_suffix(".new")
            beside.write_text(json.dumps(self.all))
            beside.replace(self._path)

    def entries(self, kind: str, **wanted: Any) -> list[Entry]:
        """Return entries that have these values, oldest first."""
        return [
            each
            for each in self.all[kind]
            if all(each.get(name) == value for name, value in wanted.items())
        ]

    def one(self, kind: str, **wanted: Any) -> Entry | None:
        """Return the newest entry that has these values, None if there is none."""
        return next(reversed(self.entries(kind, **wanted)), None)

    def add(self, kind: str, **fields: Any) -> Entry:
        """Add an entry, with an id."""
        entry = {"id": self._id(), **fields}
        self.all[kind].append(entry)
        self.save()
        return entry

    def remove(self, kind: str, entry: Mapping[str, Any]) -> None:
        """Take an entry away."""
        self.all[kind] = [each for each in self.all[kind] if each["id"] != entry["id"]]
        self.save()

    def now(self) -> str:
        """Return the moment."""
        return self._now()

    def open_pull(self, given: Mapping[str, Any], author: str) -> Entry:
        """Open a pull request from the branch `head`, here or of the fork `head_repository`."""
        head, now = given["head"], self.now()
        commit = given.get("head_commit") or self.ref(f"heads/{head}") or NO_COMMIT
        number = 1 + max((each["number"] for each in self.all["pulls"]), default=0)
        return self.add(
            "pulls",
            **{
                **dict.fromkeys(_SIMPLE),
                "number": number,
                "title": given.get("title") or "",
                "body": given.get("body"),
                "author": given.get("author") or author,
                "head": head,
                "head_commit": commit,
                "head_repository": given.get("head_repository", self.repository),
                "base": given.get("base") or "main",
                "base_commit": self.ref(f"heads/{given.get('base') or 'main'}") or NO_COMMIT,
                "state": "open",
                "created_at": now,
                "updated_at": now,
            },
        )

    def head_of(self, pull: Mapping[str, Any]) -> str:
        """Return the newest commit of a pull request: where its branch is now, in `git`."""
        if self.git is not None and pull["state"] == "open":
            found = self.ref(f"heads/{pull['head']}")
            return found or str(pull["head_commit"])
        return str(pull["head_commit"])

    def comment(self, pull: int, author: str, body: str) -> Entry:
        """Add a comment."""
        now = self.now()
        return self.add(
            "comments", pull=pull, author=author, body=body, created_at=now, updated_at=now
        )

    def edit(self, kind: str, entry: Entry, **fields: Any) -> Entry:
        """Change fields of an entry."""
        entry.update(fields)
        self.save()
        return entry

    def ref(self, name: str) -> str | None:
        """Return where a ref (`tags/…`, `heads/…`) is, None if it is not there."""
        kind, _, short = name.partition("/")
        told: Mapping[str, str] = self.all["tags" if kind == "tags" else "branches"]
        return told.get(short) or self._in_git(f"refs/{name}")

    def latest(self, commit: str) -> Sequence[Entry]:
        """Return the newest status of each context."""
        found = {each["context"]: each for each in self.entries("statuses", commit=commit)}
        return list(found.values())

    def _in_git(self, ref: str) -> str | None:
        """Return what a ref of the bare repository names, as its files say."""
        if self.git is None or ".." in ref:
            return None
        loose, packed = self.git / ref, self.git / "packed-refs"
        if loose.is_file():
            return loose.read_text().strip()
        lines = packed.read_text().splitlines() if packed.is_file() else []
        return next((line.split()[0] for line in lines if line.endswith(f" {ref}")), None)

    def _id(self) -> int:
        self.all["next"] += 1
        return int(self.all["next"])
