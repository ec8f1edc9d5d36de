"""The size budgets, and habits that are counted rather than argued about."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import project

FILE_LINES = {"core": 300, "ports.py": 300, "services": 300}
OTHER_FILE_LINES = 400
FUNCTION_LINES = 40
CORE_FUNCTION_LINES = 30
MEDIAN_FUNCTION_LINES = 8
CLASS_LINES = 250
PARAMETERS = 7

# A command has one parameter for each of its options.
COMMANDS = Path("reconciler/cli")
OPTIONS = 13  # twelve, and the context

# Where everything may be caught, each with its reason: an outermost net, or undoing what was begun.
CATCH_ALL = {
    Path("reconciler/bootstrap/plugins.py"): 1,
    Path("reconciler/cli/failures.py"): 1,
    Path("reconciler/cli/main.py"): 1,
    Path("reconciler/web/app.py"): 1,
    Path("reconciler/services/deploying/failing.py"): 1,
    Path("reconciler/services/heartbeat.py"): 1,
}

EXCEPTION_TO_A_RULE = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b.*")
ARGUED = re.compile(
    r"#\s*(?:noqa: [A-Z]+\d+(?:, [A-Z]+\d+)*|type: ignore\[[a-z-]+(?:, [a-z-]+)*\])\W+\w.{9,}"
)

PACKAGE = project.modules("reconciler")
TESTS = project.modules("tests")


def code_functions() -> Iterator[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function of the package with its file."""
    for path, tree in PACKAGE.items():
        yield from ((path, function) for function in project.functions(tree))


def is_core(path: Path) -> bool:
    """Say whether a file belongs to the core."""
    return path.parts[1] == "core"


def test_the_package_is_looked_at() -> None:
    """The tests below look at real files."""
    assert Path("reconciler/core/model.py") in PACKAGE
    assert Path("tests/architecture/test_sizes.py") in TESTS


def test_files_are_short() -> None:
    """A file has at most 300 lines in the core, the ports and the services, 400 elsewhere."""
    lines = {path: len(project.read(path).splitlines()) for path in PACKAGE}

    long = {
        str(path): count
        for path, count in lines.items()
        if count > FILE_LINES.get(path.parts[1], OTHER_FILE_LINES)
    }
    assert long == {}


def test_functions_are_short() -> None:
    """A function has at most 40 lines, 30 in the core, without its docstring."""
    long = {
        f"{path}:{function.lineno} {function.name}": project.length(function)
        for path, function in code_functions()
        if project.length(function) > (CORE_FUNCTION_LINES if is_core(path) else FUNCTION_LINES)
    }

    assert long == {}


def test_most_functions_are_very_short() -> None:
    """Half of all functions have fewer than eight lines."""
    lengths = [project.length(function) for _, function in code_functions()]

    assert statistics.median(lengths) < MEDIAN_FUNCTION_LINES


def test_classes_are_short() -> None:
    """A class has at most 250 lines."""
    long = {
        f"{path}:{each.lineno} {each.name}": project.length(each)
        for path, tree in PACKAGE.items()
        for each in project.classes(tree)
        if project.length(each) > CLASS_LINES
    }

    assert long == {}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the names of a function's parameters, without the object itself."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def test_functions_have_few_parameters() -> None:
    """Above seven parameters a function takes a value with names."""
    many = {
        f"{path}:{function.lineno} {function.name}": len(parameters(function))
        for path, function in code_functions()
        if len(parameters(function)) > (OPTIONS if COMMANDS in path.parents else PARAMETERS)
    }

    assert many == {}


def test_nothing_is_a_dry_run() -> None:
    """Planning is given a reader that cannot write; no function takes `dry_run`."""
    assert [
        f"{path}:{function.lineno}"
        for path, function in code_functions()
        if "dry_run" in parameters(function)
    ] == []


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Say whether a handler catches everything and does not raise it again."""
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    broad = {"Exception", "BaseException"}
    all_of_it = any(each is None or getattr(each, "id", "") in broad for each in names)
    last = handler.body[-1]
    return all_of_it and not (isinstance(last, ast.Raise) and last.exc is None)


def test_everything_is_caught_in_known_places_only() -> None:
    """Only the outermost nets, and the compensation of an apply, catch every exception."""
    places = [
        (path, handler.lineno)
        for path, tree in PACKAGE.items()
        for handler in ast.walk(tree)
        if isinstance(handler, ast.ExceptHandler) and catches_all(handler)
    ]

    unknown = [f"{path}:{line}" for path, line in places if path not in CATCH_ALL]
    assert unknown == []
    counts = {path: sum(1 for each, _ in places if each == path) for path, _ in places}
    assert {path: n for path, n in counts.items() if n > CATCH_ALL[path]} == {}


def exceptions_to_rules(tree: dict[Path, ast.Module]) -> Iterator[tuple[str, str]]:
    """Yield every comment that silences a tool, with its place."""
    for path in tree:
        for number, line in enumerate(project.read(path).splitlines(), 1):
            if found := EXCEPTION_TO_A_RULE.search(line):
                yield f"{path}:{number}", found.group()


def test_exceptions_to_rules_are_argued() -> None:
    """A comment that silences a tool names the rule and its reason."""
    silent = [
        place
        for modules in (PACKAGE, TESTS)
        for place, comment in exceptions_to_rules(modules)
        if not ARGUED.match(comment) and Path(__file__).name not in place
    ]

    assert silent == []


def test_exceptions_to_rules_are_rare() -> None:
    """There is at most one for each thousand lines of the package."""
    lines = sum(len(project.read(path).splitlines()) for path in PACKAGE)

    assert len(list(exceptions_to_rules(PACKAGE))) <= lines / 1_000


def test_every_test_is_short_and_states_its_rule() -> None:
    """Every test has a docstring that states its rule, and at most 40 lines."""
    tests = [
        (f"{path}:{function.lineno} {function.name}", function)
        for path, tree in TESTS.items()
        for function in project.functions(tree)
        if function.name.startswith("test_") and path.name.startswith("test_")
    ]

    assert [place for place, function in tests if not ast.get_docstring(function)] == []
    assert [place for place, function in tests if project.length(function) > FUNCTION_LINES] == []


def names_used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every attribute and imported name of a module with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((node.lineno, part) for each in node.names for part in each.name.split("."))
            yield from (
                (node.lineno, part) for part in (getattr(node, "module", "") or "").split(".")
            )


@pytest.mark.parametrize(
    "forbidden",
    [{"skip", "skipif", "xfail", "importorskip"}, {"mock", "MagicMock", "patch"}],
    ids=["skips", "mocks"],
)
def test_tests_run_and_use_fakes(forbidden: set[str]) -> None:
    """No test is left out, or expected to fail; none replaces a part by a mock."""
    assert [
        f"{path}:{line} {name}"
        for path, tree in TESTS.items()
        for line, name in names_used(tree)
        if name in forbidden
    ] == []
