"""Fetches a branch and the tags from a remote into `refs/reconciler/`, and nothing else.

Which remotes are allowed is decided here before git is started. Credentials go through askpass:
never into argv, a URL, a file or an error text. It must not know releases or environments.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from reconciler.adapters.git.command import (
    GitCommand,
    Result,
    temporary_files,
    without_credentials,
)
from reconciler.adapters.git.locking import alone
from reconciler.adapters.git.private import Place
from reconciler.adapters.git.refs import FETCHED_HEADS, FETCHED_TAGS, checked_name, listed
from reconciler.core.errors import RemoteUnreachable, RepositoryError
from reconciler.core.printable import one_line

TOKEN = "RECONCILER_GIT_TOKEN"
EVERY = "*"

_TIMEOUT = 300.0
_ALLOWED = "Only https, ssh and local paths are remotes."
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_SCP = re.compile(r"(?:\w[\w.-]*@)?(?:[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\]):[^:].*\Z", re.ASCII)
_REMOTE_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]*\Z")
_ENCODED_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
_SYMREF = re.compile(r"^ref: refs/heads/(\S+)\tHEAD$", re.MULTILINE)
_SSH = "ssh -oBatchMode=yes"
# How a machine reaches its remotes is its own business, not the repository's.
_CONNECTION = frozenset(
    {
        "GIT_SSH_COMMAND",
        "GIT_SSH_VARIANT",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "SSH_AUTH_SOCK",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "CURL_CA_BUNDLE",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    }
)
# Answers only for the host that was meant: a redirect must not collect the token.
_ASKPASS = """\
#!/bin/sh
host="$RECONCILER_ASKPASS_HOST"
case "$1" in
  "Username for 'https://$host'"*) answer="$RECONCILER_ASKPASS_USER" ;;
  "Password for 'https://"*"@$host'"*) answer="$RECONCILER_ASKPASS_PASSWORD" ;;
  *) exit 1 ;;
esac
printf '%s\\n' "$answer"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A remote that is allowed: what git is given, and what is kept from it.

    `protocol` is what `GIT_ALLOW_PROTOCOL` permits: https, ssh or file.
    """

    url: str
    protocol: str
    host: str = ""
    user: str = ""
    password: str = ""

    @property
    def shown(self) -> str:
        """The URL as it may be shown."""
        return one_line(without_credentials(self.url))


def parse_remote(url: str, base: Path) -> Remote:
    """Take a URL, an scp-like address or a path (relative to `base`) as a remote.

    Raises:
        RepositoryError: it is of a kind that is not allowed; says which are.
    """
    shown = one_line(without_credentials(url))[:200]
    if not url or url.startswith("-") or not url.isprintable() or _HELPER.match(url):
        raise RepositoryError(f"the remote `{shown}` is refused.", hint=_ALLOWED)
    scheme = _SCHEME.match(url)
    if scheme:
        return _from_url(url, scheme[1].lower(), shown)
    head = url.partition("/")[0]
    if ":" in head:
        if not _SCP.match(url):
            raise RepositoryError(f"the remote `{shown}` is refused.", hint=_ALLOWED)
        return Remote(url=url, protocol="ssh")
    return Remote(url=os.path.normpath(base / url), protocol="file")


def _from_url(url: str, scheme: str, shown: str) -> Remote:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise RepositoryError(f"the remote `{shown}` is not a URL.", hint=_ALLOWED) from error
    named = bool(host) and not host.startswith("-") and not (parts.username or "").startswith("-")
    if scheme not in {"https", "ssh"} or not named or _ENCODED_CONTROL.search(url):
        raise RepositoryError(f"the remote `{shown}` is refused.", hint=_ALLOWED)
    if scheme == "ssh":
        return Remote(url=_without(parts, keep_user=True), protocol="ssh")
    return Remote(
        url=_without(parts, keep_user=False),
        protocol="https",
        host=parts.netloc.rpartition("@")[2],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _without(parts: SplitResult, *, keep_user: bool) -> str:
    user = f"{parts.username}@" if keep_user and parts.username else ""
    netloc = user + parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=netloc))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A remote, and the git that may speak to it and to no other."""

    remote: Remote
    command: GitCommand

    def unreachable(self, done: str, result: Result) -> RemoteUnreachable:
        """Return the error for a remote that could not be `done` what was asked."""
        return RemoteUnreachable(
            f"{self.remote.shown} cannot be {done}: {result.reason or result.status}.",
            hint=_hint(self.remote),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remotes:
    """The remotes of one repository; `directory` is the private git directory."""

    command: GitCommand
    place: Place
    directory: Path

    def url(self, name: str = "origin") -> str | None:
        """Return the first URL that the repository's config gives a remote, None without one."""
        if not _REMOTE_NAME.match(name):
            raise RepositoryError(f"`{one_line(name[:100])}` is not the name of a remote.")
        config = self.place.common_dir / "config"
        key = f"remote.{name}.url"
        asked = ("config", "--file", str(config), "--no-includes", "--null", "--get-all", key)
        values = self.command.run(*asked).output.decode("utf-8", "surrogateescape").split("\0")
        return values[0] or None

    def fetch(self, branch: str, url: str, *, whole: bool = False) -> None:
        """Fetch a branch (`*`: every one) and all tags into `refs/reconciler/`, all checked.

        `whole` also asks for what a shallow history lacks.

        Raises:
            RepositoryError: the remote is refused or does not answer, has no such branch, or
                sends what is not sound.
        """
        if branch != EVERY:
            checked_name(branch)
        connection = self.connection(url)
        with alone(self.place):
            result = connection.command.run(
                "fetch",
                "--quiet",
                "--no-tags",
                "--no-recurse-submodules",
                "--prune",
                *(("--unshallow",) if whole else ()),
                "--end-of-options",
                connection.remote.url,
                f"+refs/heads/{branch}:{FETCHED_HEADS}{branch}",
                f"+refs/tags/*:{FETCHED_TAGS}*",
            )
        if result.status:
            # A remote that answers without the branch is no outage: what it names counts.
            if "couldn't find remote ref" in result.reason:
                raise _no_branch(connection, result)
            raise connection.unreachable("fetched", result)

    def deepen(self, branch: str, url: str) -> bool:
        """Fetch what a shallow history lacks; say whether it is whole now."""
        shallow = self.place.common_dir / "shallow"
        link = self.directory / "shallow"
        try:
            before = shallow.read_bytes()
            self.fetch(branch, url, whole=True)
            # git takes its own file away when nothing is lacking: here that is our link.
            if not os.path.lexists(link):
                if shallow.read_bytes() == before:
                    shallow.unlink()
                link.symlink_to(shallow)
        except (RepositoryError, OSError):
            return not shallow.exists()
        return not shallow.exists()

    def default_branch(self, url: str) -> str | None:
        """Return the branch that HEAD of a remote names, None when it names none that exists.

        Raises:
            RemoteUnreachable: the remote does not answer.
        """
        connection = self.connection(url)
        asked = ("ls-remote", "--symref", "--end-of-options", connection.remote.url, "HEAD")
        result = connection.command.run(*asked)
        if result.status:
            raise connection.unreachable("asked", result)
        found = _SYMREF.search(result.text)
        return found[1] if found else None

    def connection(self, url: str) -> Connection:
        """Give a git that may speak to one remote.

        Raises:
            RepositoryError: a remote of this kind is refused.
        """
        remote = parse_remote(url, self.place.root or self.place.git_dir)
        with temporary_files():
            command = self._command_for(remote)
        return Connection(remote=remote, command=command)

    def _command_for(self, remote: Remote) -> GitCommand:
        user = os.environ.get("RECONCILER_GIT_USERNAME") or remote.user or "x-access-token"
        password = os.environ.get(TOKEN) or remote.password
        variables = {
            "GIT_ALLOW_PROTOCOL": remote.protocol,
            "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND") or _SSH,
        }
        if remote.protocol == "https" and password:
            variables |= self.askpass(remote.host, user, password)
        if remote.protocol == "file":
            variables["GIT_CONFIG_GLOBAL"] = self._trusting(remote.url)
        return replace(
            self.command,
            timeout=_TIMEOUT,
            inherited=self.command.inherited | _CONNECTION,
            variables={**self.command.variables, **variables},
            secrets=(password, remote.password),
        )

    def askpass(self, host: str, user: str, password: str) -> Mapping[str, str]:
        """Write the askpass program and return the variables by which git and it are told."""
        script = self.directory / "askpass"
        script.write_text(_ASKPASS, encoding="ascii")
        script.chmod(0o700)
        return {
            "GIT_ASKPASS": str(script),
            "RECONCILER_ASKPASS_HOST": host,
            "RECONCILER_ASKPASS_USER": user,
            "RECONCILER_ASKPASS_PASSWORD": password,
        }

    def _trusting(self, path: str) -> str:
        """Return a config by which git serves a local remote that belongs to another user.

        The remote was named by the repository's owner, its hooks do not run, and what it sends is
        checked like what any server sends.
        """
        quoted = path.replace("\\", "\\\\").replace('"', '\\"')
        lines = [f'\tdirectory = "{quoted}{end}"\n' for end in ("", "/.git")]
        config = self.directory / "trusting"
        config.write_text("[safe]\n" + "".join(lines), encoding="utf-8", errors="surrogateescape")
        return str(config)


def _no_branch(connection: Connection, result: Result) -> RepositoryError:
    """Return the error for a remote that has no such branch, with those that it has."""
    asked = ("ls-remote", "--heads", "--end-of-options", connection.remote.url)
    lines = connection.command.run(*asked).text.splitlines()
    found = listed([line.partition("\trefs/heads/")[2] for line in lines])
    return RepositoryError(
        f"{connection.remote.shown} cannot be fetched: {result.reason}; branches found: {found}.",
        hint="Push the branch, or name another one as protectedBranch in the pipeline.",
    )


def _hint(remote: Remote) -> str:
    if remote.protocol == "https":
        return f"Check the address and the network; a private remote needs {TOKEN}."
    if remote.protocol == "ssh":
        return "Check the address, the network and that ssh has a key that needs no prompt."
    return "Check that the path is a repository with that branch."
