"""Builds real git repositories for tests: fast, the same each time, blind to the machine's config.

repository = Repository(tmp_path / "shop")
commit = repository.commit({"environments/pipeline.yaml": "…"})
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

AUTHOR = {
    "GIT_AUTHOR_NAME": "Ana Author",
    "GIT_AUTHOR_EMAIL": "ana@example.com",
    "GIT_COMMITTER_NAME": "Ana Author",
    "GIT_COMMITTER_EMAIL": "ana@example.com",
}
ENVIRONMENT = {
    **AUTHOR,
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}
_FIRST_MOMENT = 1_767_225_600  # 2026-01-01T00:00:00Z; each commit is a minute later


class Signer:
    """An SSH key in a folder: `key` is the private half, `principal` whose it is."""

    def __init__(
        self, folder: Path, principal: str = "ana@example.com", *, type: str = "ed25519"
    ) -> None:
        """Make the key."""
        folder.mkdir(parents=True, exist_ok=True)
        self.principal = principal
        self.key = folder / f"{principal}-{type}"
        options = ("-q", "-t", type, "-N", "", "-C", principal, "-f", str(self.key))
        subprocess.run(["ssh-keygen", *options], check=True, stdin=subprocess.DEVNULL)

    @property
    def public(self) -> str:
        """The public half: type and key."""
        return " ".join(self.key.with_name(f"{self.key.name}.pub").read_text().split()[:2])

    def line(self, options: str = "", principals: str | None = None) -> str:
        """Return the line of a file of allowed signers."""
        words = (principals or self.principal, options, self.public)
        return " ".join(filter(None, words)) + "\n"

    def sign(self, payload: bytes, namespace: str = "git") -> str:
        """Return the signature of a payload."""
        done = subprocess.run(
            ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.key)],
            input=payload,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("ascii")


def allowed_signers(*signers: Signer) -> str:
    """Return a file of allowed signers with a line for each."""
    return "".join(signer.line() for signer in signers)


class Repository:
    """A git repository in a folder, made on branch `main` unless another is named."""

    def __init__(
        self, root: Path, *, branch: str = "main", bare: bool = False, ids: str = "sha1"
    ) -> None:
        """Make the repository; an existing one is taken as it is."""
        self.root = root
        self._moment = _FIRST_MOMENT
        root.mkdir(parents=True, exist_ok=True)
        if not (root / ".git").exists() and not (root / "HEAD").exists():
            kind = (f"--object-format={ids}", *(("--bare",) if bare else ()))
            self.git("init", "--quiet", "--template=", f"--initial-branch={branch}", *kind)

    def git(self, *argv: str, stdin: bytes = b"", **variables: str) -> str:
        """Run git in the repository and return its output without the last line's end."""
        moment = f"{self._moment} +0000"
        dates = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        done = subprocess.run(
            ["git", *argv],
            cwd=self.root,
            env={**ENVIRONMENT, **dates, **variables},
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"git {argv} failed: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files into the working tree, making folders as needed."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def remove(self, *names: str) -> None:
        """Remove files from the working tree."""
        for name in names:
            (self.root / name).unlink()

    def commit(
        self, files: Mapping[str, str | bytes] | None = None, message: str = "A change"
    ) -> str:
        """Write files, commit all that is not ignored, and return the commit's id."""
        self.write(files or {})
        self._moment += 60
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", f"--message={message}")
        return self.head

    @property
    def head(self) -> str:
        """The id of the commit that is checked out."""
        return self.git("rev-parse", "--verify", "HEAD")

    def tag(self, name: str, message: str | None = None, target: str = "HEAD") -> str:
        """Make a tag, annotated when there is a message, and return its object's id."""
        annotated = () if message is None else ("--annotate", f"--message={message}")
        self.git("tag", *annotated, name, target)
        return self.git("rev-parse", "--verify", f"refs/tags/{name}")

    def signed_tag(self, name: str, key: Path, message: str = "A tag", target: str = "HEAD") -> str:
        """Make a tag signed with an SSH key, by git itself, and return its object's id."""
        config = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
        self.git(*config, "tag", "--sign", f"--message={message}", name, target)
        return self.git("rev-parse", "--verify", f"refs/tags/{name}")

    def merge(self, branch: str, message: str = "Merge") -> str:
        """Merge a branch into the one that is checked out, with a merge commit."""
        self._moment += 60
        self.git("merge", "--quiet", "--no-ff", "--no-verify", f"--message={message}", branch)
        return self.head

    def squash(self, branch: str, message: str = "Squash") -> str:
        """Merge a branch into the one that is checked out as one commit of its own."""
        self.git("merge", "--quiet", "--squash", branch)
        return self.commit(message=message)

    def rebase(self, branch: str) -> str:
        """Merge a branch into the one that is checked out by copies of its commits."""
        into = self.git("symbolic-ref", "--short", "HEAD")
        self._moment += 60
        self.git("rebase", "--quiet", "--no-verify", "--force-rebase", into, branch)
        self.git("switch", "--quiet", into)
        self.git("merge", "--quiet", "--ff-only", branch)
        return self.head

    def switch(self, branch: str, *, create: bool = False) -> None:
        """Check a branch out."""
        self.git("switch", "--quiet", *(("--create",) if create else ()), branch)

    def blob(self, content: bytes) -> str:
        """Write a blob as it is and return its id."""
        return self.git("hash-object", "-w", "--stdin", "--no-filters", stdin=content)

    def commit_tree(self, entries: Mapping[str, tuple[str, str]], message: str = "A change") -> str:
        """Commit `{path: (mode, id)}` on no history without touching checkout or branches.

        Symlinks, submodules and names no checkout could hold are made this way.
        """
        index = str(self.root / ".git" / "made-index")
        lines = "".join(f"{mode} {oid}\t{path}\0" for path, (mode, oid) in entries.items())
        raw = lines.encode("utf-8", "surrogateescape")
        self.git("update-index", "-z", "--index-info", stdin=raw, GIT_INDEX_FILE=index)
        tree = self.git("write-tree", "--missing-ok", GIT_INDEX_FILE=index)
        Path(index).unlink()
        return self.git("commit-tree", tree, stdin=message.encode())

    def import_files(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Commit thousands of files at once on no history, packed, without a checkout."""
        parts = [f"commit refs/heads/{branch}\ncommitter Ana <ana@example.com> ".encode()]
        parts.append(f"{self._moment} +0000\ndata 1\nx\n".encode())
        for name, content in files.items():
            parts.append(f"M 100644 inline {name}\ndata {len(content)}\n".encode())
            parts.append(content + b"\n")
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(parts))
        return self.git("rev-parse", "--verify", f"refs/heads/{branch}")
