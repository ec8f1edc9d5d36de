"""Files and commits as Markdown: links where the repository stands on a forge, else code."""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.core.forge import web
from reconciler.core.render.escape import code, prose
from reconciler.core.render.wording import short_commit

_LINK = re.compile(r"https?://[\w.~:/?#@!$&'*+,;=%-]+", re.ASCII)
_FOLDER = re.compile(r"\Aenvironments/[^/]+/(?=.)")
_UPWARDS = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)")


class Places(NamedTuple):
    """Where things stand: the repository's address, and the commit that was looked at."""

    remote: str | None = None
    commit: str | None = None

    def line(self, file: str, line: int, *, within: bool = False) -> str:
        """Return a line of a file; `within` the section of an environment its folder is known."""
        is_path = file.isprintable() and not _UPWARDS.search(file)
        url = web.file_url(self.remote, self.commit, file) if is_path else None
        name = _FOLDER.sub("", file) if url and within else file
        return _linked(code(f"{name}:{line}"), url and f"{url}#L{line}")

    def revision(self, commit: str) -> str:
        """Return a commit."""
        return _linked(code(short_commit(commit)), web.commit_url(self.remote, commit))


def link(title: str, url: str) -> str:
    """Return a foreign title that leads to a page, if the address is one of a page."""
    if _LINK.fullmatch(url):
        return f"[{prose(title)}](<{url}>)"
    return f"{prose(title)}: {code(url)}"


def _linked(text: str, url: str | None) -> str:
    return f"[{text}](<{url}>)" if url else text
