"""Who may import whom, and what importing costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project

HEAVY = (
    "alembic",
    "cronsim",
    "cryptography",
    "dateutil",
    "deepdiff",
    "git",
    "github",
    "holidays",
    "hypothesis",
    "icalendar",
    "jsonschema",
    "jsonschema_rs",
    "rich",
    "sqlalchemy",
    "structlog",
    "yaml",
)

CONFIGURATION = tomllib.loads(project.read("pyproject.toml"))
CONTRACTS = {each["name"]: each for each in CONFIGURATION["tool"]["importlinter"]["contracts"]}

# What adapters may share with one another.
SHARED_ADAPTERS = {"folder", "sql"}

# Calls that make a result depend on when or where it was computed.
IMPURE_CALLS = {"now", "utcnow", "today", "fromtimestamp", "uuid1", "uuid4", "urandom"}
IMPURE_NAMES = {"open", "print", "input", "exec", "eval", "__import__"}

PAST = {
    "begun",
    "found",
    "gone",
    "held",
    "kept",
    "left",
    "lost",
    "made",
    "put",
    "read",
    "sent",
    "set",
}


def run(script: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """Return what a new Python process prints."""
    command = [sys.executable, "-c", script, *arguments]
    answer = subprocess.run(
        command, capture_output=True, text=True, cwd=project.ROOT, env=env, check=False, timeout=60
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_the_import_contracts_are_kept() -> None:
    """Every contract in pyproject.toml holds."""
    program = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run(
        [program, "--no-cache", "--no-logo"],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "0 broken" in answer.stdout


def test_every_adapter_is_in_the_contract() -> None:
    """A new adapter is independent of the others, unless it is one of the few that are shared."""
    folder = project.ROOT / "reconciler" / "adapters"
    there = {path.stem for path in folder.iterdir() if not path.name.startswith(("_", "."))}
    listed = CONTRACTS["Adapters do not know one another"]["modules"]

    assert {name.rpartition(".")[2] for name in listed} == there - SHARED_ADAPTERS


@pytest.mark.parametrize("module", ["reconciler.cli.main", "reconciler.telemetry", "reconciler"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    """The command line starts without the libraries that only some commands need."""
    script = f"import sys, {module}; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"

    assert set(run(script).split()) & set(HEAVY) == set()


AUDIT = """
import os, sys
import encodings.idna, encodings.utf_8, encodings.ascii, encodings.latin_1
seen = []
home = os.environ["HOME"]
def hook(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "urllib.")):
        seen.append((event, str(arguments)))
    elif event == "open" and str(arguments[0]).startswith(home):
        seen.append((event, str(arguments[0])))
sys.addaudithook(hook)
import importlib, pkgutil
import reconciler
for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
    if ".migrations" not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(len(sys.modules), *seen, sep="\\n")
"""


def test_importing_touches_neither_network_nor_home(tmp_path: Path) -> None:
    """Importing every module opens no socket, starts no process and reads nothing at home."""
    lines = run(AUDIT, env={"HOME": str(tmp_path), "PATH": ""}).splitlines()

    assert int(lines[0]) > 100
    assert lines[1:] == []


def calls(tree: ast.Module) -> Iterator[tuple[int, ast.Call]]:
    """Yield every call with its line."""
    yield from ((node.lineno, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def is_impure(call: ast.Call) -> bool:
    """Say whether a call asks for the time, chance, a file or a terminal."""
    called = call.func
    if isinstance(called, ast.Attribute):
        return called.attr in IMPURE_CALLS
    return isinstance(called, ast.Name) and called.id in IMPURE_NAMES


def test_the_core_asks_for_nothing() -> None:
    """The core calls nothing that depends on when or where it runs."""
    assert [
        f"{path}:{line}"
        for path, tree in project.modules("reconciler").items()
        for line, call in calls(tree)
        if path.parts[1] == "core" and is_impure(call)
    ] == []


def events() -> Iterator[tuple[str, ast.expr]]:
    """Yield the name of every logged event with its place."""
    for path, tree in project.modules("reconciler").items():
        for line, call in calls(tree):
            called = call.func
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Call):
                logger = ast.unparse(called.value.func)
                if logger in ("telemetry.log", "log") and call.args:
                    yield f"{path}:{line}", call.args[0]


def test_events_are_named_in_the_past_tense() -> None:
    """An event is a constant in snake_case that says what has happened."""
    named = {place: ast.literal_eval(name) for place, name in events()}

    assert named
    for place, name in named.items():
        assert re.fullmatch(r"[a-z]+(?:_[a-z]+)+", name), place
        assert any(word.endswith("ed") or word in PAST for word in name.split("_")), place


def test_fenced_libraries_are_named_right() -> None:
    """Each exception in a contract is an import that exists, so that no fence has a hole."""
    for contract in CONTRACTS.values():
        for exception in contract.get("ignore_imports", ()):
            importer, _, imported = exception.partition(" -> ")
            path = Path(*importer.split(".")).with_suffix(".py")
            assert re.search(rf"\b(?:import|from) {imported}\b", project.read(path)), exception
