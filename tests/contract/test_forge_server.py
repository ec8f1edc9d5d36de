"""The forge of our tests as a process, and what tests tell and ask it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from reconciler.bootstrap.forge import open_forge
from reconciler.core.errors import ForgeError, ForgeRefused
from reconciler.core.forge.model import Shipped, Verdict
from reconciler.ports.forge import Forge
from reconciler.settings_forge import load
from tests.contract.forge_world import HEAD, NAME, OTHER, TOKEN

STARTER = """
import subprocess, sys
command = [sys.executable, "-m", "reconciler.testing.github", "--seconds", "60"]
print(subprocess.Popen(command, stdout=subprocess.PIPE, text=True).stdout.readline())
"""


@contextmanager
def running(*options: str) -> Iterator[str]:
    """Return the address of a server in a process of its own."""
    command = [sys.executable, "-m", "reconciler.testing.github", "--repository", NAME, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=30)


def tell(url: str, method: str, path: str, body: Any = None) -> Any:
    """Tell or ask the server something, as a test."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, f"/_test/{path}", json.dumps(body).encode())
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return json.loads(text) if text else None
    finally:
        connection.close()


def forge_at(url: str) -> Forge:
    """Return the forge as a run in Actions opens it."""
    environ = {
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": NAME,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_ACTIONS": "true",
    }
    settings = load(environ, None)
    assert settings is not None
    return open_forge(settings)


def test_a_run_opens_the_forge_from_its_environment() -> None:
    """The variables of Actions are enough to read and write what people did there."""
    with running() as url:
        pull = tell(url, "POST", "pulls", {"head": "change", "title": "A change"})["number"]
        tell(url, "POST", "comments", {"pull": pull, "body": "Please wait."})
        tell(url, "POST", "reviews", {"pull": pull, "author": "mona"})
        tell(url, "POST", "checks", {"name": "tests", "commit": HEAD})
        forge = forge_at(url)

        assert [each.body for each in forge.comments(pull)] == ["Please wait."]
        assert [(e.author, e.verdict) for e in forge.reviews(pull)] == [("mona", Verdict.APPROVED)]
        assert [each.name for each in forge.checks(HEAD)] == ["tests"]
        mine = forge.add_comment(pull, "Ready.")
        tell(url, "PATCH", f"comments/{mine.id}", {"body": "Edited by a person."})
        assert forge.comments(pull)[-1].body == "Edited by a person."
        tell(url, "DELETE", f"comments/{mine.id}")
        assert len(tell(url, "GET", "state")["comments"]) == 1


def test_faults_are_told_over_http() -> None:
    """A test in another process lets something go wrong, sees that it struck, and mends it."""
    with running() as url:
        tell(url, "POST", "faults", {"fault": "status", "status": 403, "times": None})
        with pytest.raises(ForgeRefused):
            forge_at(url).comments(1)
        assert tell(url, "GET", "faults")[0]["struck"] == 1
        tell(url, "DELETE", "faults")
        assert not forge_at(url).open_pull_requests("main")
        assert [each["status"] for each in tell(url, "GET", "log")] == [403, 200]


def test_everything_is_remembered_in_a_file(tmp_path: Path) -> None:
    """A server that is started again knows what was written before."""
    file = str(tmp_path / "state.json")
    with running("--state", file) as url:
        tell(url, "POST", "pulls", {"head": "change"})
        forge_at(url).add_comment(1, "text")
    with running("--state", file) as url:
        assert [each.body for each in forge_at(url).comments(1)] == ["text"]


def test_tags_and_branches_are_those_of_the_bare_repository(tmp_path: Path) -> None:
    """A pull request's head is where its branch is now, and a pushed tag gets its release."""
    bare = tmp_path / "bare.git"
    for name, commit in (("heads/change", HEAD), ("tags/staging/v1.0.0", OTHER)):
        (bare / "refs" / name).parent.mkdir(parents=True, exist_ok=True)
        (bare / "refs" / name).write_text(f"{commit}\n")
    shipped = Shipped(
        deployment="d",
        environment="staging",
        commit=HEAD,
        succeeded=True,
        description="live",
        tag="staging/v1.0.0",
    )
    with running("--git", str(bare)) as url:
        forge = forge_at(url)
        assert forge.propose("change", "main", "T", "B").head_commit == HEAD
        (bare / "refs/heads/change").write_text(OTHER)
        assert forge.pull_requests_from("change")[0].head_commit == OTHER
        assert str(forge.tell(shipped)).endswith("/releases/tag/staging/v1.0.0")


def test_a_started_workflow_is_written_down() -> None:
    """What is dispatched is in the state, with who did it."""
    with running() as url:
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request(
            "POST",
            f"/repos/{NAME}/actions/workflows/reconcile.yml/dispatches",
            json.dumps({"ref": "main"}),
            {"Authorization": f"Bearer {TOKEN}"},
        )
        assert connection.getresponse().status == 204
        connection.close()

        [started] = tell(url, "GET", "state")["dispatches"]
        assert (started["workflow"], started["ref"]) == ("reconcile.yml", "main")


def test_it_ends_with_who_started_it() -> None:
    """When the process that started the server is gone, the server ends; nobody must stop it."""
    command = [sys.executable, "-c", STARTER]
    address = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()

    until = time.monotonic() + 30
    while answers(address) and time.monotonic() < until:
        time.sleep(0.05)
    assert not answers(address)


def answers(address: str) -> bool:
    """Say whether somebody listens at an address."""
    host, _, port = address.removeprefix("http://").partition(":")
    with suppress(OSError), socket.create_connection((host, int(port)), timeout=5):
        return True
    return False


def test_without_a_token_nothing_is_opened() -> None:
    """A run without a token is told so before anything is asked."""
    settings = load({"GITHUB_REPOSITORY": NAME}, None)
    assert settings is not None

    with pytest.raises(ForgeRefused, match="no token"):
        open_forge(settings)


def test_another_repository_is_not_there() -> None:
    """The server holds one repository: another one is missing, as one that is hidden."""
    with running() as url:
        environ = {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": TOKEN}
        settings = load(environ, None)
        assert settings is not None
        with pytest.raises(ForgeError, match="nothing there"):
            open_forge(settings).comments(1)
