"""Hostile command lines, repositories and machines, through the program itself.

Whatever it is given, it answers with an exit code of the contract and one clear sentence: no
traceback, nothing written, no escape sequence passed on, in little time and memory.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.manifests import SHOP, workflow
from tests.acceptance.program import COMMAND, Run, Shop, run, variables
from tests.repositories import Repository

SECRET = "s3cr3t-canary"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
DEVELOPMENT = "environments/development"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return the small shop as committed; nobody changes it."""
    repository = Repository(tmp_path_factory.mktemp("hostile") / "shop")
    repository.commit({**SHOP, ".gitignore": ".reconciler/\n"})
    return Shop(repository)


@pytest.fixture
def mine(shop: Shop, tmp_path: Path) -> Shop:
    """Return a shop of one's own, in which nothing was run yet."""
    mine = shop.copy(tmp_path / "shop")
    shutil.rmtree(mine.state, ignore_errors=True)
    return mine


def harmless(found: Run) -> None:
    """Check that what was said is a sentence, holds no secret and moves no cursor."""
    assert found.all.strip()
    assert SECRET not in found.all
    assert CONTROL.search(found.all) is None, ascii(found.all)


COMMANDS = [
    (("plan", "-e", "nope"), 64, 'No environment "nope"'),
    (("plan", "-e", "developmnt"), 64, 'did you mean "development"'),
    (("plan", "-e", "../../etc"), 64, "No environment"),
    (("plan", "-e", "\x1b]0;title\x07"), 64, "No environment"),
    (("plan", "-e", "\udcff"), 64, "No environment"),
    (("plan", "--ref", ""), 1, "is empty"),
    (("plan", "--ref", "--output=x"), 1, "begins with a dash"),
    (("plan", "--ref", "main^{tree}"), 1, "is not a ref name"),
    (("plan", "--ref", "\x1b[31mred"), 1, "cannot be seen"),
    (("plan", "--ref", "HEAD~999999"), 1, "HEAD~999999"),
    (("plan", "--against", "a" * 5_000), 1, "is too long"),
    (("plan", "--out", "/dev/full", "--worktree"), 1, "No space left on device"),
    (("history", "--limit", "9" * 30), 64, "--limit"),
    (("reconcile", "--every", "nan"), 64, "--every"),
    (("reconcile", "--every", "1e300"), 64, "--every"),
    (("secret", "set", "-e", "development", "A\x1b[31m"), 64, "declares no secret"),
    (("secret", "set", "-e", "development", "SLACK_SECRET", SECRET), 64, "nothing was stored"),
    (("secret", "delete", "-e", "development", "SLACK_SECRET"), 1, "stores no secret"),
    (("--repo", "no\nwhere", "plan"), 64, "is not there"),
    (("--repo", f"http://u:{SECRET}@example.com/x", "plan"), 64, "--repo holds a password"),
    (("--store", "", "plan"), 64, "--store is set but empty"),
    (("--store", f"mysql://u:{SECRET}@h/db", "plan"), 64, "mysql://"),
    (("--store", f"postgresql://u:{SECRET}@h/db", "plan"), 64, "--store holds a password"),
    (("--store", "sqlite:////dev/full", "reconcile"), 1, "the disk is full"),
    (("--store", "sqlite:////dev/null/x", "reconcile"), 1, "cannot be opened"),
    (("--log-format", "xml", "plan"), 64, "--log-format text or json"),
    (("apply",), 64, "--environment"),
    (("plna",), 64, "No such command"),
]


@pytest.mark.parametrize(("arguments", "code", "sentence"), COMMANDS)
def test_hostile_command_lines(
    shop: Shop, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """Wrong usage is 64 and what is not there 1, each with a sentence and nothing written."""
    found = run(shop.root, *arguments, code=code, stdin="x")

    harmless(found)
    assert sentence in found.all
    assert not shop.store.exists()


@pytest.mark.parametrize(
    ("environ", "arguments", "code", "sentence"),
    [
        ({"RECONCILER_STORE": ""}, ("plan",), 64, "RECONCILER_STORE is set but empty"),
        ({"RECONCILER_STORE": "  "}, ("reconcile",), 64, "RECONCILER_STORE is set but empty"),
        ({"RECONCILER_STORE": "state.db"}, ("plan",), 64, "no URL of a store"),
        ({"GIT_DIR": "/etc", "GIT_WORK_TREE": "/"}, ("validate",), 0, "Valid: 5 resources"),
        ({"PATH": "/nonexistent"}, ("plan",), 1, "git"),
        ({"PYTHONIOENCODING": "ascii"}, ("plan", "-e", "staging"), 0, "No changes."),
        ({"COLUMNS": "-5", "LINES": "x", "TERM": ""}, ("--help",), 0, "Usage"),
    ],
)
def test_hostile_variables(
    shop: Shop, environ: dict[str, str], arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """An empty store in CI never falls back to a file, and git's variables lead nowhere else."""
    found = run(shop.root, *arguments, code=code, environ=environ)

    harmless(found)
    assert sentence in found.all
    assert not shop.store.exists()


def test_output_that_cannot_be_written_is_one_sentence(shop: Shop) -> None:
    """A full disk, a closed pipe and closed streams end the command without a traceback."""
    quoted = " ".join((*COMMAND, "validate"))
    shells = {
        "> /dev/full": 1,
        "| true": 0,
        ">&-": 0,
        "2>&-": 0,
        "0<&-": 0,
        "0<&- >&- 2>&-": 0,
    }
    for redirection, code in shells.items():
        done = subprocess.run(
            ["sh", "-c", f"{quoted} {redirection}"],
            cwd=shop.root,
            env=variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (redirection, done.returncode) == (redirection, code), done.stderr
        assert "Traceback" not in done.stderr
        assert "unexpected" not in done.stderr


def test_a_current_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    """A shell whose folder was removed gets a sentence and the way on."""
    folder = tmp_path / "gone"
    folder.mkdir()
    script = f"rmdir {folder} && {' '.join((*COMMAND, 'plan'))}"
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=variables(), capture_output=True, check=False
    )

    assert done.returncode == 64
    assert b"current folder" in done.stderr


# --- repositories -------------------------------------------------------------------------------


def raw(shop: Shop, path: str, data: bytes) -> None:
    """Commit one file of the repository as bytes."""
    shop.repository.commit({path: data})


def linked(shop: Shop, path: str, target: str) -> None:
    """Commit a symlink in the place of a path."""
    place = shop.root / path
    shop.repository.git("rm", "-rq", "--ignore-unmatch", path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)
    shop.repository.git("add", "--force", path)
    shop.repository.git("commit", "-qm", "A link")


def corrupt(shop: Shop) -> None:
    """Damage the object that holds the news workflow."""
    oid = shop.repository.git("rev-parse", f"HEAD:{DEVELOPMENT}/workflows/news.yaml")
    path = shop.root / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"no object")


def without_head(shop: Shop) -> None:
    """Leave nothing sensible in HEAD."""
    (shop.root / ".git/HEAD").write_text("nonsense\n", encoding="ascii")


def bomb(levels: int) -> bytes:
    """Return YAML that would be `9 ** levels` texts with its aliases expanded."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    return "\n".join(lines).encode()


WORKFLOW = f"{DEVELOPMENT}/workflows/news.yaml"
REPOSITORIES: dict[str, tuple[Callable[[Shop], object], str]] = {
    "corrupt object": (corrupt, "news.yaml is missing: no object"),
    "no HEAD": (without_head, "HEAD"),
    "pipeline is a link": (
        lambda s: linked(s, "environments/pipeline.yaml", "/etc/passwd"),
        "link",
    ),
    "environments is a link": (lambda s: linked(s, "environments", "/etc"), "link|missing"),
    "manifest is a link": (lambda s: linked(s, WORKFLOW, "../../../../etc/passwd"), "link"),
    "pipeline is a folder": (
        lambda s: (
            s.repository.remove("environments/pipeline.yaml"),
            raw(s, "environments/pipeline.yaml/x", b""),
        ),
        "pipeline.yaml",
    ),
    "alias bomb": (lambda s: raw(s, WORKFLOW, bomb(12)), "news.yaml:"),
    "deep": (lambda s: raw(s, WORKFLOW, b"[" * 100_000), "news.yaml:"),
    "long": (lambda s: raw(s, WORKFLOW, b"a: " + b"x" * 10_000_000), "news.yaml:"),
    "binary": (lambda s: raw(s, WORKFLOW, bytes(range(256)) * 100), "news.yaml:"),
    "tag": (lambda s: raw(s, WORKFLOW, b"!!python/object/apply:os.system ['id']"), "news.yaml:"),
    "escape in a name": (
        lambda s: raw(s, f"{DEVELOPMENT}/workflows/\x1b[31m.yaml", b"x: 1"),
        "workflows/",
    ),
    "newline in a name": (
        lambda s: raw(s, f"{DEVELOPMENT}/workflows/a\n::error::b.yaml", b"x: 1"),
        "workflows/a",
    ),
    "escape in a value": (
        lambda s: raw(s, WORKFLOW, b'kind: "\\e[31m\\u202e"\n"\\e]0;x\\a": 1\n'),
        "news.yaml:",
    ),
    "secret in the place of a name": (
        lambda s: raw(
            s, WORKFLOW, workflow("news").replace("${{ values.api }}", "${{ values }}").encode()
        ),
        "news.yaml:",
    ),
}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_hostile_repositories(mine: Shop, name: str) -> None:
    """A repository that cannot be meant is exit 1 with its place, quickly, and writes nothing."""
    prepare, sentence = REPOSITORIES[name]
    prepare(mine)

    found, seconds, megabytes = measured(mine.root, "plan", "-e", "development")

    assert found.code == 1, found.all
    harmless(found)
    assert re.search(sentence, found.all), found.all
    assert "root:" not in found.all
    assert seconds < 2.5
    assert megabytes < 200
    assert not mine.store.exists()


# A program begins with the peak of the process that forked it, so a small one stands in between.
METER = """
import json, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump([code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024], file)
"""


def measured(cwd: Path, *arguments: str) -> tuple[Run, float, float]:
    """Run the program and return what it said, its processor time and its peak memory in MB."""
    with tempfile.NamedTemporaryFile() as meter:
        done = subprocess.run(
            [sys.executable, "-I", "-c", METER, meter.name, *COMMAND, *arguments],
            cwd=cwd,
            env=variables(),
            capture_output=True,
            check=True,
        )
        code, seconds, megabytes = json.load(meter)
    texts = [stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr)]
    found = Run(code=code, out=texts[0], err=texts[1])
    assert "Traceback" not in found.all, found.all
    assert "something unexpected" not in found.all, found.all
    return found, seconds, megabytes


def test_code_in_the_repository_is_never_run(mine: Shop) -> None:
    """Modules, hooks, filters and config in a repository are not executed by any command."""
    ran = mine.root.parent / "ran"
    code = f"open({str(ran)!r}, 'w').close()\n"
    hook = f"#!/bin/sh\ntouch {ran}\n"
    names = ("yaml", "reconciler", "sitecustomize", "typer", "json")
    mine.repository.commit(
        {**{f"{name}.py": code for name in names}, ".gitattributes": "* filter=x diff=x\n"}
    )
    for name in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        path = mine.root / ".git/hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(hook, encoding="utf-8")
        path.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "filter.x.smudge",
        "filter.x.clean",
        "diff.x.textconv",
        "alias.log",
    ):
        mine.repository.git(
            "config", key, f"!touch {ran}" if key == "alias.log" else f"touch {ran}"
        )

    for command in (("reconcile",), ("plan", "--worktree"), ("plan", "--against", "HEAD~1")):
        mine.run(*command)

    assert not ran.exists()


def test_committed_state_is_not_followed(mine: Shop, tmp_path: Path) -> None:
    """A commit that brings `.reconciler` as a link is refused, and no store is made there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    linked(mine, ".reconciler", str(elsewhere))

    for command in (("reconcile",), ("plan",), ("apply", "-e", "development", "--auto-approve")):
        found = mine.run(*command, code=1)
        harmless(found)
        assert ".reconciler:1:1: this folder holds the store and the cache" in found.all

    assert not (elsewhere / "state.db").exists()
    assert not (elsewhere / "keys").exists()


def test_committed_state_is_refused_whichever_commit_is_read(mine: Shop, tmp_path: Path) -> None:
    """A checkout that brings `.reconciler` is refused, though the protected branch is clean."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    mine.repository.git("switch", "--quiet", "-c", "evil")
    linked(mine, ".reconciler", str(elsewhere))

    for command in (("plan", "--ref", "main"), ("history",), ("plan", "-e", "development")):
        found = mine.run(*command, code=1)
        assert ".reconciler:1:1: this folder holds the store and the cache" in found.all

    assert list(elsewhere.iterdir()) == []


def test_a_damaged_cache_changes_no_answer(mine: Shop) -> None:
    """The cache is no truth: broken, it is made anew, and the answer is the same."""
    before = mine.run("plan", "-e", "development", "--against", "HEAD", "--format", "json").plan
    (cache,) = (path for path in mine.state.iterdir() if path.suffix == ".db")
    for damage in (b"", b"nonsense" * 1_000, cache.read_bytes()[:5_000]):
        cache.write_bytes(damage)
        again = mine.run("plan", "-e", "development", "--against", "HEAD", "--format", "json").plan
        assert again == before


def test_a_damaged_store_is_one_sentence(mine: Shop) -> None:
    """A store that was cut or overwritten is exit 1 with its path, and keeps every byte."""
    mine.run("reconcile", "-e", "development")
    whole = mine.store.read_bytes()
    middle = len(whole) // 2
    for damage in (b"nonsense" * 1_000, whole[:middle], whole[:4_096] + bytes(len(whole) - 4_096)):
        mine.store.write_bytes(damage)
        found = mine.run("plan", "-e", "development", code=1)
        harmless(found)
        assert "state.db" in found.err
        assert mine.store.read_bytes() == damage
