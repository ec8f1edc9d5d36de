"""Where a forge shows on the web what a remote holds; pure, over the remote's address.

What it returns never holds a credential. It knows nothing of a forge's API.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class _Forge(NamedTuple):
    """A kind of forge: a word of its host name, and paths in it.

    They are those of a commit, of a file, and of where a branch is proposed.
    """

    word: str
    commit: str = "commit/{commit}"
    file: str = "blob/{commit}/{path}"
    compare: str = "compare/{base}...{head}"


_FORGES = (
    _Forge("github", compare="compare/{base}...{head}?expand=1"),
    _Forge(
        "gitlab",
        "-/commit/{commit}",
        "-/blob/{commit}/{path}",
        "-/merge_requests/new?merge_request[source_branch]={head}"
        "&merge_request[target_branch]={base}",
    ),
    _Forge(
        "bitbucket",
        "commits/{commit}",
        "src/{commit}/{path}",
        "pull-requests/new?source={head}&dest={base}",
    ),
    *(_Forge(word, file="src/commit/{commit}/{path}") for word in ("codeberg", "gitea", "forgejo")),
)
# `git@host:owner/repo.git`, as ssh takes it, and URLs; a port of ssh is not that of the web.
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)")
_URL = re.compile(
    r"(?:https?://(?:[^/]*@)?([^/@:]+)(?::(?:80|443)?)?|ssh://(?:[^/]*@)?([^/@:]+)(?::\d*)?)/(.+)"
)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_SAFE = re.compile(r"[^A-Za-z0-9_.~/-]")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def commit_url(remote: str | None, commit: str | None) -> str | None:
    """Return the page of a commit; None where the remote is no forge that is known."""
    if (found := _page(remote)) is None or not _COMMIT.fullmatch(commit or ""):
        return None
    forge, address = found
    return f"{address}/{forge.commit.format(commit=commit)}"


def file_url(remote: str | None, commit: str | None, path: str) -> str | None:
    """Return the page of a file at a commit; None where the remote is no forge that is known."""
    if (found := _page(remote)) is None or not _COMMIT.fullmatch(commit or ""):
        return None
    forge, address = found
    return f"{address}/{forge.file.format(commit=commit, path=_quoted(path))}"


def compare_url(remote: str | None, base: str, head: str) -> str | None:
    """Return the page where a person proposes a branch for another one.

    None where the remote is no forge that is known.
    """
    if (found := _page(remote)) is None:
        return None
    forge, address = found
    return f"{address}/{forge.compare.format(base=_quoted(base), head=_quoted(head))}"


def repository(remote: str | None) -> tuple[str, str] | None:
    """Return server and `owner/name` of a repository on a forge; None of any other remote."""
    if (found := _page(remote)) is None:
        return None
    server, _, name = found[1].removeprefix("https://").partition("/")
    return f"https://{server}", name


def _page(remote: str | None) -> tuple[_Forge, str] | None:
    """Return the forge and the web address of a remote's repository."""
    host, path = _parts(remote or "")
    if not _HOST.fullmatch(host) or path.count("/") < 1:
        return None
    forge = next((f for f in _FORGES if f.word in host), None)
    return None if forge is None else (forge, f"https://{host}/{_quoted(path)}")


def _parts(remote: str) -> tuple[str, str]:
    """Return host and path of an address, without user, password and port; empty if it has none.

    A web address with a port of its own is that of no forge that is known.
    """
    found = (_URL if "://" in remote else _SCP).fullmatch(remote)
    if found is None or not remote.isprintable():
        return "", ""
    *hosts, path = found.groups()
    host = next(filter(None, hosts), "")
    return host.lower(), path.strip("/").removesuffix(".git")


def _quoted(path: str) -> str:
    return _SAFE.sub(lambda found: "".join(f"%{b:02X}" for b in found.group().encode()), path)
