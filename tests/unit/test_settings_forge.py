"""Where the forge is and what a run is about there, from the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler import settings
from reconciler.core.errors import UsageError
from reconciler.settings_forge import ForgeSettings, load

HEAD, MERGE = "a" * 40, "b" * 40
ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "owner/repository",
    "GITHUB_RUN_ID": "123",
    "GITHUB_SHA": MERGE,
    "GITHUB_TOKEN": "t0ken",
}


def loaded(environ: Mapping[str, str], remote: str | None = None) -> ForgeSettings:
    """Return the settings, which must be there."""
    found = load(environ, remote)
    assert found is not None
    return found


def event(folder: Path, told: Any, *, number: str = "7") -> dict[str, str]:
    """Return the environment of a run that a pull request started."""
    path = folder / "event.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    ref = f"refs/pull/{number}/merge"
    return {**ACTIONS, "GITHUB_REF": ref, "GITHUB_EVENT_PATH": str(path)}


def test_without_a_forge_there_are_no_settings() -> None:
    """Neither variables nor a remote on a forge that is known: nothing can be told."""
    assert load({}, None) is None
    assert load({}, "/srv/git/shop.git") is None
    assert load({"GITHUB_TOKEN": "t0ken"}, "https://gitlab.com/owner/repository.git") is None


def test_actions_names_everything() -> None:
    """In Actions the repository, its API and the page of the run are those of the variables."""
    found = loaded(ACTIONS)

    assert (found.api, found.server) == ("https://api.github.com", "https://github.com")
    assert (found.repository, found.token) == ("owner/repository", "t0ken")
    assert found.run_url == "https://github.com/owner/repository/actions/runs/123"
    assert (found.commit, found.pull_request) == (MERGE, None)
    assert (found.login, found.assumed_login) == (None, "github-actions[bot]")


@pytest.mark.parametrize(
    "remote", ["https://github.com/owner/shop.git", "git@github.com:owner/shop.git"]
)
def test_outside_of_actions_the_remote_names_the_repository(remote: str) -> None:
    """A remote on the forge is enough, however its address is written."""
    found = loaded({"GITHUB_TOKEN": "t0ken"}, remote)

    assert (found.repository, found.api) == ("owner/shop", "https://api.github.com")
    assert (found.commit, found.assumed_login, found.run_url) == (None, None, None)


def test_a_server_of_ones_own_has_its_api_below() -> None:
    """Another server is named by its variable; a remote elsewhere gets no token."""
    environ = {"GITHUB_SERVER_URL": "https://github.example.com/", "GITHUB_TOKEN": "t0ken"}

    found = loaded(environ, "https://github.example.com/owner/shop.git")
    assert found.api == "https://github.example.com/api/v3"
    assert load({"GITHUB_TOKEN": "t0ken"}, "https://github.evil.example/owner/shop.git") is None


def test_a_run_that_looks_at_another_repository_is_about_nothing_there(tmp_path: Path) -> None:
    """Pull request and commit of the run are not those of the repository that is looked at."""
    environ = event(tmp_path, {"pull_request": {"number": 7, "head": {"sha": HEAD}}})

    found = loaded(environ, "https://github.com/owner/another.git")
    assert (found.repository, found.pull_request, found.commit) == ("owner/another", None, None)
    assert found.run_url is not None
    assert "owner/repository" in found.run_url


def test_a_pull_request_is_about_its_head(tmp_path: Path) -> None:
    """The number is that of the ref, the commit the head of the event and not the merge."""
    environ = event(tmp_path, {"pull_request": {"number": 7, "head": {"sha": HEAD}}})

    found = loaded(environ)
    assert (found.pull_request, found.commit) == (7, HEAD)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "{",
        "[" * 100_000,
        "7",
        {},
        {"pull_request": None},
        {"pull_request": {"number": 8, "head": {"sha": HEAD}}},
        {"pull_request": {"number": 7, "head": {"sha": "$(id)"}}},
        {"pull_request": {"number": 7, "head": {"sha": ["a"]}}},
        {"pull_request": {"number": 7, "head": []}},
        '{"pull_request": {"number": 7, "head": {"sha": "' + HEAD + '"}}}' + " " * 9_000_000,
    ],
    ids=range(11),
)
def test_an_event_is_not_trusted(tmp_path: Path, told: Any) -> None:
    """An event that is not understood, too long, or of another pull request, names no commit."""
    found = loaded(event(tmp_path, told))

    assert (found.pull_request, found.commit) == (7, None)


def test_a_missing_event_names_no_commit() -> None:
    """Without the file, the number is known and the commit is not."""
    found = loaded({**ACTIONS, "GITHUB_REF": "refs/pull/7/merge"})

    assert (found.pull_request, found.commit) == (7, None)


@pytest.mark.parametrize(
    "ref",
    ["refs/heads/main", "refs/heads/gh-readonly-queue/main/pr-7-abc", "refs/pull/0/merge", "", "x"],
)
def test_no_other_ref_is_a_pull_request(ref: str) -> None:
    """A merge queue and a push are about the commit alone."""
    found = loaded({**ACTIONS, "GITHUB_REF": ref})

    assert (found.pull_request, found.commit) == (None, MERGE)


def test_our_own_variables_win() -> None:
    """Address, token and login can be given beside those of Actions."""
    ours = {
        "RECONCILER_FORGE_API": "http://127.0.0.1:8080/",
        "RECONCILER_FORGE_TOKEN": " app-t0ken ",
        "RECONCILER_FORGE_LOGIN": "my-app[bot]",
    }
    found = loaded({**ACTIONS, **ours})

    assert (found.api, found.token) == ("http://127.0.0.1:8080", "app-t0ken")
    assert found.login == "my-app[bot]"


@pytest.mark.parametrize(
    "address",
    [
        "http://forge.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "https://user:passw0rd@forge.example",
        "https://",
        "https://forge.example?x",
        "https://forge.example#x",
        "https://forge.example:0",
        "https://forge.example:port",
        "https://förge.example",
        "https://forge.example/\x07",
        "file:///etc/passwd",
        "forge.example",
    ],
)
@pytest.mark.parametrize("name", ["RECONCILER_FORGE_API", "GITHUB_API_URL", "GITHUB_SERVER_URL"])
def test_a_token_is_sent_only_encrypted(name: str, address: str) -> None:
    """Only https, or this machine, is an address for a token; a wrong one is not repeated."""
    with pytest.raises(UsageError, match=name) as caught:
        load({**ACTIONS, name: address}, None)
    assert "passw0rd" not in f"{caught.value}"


@pytest.mark.parametrize("token", ["two words", "a\nb", "tökén", "x" * 1001])
def test_what_is_no_token_is_refused_without_showing_it(token: str) -> None:
    """A token that cannot be one is named by its variable only."""
    with pytest.raises(UsageError, match="GITHUB_TOKEN is no token") as caught:
        load({**ACTIONS, "GITHUB_TOKEN": token}, None)
    assert token not in f"{caught.value}"


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token_is_none(token: str) -> None:
    """A secret that is missing, as for a fork's pull request, is no token."""
    assert loaded({**ACTIONS, "GITHUB_TOKEN": token}).token is None


@pytest.mark.parametrize("name", ["owner", "owner/..", "a/b/c", "-x/y", "owner/na me", "o/r\nx"])
def test_what_is_no_repository_is_refused(name: str) -> None:
    """A name that could lead elsewhere in the API is wrong usage."""
    with pytest.raises(UsageError, match="GITHUB_REPOSITORY"):
        load({**ACTIONS, "GITHUB_REPOSITORY": name}, None)


@pytest.mark.parametrize("login", ["a b", "<b>", "x[bot]y", "a/b"])
def test_what_is_no_login_is_refused(login: str) -> None:
    """A login is as comments show it."""
    with pytest.raises(UsageError, match="RECONCILER_FORGE_LOGIN"):
        load({**ACTIONS, "RECONCILER_FORGE_LOGIN": login}, None)


def test_the_summary_is_a_file_of_the_runner(tmp_path: Path) -> None:
    """The summary's path must be absolute; without Actions there is none."""
    path = tmp_path / "summary.md"

    assert loaded({**ACTIONS, "GITHUB_STEP_SUMMARY": str(path)}).summary == path
    assert loaded({**ACTIONS, "GITHUB_STEP_SUMMARY": "summary.md"}).summary is None
    assert loaded(ACTIONS).summary is None


def test_a_token_is_never_shown() -> None:
    """The text of the settings is without it, and the redaction knows it."""
    environ = {**ACTIONS, "RECONCILER_FORGE_TOKEN": "app-t0ken"}

    assert "t0ken" not in repr(loaded(environ))
    assert {"t0ken", "app-t0ken"} <= set(settings.secret_values(environ))
