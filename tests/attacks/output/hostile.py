"""Texts that attack whoever shows them, and a repository that holds them in every place."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from tests.acceptance.manifests import SHOP
from tests.repositories import Repository
from tests.shared_data import naughty_strings

COMMANDS = (
    "::error file=a,line=1::gone",
    "  ::set-output name=a::b",
    "\u00a0\u2003::add-mask::e",
    "first\n::stop-commands::x\nlast",
    "first\n\t ::set-env name=PATH::/tmp",
    "text ##[group]more",
    "a ##[add-mask]e",
    "##vso[task.setvariable variable=a]b",
    "EOF\nPATH<<EOF\n/tmp\nEOF",
    "ghadelimiter_1\n::warning::x",
)
TERMINAL = (
    "\x1b[2J\x1b[31mred",
    "\x1b]52;c;aGk=\x07",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "over\rwritten",
    "\x9b31m\x85next",
    "one\u2028two\u2029three",
    "user\u202etxt.exe\u202c",
    "\u2066hidden\u2069",
    "zero\u200bwidth\ufeff",
    "\U000e0041\U000e0042tags",
    "bell\x07 back\x08space",
    "e" + "\u0301\u0323" * 200,
    "v\ufe00\ufe01\ufe02",
    "\u115f\u3164filler",
)
SHELL = (
    'zzz";echo${IFS}"hello";#',
    "$(id)",
    "`id`",
    "--help",
    "-rf",
    "'; drop table deployments; --",
    "${{ github.token }}",
    "%0A::error::x",
    "a,b:c%25",
    "x" * 5_000,
)

# What no manifest may hold: it is refused, and the finding tells what stood there.
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def texts() -> list[str]:
    """Return every text."""
    return [*COMMANDS, *TERMINAL, *SHELL, *naughty_strings()[::9]]


def allowed() -> list[str]:
    """Return those that a manifest may hold."""
    return [t for t in texts() if t.strip() and not _REFUSED.search(t) and "${{" not in t]


def refused() -> list[str]:
    """Return those that a manifest must not hold."""
    return [t for t in texts() if t not in allowed() and "${{" not in t and t.strip()]


def event(number: int, text: str, more: str = "") -> str:
    """Return an app event in each of whose free texts one stands."""
    content = {
        "apiVersion": "reconciler/v1",
        "kind": "AppEvent",
        "metadata": {"name": f"hostile-{number}", "description": text + more},
        "spec": {
            "title": text + more,
            "example": {"text": text + more, "lines": f"a\n{text}\n{text}{more}\nb", text: more},
        },
    }
    return str(yaml.safe_dump(content, allow_unicode=True, default_style='"', width=10_000))


def events(many: Iterable[str], more: str = "") -> dict[str, str]:
    """Return the files of events, by path."""
    return {
        f"environments/development/events/hostile-{number}.yaml": event(number, text, more)
        for number, text in enumerate(many)
    }


def repository(repository: Repository) -> None:
    """Commit the small shop, and a commit by an author for each text."""
    repository.commit({**SHOP, ".gitignore": ".reconciler/\n"})
    stream = bytearray()
    for number, text in enumerate(texts()):
        data = text.replace("\0", "").encode("utf-8", "replace")
        name = re.sub(rb"[<>\n]", b"", data) or b"nobody"
        who = b"%s <a%d@example.com> %d +0000" % (name[:200], number, 1_767_300_000 + number)
        path = b"environments/development/events/note-%d.yaml" % number
        content = SHOP["environments/development/events/order-placed.yaml"].replace(
            "order-placed", f"note-{number}"
        )
        stream += b"commit refs/heads/main\nauthor %s\ncommitter %s\n" % (who, who)
        stream += b"data %d\n%s\n" % (len(data), data)
        stream += b"from refs/heads/main^0\n" if not number else b""
        stream += b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(content), content.encode())
    repository.git("fast-import", "--quiet", "--date-format=raw-permissive", stdin=bytes(stream))
    repository.git("reset", "--hard", "--quiet")
