"""Where the forge is, who we are there and what this run is about, from the environment.

Beside `settings` the only place that reads variables: those of GitHub Actions and our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from reconciler.core.errors import UsageError
from reconciler.core.forge import web

_SERVER = "https://github.com"
_API = "https://api.github.com"
_LOOPBACK = ("127.0.0.1", "localhost")
# What Actions writes is far smaller; what is larger is not read.
_LARGEST_EVENT = 8 * 2**20
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_PULL = re.compile(r"refs/pull/([1-9]\d{0,9})/(?:merge|head)")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TOKEN = re.compile(r"[!-~]{1,1000}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}(?:\[bot\])?")
_RUN = re.compile(r"\d{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeSettings:
    """One repository on a forge, and what this run is about there.

    `token` is None where nothing may be written or asked. `login` is who the token writes as where
    that was said; `assumed_login` where it was not and the forge does not say.
    `pull_request` and `commit` (its head, not the merge that Actions makes of it) are what the run
    was started for. `summary` is the file that the run's page shows, `run_url` that page.
    """

    api: str
    server: str
    repository: str
    token: str | None = field(default=None, repr=False)
    login: str | None = None
    assumed_login: str | None = None
    pull_request: int | None = None
    commit: str | None = None
    summary: Path | None = None
    run_url: str | None = None


def load(environ: Mapping[str, str], remote_url: str | None) -> ForgeSettings | None:
    """Return where the forge is; None where neither the environment nor the remote names one.

    The repository is that of the remote where its address is on the same server, else that in
    which Actions runs.

    Raises:
        UsageError: a variable has a value that cannot be meant.
    """
    server = _address(environ, "GITHUB_SERVER_URL") or _SERVER
    ours, its = _repository(environ), web.repository(remote_url)
    named = its[1] if its is not None and its[0] == server else ours
    if named is None or not _REPOSITORY.fullmatch(named):
        return None
    api = _address(environ, "RECONCILER_FORGE_API") or _address(environ, "GITHUB_API_URL")
    # A run of one repository may look at another: what Actions tells is of its own.
    is_here = ours is not None and ours.lower() == named.lower()
    pull_request = _pull_request(environ) if is_here else None
    return ForgeSettings(
        api=api or (_API if server == _SERVER else f"{server}/api/v3"),
        server=server,
        repository=named,
        token=_token(environ),
        login=_login(environ),
        assumed_login="github-actions[bot]" if environ.get("GITHUB_ACTIONS") == "true" else None,
        pull_request=pull_request,
        commit=_commit(environ, pull_request) if is_here else None,
        summary=summary(environ),
        run_url=_run_url(environ, server, ours),
    )


def is_actions(environ: Mapping[str, str]) -> bool:
    """Say whether a runner of Actions reads what is printed."""
    return environ.get("GITHUB_ACTIONS") == "true"


def summary(environ: Mapping[str, str]) -> Path | None:
    """Return the file whose text the page of this run shows; None outside of Actions."""
    path = Path(environ.get("GITHUB_STEP_SUMMARY", ""))
    return path if path.is_absolute() and "\0" not in str(path) else None


def _repository(environ: Mapping[str, str]) -> str | None:
    named = environ.get("GITHUB_REPOSITORY", "").strip()
    if named and not _REPOSITORY.fullmatch(named):
        raise UsageError("GITHUB_REPOSITORY is no OWNER/NAME.", hint="Unset it, or name one.")
    return named or None


def _address(environ: Mapping[str, str], name: str) -> str | None:
    """Return an address of a server, whose text is never repeated: it might hold a password."""
    text = environ.get(name, "").strip().rstrip("/")
    if not text:
        return None
    try:
        where = urlsplit(text)
        usable = _is_usable(where) and where.port != 0 and text.isascii() and text.isprintable()
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            f"{name} is no address that a token may be sent to.",
            hint="Give https://HOST[/PATH], without user and password; http only for 127.0.0.1.",
        )
    return text


def _is_usable(where: SplitResult) -> bool:
    """Say whether a token may be sent there: only encrypted, or to this machine."""
    is_safe = where.scheme == "https" or (where.scheme == "http" and where.hostname in _LOOPBACK)
    extra = "@" in where.netloc or where.query or where.fragment
    return is_safe and bool(where.hostname) and not extra


def _token(environ: Mapping[str, str]) -> str | None:
    for name in ("RECONCILER_FORGE_TOKEN", "GITHUB_TOKEN"):
        if not (token := environ.get(name, "").strip()):
            continue
        if not _TOKEN.fullmatch(token):
            raise UsageError(f"{name} is no token.", hint="Give it in one line, without spaces.")
        return token
    return None


def _login(environ: Mapping[str, str]) -> str | None:
    login = environ.get("RECONCILER_FORGE_LOGIN", "").strip()
    if login and not _LOGIN.fullmatch(login):
        raise UsageError(
            "RECONCILER_FORGE_LOGIN is no login.", hint="Give it as comments show it: NAME[bot]."
        )
    return login or None


def _pull_request(environ: Mapping[str, str]) -> int | None:
    """Return the pull request that started this run; a merge queue has none of its own."""
    found = _PULL.fullmatch(environ.get("GITHUB_REF", ""))
    return int(found[1]) if found else None


def _commit(environ: Mapping[str, str], pull_request: int | None) -> str | None:
    """Return the commit that the run is about; GITHUB_SHA of a pull request is a passing merge."""
    if pull_request is None:
        found = environ.get("GITHUB_SHA", "")
    else:
        found = _head(_event(environ.get("GITHUB_EVENT_PATH", "")), pull_request)
    return found if _COMMIT.fullmatch(found) else None


def _head(event: Any, pull_request: int) -> str:
    """Return the head of this pull request as an event tells it, empty if it does not."""
    try:
        told = event["pull_request"]
        found = told["head"]["sha"] if told["number"] == pull_request else ""
    except (KeyError, TypeError, IndexError):
        return ""
    return found if isinstance(found, str) else ""


def _event(path: str) -> Any:
    """Return what started the run; whoever opened the pull request wrote parts of it."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST_EVENT + 1)
        return json.loads(data) if len(data) <= _LARGEST_EVENT else None
    except (OSError, ValueError, RecursionError):
        return None


def _run_url(environ: Mapping[str, str], server: str, repository: str | None) -> str | None:
    run = environ.get("GITHUB_RUN_ID", "")
    if repository is None or not _RUN.fullmatch(run):
        return None
    return f"{server}/{repository}/actions/runs/{run}"
