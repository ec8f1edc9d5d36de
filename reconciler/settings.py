"""Environment variables and command-line options as one frozen value.

The only place that reads the process environment for settings. It opens nothing and knows nothing
of what the settings are used for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from reconciler.core import credentials, printable
from reconciler.core.errors import UsageError
from reconciler.core.layout import STATE_FOLDER

LOG_FORMATS = ("text", "json")

_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql://"
_STORES = f"A store is {_SQLITE}PATH or {_POSTGRESQL}USER:PASSWORD@HOST/DATABASE."
_WITH_PASSWORD = re.compile(rf"\s*{_POSTGRESQL}(?:[^@/?]*:[^@?]+@|.*[?&]password=.)", re.DOTALL)

# Variables whose values must never be shown, whatever shows them.
_SECRET_VARIABLES = (
    "RECONCILER_FORGE_TOKEN",
    "RECONCILER_GIT_TOKEN",
    "RECONCILER_SMTP_URL",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITLAB_TOKEN",
)
_URL_VARIABLES = ("RECONCILER_STORE", "RECONCILER_SMTP_URL")
_KEY_PREFIX = "RECONCILER_KEY_"
_LONG_USER = 16

# Other variables whose name says that the value is secret. What ends like a key may also be the
# path of one, a word or a number.
_SECRET_NAME = re.compile(r"(?i)(?:.*_)?(?:token|passw(?:or)?d|secret)|pgpassword")
_KEY_NAME = re.compile(r"(?i)(?:.*_)?(?:key|credentials?|pat)")
_ORDINARY = re.compile(r"(?:[~\w.-]*/)*[A-Za-z._-]{0,40}|\d{1,9}")
_SHORTEST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says; None where it says nothing."""

    repo: str | None = None
    store: str | None = None
    log_format: str = "text"
    verbosity: int = 0
    no_color: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this run is set up.

    `root` is the top folder of the checkout, or the current folder when `remote` names a
    repository elsewhere; its mirror lies below `mirrors`. `remote` may hold a token: never show it.
    `verbosity` is 0 for warnings, 1 for informations, 2 for everything.
    `store` may hold a password: show `redacted_store`; so may `smtp`, the server for mails.
    """

    root: Path
    remote: str | None = field(default=None, repr=False)
    mirrors: Path | None = None
    store: str = field(repr=False)
    smtp: str | None = field(default=None, repr=False)
    log_format: str = "text"
    verbosity: int = 0
    colour: bool = False
    actor: str = "unknown"
    ci: bool = False

    @property
    def state_folder(self) -> Path:
        """The folder for the embedded store, keys and cache."""
        return self.root / STATE_FOLDER

    @property
    def store_path(self) -> Path | None:
        """The file of an embedded store, None for a server."""
        if not self.store.startswith(_SQLITE):
            return None
        return Path(self.store.removeprefix(_SQLITE))

    @property
    def redacted_store(self) -> str:
        """The store's URL without any credential."""
        return printable.one_line(credentials.masked(self.store, "***"))


def load(
    options: Options, environ: Mapping[str, str], *, cwd: Path, is_terminal: bool = False
) -> Settings:
    """Return the settings of a run; options win over variables.

    Raises:
        UsageError: an option or variable has a value that cannot be meant.
    """
    remote = options.repo if options.repo and _is_remote(options.repo) else None
    if url_passwords(remote):
        raise UsageError(
            "--repo holds a password, and everybody on this machine can read a command line.",
            hint="Give the token in RECONCILER_GIT_TOKEN.",
        )
    root = _here(cwd) if remote else _root(cwd / (options.repo or "."))
    if options.log_format not in LOG_FORMATS:
        raise UsageError(
            f"The log format is {options.log_format!r}.", hint="Use --log-format text or json."
        )
    return Settings(
        root=root,
        remote=remote,
        mirrors=_mirrors(environ, root) if remote else None,
        store=_store(options.store, environ, root, cwd),
        smtp=environ.get("RECONCILER_SMTP_URL"),
        log_format=options.log_format,
        verbosity=options.verbosity,
        colour=_colour(options, environ, is_terminal=is_terminal),
        actor=_actor(environ),
        ci=_is_ci(environ),
    )


def secret_values(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values of our own variables that must never be shown."""
    found = tuple(
        value
        for name, value in environ.items()
        if name in _SECRET_VARIABLES
        or (name.startswith(_KEY_PREFIX) and not name.endswith("_FILE"))
        or (len(value) >= _SHORTEST and _is_secret(name, value))
    )
    return found + url_passwords(*map(environ.get, _URL_VARIABLES))


def _is_secret(name: str, value: str) -> bool:
    if _SECRET_NAME.fullmatch(name):
        return True
    return bool(_KEY_NAME.fullmatch(name)) and not _ORDINARY.fullmatch(value)


def url_passwords(*urls: str | None) -> tuple[str, ...]:
    """Return the passwords that stand in URLs of options, as they are and decoded.

    A long user without a password is a token.
    """
    found: list[str] = []
    for url in filter(None, urls):
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        queried = [value for name, value in parse_qsl(parts.query) if name == "password"]
        token = parts.username if len(parts.username or "") >= _LONG_USER else None
        found += filter(None, (parts.password or token, *queried))
    return tuple(dict.fromkeys(each for one in found for each in (one, unquote(one))))


def _is_remote(repo: str) -> bool:
    """Say whether a repository is named by URL or `user@host:path` rather than by folder."""
    host = repo.partition(":")[0]
    return "://" in repo or ("@" in host and ":" in repo and "/" not in host)


def _mirrors(environ: Mapping[str, str], root: Path) -> Path:
    """Return the folder for mirrors: in the user's cache, else beside the store."""
    cache, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    if Path(cache).is_absolute():
        return Path(cache) / "reconciler" / "mirrors"
    if home.strip("/") and Path(home).is_dir() and os.access(home, os.W_OK | os.X_OK):
        return Path(home) / ".cache" / "reconciler" / "mirrors"
    return root / STATE_FOLDER / "mirrors"


def _root(folder: Path) -> Path:
    """Return the nearest folder upwards that is a checkout, else the folder itself."""
    start = _here(folder)
    return next((place for place in (start, *start.parents) if (place / ".git").exists()), start)


def _here(folder: Path) -> Path:
    """Return a folder by its real path.

    Raises:
        UsageError: the folder is not there.
    """
    try:
        start = folder.resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        shown = printable.one_line(str(folder), 200)
        raise UsageError(
            f"The repository {shown} is not there.", hint="Name its folder with --repo DIR."
        ) from error
    if not start.is_dir():
        raise UsageError(
            f"The repository {printable.one_line(str(folder), 200)} is not a folder.",
            hint="Name its folder with --repo DIR.",
        )
    return start


def _store(option: str | None, environ: Mapping[str, str], root: Path, cwd: Path) -> str:
    """Return the store's URL, with an absolute path for an embedded one.

    An empty variable is an error: a secret that is missing in CI must not fall back to a file.
    """
    url, origin = option, "--store"
    if url is None:
        url, origin = environ.get("RECONCILER_STORE"), "RECONCILER_STORE"
    if url is None:
        return f"{_SQLITE}{root / STATE_FOLDER / 'state.db'}"
    if not url.strip():
        raise UsageError(f"{origin} is set but empty.", hint=f"Unset it or name a store. {_STORES}")
    if option is not None and _WITH_PASSWORD.match(option):
        raise UsageError(
            "--store holds a password, and everybody on this machine can read a command line.",
            hint="Give the URL in RECONCILER_STORE, or the password in PGPASSWORD or ~/.pgpass.",
        )
    return _checked_store(url.strip(), origin, cwd)


def _checked_store(url: str, origin: str, cwd: Path) -> str:
    """Return an acceptable URL; the text of an error never repeats one, it may hold a password."""
    if url.startswith(_SQLITE) and url != _SQLITE and "\0" not in url:
        return f"{_SQLITE}{cwd / url.removeprefix(_SQLITE)}"
    if url.startswith(_POSTGRESQL) and url != _POSTGRESQL:
        return url
    scheme = url.partition("://")[0]
    known = "://" in url and scheme.replace("+", "").isalnum() and len(scheme) <= 30
    found = f"a {scheme}:// URL" if known else "no URL of a store"
    raise UsageError(f"{origin} is {found}.", hint=_STORES)


def _colour(options: Options, environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Say whether to colour: only on a terminal that can, and nobody said no."""
    refused = options.no_color or bool(environ.get("NO_COLOR"))
    return is_terminal and not refused and environ.get("TERM") != "dumb"


def _actor(environ: Mapping[str, str]) -> str:
    """Return who runs this, as it is written into the history."""
    named = environ.get("RECONCILER_ACTOR") or environ.get("GITHUB_ACTOR") or _login()
    return printable.one_line(named.strip(), 200) or "unknown"


def _login() -> str:
    """Return the login name; a container's user may have none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _is_ci(environ: Mapping[str, str]) -> bool:
    """Say whether a build server runs this."""
    return environ.get("CI", "").strip().lower() in {"1", "true", "yes"}
