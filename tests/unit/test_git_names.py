"""What is decided about refs, remotes and complaints before or after git runs; no git needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adapters.git.command import GitCommand
from reconciler.adapters.git.refs import checked_name
from reconciler.adapters.git.remote import parse_remote
from reconciler.core.errors import NotFound, RepositoryError

BASE = Path("/srv/shop")
SECRET = "s3cr3t-t0ken"

BAD_REFS = [
    "",
    "-x",
    "--upload-pack=touch /tmp/x",
    "-u/x",
    "--output=x",
    "a b",
    "a..b",
    "a@{1}",
    "main:environments",
    "main^{tree}",
    "a\nb",
    "main\n",
    "a\0b",
    "a\x1bb",
    "a\\b",
    "a*",
    "a?",
    "a[b]",
    "/main",
    "main/",
    "a//b",
    "a/.b",
    ".a",
    "a.lock",
    "a.lock/b",
    "main.",
    "pr\u202ed",
    "ma\u200bin",
    "x" * 2000,
]

BAD_REMOTES = [
    "",
    "-oProxyCommand=touch /tmp/x",
    "--upload-pack=x",
    "ext::sh -c touch% /tmp/x",
    "fd::17",
    "::x",
    "transport::address",
    "git://example.com/x.git",
    "http://example.com/x.git",
    "file:///srv/x.git",
    "ftp://example.com/x.git",
    "https://",
    "https:///x.git",
    "https://exa\nmple.com/x.git",
    "https://example.com/x.git\r",
    "https://example.com/%0ahost=evil",
    "https://example.com/x%00.git",
    "https://[::1/x.git",
    "https://example.com:port/x.git",
    "ssh://-oProxyCommand=x/y",
    "ssh://-oProxyCommand=x@host/y",
    "-oProxyCommand=x@host:y",
    "-host:path",
    "host:",
    "\x1b[31m",
]


@pytest.mark.parametrize("name", BAD_REFS)
def test_bad_ref_names_are_refused_before_git_starts(name: str) -> None:
    """A text that is no ref name is not found, in one printable line."""
    with pytest.raises(NotFound) as caught:
        checked_name(name)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", ["main", "feature/a-b", "staging/v1.4.0", "übung", "a@b", "v+1"])
def test_ref_names_are_accepted(name: str) -> None:
    """Names that git allows for branches and tags pass unchanged."""
    assert checked_name(name) == name


@pytest.mark.parametrize("url", BAD_REMOTES)
def test_bad_remotes_are_refused_before_git_starts(url: str) -> None:
    """Helpers, other protocols, options and control characters are no remotes."""
    with pytest.raises(RepositoryError) as caught:
        parse_remote(url, BASE)

    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("url", "given", "protocol"),
    [
        ("https://example.com/shop.git", "https://example.com/shop.git", "https"),
        ("HTTPS://example.com:8443/shop", "https://example.com:8443/shop", "https"),
        ("ssh://git@example.com:22/shop.git", "ssh://git@example.com:22/shop.git", "ssh"),
        ("git@example.com:team/shop.git", "git@example.com:team/shop.git", "ssh"),
        ("/srv/mirror.git", "/srv/mirror.git", "file"),
        ("/srv/od:d.git", "/srv/od:d.git", "file"),
        ("../mirror.git", "/srv/mirror.git", "file"),
        ("./-x", "/srv/shop/-x", "file"),
    ],
)
def test_remotes_are_accepted(url: str, given: str, protocol: str) -> None:
    """https, ssh and local paths are remotes, each allowed only its own protocol."""
    remote = parse_remote(url, BASE)

    assert (remote.url, remote.protocol) == (given, protocol)


def test_credentials_are_taken_out_of_urls() -> None:
    """Git is given a URL without user and password; they go through askpass."""
    remote = parse_remote(f"https://bot:{SECRET}%21@example.com:8443/x.git", BASE)

    assert remote.url == "https://example.com:8443/x.git"
    assert (remote.host, remote.user, remote.password) == ("example.com:8443", "bot", SECRET + "!")


def test_a_password_in_an_ssh_url_is_dropped() -> None:
    """An ssh remote keeps its user only."""
    assert parse_remote(f"ssh://git:{SECRET}@example.com/x", BASE).url == "ssh://git@example.com/x"


@pytest.mark.parametrize("url", [f"http://u:{SECRET}@h/x", f"https://u:{SECRET}@h:p/x"])
def test_refusals_do_not_repeat_credentials(url: str) -> None:
    """The text of a refused remote has no credentials."""
    with pytest.raises(RepositoryError) as caught:
        parse_remote(url, BASE)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("complaint", "line"),
    [
        (b"fatal: not here.\n", "not here"),
        (
            b"remote: \x1b[31mred\x1b]0;t\x07\nfatal: x",
            "remote: \\x1b[31mred\\x1b]0;t\\x07; fatal: x",
        ),
        (f"fatal: https://u:{SECRET}@h/x failed".encode(), "https://***@h/x failed"),
        (
            f"fatal: https://h/x?token={SECRET}&a=b failed".encode(),
            "https://h/x?token=***&a=*** failed",
        ),
        (f"fatal: odd {SECRET} text".encode(), "odd *** text"),
        (b"hint: do this\nfatal: \xff", "\\udcff"),
        (b"fatal: no /private/objects here", "no shop/objects here"),
        (b"x" * 9000, "x" * 400 + "…"),
    ],
)
def test_complaints_are_cleaned(complaint: bytes, line: str) -> None:
    """What git says becomes one line without credentials, control characters or our paths."""
    command = GitCommand(directory=Path("/private"), shown="shop", secrets=("", SECRET))

    assert command.clean(complaint) == line
