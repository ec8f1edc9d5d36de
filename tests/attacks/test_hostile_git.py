"""Hostile repositories, remotes and machines: what must happen when git is read.

The numbers are those of the catalogue of cases (22 to 35). Left to others, as they are decided
above git: 24 (errors of the loader echo no content), the identifiers of manifests in 23 and 30,
the floor for git's version in 34 (`doctor`).
"""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.adapters.git.objects import MAX_BYTES
from reconciler.adapters.git.private import PrivateDirectory, find
from reconciler.adapters.git.remote import Remotes
from reconciler.adapters.git.repository import open_repository
from reconciler.core.errors import NotFound, ReconcilerError, RepositoryError
from reconciler.core.paths import colliding, path_problem
from reconciler.ports import Commit, Snapshot
from tests.repositories import AUTHOR, Repository

SECRET = "c4n4ry-s3cr3t"
OUTSIDE = "content of a file outside"


def program(path: Path, script: str) -> Path:
    """Write an executable shell script."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def commit_raw_tree(made: Repository, tree: bytes) -> str:
    """Commit a tree object byte for byte, however odd, and return the commit's id."""
    oid = made.git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", stdin=tree)
    return made.git("commit-tree", oid, stdin=b"x")


def entry(mode: str, name: bytes, oid: str) -> bytes:
    """Return one entry of a tree object."""
    return mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid)


def loose_object(made: Repository, oid: str) -> Path:
    """Return the file of a loose object, made writable."""
    path = made.root / ".git" / "objects" / oid[:2] / oid[2:]
    if path.exists():
        path.chmod(0o644)
    path.parent.mkdir(exist_ok=True)
    return path


def problems(snapshot: Snapshot, folder: str = "environments") -> dict[str, str | None]:
    """Return what is wrong with each listed file."""
    return {file.path: path_problem(file) for file in snapshot.files(folder)}


def read_all(snapshot: Snapshot, folder: str = "environments") -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {file.path: data for file, data in snapshot.read(snapshot.files(folder))}


# --- 22: symlinks -----------------------------------------------------------------------------


@pytest.fixture
def linked(tmp_path: Path) -> Repository:
    """A repository whose files and folders are symlinks to what lies outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(OUTSIDE)
    made = Repository(tmp_path / "shop")
    made.write({"environments/dev/real.yaml": "a: 1\n"})
    folder = made.root / "environments" / "dev"
    (folder / "absolute.yaml").symlink_to(outside / "secret.yaml")
    (folder / "relative.yaml").symlink_to("../../../outside/secret.yaml")
    (folder / "chain.yaml").symlink_to("relative.yaml")
    (folder / "dangling.yaml").symlink_to("nowhere")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "folder").symlink_to(outside)
    made.commit()
    return made


@pytest.mark.parametrize("kind", ["commit", "worktree"])
def test_22_symlinks_are_listed_and_refused(linked: Repository, kind: str) -> None:
    """Every symlink is listed as one, is refused by name, and nothing behind it is listed."""
    opened = open_repository(linked.root)
    snapshot = opened.snapshot("HEAD") if kind == "commit" else opened.worktree()

    found = problems(snapshot)

    assert found.pop("environments/dev/real.yaml") is None
    assert len(found) == 6
    assert all("is a symlink" in str(problem) for problem in found.values())


@pytest.mark.parametrize("swapped", ["file", "folder", "fifo", "gone", "other bytes"])
def test_22_what_is_swapped_after_the_listing_is_not_read(tmp_path: Path, swapped: str) -> None:
    """A file that became something else is refused by name, a symlink even for equal bytes."""
    made = Repository(tmp_path / "shop")
    made.write({"environments/dev/a.yaml": "a: 1\n", "outside/a.yaml": "a: 1\n"})
    worktree = open_repository(made.root).worktree()
    listed = worktree.files("environments")
    folder = made.root / "environments" / "dev"
    file = folder / "a.yaml"
    file.unlink()
    match swapped:
        case "file":
            file.symlink_to(made.root / "outside" / "a.yaml")
        case "folder":
            folder.rmdir()
            folder.symlink_to(made.root / "outside")
        case "fifo":
            os.mkfifo(file)
        case "other bytes":
            file.write_text(OUTSIDE)

    with pytest.raises(RepositoryError) as caught:
        list(worktree.read(listed))

    assert "environments/dev/a.yaml changed while it was read" in str(caught.value)
    assert OUTSIDE not in str(caught.value)


def test_22_special_files_are_neither_opened_nor_waited_for(tmp_path: Path) -> None:
    """A fifo, a socket or a device below the folder is listed as no regular file."""
    made = Repository(tmp_path)
    made.write({"environments/a.yaml": "a: 1\n"})
    os.mkfifo(tmp_path / "environments" / "fifo.yaml")

    assert problems(open_repository(tmp_path).worktree()) == {
        "environments/a.yaml": None,
        "environments/fifo.yaml": "is not a regular file; remove it",
    }


# --- 23, 29, 30: names ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        b"..",
        b".",
        b"",
        b".git",
        b".GIT",
        b"a\nb.yaml",
        b"a\x1b[31m.yaml",
        b"\xff.yaml",
        b"..\\x.yaml",
        b"%2e%2e",
        b"trailing.",
        b"trailing ",
        b"CON.yaml",
        b"n" * 300,
        "pr\u043ed.yaml".encode(),
        "a\u202elmay.yaml".encode(),
        "a\u200b.yaml".encode(),
        b"\\UFFFFFFFF.yaml",
        b"\\ud800.yaml",
    ],
)
def test_23_names_no_checkout_would_hold_are_refused(tmp_path: Path, name: bytes) -> None:
    """However a tree names its entries, the listing is printable and the name is refused."""
    made = Repository(tmp_path)
    blob = made.blob(b"a: 1\n")
    inner = made.git(
        "hash-object",
        "-t",
        "tree",
        "--literally",
        "-w",
        "--stdin",
        stdin=entry("100644", name, blob),
    )
    commit = commit_raw_tree(made, entry("40000", b"environments", inner))

    try:
        found = problems(open_repository(tmp_path).snapshot(commit))
    except RepositoryError as error:  # git itself refuses the tree
        found = {"": str(error)}

    assert len(found) == 1
    assert all(found.values())
    assert all(path.isprintable() for path in found)


@pytest.mark.parametrize(
    "names",
    [
        ["a.yaml", "A.yaml"],
        ["caf\u00e9.yaml", "cafe\u0301.yaml"],
        ["dir/a.yaml", "DIR/b.yaml"],
        ["stra\u00dfe.yaml", "STRASSE.yaml"],
    ],
)
def test_29_names_that_become_one_elsewhere_are_told(tmp_path: Path, names: list[str]) -> None:
    """Names that some file system takes for one are found in a commit, both named."""
    made = Repository(tmp_path)
    blob = made.blob(b"a: 1\n")
    commit = made.commit_tree({f"environments/{name}": ("100644", blob) for name in names})

    paths = [file.path for file in open_repository(tmp_path).snapshot(commit).files("environments")]

    assert len(colliding(paths)) == 1


def test_29_a_file_and_a_folder_of_one_name_are_told(tmp_path: Path) -> None:
    """A forged tree with a file and a folder of one name is found out."""
    made = Repository(tmp_path)
    blob = made.blob(b"a: 1\n")
    inner = made.git("mktree", stdin=f"100644 blob {blob}\tx.yaml\n".encode())
    both = entry("100644", b"same", blob) + entry("40000", b"same", inner)
    snapshot = open_repository(tmp_path).snapshot(commit_raw_tree(made, both))

    assert colliding(file.path for file in snapshot.files("")) == [("same", "same")]


def test_29_a_file_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    """A forged tree that holds one name twice cannot show one content and apply the other."""
    made = Repository(tmp_path)
    twice = [entry("100644", b"a.yaml", made.blob(data)) for data in (b"a: 1\n", b"a: 2\n")]
    snapshot = open_repository(tmp_path).snapshot(commit_raw_tree(made, b"".join(twice)))

    with pytest.raises(RepositoryError, match=r"lists one name twice: a\.yaml"):
        snapshot.files("")


# --- 25: submodules ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["module", "module\r", "a..b"])
def test_25_submodules_are_told_and_never_entered(tmp_path: Path, path: str) -> None:
    """A gitlink is listed as one whatever its path and `.gitmodules` say; nothing is fetched."""
    made = Repository(tmp_path / "shop")
    inner = Repository(tmp_path / "inner")
    inner.commit({"a.yaml": OUTSIDE})
    modules = f'[submodule "../../x"]\n\tpath = {path}\n\turl = {inner.root}\n\tupdate = !touch x\n'
    commit = made.commit_tree(
        {
            ".gitmodules": ("100644", made.blob(modules.encode())),
            f"environments/{path}": ("160000", inner.head),
        }
    )
    snapshot = open_repository(made.root).snapshot(commit)

    (problem,) = problems(snapshot).values()

    assert "is a submodule" in str(problem)
    with pytest.raises(RepositoryError, match="is a submodule and is not read"):
        read_all(snapshot)


# --- 26: what runs ----------------------------------------------------------------------------

HOOKS = [
    "applypatch-msg",
    "commit-msg",
    "fsmonitor-watchman",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-rewrite",
    "pre-auto-gc",
    "pre-commit",
    "pre-push",
    "prepare-commit-msg",
    "reference-transaction",
    "update",
]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A program that leaves a file when it runs."""
    return program(tmp_path / "canary", f'touch "{tmp_path}/ran-$(basename "$0")-$$"; cat')


@pytest.fixture
def armed(tmp_path: Path, canary: Path) -> Repository:
    """A repository in which everything that can name a program names the canary."""
    made = Repository(tmp_path / "shop")
    made.commit({"environments/a.yaml": "a: 1\n", "environments/b.bin": "b\n"})
    made.tag("v1", "One")
    made.write({".gitattributes": "* filter=canary diff=canary merge=canary ident\n"})
    made.commit()
    hooks = made.root / ".git" / "hooks"
    hooks.mkdir()
    for name in HOOKS:
        program(hooks / name, f'exec "{canary}"')
    keys = [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.askPass",
        "core.gitProxy",
        "core.alternateRefsCommand",
        "core.hooksPath",
        "credential.helper",
        "diff.external",
        "diff.canary.textconv",
        "diff.canary.command",
        "filter.canary.clean",
        "filter.canary.smudge",
        "filter.canary.process",
        "merge.canary.driver",
        "gpg.program",
        "gpg.ssh.program",
        "uploadpack.packObjectsHook",
        "remote.origin.uploadpack",
        "remote.origin.vcs",
        "alias.ls-tree",
        "alias.cat-file",
        "alias.for-each-ref",
        "browser.web.cmd",
        "trailer.x.command",
    ]
    values = {key: f"!{canary}" if key.startswith("alias") else str(canary) for key in keys}
    values |= {
        "core.hooksPath": str(hooks),
        "core.worktree": "/etc",
        "core.attributesFile": str(made.root / ".gitattributes"),
        "commit.gpgSign": "true",
        "tag.gpgSign": "true",
        "log.showSignature": "true",
        "filter.canary.required": "true",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
        "init.templateDir": str(hooks),
        "maintenance.auto": "true",
        "gc.auto": "1",
    }
    included = tmp_path / "included"
    for key, value in values.items():
        made.git("config", "--file", str(included), key, value)
    made.git("config", "include.path", str(included))
    return made


def ran(tmp_path: Path) -> list[str]:
    """Return the traces that canaries left."""
    return sorted(path.name for path in tmp_path.glob("ran-*"))


def test_26_the_canaries_sing(tmp_path: Path, armed: Repository) -> None:
    """The trap is live: git by itself runs what the repository's config names."""
    with suppress(AssertionError):  # the canary is a poor filter, but it ran
        armed.git("-c", f"core.worktree={armed.root}", "status")

    assert ran(tmp_path)


def test_26_nothing_of_the_repository_runs_when_it_is_read(
    tmp_path: Path, armed: Repository
) -> None:
    """Reading refs, commits, files and the working tree runs no hook, filter or helper."""
    (armed.root / "environments" / "a.yaml").write_text("a: 2\n")
    os.utime(armed.root / "environments" / "b.bin", (1, 1))

    opened = open_repository(armed.root)
    commit = opened.resolve("HEAD")
    read_all(opened.snapshot("main"))
    read_all(opened.worktree())
    opened.protected("main")
    opened.resolve("v1")
    opened.resolve(commit[:8])
    opened.branches()
    opened.ahead(commit, opened.resolve("HEAD~1"))
    opened.commit_info(commit)

    assert opened.root == armed.root
    assert opened.uncommitted("environments", commit)
    assert ran(tmp_path) == []


def test_26_nothing_of_the_repository_runs_when_it_is_fetched_or_written(
    tmp_path: Path, armed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fetch and a commit by plumbing run no hook, filter or helper, on either side."""
    for name, value in AUTHOR.items():
        monkeypatch.setenv(name, value)
    mirror = tmp_path / "mirror"
    armed.git("clone", "--quiet", "--bare", "--no-local", str(armed.root), str(mirror))
    alternate = armed.root / ".git" / "objects" / "info" / "alternates"
    alternate.write_text(f"{mirror}/objects\n")
    for trace in tmp_path.glob("ran-*"):
        trace.unlink()
    remote = Repository(tmp_path / "remote")
    remote.import_files({"environments/a.yaml": b"a: 3\n"})
    (remote.root / ".git" / "config").write_text((armed.root / ".git" / "config").read_text())
    opened = open_repository(armed.root)

    opened.fetch("main", url=str(remote.root))
    opened.commit_files(
        Commit(branch="made", message="x", files={"a": b"1"}, parent=opened.resolve("HEAD"))
    )

    assert ran(tmp_path) == []


def test_26_an_embedded_bare_repository_is_not_taken(tmp_path: Path) -> None:
    """A folder that looks like a bare repository inside a working tree is refused, both named."""
    made = Repository(tmp_path)
    made.write({"environments/x/HEAD": "ref: refs/heads/main\n", "environments/x/config": ""})
    (tmp_path / "environments/x/objects").mkdir()
    (tmp_path / "environments/x/refs").mkdir()

    with pytest.raises(RepositoryError, match="is a bare repository inside the working tree of"):
        open_repository(tmp_path / "environments" / "x")
    assert open_repository(tmp_path / "environments" / "x" / "refs").root == tmp_path


def test_26_another_owner_is_no_obstacle_to_reading(tmp_path: Path) -> None:
    """A repository and a local remote of another user are read; nothing in them runs anyway."""
    remote = Repository(tmp_path / "remote")
    remote.commit({"environments/a.yaml": "a: 1\n"})
    made = Repository(tmp_path / "shop")
    private = PrivateDirectory(find(made.root))
    as_other = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    command = replace(private.command(), variables=as_other)

    with pytest.raises(AssertionError, match="dubious ownership"):
        made.git("status", GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    Remotes(command=command, place=find(made.root), directory=private.path).fetch(
        "main", str(remote.root)
    )
    assert remote.head in command.need("for-each-ref").text


# --- 9 and 27: what changes bytes -------------------------------------------------------------


def test_27_bytes_are_those_of_the_blob(tmp_path: Path) -> None:
    """Filters, line ends, ident, encodings, export-ignore and export-subst change nothing."""
    made = Repository(tmp_path)
    files = {
        "environments/eol.yaml": b"a: 1\nb: 2\n",
        "environments/crlf.yaml": b"a: 1\r\nb: 2\r\n",
        "environments/ident.yaml": b"id: $Id$\n",
        "environments/subst.yaml": b"at: $Format:%H$\n",
        "environments/secret.yaml": b"hidden: 1\n",
        "environments/wide.yaml": "ä: 1\n".encode(),
    }
    oids = {path: ("100644", made.blob(data)) for path, data in files.items()}
    attributes = (
        b"* text=auto eol=crlf ident filter=x\n*.yaml working-tree-encoding=UTF-16\n"
        b"secret.yaml export-ignore\nsubst.yaml export-subst\n"
    )
    both = {".gitattributes": ("100644", made.blob(attributes))}
    both["environments/.gitattributes"] = both[".gitattributes"]
    commit = made.commit_tree(oids | both)
    made.git("config", "core.autocrlf", "true")

    found = read_all(open_repository(tmp_path).snapshot(commit))

    assert found.pop("environments/.gitattributes") == attributes
    assert found == files


def test_27_the_working_tree_is_read_as_it_lies(tmp_path: Path) -> None:
    """The bytes of the working tree are hashed and read without any conversion."""
    made = Repository(tmp_path)
    made.git("config", "core.autocrlf", "true")
    made.write({".gitattributes": "* text eol=lf\n", "environments/a.yaml": b"a: 1\r\n"})

    worktree = open_repository(tmp_path).worktree()

    assert read_all(worktree) == {"environments/a.yaml": b"a: 1\r\n"}
    assert worktree.files("environments")[0].oid == made.blob(b"a: 1\r\n")


@pytest.mark.parametrize("kind", ["blob", "commit"])
def test_9_replace_refs_replace_nothing(tmp_path: Path, kind: str) -> None:
    """`refs/replace` swaps neither content nor history."""
    made = Repository(tmp_path)
    good = made.commit({"environments/a.yaml": "good: 1\n"})
    evil = made.commit({"environments/a.yaml": "evil: 1\n"})
    if kind == "commit":
        made.git("replace", good, evil)
    else:
        made.git("replace", f"{good}:environments/a.yaml", f"{evil}:environments/a.yaml")
    assert "evil" in made.git("show", f"{good}:environments/a.yaml")

    opened = open_repository(tmp_path)

    assert read_all(opened.snapshot(good)) == {"environments/a.yaml": b"good: 1\n"}
    assert opened.ahead(evil, good) == 1


def test_9_grafts_and_commit_graphs_change_no_history(tmp_path: Path) -> None:
    """A grafts file makes nobody an ancestor."""
    made = Repository(tmp_path)
    protected = made.commit({"environments/a.yaml": "a: 1\n"})
    stray = made.commit_tree({"x": ("100644", made.blob(b"x"))})
    info = tmp_path / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "grafts").write_text(f"{protected} {stray}\n")
    assert made.git("rev-list", "--count", f"{stray}..{protected}") == "1"
    assert made.git("rev-list", "--count", f"{protected}..{stray}") == "0"

    assert open_repository(tmp_path).ahead(stray, protected) == 1


# --- 13 and 28: names as options, refs and protocols --------------------------------------------


@pytest.mark.parametrize(
    "ref",
    [
        "--output=ran-x",
        "--upload-pack=touch ran-x",
        "-u/ran-x",
        "--end-of-options",
        "--all",
        "^main",
        "main:environments/a.yaml",
        ":/change",
        "main@{upstream}",
        "main\nHEAD",
        "main^{/change}",
        "$(touch ran-x)",
        "`touch ran-x`",
        'zzz";touch${IFS}ran-x;#',
    ],
)
def test_28_texts_for_refs_are_never_more(tmp_path: Path, ref: str) -> None:
    """A text that is no ref name is not found, and nothing comes of it."""
    made = Repository(tmp_path)
    made.commit({"environments/a.yaml": "a: 1\n"})
    opened = open_repository(tmp_path)

    for ask in (opened.resolve, opened.snapshot, opened.protected, opened.fetch):
        with pytest.raises(ReconcilerError) as caught:
            ask(ref)
        assert str(caught.value).isprintable()
    assert not list(tmp_path.rglob("ran-*"))


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% {}/ran-x",
        "--upload-pack=touch {}/ran-x",
        "fd::7",
        "git://localhost/x",
        "http://localhost/x",
        "file://{}/remote",
        "ssh://-oProxyCommand=touch%20{}/ran-x/x",
        "-oProxyCommand=touch:x",
        "https://localhost/\nurl=x",
    ],
)
def test_28_remotes_of_other_kinds_are_refused(tmp_path: Path, url: str) -> None:
    """A remote that is not https, ssh or a local path is refused, wherever it was written."""
    remote = Repository(tmp_path / "remote")
    remote.commit({"environments/a.yaml": "a: 1\n"})
    made = Repository(tmp_path / "shop")
    made.git("config", "remote.origin.url", url.format(tmp_path))
    made.git("config", "protocol.allow", "always")

    with pytest.raises(RepositoryError, match="is refused"):
        open_repository(made.root).fetch("main")
    assert ran(tmp_path) == []
    assert made.git("for-each-ref") == ""


def test_28_a_rewritten_url_is_not_followed(tmp_path: Path) -> None:
    """`insteadOf` and a remote called like the URL have no say."""
    remote = Repository(tmp_path / "remote")
    remote.commit({"environments/a.yaml": "a: 1\n"})
    made = Repository(tmp_path / "shop")
    made.git("config", f"url.ext::sh -c touch% {tmp_path}/ran-x .insteadOf", f"{remote.root}")
    made.git("config", f"remote.{remote.root}.uploadpack", f"touch {tmp_path}/ran-y; false")
    made.git("config", "remote.origin.url", str(remote.root))

    assert open_repository(made.root).fetch("main") == remote.head
    assert ran(tmp_path) == []


@pytest.mark.parametrize(
    ("evil", "asked"),
    [
        ("refs/tags/refs/heads/trunk", "refs/heads/trunk"),
        ("refs/heads/refs/tags/v1", "refs/tags/v1"),
        ("refs/tags/HEAD", "missing/HEAD"),
        ("refs/remotes/trunk/HEAD", "trunk"),
        ("refs/trunk", "trunk"),
    ],
)
def test_13_a_ref_cannot_stand_in_for_another(tmp_path: Path, evil: str, asked: str) -> None:
    """What does not exist under its full name is not found, however a ref is called."""
    made = Repository(tmp_path)
    made.git("update-ref", evil, made.commit({"a": "1"}))

    with pytest.raises(NotFound):
        open_repository(tmp_path).resolve(asked)


def test_13_a_branch_called_like_a_commit_is_not_the_commit(tmp_path: Path) -> None:
    """A full id is always the object; a short one that is also a branch is ambiguous."""
    made = Repository(tmp_path)
    commit = made.commit({"a": "1"})
    other = made.commit({"a": "2"})
    made.git("update-ref", f"refs/heads/{commit}", other)
    made.git("update-ref", f"refs/heads/{commit[:8]}", other)
    opened = open_repository(tmp_path)

    assert opened.resolve(commit) == commit
    with pytest.raises(RepositoryError, match="is ambiguous"):
        opened.resolve(commit[:8])


def test_13_an_unborn_head_is_not_replaced_by_a_tag(tmp_path: Path) -> None:
    """HEAD of a branch without commits is not found, though a tag is called HEAD."""
    made = Repository(tmp_path)
    stray = made.commit_tree({"x": ("100644", made.blob(b"x"))})
    made.git("update-ref", "refs/tags/HEAD", stray)
    made.git("update-ref", "refs/heads/HEAD", stray)

    with pytest.raises(NotFound, match="has no commit yet"):
        open_repository(tmp_path).resolve("HEAD")


# --- 31: control characters ---------------------------------------------------------------------


def test_31_what_a_server_says_is_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Escape sequences from the other side do not reach a terminal, nor do credentials."""
    saying = r"printf '\033]0;title\007\033[2Jremote: https://u:%s@h/x\n'"
    ssh = program(tmp_path / "ssh", f"{saying} {SECRET} >&2; exit 1")
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    Repository(tmp_path / "shop")

    with pytest.raises(RepositoryError) as caught:
        open_repository(tmp_path / "shop").fetch("main", url="ssh://git@example.com/x.git")

    assert "\\x1b]0;title\\x07" in str(caught.value)
    assert str(caught.value).isprintable()
    assert SECRET not in str(caught.value)


def test_31_what_a_commit_says_is_made_visible(tmp_path: Path) -> None:
    """Control and bidirectional characters of author and subject are shown, whatever the bytes."""
    made = Repository(tmp_path)
    tree = made.git("mktree", stdin=b"")
    for author, encoding in (
        (b"E\x1b[31mvil \xe2\x80\xae <a\x07@b>", b""),
        (b"\xe4 <a@b>", b"encoding latin1\n"),
        (b"nobody", b"encoding idna\n"),
    ):
        raw = b"tree %s\nauthor %s 99999999999999999 +9900\ncommitter x <x> 1 +0000\n%s\n%s" % (
            tree.encode(),
            author,
            encoding,
            b"\x1b]8;;x\x07s\r\n\nbody",
        )
        commit = made.git("hash-object", "-t", "commit", "--literally", "-w", "--stdin", stdin=raw)

        info = open_repository(tmp_path).commit_info(commit)

        assert f"{info.author}{info.email}{info.subject}".isprintable()
        assert info.subject == "\\x1b]8;;x\\x07s"
        assert info.date is None


# --- 32: size -----------------------------------------------------------------------------------


@pytest.fixture
def within() -> Callable[[float], object]:
    """Return a check that so many seconds have not passed since the test began."""
    begun = time.monotonic()

    def check(seconds: float) -> bool:
        return time.monotonic() - begun < seconds

    return check


def test_32_a_tree_that_multiplies_is_cut(tmp_path: Path, within: Callable[[float], bool]) -> None:
    """Ten small trees that stand for 10^13 files end at a limit, not in the memory."""
    made = Repository(tmp_path)
    oid, mode = made.blob(b"a: 1\n"), "100644 blob"
    for _ in range(10):
        lines = "".join(f"{mode} {oid}\t{number:02}\n" for number in range(20))
        oid, mode = made.git("mktree", stdin=lines.encode()), "040000 tree"
    commit = made.git("commit-tree", oid, stdin=b"x")

    with pytest.raises(RepositoryError, match="wrote more than 64 MiB, which is the limit"):
        open_repository(tmp_path).snapshot(commit).files("")
    assert within(10)


def test_32_a_blob_that_claims_two_gigabytes_is_refused_by_its_header(tmp_path: Path) -> None:
    """The size is known before the bytes are taken; path and limit are named."""
    made = Repository(tmp_path)
    oid = hashlib.sha1(b"huge", usedforsecurity=False).hexdigest()
    claimed = zlib.compress(b"blob 2147483648\0" + b"\0" * 4096)
    loose_object(made, oid).write_bytes(claimed)
    snapshot = open_repository(tmp_path).snapshot(
        made.commit_tree({"environments/huge.yaml": ("100644", oid)})
    )

    with pytest.raises(RepositoryError) as caught:
        read_all(snapshot)

    assert "environments/huge.yaml has 2,147,483,648 bytes; the limit is" in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_32_files_up_to_the_limit_are_read(tmp_path: Path, packed: bool) -> None:
    """A file of the limit's size is read, one byte more is refused, in commit and working tree."""
    made = Repository(tmp_path)
    made.commit(
        {"environments/most.yaml": b"\0" * MAX_BYTES, "more/more.yaml": b"\0" * (MAX_BYTES + 1)}
    )
    if packed:
        made.git("repack", "-adq")
    opened = open_repository(tmp_path)

    for snapshot in (opened.snapshot("HEAD"), opened.worktree()):
        assert len(read_all(snapshot)["environments/most.yaml"]) == MAX_BYTES
        with pytest.raises(RepositoryError, match=r"more/more\.yaml .* the limit"):
            read_all(snapshot, "more")


def test_32_deep_paths_are_listed_and_refused(
    tmp_path: Path, within: Callable[[float], bool]
) -> None:
    """A path of 2,000 folders is refused in a commit as in a working tree."""
    made = Repository(tmp_path)
    deep = "environments/" + "d/" * 1990 + "f.yaml"
    commit = made.import_files({deep: b"a: 1\n"})
    folder = tmp_path / "environments" / ("d/" * 200)
    folder.mkdir(parents=True)
    (folder / "f.yaml").write_text("a: 1\n")
    opened = open_repository(tmp_path)

    for snapshot in (opened.snapshot(commit), opened.worktree()):
        (problem,) = problems(snapshot).values()
        assert problem in {"is nested deeper than 16 levels", "is not a regular file; remove it"}
    assert within(10)


def test_32_a_hundred_thousand_tags_cost_little(
    tmp_path: Path, within: Callable[[float], bool]
) -> None:
    """Names are looked up without listing all refs; branches are told in bounded time."""
    made = Repository(tmp_path)
    commit = made.commit({"environments/a.yaml": "a: 1\n"})
    tags = "".join(f"{commit} refs/tags/staging/v{number:06}\n" for number in range(100_000))
    header = "# pack-refs with: peeled fully-peeled sorted \n"
    (tmp_path / ".git" / "packed-refs").write_text(header + tags)
    opened = open_repository(tmp_path)

    assert opened.resolve("staging/v099999") == commit
    assert opened.protected("main")[1] == commit
    with pytest.raises(NotFound, match="branches found: main"):
        opened.resolve("staging/v100000")
    assert within(5)


# --- 33: damage ---------------------------------------------------------------------------------


@pytest.fixture
def damaged(tmp_path: Path) -> Repository:
    """A repository with three files, of which the second is going to be damaged."""
    made = Repository(tmp_path)
    made.commit({f"environments/{name}.yaml": f"{name}: 1\n" for name in "abc"})
    return made


@pytest.mark.parametrize("damage", ["gone", "garbage", "empty", "cut", "other bytes", "other kind"])
def test_33_a_damaged_object_is_told_by_path(damaged: Repository, damage: str) -> None:
    """Missing, corrupt and swapped objects end the reading and name the file."""
    good, other = b"blob 5\0b: 1\n", b"blob 5\0b: 2\n"
    oid = hashlib.sha1(good, usedforsecurity=False).hexdigest()
    path = loose_object(damaged, oid)
    match damage:
        case "gone":
            path.unlink()
        case "garbage":
            path.write_bytes(b"garbage")
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(path.read_bytes()[:-9])
        case "other bytes":
            path.write_bytes(zlib.compress(other))
        case "other kind":
            path.write_bytes(zlib.compress(b"tree 0\0"))
    opened = open_repository(damaged.root)

    with pytest.raises(RepositoryError, match=r"environments/b\.yaml"):
        read_all(opened.snapshot("HEAD"))


@pytest.mark.parametrize("kept", [0.3, 0.7])
def test_33_a_cut_pack_is_told(tmp_path: Path, kept: float) -> None:
    """A pack that lost its end is an error of one line, whatever was lost."""
    made = Repository(tmp_path)
    made.import_files({f"environments/{n}.yaml": os.urandom(500) for n in range(50)})
    made.git("repack", "-adq")
    (pack,) = (tmp_path / ".git" / "objects" / "pack").glob("*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[: int(pack.stat().st_size * kept)])

    with pytest.raises(RepositoryError) as caught:
        read_all(open_repository(tmp_path).snapshot("main"))
    assert str(caught.value).isprintable()


def test_33_a_flipped_bit_in_a_pack_is_told(tmp_path: Path) -> None:
    """Stored bytes that changed are never taken for the file."""
    made = Repository(tmp_path)
    made.import_files({"environments/a.yaml": b"a" * 4000 + os.urandom(3000)})
    made.git("repack", "-adq")
    (pack,) = (tmp_path / ".git" / "objects" / "pack").glob("*.pack")
    pack.chmod(0o644)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)

    with pytest.raises(RepositoryError, match=r"environments/a\.yaml|git "):
        read_all(open_repository(tmp_path).snapshot("main"))


def test_33_a_missing_tree_is_no_empty_folder(damaged: Repository) -> None:
    """A folder whose tree cannot be read is an error, never a folder without files."""
    tree = damaged.git("rev-parse", "HEAD:environments")
    loose_object(damaged, tree).unlink()
    snapshot = open_repository(damaged.root).snapshot("HEAD")

    with pytest.raises(RepositoryError):
        snapshot.files("environments")


@pytest.mark.parametrize("content", ["", "garbage", "0" * 39, "1" * 40, "ref: refs/heads/main"])
def test_33_a_damaged_branch_is_not_a_missing_one(damaged: Repository, content: str) -> None:
    """A branch file without a usable id is an error of the repository or not found, one line."""
    (damaged.root / ".git" / "refs" / "heads" / "main").write_text(content)

    with pytest.raises(ReconcilerError) as caught:
        open_repository(damaged.root).protected("main")
    assert str(caught.value).isprintable()


def test_33_nothing_is_fetched_while_reading(tmp_path: Path, canary: Path) -> None:
    """An object that a promisor remote would deliver is missing, and nobody is asked for it."""
    remote = Repository(tmp_path / "remote")
    remote.commit({"environments/a.yaml": "a: 1\n"})
    remote.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    remote.git(
        "clone",
        "--quiet",
        "--no-checkout",
        "--filter=blob:none",
        f"file://{remote.root}",
        str(partial),
    )
    made = Repository(partial)
    made.git("config", "remote.origin.uploadpack", str(canary))

    with pytest.raises(RepositoryError, match=r"environments/a\.yaml is missing"):
        read_all(open_repository(partial).snapshot("main"))
    assert ran(tmp_path) == []


def test_33_what_is_fetched_is_checked(tmp_path: Path) -> None:
    """A remote that sends an unsound object is refused and no ref moves."""
    remote = Repository(tmp_path / "remote")
    blob = remote.blob(b"a: 1\n")
    commit = commit_raw_tree(remote, entry("100644", b"..", blob))
    remote.git("update-ref", "refs/heads/main", commit)
    made = Repository(tmp_path / "shop")

    with pytest.raises(RepositoryError, match="cannot be fetched"):
        open_repository(made.root).fetch("main", url=str(remote.root))
    assert made.git("for-each-ref") == ""


# --- 34: git itself -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_PARAMETERS"])
def test_34_variables_of_a_surrounding_git_do_not_mislead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Started from a hook or an alias, the repository that is read is still the one found."""
    other = Repository(tmp_path / "other")
    other.commit({"environments/a.yaml": "other: 1\n"})
    made = Repository(tmp_path / "shop")
    commit = made.commit({"environments/a.yaml": "a: 1\n"})
    monkeypatch.setenv(name, str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    opened = open_repository(made.root)

    assert opened.resolve("main") == commit
    assert read_all(opened.snapshot("main")) == {"environments/a.yaml": b"a: 1\n"}
    assert not opened.uncommitted("environments", commit)


def test_34_a_killed_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that is killed from outside ends the reading with the path that was next."""
    made = Repository(tmp_path / "shop")
    made.commit({"environments/a.yaml": "a: 1\n"})
    opened = open_repository(made.root)
    snapshot = opened.snapshot("main")
    files = snapshot.files("environments")
    program(tmp_path / "git", "kill -9 $$")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(RepositoryError, match=r"environments/a\.yaml cannot be read"):
        list(snapshot.read(files))


# --- 35: credentials ------------------------------------------------------------------------------


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Put a git in front that writes down every argument; return a reader of them."""
    real = os.environ["PATH"]
    script = f'printf "%s\\n" "$@" >> {tmp_path}/argv; PATH="{real}" exec git "$@"'
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin" / "git", script)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{real}")
    return (tmp_path / "argv").read_text


def test_35_credentials_reach_neither_argv_nor_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: Callable[[], str]
) -> None:
    """Credentials of a URL and the token are on no command line and in no error text."""
    monkeypatch.setenv("RECONCILER_GIT_TOKEN", f"token-{SECRET}")
    made = Repository(tmp_path / "shop")
    url = f"https://user:{SECRET}@127.0.0.1:9/shop.git?private={SECRET}"
    made.git("config", "remote.origin.url", url)
    opened = open_repository(made.root)

    with pytest.raises(RepositoryError) as caught:
        opened.fetch("main")

    assert "https://127.0.0.1:9/shop.git?private=*** cannot be fetched" in str(caught.value)
    assert "RECONCILER_GIT_TOKEN" in str(caught.value)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert SECRET not in f"{chain!r}{chain}"
        chain = chain.__cause__ or chain.__context__
    assert "fetch" in recorded()
    assert f"user:{SECRET}" not in recorded()
    assert f"token-{SECRET}" not in recorded()


@pytest.fixture
def askpass(tmp_path: Path) -> Callable[[str], tuple[int, str]]:
    """Return what the askpass program answers to a prompt, as git would run it."""
    made = Repository(tmp_path / "shop")
    private = PrivateDirectory(find(made.root))
    remotes = Remotes(command=private.command(), place=find(made.root), directory=private.path)
    variables = remotes.askpass("example.com:8443", "bot", SECRET)

    def ask(prompt: str) -> tuple[int, str]:
        answer = subprocess.run(
            [variables["GIT_ASKPASS"], prompt],
            env=dict(variables),
            capture_output=True,
            check=False,
        )
        assert private.path.is_dir()
        return answer.returncode, answer.stdout.decode()

    return ask


def test_35_askpass_answers_the_remote(askpass: Callable[[str], tuple[int, str]]) -> None:
    """User and password are given to the host that was meant."""
    assert askpass("Username for 'https://example.com:8443': ") == (0, "bot\n")
    assert askpass("Password for 'https://bot@example.com:8443': ") == (0, f"{SECRET}\n")


@pytest.mark.parametrize(
    "prompt",
    [
        "Username for 'https://evil.example': ",
        "Password for 'https://bot@evil.example': ",
        "Password for 'https://bot@example.com:8443.evil.example': ",
        "Password for 'https://example.com:8443@evil.example': ",
        "Password for 'http://bot@example.com:8443': ",
        "Enter passphrase for key 'id_ed25519': ",
        "",
    ],
)
def test_35_askpass_answers_nobody_else(
    askpass: Callable[[str], tuple[int, str]], prompt: str
) -> None:
    """A redirect to another host, plain http or another program gets no answer."""
    assert askpass(prompt) == (1, "")


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[tuple[str, list[str | None]]]:
    """An https server that asks for a user; yields its address and the headers it was given."""
    import http.server

    given: list[str | None] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        """Asks for a user until one is named, then has nothing and says the password aloud."""

        def do_GET(self) -> None:
            """Answer 401 without and 404 with credentials."""
            given.append(self.headers["Authorization"])
            told = base64.b64decode((given[-1] or "Basic ").removeprefix("Basic "))
            self.send_response(404 if given[-1] else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = certified(tmp_path).wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/shop.git", given
        server.shutdown()
        thread.join()


def certified(folder: Path) -> ssl.SSLContext:
    """Return a server context with a new certificate for 127.0.0.1, written to `ca.pem`."""
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(*form, serialization.NoEncryption()))
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def test_35_the_token_authenticates_over_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: tuple[str, list[str | None]]
) -> None:
    """The token is sent to the server that asks, and no error text repeats it after that."""
    url, given = forge
    monkeypatch.setenv("RECONCILER_GIT_TOKEN", SECRET)
    monkeypatch.setenv("GIT_SSL_CAINFO", str(tmp_path / "ca.pem"))
    made = Repository(tmp_path / "shop")

    with pytest.raises(RepositoryError) as caught:
        open_repository(made.root).fetch("main", url=url)

    token = base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
    assert given[:2] == [None, f"Basic {token}"]
    assert "remote: x-access-token:***" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_35_an_untrusted_server_gets_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: tuple[str, list[str | None]]
) -> None:
    """A certificate nobody vouches for ends the fetch, whatever the repository's config says."""
    url, given = forge
    monkeypatch.setenv("RECONCILER_GIT_TOKEN", SECRET)
    made = Repository(tmp_path / "shop")
    made.git("config", "http.sslVerify", "false")

    with pytest.raises(RepositoryError, match="certificate"):
        open_repository(made.root).fetch("main", url=url)
    assert given == []
