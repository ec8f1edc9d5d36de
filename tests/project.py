"""This project's own files, for tests about them."""

from __future__ import annotations

import ast
import fnmatch
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is in git or would be added, relative to the root, sorted."""
    return tuple(sorted(path for path in _listed() if (ROOT / path).is_file()))


def _listed() -> Iterator[Path]:
    """Yield what git lists, or what stands on disk where there is no repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    git = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if git.returncode == 0:
        yield from (Path(os.fsdecode(name)) for name in git.stdout.split(b"\0") if name)
    else:
        yield from _walked(_ignored())


def _ignored() -> list[str]:
    """Return the names that git ignores."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return [".git", *(line.strip("/") for line in lines)]


def _walked(ignored: list[str]) -> Iterator[Path]:
    """Yield the files on disk whose path holds no ignored name."""
    for folder, folders, names in os.walk(ROOT):
        kept = [name for name in folders if not _matches(name, ignored)]
        folders[:] = kept
        here = Path(folder).relative_to(ROOT)
        yield from (here / name for name in names if not _matches(name, ignored))


def _matches(name: str, patterns: list[str]) -> bool:
    """Say whether a name fits any pattern."""
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def read(path: Path | str) -> str:
    """Return the text of a file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def modules(folder: str) -> dict[Path, ast.Module]:
    """Return the syntax trees of the Python files below a folder, by path."""
    found = [path for path in files() if path.suffix == ".py" and path.parts[0] == folder]
    return {path: ast.parse(read(path), str(path)) for path in found}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method, inner ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """Yield every class."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    """Return the lines of a definition without its docstring and decorators."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        text = node.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines
