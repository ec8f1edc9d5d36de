"""Hostile texts in every place are shown literally: no terminal and no build server obeys them."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from tests.acceptance.program import Run, Shop, run
from tests.attacks.output import hostile, runner, screen
from tests.repositories import Repository

ANNOTATIONS = {"error", "warning", "notice"}
FORMS = ("text", "json", "markdown", "github", "sarif")
CI = {"CI": "true", "GITHUB_ACTIONS": "true"}


def on_runner(shop: Shop, *arguments: str, code: int | None = 0, **environ: str) -> Run:
    """Run the program as a runner does."""
    return run(shop.root, *arguments, code=code, environ={**CI, **environ})


@pytest.fixture(scope="module")
def authors(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a repository whose subjects and authors are hostile; nobody changes it."""
    shop = Shop(Repository(tmp_path_factory.mktemp("hostile") / "authors"))
    hostile.repository(shop.repository)
    shop.run("reconcile", "-e", "development")
    return shop


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory, authors: Shop) -> Shop:
    """Return a repository in which every hostile text is added, and then changed, in a field."""
    shop = authors.copy(tmp_path_factory.mktemp("changed") / "shop")
    shop.repository.commit(hostile.events(hostile.allowed()))
    shop.run("reconcile", "-e", "development")
    shop.repository.commit(hostile.events(hostile.allowed(), " later"))
    return shop


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, authors: Shop) -> Shop:
    """Return a repository whose manifests hold what none may, and unknown keys and kinds."""
    shop = authors.copy(tmp_path_factory.mktemp("broken") / "shop")
    files = hostile.events(hostile.refused())
    for number, text in enumerate(hostile.allowed()):
        good = hostile.event(number, "x")
        path = f"environments/development/workflows/bad-{number}.yaml"
        files[path] = good.replace('"AppEvent"', json.dumps(text)).replace(
            '"title"', json.dumps(text)
        )
    shop.repository.commit(files)
    return shop


def harmless(found: Run, *, annotations: bool = False) -> None:
    """Check that neither a terminal nor a build server obeys anything but our annotations."""
    assert screen.obeyed(found.all) == []
    names = {command.name for command in runner.commands(found.out)}
    assert names <= (ANNOTATIONS if annotations else set())
    assert runner.commands(found.err) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("against", [(), ("--against", "HEAD~1")])
def test_changed_fields(changed: Shop, form: str, against: tuple[str, ...]) -> None:
    """Titles, descriptions, keys and lines of longer texts, before and after."""
    found = on_runner(changed, "plan", "-e", "development", *against, "--format", form)

    harmless(found, annotations=form == "github")
    if form in ("json", "sarif"):
        assert found.json


def test_fields_are_exact_for_machines(changed: Shop) -> None:
    """What JSON escapes for a runner's sake it gives back unharmed to whoever parses it."""
    plan = on_runner(changed, "plan", "-e", "development", "--format", "json").plan

    titles = {
        change["name"]: field["after"]
        for change in plan["changes"]
        for field in change["fields"]
        if field["path"] == "/spec/title"
    }
    for number, text in enumerate(hostile.allowed()):
        assert titles[f"hostile-{number}"] == f"{text} later"


@pytest.mark.parametrize("form", FORMS)
def test_findings(broken: Shop, form: str) -> None:
    """What no manifest may hold is told of without being done, with one annotation a finding."""
    found = on_runner(broken, "validate", "--format", form, code=1)

    harmless(found, annotations=form == "github")
    if form == "github":
        lines = found.out.splitlines()
        assert len(runner.commands(found.out)) == len(lines) > len(hostile.refused())
    if form in ("json", "sarif"):
        assert found.json


def test_annotations_give_back_what_was_said(broken: Shop) -> None:
    """Escaped and read by the runner, text, file, line and title are those of the finding."""
    told = broken.run("validate", "--format", "json", code=1).json["findings"]
    commands = runner.commands(broken.run("validate", "--format", "github", code=1).out)

    assert len(told) == len(commands)
    for finding, command in zip(told, commands, strict=True):
        assert command.properties["file"] == finding["file"]
        assert command.properties["line"] == str(finding["line"])
        assert command.properties["title"] == finding["code"]
        assert "\n" not in command.data


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_authors_and_subjects(authors: Shop, form: str) -> None:
    """Whoever wrote a commit, and whatever they say in it, is only shown."""
    harmless(on_runner(authors, "changelog", "-e", "staging", "--format", form))
    harmless(on_runner(authors, "release", "preview", "--to", "staging", "--format", form))


@pytest.mark.parametrize("number", range(0, len(hostile.COMMANDS + hostile.TERMINAL), 2))
def test_arguments(authors: Shop, number: int) -> None:
    """An argument is repeated literally, by the parser too, and its escapes are shown."""
    text = (hostile.COMMANDS + hostile.TERMINAL)[number]
    found = run(authors.root, "plan", "-e", text, f"--{text}", code=64, environ=CI)

    harmless(found)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_logs(authors: Shop, tmp_path: Path, log_format: str) -> None:
    """What is logged of a release, a branch and an actor forges no line and gives no command."""
    shop = authors.copy(tmp_path / "shop")
    options = ("-vv", "--log-format", log_format)
    for text in hostile.COMMANDS[:4] + hostile.TERMINAL[:3] + hostile.TERMINAL[-3:]:
        actor = text.replace("\0", "")
        done = on_runner(
            shop, *options, "apply", "-e", "development", "--auto-approve", RECONCILER_ACTOR=actor
        )
        harmless(done)
        shop.sql("DELETE FROM last_applied WHERE name = 'note-1'")
    harmless(on_runner(shop, "history", "--details"))
    if log_format == "json":
        for line in io.StringIO(done.err):
            assert isinstance(json.loads(line), dict) or not line.startswith("{")


BRANCHES = ('zzz";echo${IFS}"hello";#', "$(id)", "`id`", "--help", "::error::x", "x##(group)")


def test_names_of_branches_and_tags(authors: Shop, tmp_path: Path) -> None:
    """A branch or tag named like a command of a shell is a name, and nothing runs."""
    shop = authors.copy(tmp_path / "shop")
    refs = "".join(
        f"create refs/{kind}/{name} HEAD\n"
        for name in BRANCHES
        for kind in ("heads", "tags")
        if not re.search(r"[:]", name)
    )
    shop.repository.git("update-ref", "--stdin", stdin=refs.encode())
    for name in BRANCHES:
        found = on_runner(
            shop, "plan", "-e", "development", "--ref", f"refs/heads/{name}", code=None
        )
        harmless(found)
        assert "uid=" not in found.all
        assert "hello\n" not in found.all.replace(name, "")
    harmless(on_runner(shop, "doctor", code=None))
