"""Environment variables and options as one frozen value."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler import settings
from reconciler.core.errors import EXIT_USAGE, UsageError
from reconciler.settings import Options, Settings


def load(
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    *,
    is_terminal: bool = False,
    **options: object,
) -> Settings:
    """Return the settings of a run in a folder."""
    given = dataclasses.replace(Options(), **options)
    return settings.load(given, environ or {}, cwd=cwd, is_terminal=is_terminal)


def test_the_root_is_the_checkout_around(tmp_path: Path) -> None:
    """From a folder inside a checkout, its top is the root; so is a work tree's."""
    (tmp_path / "shop" / "environments").mkdir(parents=True)
    (tmp_path / "shop" / ".git").write_text("gitdir: elsewhere")

    assert load(tmp_path / "shop" / "environments").root == tmp_path / "shop"
    assert load(tmp_path, repo="shop/environments").root == tmp_path / "shop"
    assert load(tmp_path, repo=str(tmp_path / "shop")).root == tmp_path / "shop"


def test_a_folder_outside_a_checkout_is_its_own_root(tmp_path: Path) -> None:
    """Without git the named folder is taken as it is."""
    assert load(tmp_path).root == tmp_path
    assert load(tmp_path).remote is None


@pytest.mark.parametrize("name", ["missing", "file", "a\0b"])
def test_a_repository_that_is_not_there_is_wrong_usage(tmp_path: Path, name: str) -> None:
    """A missing folder, or a file, is named with the option to mend it."""
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="--repo DIR") as caught:
        load(tmp_path, repo=name)
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize(
    "repo",
    ["https://example.com/shop.git", "ssh://git@example.com/shop", "git@example.com:team/shop"],
)
def test_a_repository_elsewhere_is_a_remote(tmp_path: Path, repo: str) -> None:
    """A URL or an address for ssh is no folder; state is kept in the current one."""
    found = load(tmp_path, repo=repo)

    assert (found.remote, found.root) == (repo, tmp_path)


@pytest.mark.parametrize("repo", ["a:b", "x@y", "./a@b:c"])
def test_a_folder_with_odd_characters_is_a_folder(tmp_path: Path, repo: str) -> None:
    """Colons and at signs alone do not make a URL."""
    (tmp_path / repo).mkdir()

    assert load(tmp_path, repo=repo).remote is None


def test_the_store_is_beside_the_repository_by_default(tmp_path: Path) -> None:
    """Without an option or variable, the store is a file in the state folder."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()

    found = load(tmp_path / "sub")

    assert found.store == f"sqlite:///{tmp_path}/.reconciler/state.db"
    assert found.store_path == tmp_path / ".reconciler" / "state.db"
    assert found.state_folder == tmp_path / ".reconciler"


def test_an_option_wins_over_the_variable(tmp_path: Path) -> None:
    """`--store` counts before RECONCILER_STORE, and a relative path starts where one stands."""
    environ = {"RECONCILER_STORE": "postgresql://db/x"}

    assert load(tmp_path, environ).store == "postgresql://db/x"
    assert load(tmp_path, environ).store_path is None
    assert load(tmp_path, environ, store="sqlite:///s.db").store_path == tmp_path / "s.db"
    assert load(tmp_path, store="sqlite:////var/s.db").store_path == Path("/var/s.db")


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_store_is_wrong_usage(tmp_path: Path, value: str) -> None:
    """A secret that is missing in CI must not fall back to a file."""
    with pytest.raises(UsageError, match="RECONCILER_STORE is set but empty") as caught:
        load(tmp_path, {"RECONCILER_STORE": value})
    assert caught.value.exit_code == EXIT_USAGE
    with pytest.raises(UsageError, match="--store is set but empty"):
        load(tmp_path, store=value)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql://u:c4nary@h/x", "a mysql:// URL"),
        ("postgres://u:c4nary@h/x", "a postgres:// URL"),
        ("postgresql+psycopg://u:c4nary@h/x", r"a postgresql\+psycopg:// URL"),
        ("sqlite://", "a sqlite:// URL"),
        ("sqlite:///", "a sqlite:// URL"),
        ("postgresql://", "a postgresql:// URL"),
        ("c4nary", "no URL of a store"),
        ("c4nary pass://word", "no URL of a store"),
        ("sqlite:///a\0c4nary", "a sqlite:// URL"),
    ],
)
def test_another_store_is_wrong_usage(tmp_path: Path, url: str, found: str) -> None:
    """Only SQLite and PostgreSQL are stores; the error repeats no part that may be secret."""
    with pytest.raises(UsageError, match=f"RECONCILER_STORE is {found}.") as caught:
        load(tmp_path, {"RECONCILER_STORE": url})
    assert "c4nary" not in str(caught.value)


def test_the_password_of_the_store_is_never_shown(tmp_path: Path) -> None:
    """Neither the form for people nor the representation holds the password."""
    url = "postgresql://u:c4nary@db/x?sslmode=require&password=c4nary"
    found = load(tmp_path, {"RECONCILER_STORE": url})

    assert found.redacted_store == "postgresql://***@db/x?sslmode=require&password=***"
    assert "c4nary" not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:c4nary@db/x",
        " postgresql://u:c4/na@ry@db:5432/x",
        "postgresql://:c4nary@db/x",
        "postgresql://db/x?sslmode=require&password=c4nary",
    ],
)
def test_a_password_on_the_command_line_is_refused(tmp_path: Path, url: str) -> None:
    """Everybody on a machine can read its command lines, so none may hold a password."""
    with pytest.raises(UsageError, match="--store holds a password") as caught:
        load(tmp_path, store=url)

    assert "c4" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@db:5432/x",
        "postgresql://u:@/x?host=/run/pg",
        "postgresql:///x?host=/run/pg&application_name=a@b:c",
    ],
)
def test_a_server_without_a_password_may_be_named_anywhere(tmp_path: Path, url: str) -> None:
    """PGPASSWORD, a file or a certificate may say who it is."""
    assert load(tmp_path, store=url).store == url


def test_log_options(tmp_path: Path) -> None:
    """The form of logs is text or json, how many is a number."""
    found = load(tmp_path, log_format="json", verbosity=2)

    assert (found.log_format, found.verbosity) == ("json", 2)
    with pytest.raises(UsageError, match="--log-format text or json"):
        load(tmp_path, log_format="xml")


@pytest.mark.parametrize(
    ("environ", "terminal", "no_color", "expected"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({}, True, True, False),
        ({"NO_COLOR": "1"}, True, False, False),
        ({"NO_COLOR": ""}, True, False, True),
        ({"TERM": "dumb"}, True, False, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    tmp_path: Path, environ: dict[str, str], *, terminal: bool, no_color: bool, expected: bool
) -> None:
    """Colour needs a terminal, and neither --no-color nor NO_COLOR."""
    found = load(tmp_path, environ, is_terminal=terminal, no_color=no_color)

    assert found.colour is expected


def test_the_actor_is_named_by_variables(tmp_path: Path) -> None:
    """RECONCILER_ACTOR counts before GITHUB_ACTOR; an empty one does not count."""
    both = {"RECONCILER_ACTOR": "ana", "GITHUB_ACTOR": "ben"}

    assert load(tmp_path, both).actor == "ana"
    assert load(tmp_path, {**both, "RECONCILER_ACTOR": ""}).actor == "ben"


def test_the_actor_is_one_printable_line(tmp_path: Path) -> None:
    """An actor cannot forge a line of the history."""
    actor = load(tmp_path, {"GITHUB_ACTOR": "ana\n\x1b[31m" + "x" * 500}).actor

    assert actor.startswith("ana\\n\\x1b[31mx")
    assert len(actor) == 200


def test_the_actor_is_the_login_name_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without variables it is who is logged in, and `unknown` where nobody is."""
    monkeypatch.setenv("LOGNAME", "cleo")
    assert load(tmp_path).actor == "cleo"

    def nobody() -> str:
        """Fail as for a user without a name."""
        raise OSError("no user")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert load(tmp_path).actor == "unknown"


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("1", True), ("false", False), ("", False)]
)
def test_ci_is_what_the_variable_says(tmp_path: Path, value: str, *, expected: bool) -> None:
    """A build server sets CI."""
    assert load(tmp_path, {"CI": value}).ci is expected
    assert load(tmp_path).ci is False


def test_the_values_of_our_secret_variables_are_known() -> None:
    """Tokens, sealing keys and passwords of URLs are masked; names of files are not."""
    environ = {
        "RECONCILER_STORE": "postgresql://u:f%40ur@db/x",
        "RECONCILER_GIT_TOKEN": "one",
        "GITHUB_TOKEN": "two",
        "RECONCILER_KEY_STAGING": "three",
        "RECONCILER_KEY_PRODUCTION_FILE": "/run/secrets/key",
        "HOME": "/root",
    }

    found = set(settings.secret_values(environ))
    assert found == {"one", "two", "three", "f%40ur", "f@ur"}


def test_passwords_in_urls_are_known_as_they_are_and_decoded() -> None:
    """What stands in an option's URL is masked in both forms; what is no URL has none."""
    found = settings.url_passwords(
        "https://u:p%40ss@h.example/x", None, "/a/folder", "http://[", ""
    )
    assert found == ("p%40ss", "p@ss")


def test_other_variables_are_secret_by_their_names() -> None:
    """A variable called token, password, secret or key is one, unless it is a path or a word."""
    secret = {
        "FORGE_TOKEN": "abcdefgh",
        "PGPASSWORD": "correct-horse",
        "Client_Secret": "x" * 8,
        "SHOP_SIGNING_KEY": "-----BEGIN PRIVATE KEY-----\nabc",
        "RECONCILER_FORGE_TOKEN": "ours",
    }
    public = {
        "TOKEN_TYPE": "abcdefghijkl1",
        "API_TOKEN": "short",
        "DEPLOY_KEY": "/run/secrets/deploy",
        "SORT_KEY": "created_at",
        "PARTITION_KEY": "12345678",
        "RECONCILER_KEY_STAGING_FILE": "/run/secrets/key1",
    }

    assert set(settings.secret_values({**secret, **public})) == set(secret.values())


def test_a_token_in_place_of_a_user_is_known() -> None:
    """A long user without a password is a token, and so is a password among the parameters."""
    found = settings.url_passwords(
        "https://c4nary0123456789@h.example/x",
        "https://git@h.example/x",
        "postgresql://h/db?password=p%20w&sslmode=require",
    )
    assert found == ("c4nary0123456789", "p w")


def test_odd_variables_take_no_time() -> None:
    """Whatever a variable holds, looking at it takes time like its length."""
    start = time.process_time()
    settings.secret_values({"A_KEY": "./" * 100_000 + "!", "B_KEY": "a" * 200_000 + "/" * 3 + "!"})

    assert time.process_time() - start < 1
