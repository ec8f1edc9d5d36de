"""Comments as files that a reviewer reads: what differs from run to run has a stand-in.

UPDATE_GOLDEN=1 writes the files instead of comparing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
# In this order: a digest holds what looks like a commit.
_VOLATILE = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:{}"),
    (re.compile(r"sha256:[0-9a-f]{12,63}"), "sha256:{}"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "commit-{}"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "commit-{}"),
    (
        re.compile(r"\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"),
        "TIME",
    ),
    (re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) TIME"), "TIME"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "DAY"),
    (re.compile(r"(?<=/actions/runs/)\d+"), "RUN"),
    (re.compile(r"\b01[0-9a-hjkmnp-tv-z]{24}\b"), "ID-{}"),
)


def check(name: str, text: str) -> None:
    """Fail when a text is not the one in the file, but for what differs from run to run."""
    path, stood = FOLDER / name, steady(without_marker(text))
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(stood, encoding="utf-8")
    assert stood == path.read_text(encoding="utf-8"), f"{name}: look, then UPDATE_GOLDEN=1"


def without_marker(comment: str) -> str:
    """Return what readers see of a comment."""
    return re.sub(r"^<!--.*?-->\n", "", comment, flags=re.DOTALL).strip()


def steady(text: str) -> str:
    """Return a text with stand-ins; equal values get the same one, in the order they appear."""
    for form, stand_in in _VOLATILE:
        text = form.sub(_numbered(stand_in), text)
    return text.rstrip("\n") + "\n"


def lifelike(text: str) -> str:
    """Return a text with values in place of the stand-ins, as long as real ones."""
    text = re.sub(r"\bsha256:([a-z]\d*)\b", lambda found: f"sha256:{_hash(found[0], 64)}", text)
    text = re.sub(r"\bcommit-[a-z]\d*\b", lambda found: _hash(found[0], 12), text)
    text = re.sub(r"\bID-[a-z]\d*\b", lambda found: f"01{_hash(found[0], 24)}", text)
    return (
        text.replace("TIME", "2026-03-17 09:00").replace("DAY", "2026-03-17").replace("/RUN", "/1")
    )


def _hash(text: str, length: int) -> str:
    return sha256(text.encode()).hexdigest()[:length]


def _numbered(stand_in: str) -> Callable[[re.Match[str]], str]:
    seen: dict[str, str] = {}

    def replaced(found: re.Match[str]) -> str:
        return seen.setdefault(found[0][:12], stand_in.format(_letters(len(seen))))

    return replaced


def _letters(number: int) -> str:
    """Return `a`, `b`, …: a stand-in that no later form takes for a value."""
    return chr(ord("a") + number) if number < 26 else f"z{number}"
