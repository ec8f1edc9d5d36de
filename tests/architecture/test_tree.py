"""What stands where in the repository, and what must not stand anywhere."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project

TOP = {
    ".ci",
    ".gitattributes",
    ".github",
    ".gitignore",
    "LICENSE",
    "README.md",
    "environments",
    "pyproject.toml",
    "reconciler",
    "schemas",
    "tests",
}

LOCK_FILES = re.compile(
    r"(?:\.lock|-lock\.(?:json|yaml)|\.lockb|Pipfile\.lock|npm-shrinkwrap\.json)$"
)

# Written in pieces, so that this file does not hold what it looks for.
HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
    )
]
PLACES = re.compile(
    "index" + "-url|"
    '"resolved' + '":|'
    "^source = \\{ (?:registry|url)|"
    "https?://[^ ]*/(?:simple|packages|-)/|"
    "/(?:work|root|farm|home)/",
    re.MULTILINE,
)

DECISIONS = Path(".github/decisions")
SECTIONS = ["Context", "Decision", "Alternatives", "Consequences"]

FIRST_COMMAND = "python3 .ci/setup.py reconciler reconcile"
TEST_COMMAND = "python3 .ci/setup.py --dev .ci/test"


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every text file with its content."""
    for path in project.files():
        data = (project.ROOT / path).read_bytes()
        if b"\0" not in data:
            yield path, data.decode("utf-8")


def test_the_top_level_is_fixed() -> None:
    """New files go into the folder that they belong to."""
    assert {path.parts[0] for path in project.files()} - TOP == set()


def test_the_only_lock_file_is_that_of_npm() -> None:
    """Versions are held by plain constraints; npm's file, with its hashes, names no address."""
    found = [str(path) for path in project.files() if LOCK_FILES.search(path.name)]
    packages = json.loads(project.read(".ci/npm/package-lock.json"))["packages"]
    held = {name: package for name, package in packages.items() if name}

    assert found == [".ci/npm/package-lock.json"]
    assert [name for name, package in held.items() if "resolved" in package] == []
    assert [name for name, package in held.items() if "integrity" not in package] == []


def test_packages_of_npm_have_one_exact_version() -> None:
    """What the tests take from npm is named by version, and runs no script when installed."""
    wanted = json.loads(project.read(".ci/npm/package.json"))["dependencies"]

    assert [name for name in wanted if not re.fullmatch(r"\d+\.\d+\.\d+", wanted[name])] == []
    assert "ignore-scripts=true\n" in project.read(".ci/npm/.npmrc")


def test_no_file_names_a_registry() -> None:
    """Where packages come from is the machine's business."""
    assert [(str(path), host) for path, text in texts() for host in HOSTS if host in text] == []


def test_no_file_names_a_place_on_a_machine() -> None:
    """No path of a developer's or build machine is written down."""
    found = [
        (str(path), match.group()) for path, text in texts() for match in PLACES.finditer(text)
    ]

    assert found == []


def test_text_files_end_with_a_newline_and_have_no_carriage_return() -> None:
    """Every text file is plain: LF, and a line end at its end."""
    own = [(path, text) for path, text in texts() if text and path.suffix != ".json"]

    assert [str(path) for path, text in own if not text.endswith("\n") or "\r" in text] == []


def test_the_licence_is_whole() -> None:
    """LICENSE is the Apache License 2.0, to its appendix."""
    licence = project.read("LICENSE")

    assert licence.split()[:5] == ["Apache", "License", "Version", "2.0,", "January"]
    assert "9. Accepting Warranty or Additional Liability." in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_the_readme_and_ci_name_the_same_command() -> None:
    """What CI runs is what the README tells a person to run."""
    assert FIRST_COMMAND in project.read("README.md")
    assert TEST_COMMAND in project.read("README.md")
    assert f"exec {TEST_COMMAND}\n" in project.read(".ci/run")


@pytest.mark.parametrize("script", [".ci/run", ".ci/test"])
def test_scripts_can_be_run(script: str) -> None:
    """Each script is executable and is valid bash."""
    assert os.access(project.ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", project.ROOT / script], check=True)


def test_setup_can_be_read_by_older_pythons() -> None:
    """The set-up script says a clear sentence on Python 3.9, and so must parse there."""
    ast.parse(project.read(".ci/setup.py"), feature_version=(3, 9))


def requirement_name(requirement: str) -> str:
    """Return the normalised name of the package that a requirement is about."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def test_every_dependency_has_one_exact_version() -> None:
    """What is installed was tested: each package is held, none has an address or a range."""
    configuration = tomllib.loads(project.read("pyproject.toml"))
    wanted = [*configuration["project"]["dependencies"], *configuration["dependency-groups"]["dev"]]
    lines = [line for line in project.read(".ci/constraints.txt").splitlines() if line[:1] != "#"]

    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert {requirement_name(each) for each in wanted} - {
        line.split("==")[0] for line in lines
    } == set()
    assert lines == sorted(set(lines))


def records() -> list[Path]:
    """Return the decision records."""
    return [path for path in project.files() if path.parent == DECISIONS and path.name[0].isdigit()]


def test_decisions_are_numbered_without_gaps() -> None:
    """Numbers are given once and in order."""
    numbers = [int(path.name[:4]) for path in records()]

    assert numbers == list(range(1, len(numbers) + 1))


def test_decisions_have_all_sections() -> None:
    """Each record tells context, decision, alternatives and consequences."""
    for path in records():
        assert re.findall(r"^## (.+)$", project.read(path), re.MULTILINE) == SECTIONS, path


def test_the_index_of_decisions_is_complete() -> None:
    """The index links every record by its title, and nothing else."""
    links = re.findall(r"\[(\d{4}) (.+?)\]\((\S+?)\)", project.read(DECISIONS / "README.md"))

    titles = {path.name: project.read(path).splitlines()[0] for path in records()}
    assert {name: f"# {number} {title}" for number, title, name in links} == titles


def relative_links() -> Iterator[tuple[Path, str]]:
    """Yield every link to a file in our own prose."""
    for path in project.files():
        # What a test compares shows the addresses of its own world.
        if path.suffix == ".md" and "golden" not in path.parts:
            links = re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", project.read(path))
            yield from ((path, link) for link in links)


def test_links_between_files_lead_somewhere() -> None:
    """A file that is linked to is there."""
    dead = [
        f"{path} -> {link}"
        for path, link in relative_links()
        if not (project.ROOT / path.parent / link).exists()
    ]

    assert dead == []
