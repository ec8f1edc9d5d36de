"""Versions by SemVer 2.0: which text is one, which is higher, which comes next.

It must not know what is released under a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.core.names import quoted

if TYPE_CHECKING:
    from semver import Version

LONGEST = 128

_CHARACTERS = re.compile(r"[0-9A-Za-z.+-]+")


def parse(text: str) -> Version | None:
    """Return the version that a text is, None when it is none."""
    from semver import Version

    # The library takes other scripts' digits and a last newline, and counts without bound.
    if len(text) > LONGEST or not _CHARACTERS.fullmatch(text) or text.endswith(".lock"):
        return None
    return Version.parse(text) if Version.is_valid(text) else None


def problem(text: str) -> str | None:
    """Say in one sentence why a text is no version, None when it is one."""
    if parse(text) is not None:
        return None
    return f"{quoted(text)} is no version: {_why(text)}."


def precedence(version: str) -> Version:
    """Return the key that sorts versions from low to high; build metadata has no part in it.

    Raises:
        ValueError: the text is no version.
    """
    found = parse(version)
    if found is None:
        raise ValueError(problem(version))
    return found.replace(build=None)


def higher(one: str, other: str) -> bool:
    """Say whether one version is above the other; build metadata does not raise it."""
    return bool(precedence(one) > precedence(other))


def same_precedence(one: str, other: str) -> bool:
    """Say whether neither version is above the other; they may differ in build metadata."""
    return bool(precedence(one) == precedence(other))


def newest(versions: Iterable[str]) -> str | None:
    """Return the highest version, the first one given of equal ones; None when there is none."""
    return max(versions, key=precedence, default=None)


def next_patch(version: str) -> str:
    """Return the next patch version: 1.4.1 after 1.4.0, 1.4.0 after 1.4.0-rc.1."""
    return str(precedence(version).next_version("patch"))


def next_minor(version: str) -> str:
    """Return the next minor version: 1.5.0 after 1.4.2, 1.4.0 after 1.4.0-rc.1."""
    return str(precedence(version).next_version("minor"))


def _why(text: str) -> str:
    """Return what keeps a text from being a version, and what to write."""
    if not text:
        return "it is empty, wanted is one like 1.4.0"
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if text[0] in "vV" and parse(text[1:]) is not None:
        return f"leave out the {text[0]}, as in {text[1:]}"
    if text.endswith(".lock"):
        return "git allows no tag that ends in .lock"
    return _shape(text)


def _shape(text: str) -> str:
    """Return which rule of SemVer a text breaks."""
    parts = text[: len(text) - len(text.lstrip("0123456789."))].split(".")
    if any(len(part) > 1 and part[0] == "0" for part in parts):
        return "a number in it begins with 0"
    if len(parts) != 3 or "" in parts:
        return "wanted are three numbers, like 1.4.0"
    return "after the three numbers come only -prerelease and +build, like 1.4.0-rc.1"
