"""Findings of one file while they are collected; the file's path is put in at the end."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from reconciler.core.model import Finding
from reconciler.core.pointers import escaped

MAX_FINDINGS = 100


def problem(line: int, column: int, text: str) -> Finding:
    """Return a finding whose file is not known yet; line and column count from 1."""
    return Finding("", line, column, text)


def capped(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of a file, at most a hundred and a word that there are more."""
    first = tuple(islice(found, MAX_FINDINGS + 1))
    if len(first) <= MAX_FINDINGS:
        return first
    more = problem(1, 1, f"has more than {MAX_FINDINGS} findings; mend these first")
    return (*first[:MAX_FINDINGS], more)


def pointer_of(path: Iterable[str | int]) -> str:
    """Return the JSON Pointer of a path as validators give it."""
    return "".join(f"/{escaped(str(part))}" for part in path)


def placed(path: str, found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with the path of their file."""
    return tuple(Finding(path, f.line, f.column, f.text, f.code) for f in found)
