"""What a forge is told: the token in one header, no other canary, and nothing that breaks out."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.testing.github import GitHubServer, GitHubState
from tests.attacks.output import hostile, runner
from tests.attacks.output.canaries import CANARIES, sightings
from tests.attacks.output.recording import Recorder, recording
from tests.attacks.output.world import SHARED, Told, World, leaking

REPOSITORY = "owner/shop"
# Files by which a step hands variables, outputs, paths and its state to the steps that follow.
COMMAND_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE")
ANNOTATIONS = {"error", "warning", "notice"}


class Published:
    """A pull request with hostile texts and a committed secret, published to a forge."""

    def __init__(self, folder: Path) -> None:
        """Make it."""
        self.folder = folder
        self.world = World(folder)
        repository = self.world.shop.repository
        base = repository.head
        files = hostile.events(hostile.allowed())
        files["environments/development/workflows/leaking.yaml"] = leaking("One")
        head = repository.commit(files, f"::error::x {SHARED}\n\n{hostile.COMMANDS[3]}")
        self.base, self.state = base, GitHubState(REPOSITORY, git=repository.root / ".git")
        given = {
            "head": 'zzz";echo${IFS}"hello";#',
            "base": "main",
            "title": f"$(id) ::error::x {SHARED}",
            "head_commit": head,
        }
        self.number = int(self.state.open_pull(given, "somebody")["number"])
        for name in COMMAND_FILES:
            (folder / name).touch()

    def publish(self, forge: Recorder) -> Told:
        """Publish as a runner does."""
        options = ("--against", self.base, "--publish", "--pull-request", str(self.number))
        return self.world.run(
            "-vv",
            "plan",
            *options,
            GITHUB_ACTIONS="true",
            GITHUB_REPOSITORY=REPOSITORY,
            GITHUB_API_URL=forge.url,
            **{name: str(self.folder / name) for name in COMMAND_FILES},
        )


@pytest.fixture
def published(tmp_path: Path) -> Published:
    """Return such a pull request."""
    return Published(tmp_path)


def places(told: Told) -> dict[str, bytes]:
    """Return what a run wrote, by where."""
    return {"stdout": told.out, "stderr": told.err, **told.files}


def test_only_one_header_holds_the_token(published: Published) -> None:
    """No address, body or other header holds it, nor any other canary; nor does any output."""
    with GitHubServer(published.state) as server, recording(server.url) as forge:
        told = published.publish(forge)

    assert [sent.line.split()[0] for sent in forge.sent].count("POST") >= 2, told.err
    for sent in forge.sent:
        rest = {name: value for name, value in sent.headers.items() if name != "Authorization"}
        assert sightings(sent.headers["Authorization"]) == ["forge token"]
        assert sightings(f"{sent.line}\n{rest}") == []
        assert sightings(sent.body) == []
    assert {place: seen for place, data in places(told).items() if (seen := sightings(data))} == {}


def test_the_comment_says_what_it_can(published: Published) -> None:
    """Comment and job summary tell the change, with the secret masked."""
    with GitHubServer(published.state) as server, recording(server.url) as forge:
        told = published.publish(forge)

    (comment,) = published.state.all["comments"]
    for text in (comment["body"], told.files["summary.md"].decode()):
        assert "Workflow/leaking" in text
        assert "***" in text


def test_nothing_breaks_out_of_the_step(published: Published) -> None:
    """Files by which a step speaks to others stay empty; a runner obeys annotations only."""
    with GitHubServer(published.state) as server, recording(server.url) as forge:
        told = published.publish(forge)

    assert b"".join((published.folder / name).read_bytes() for name in COMMAND_FILES) == b""
    assert runner.commands(told.out.decode()) == []
    assert {each.name for each in runner.commands(told.err.decode())} <= ANNOTATIONS


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500])
def test_a_forge_that_says_the_token_again_is_not_quoted(published: Published, status: int) -> None:
    """Whatever a forge says in its errors, no canary of the request comes out again."""
    message = f"bad token {CANARIES['forge token']}\n::error::x ##[group] {SHARED}"
    with GitHubServer(published.state) as server, recording(server.url) as forge:
        server.faults.add("status", times=None, status=status, message=message)
        told = published.publish(forge)

    assert told.code == 0
    assert {place: seen for place, data in places(told).items() if (seen := sightings(data))} == {}
    assert {each.name for each in runner.commands(told.err.decode())} <= ANNOTATIONS
