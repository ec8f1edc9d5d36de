"""A forge that refuses, is slow, or loses answers: nothing is written twice, no token is shown."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from reconciler.adapters.forge import Client, GitHubForge
from reconciler.adapters.forge.answers import Asked
from reconciler.core.errors import (
    ForgeError,
    ForgeRefused,
    ForgeUnreachable,
    ReconcilerError,
)
from reconciler.core.forge.model import Comment, Shipped, State, Status, Verdict
from reconciler.ports.forge import Forge
from reconciler.testing.github import GitHubServer, GitHubState
from reconciler.testing.github.routes import Routes
from tests.contract.forge_world import HEAD, NAME, TOKEN, ServerWorld, server_world

STATUS = Status("reconciler", State.SUCCESS, "fine")
SHIPPED = Shipped(
    deployment="d-1",
    environment="staging",
    commit=HEAD,
    succeeded=True,
    description="live",
    tag="staging/v1.0.0",
    notes="notes",
)
GONE = Comment(77, "github-actions[bot]", "text", "u")
CALLS: dict[str, Callable[[Forge], object]] = {
    "me": lambda forge: forge.me(),
    "pull_request": lambda forge: forge.pull_request(1),
    "open_pull_requests": lambda forge: forge.open_pull_requests("main"),
    "pull_requests_with": lambda forge: forge.pull_requests_with(HEAD),
    "pull_requests_from": lambda forge: forge.pull_requests_from("change"),
    "comments": lambda forge: forge.comments(1),
    "reviews": lambda forge: forge.reviews(1),
    "checks": lambda forge: forge.checks(HEAD),
    "statuses": lambda forge: forge.statuses(HEAD),
    "add_comment": lambda forge: forge.add_comment(1, "text"),
    "edit_comment": lambda forge: forge.edit_comment(GONE, "text"),
    "remove_comment": lambda forge: forge.remove_comment(GONE),
    "set_status": lambda forge: forge.set_status(HEAD, STATUS),
    "propose": lambda forge: forge.propose("change", "main", "T", "B"),
    "tell": lambda forge: forge.tell(SHIPPED),
}
LOST = [
    {"fault": "lost-reply"},
    {"fault": "cut-reply"},
    {"fault": "arrived", "status": 502},
    {"fault": "lost-request"},
    {"fault": "garbage", "status": 200},
    {"fault": "status", "status": 503},
]


@pytest.fixture
def world() -> Iterator[ServerWorld]:
    """Return a repository with one pull request."""
    with server_world() as world:
        world.open("change")
        yield world


def texts(world: ServerWorld) -> list[str]:
    """Return the comments that stand there."""
    return [each["body"] for each in world.state.entries("comments")]


def asked(world: ServerWorld, method: str, ending: str = "") -> int:
    """Return how many requests of a kind there were."""
    found = (r for r in world.server.requests if r["method"] == method)
    return sum(1 for each in found if each["path"].partition("?")[0].endswith(ending))


@pytest.mark.parametrize("call", CALLS)
def test_a_token_that_is_not_accepted_is_said(call: str) -> None:
    """Of 401 it is said that the token is not accepted, and the token is not shown."""
    with GitHubServer(GitHubState(NAME), login=None) as server:
        forge = ServerWorld(server).forge
        with pytest.raises(ForgeRefused, match="token is not accepted") as caught:
            CALLS[call](forge)

    assert TOKEN not in f"{caught.value!r} {caught.value.hint}"
    assert "RECONCILER_FORGE_TOKEN" in str(caught.value.hint)


@pytest.mark.parametrize("call", [each for each in CALLS if each != "me"])
def test_a_refusal_names_the_permission(world: ServerWorld, call: str) -> None:
    """Of 403 it is said what the token may not do, and which permission would allow it."""
    message = "Resource not accessible by integration"
    world.server.faults.add("status", status=403, message=message, times=None)

    with pytest.raises(ForgeRefused, match="The token may not") as caught:
        CALLS[call](world.forge)
    assert message in caught.value.text
    assert "permission `" in str(caught.value.hint)
    assert not world.slept


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 500},
        {"fault": "garbage", "status": 200},
        {"fault": "garbage", "status": 502},
        {"fault": "lost-reply"},
        {"fault": "cut-reply"},
        {"fault": "hang"},
        {"fault": "status", "status": 302, "headers": {"Location": "https://elsewhere.example/"}},
        {"fault": "status", "status": 404},
        {"fault": "status", "status": 418},
    ],
    ids=lambda fault: f"{fault['fault']}-{fault.get('status', '')}",
)
@pytest.mark.parametrize("call", ["comments", "add_comment", "set_status", "propose", "tell"])
def test_whatever_goes_wrong_is_one_of_our_errors(
    world: ServerWorld, call: str, fault: dict[str, object]
) -> None:
    """A forge that never answers as it should ends in an error of ours, without the token."""
    quick = Client(world.server.url, TOKEN, timeout=0.1, sleep=world.slept.append)
    world.server.faults.add(**fault, times=None)

    with pytest.raises(ForgeError) as caught:
        CALLS[call](GitHubForge(quick, NAME, pages="", login="me"))
    assert TOKEN not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert caught.value.hint
    assert not texts(world) or fault["fault"] in {"lost-reply", "cut-reply"}


def test_a_redirect_is_not_followed(world: ServerWorld) -> None:
    """A token is never sent to where the forge points, and a renamed repository is said so."""
    with server_world() as other:
        there = f"{other.server.url}/repos/{NAME}/issues/1/comments"
        for status in (301, 302, 307, 308):
            world.server.faults.add("status", status=status, headers={"Location": there})
            with pytest.raises(ForgeError, match="at another address"):
                world.forge.comments(1)

        assert other.server.requests == []
        assert asked(world, "GET") == 4


@pytest.mark.parametrize(
    "limit",
    [
        {"status": 403, "message": "You have exceeded a secondary rate limit.", "wait": "7"},
        {"status": 429, "message": "Too many requests", "wait": "7"},
    ],
)
def test_a_limit_is_waited_for(world: ServerWorld, limit: dict[str, object]) -> None:
    """A secondary limit with Retry-After delays a request, and then it is done once."""
    headers = {"Retry-After": limit.pop("wait")}
    world.server.faults.add("status", headers=headers, times=2, **limit)

    world.forge.add_comment(1, "text")
    assert world.slept == [7, 7]
    assert texts(world) == ["text"]


def test_waiting_has_an_end(world: ServerWorld) -> None:
    """A forge that asks for more than a minute in all is not waited for, and says when to come."""
    world.server.faults.add("status", status=429, headers={"Retry-After": "25"}, times=None)

    with pytest.raises(ForgeError, match="for 25 s") as caught:
        world.forge.comments(1)
    assert world.slept == [25, 25]
    assert caught.value.hint == "Run it again in 25 s."


def test_a_used_up_limit_says_when_it_ends(world: ServerWorld) -> None:
    """The hour's limit is not waited for; the minutes until it ends are in the error."""
    headers = {
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Reset": "2800",
    }
    world.server.faults.add(
        "status", status=403, message="API rate limit exceeded", headers=headers
    )
    client = Client(world.server.url, TOKEN, sleep=world.slept.append, now=lambda: 1000.0)

    with pytest.raises(ForgeError, match="30 min"):
        GitHubForge(client, NAME, pages="").comments(1)
    assert not world.slept


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: f"{fault['fault']}")
def test_a_comment_whose_answer_was_lost_is_there_once(
    world: ServerWorld, fault: dict[str, object]
) -> None:
    """Whether it arrived or not, a comment stands there once, and it is the one returned."""
    world.server.faults.add(**fault, method="POST", path="comments")

    added = world.forge.add_comment(1, "text\r\n")
    assert [each.id for each in world.forge.comments(1)] == [added.id]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: f"{fault['fault']}")
def test_a_deployment_whose_answer_was_lost_is_told_once(
    world: ServerWorld, fault: dict[str, object]
) -> None:
    """One deployment with one status and one release, whichever answer was lost; else an error."""
    world.tag("staging/v1.0.0")
    for path in ("deployments$", "statuses$", "releases$"):
        world.server.faults.add(**fault, method="POST", path=path)
    for _ in range(3):
        try:
            world.forge.tell(SHIPPED)
        except ForgeError:
            continue

    assert world.deployments() == ["d-1"]
    assert world.releases() == ["staging/v1.0.0"]
    assert {each["state"] for each in world.state.entries("deployment_statuses")} == {"success"}


@pytest.mark.parametrize("path", ["deployments$", "statuses$", "releases$"])
def test_what_was_told_without_an_answer_is_found_at_once(world: ServerWorld, path: str) -> None:
    """A lost answer to what arrived is no error: it is looked for in the same run."""
    world.tag("staging/v1.0.0")
    world.server.faults.add("lost-reply", method="POST", path=path)

    assert str(world.forge.tell(SHIPPED)).endswith("/releases/tag/staging/v1.0.0")
    assert (world.deployments(), world.releases()) == (["d-1"], ["staging/v1.0.0"])


def test_a_strangers_comment_is_not_taken_for_a_lost_one(world: ServerWorld) -> None:
    """The same text by somebody else is not ours: ours is added."""
    world.say(1, "text", author="stranger")
    world.server.faults.add("lost-request", method="POST", path="comments")

    assert world.forge.add_comment(1, "text").author == "github-actions[bot]"
    assert texts(world) == ["text", "text"]


def test_a_list_that_holds_more_than_was_asked_for_is_sifted(world: ServerWorld) -> None:
    """Should the forge ignore what a list is limited to, foreign pull requests stay out of it."""
    world.open("topic", fork="stranger/repository")
    world.open("topic", base="other")
    world.close(world.open("topic"))
    shapes = Routes(world.state, world.server.url).shapes
    everything = [shapes.pull(each, whole=False) for each in world.state.entries("pulls")]
    world.server.faults.add("status", status=200, body=everything, method="GET", times=3)

    assert [each.number for each in world.forge.open_pull_requests("main")] == [2, 1]
    assert [each.number for each in world.forge.pull_requests_from("topic")] == [4, 3]
    assert world.forge.propose("topic", "main", "T", "B").number == 5


@pytest.mark.parametrize(
    "conclusion",
    ["failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", None],
)
def test_only_success_passes(world: ServerWorld, conclusion: str | None) -> None:
    """A check that was skipped or said nothing is no evidence."""
    told = {"status": "completed", "started_at": "x", "completed_at": "y", "commit": HEAD}
    world.state.add("checks", name="tests", app="ci", conclusion=conclusion, **told)

    assert [each.passed for each in world.forge.checks(HEAD)] == [False]


@pytest.mark.parametrize("fault", LOST[:3], ids=lambda fault: f"{fault['fault']}")
def test_a_proposal_whose_answer_was_lost_is_found(
    world: ServerWorld, fault: dict[str, object]
) -> None:
    """A pull request that was opened without an answer is found, not opened again."""
    world.server.faults.add(**fault, method="POST", path="pulls$")

    found = world.forge.propose("release/staging/1.0.0", "main", "T", "B")
    assert [each["number"] for each in world.state.entries("pulls")] == [1, found.number]


def test_reads_are_tried_again(world: ServerWorld) -> None:
    """A read that fails thrice works in the end, with growing pauses between."""
    world.server.faults.add("status", status=502, times=3)

    assert world.forge.open_pull_requests("main")
    assert world.slept == [0.5, 1.0, 2.0]


def test_a_status_is_set_again_when_its_answer_was_lost(world: ServerWorld) -> None:
    """The same status twice does no harm: it is sent until there is an answer."""
    world.server.faults.add("lost-reply", method="POST", times=2)

    world.forge.set_status(HEAD, STATUS)
    assert asked(world, "POST") == 3
    assert list(world.forge.statuses(HEAD)) == [STATUS]


def test_what_is_refused_is_told_as_the_forge_says_it(world: ServerWorld) -> None:
    """The forge's own words about a field are in the error, in one line and short."""
    shouted = "bad\n::error::x" + "y" * 1000
    world.server.faults.add("status", status=422, message=shouted)

    with pytest.raises(ForgeError, match="refused to set a status: bad") as caught:
        world.forge.set_status(HEAD, STATUS)
    assert "\n" not in caught.value.text
    assert len(caught.value.text) < 400


def test_a_commit_that_is_not_there_brought_nothing(world: ServerWorld) -> None:
    """The forge refuses a commit that it does not know: no pull request brought it."""
    unknown = f"No commit found for SHA: {HEAD}"
    world.server.faults.add("status", status=422, message=unknown)
    world.server.faults.add("status", status=422, message="Something else", after=1)

    assert not world.forge.pull_requests_with(HEAD)
    with pytest.raises(ForgeError, match="Something else"):
        world.forge.pull_requests_with(HEAD)


def test_a_deployment_that_was_replaced_stays_told(world: ServerWorld) -> None:
    """The forge makes an earlier deployment inactive; telling it again does not revive it."""
    later = replace(SHIPPED, deployment="d-2")
    for shipped in (SHIPPED, later, SHIPPED):
        world.forge.tell(shipped)

    told = [(e["deployment"], e["state"]) for e in world.state.entries("deployment_statuses")]
    first, second = (each["id"] for each in world.state.entries("deployments"))
    assert told == [(first, "success"), (first, "inactive"), (second, "success")]


def test_a_deployment_is_known_by_its_payload_as_text(world: ServerWorld) -> None:
    """The forge may tell a payload as text; one that is not ours is another deployment."""
    told = {"sha": HEAD, "ref": HEAD, "environment": "staging", "task": "deploy"}
    for payload in ("", "{", "7", '{"reconciler": "d-1"}'):
        more = {"description": None, "creator": "x", "created_at": "2026-05-04T10:00:00Z"}
        world.state.add("deployments", payload=payload, **told, **more)
    world.forge.tell(SHIPPED)

    assert len(world.state.entries("deployments")) == 4


def test_long_notes_are_cut_at_a_line(world: ServerWorld) -> None:
    """A release takes notes up to a length: whole lines stand there, and that some are missing."""
    world.tag("staging/v1.0.0")
    world.forge.tell(replace(SHIPPED, notes="one line\n" * 20_000))

    notes = world.state.entries("releases")[0]["body"]
    assert len(notes) < 100_000
    assert notes.endswith("one line\n…")


def test_a_check_that_runs_again_says_nothing(world: ServerWorld) -> None:
    """While a newer run of a check is under way, the older one's success does not count."""
    world.check("tests", passed=True)
    assert [each.passed for each in world.forge.checks(HEAD)] == [True]
    again = {"status": "in_progress", "conclusion": None, "completed_at": None, "commit": HEAD}
    world.state.add("checks", name="tests", app="github-actions", started_at="x", **again)

    assert world.forge.checks(HEAD) == ()


def test_no_log_holds_the_token(world: ServerWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Even what the libraries log for debugging is without the token."""
    caplog.set_level(logging.DEBUG)
    world.server.faults.add("status", status=500, path="comments")
    world.forge.comments(1)

    assert caplog.records
    assert TOKEN not in "\n".join(f"{each.getMessage()} {each.args}" for each in caplog.records)


def test_an_answer_that_never_ends_is_given_up() -> None:
    """A server that sends a byte now and then is not listened to for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        drip = threading.Thread(target=_drip, args=(listening,), daemon=True)
        drip.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        slow = Client(address, TOKEN, timeout=0.1, sleep=lambda seconds: None)
        before = time.monotonic()
        with pytest.raises(ForgeUnreachable, match="in time"):
            GitHubForge(slow, NAME, pages="").set_status(HEAD, STATUS)

    assert time.monotonic() - before < 20


def _drip(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while True:
                    connection.sendall(b"1\r\n \r\n")
                    time.sleep(0.02)


def test_too_many_comments_are_said(world: ServerWorld) -> None:
    """Of more comments than are read nothing is decided, so that none is written twice."""
    for number in range(2_001):
        world.say(1, f"comment {number}")

    with pytest.raises(ForgeError, match="more than 2,000"):
        world.forge.comments(1)


@pytest.mark.parametrize(
    ("fault", "is_outage"),
    [
        ({"fault": "status", "status": 503}, True),
        ({"fault": "lost-request"}, True),
        ({"fault": "cut-reply"}, True),
        ({"fault": "status", "status": 429, "headers": {"Retry-After": "3600"}}, True),
        ({"fault": "status", "status": 403, "headers": {"Retry-After": "3600"}}, True),
        ({"fault": "status", "status": 403}, False),
        ({"fault": "status", "status": 401}, False),
        ({"fault": "status", "status": 404}, False),
        ({"fault": "status", "status": 422}, False),
        ({"fault": "status", "status": 302}, False),
        ({"fault": "garbage", "status": 200}, False),
        ({"fault": "status", "status": 200, "body": [{"id": 1}]}, False),
        ({"fault": "status", "status": 200, "body": "x" * (64 * 2**20)}, False),
    ],
    ids=lambda each: f"{each.get('fault')}-{each.get('status')}" if isinstance(each, dict) else "",
)
@pytest.mark.parametrize("call", ["reviews", "pull_requests_from"])
def test_only_an_outage_is_unreachable(
    world: ServerWorld, call: str, fault: dict[str, object], is_outage: bool
) -> None:
    """No connection, the forge's own fault, its rate limit; any other answer is another error."""
    world.server.faults.add(**fault, times=None)

    with pytest.raises(ForgeError) as caught:
        CALLS[call](world.forge)
    assert isinstance(caught.value, ForgeUnreachable) is is_outage


def test_a_list_that_is_too_long_is_no_outage(world: ServerWorld) -> None:
    """The forge answered: nothing is decided on a part, and nobody takes it for being away."""
    for number in range(201):
        world.say(1, f"comment {number}")
    client = Client(world.server.url, TOKEN)

    with pytest.raises(ForgeError, match="more than 200 ") as caught:
        list(client.pages(f"/repos/{NAME}/issues/1/comments", Asked("read", "none"), 200))
    assert not isinstance(caught.value, ForgeUnreachable)


def test_what_decides_is_read_to_its_end(world: ServerWorld) -> None:
    """Thousands of comments of strangers do not hide a review, nor do checks hide a check."""
    world.review(1, Verdict.CHANGES_REQUESTED)
    for number in range(2_001):
        world.review(1, Verdict.COMMENTED)
        world.check(f"check {number}")

    assert world.forge.reviews(1)[0].verdict is Verdict.CHANGES_REQUESTED
    assert len(world.forge.checks(HEAD)) == 2_001


def test_an_apps_token_asks_for_its_name_otherwise(world: ServerWorld) -> None:
    """GET /user is refused to an app: then GraphQL says who it is, once for all calls."""
    assert [world.forge.me(), world.forge.me()] == ["github-actions[bot]"] * 2
    assert [r["path"] for r in world.server.requests] == ["/user", "/graphql"]


def test_a_person_is_told_by_the_first_question() -> None:
    """A person's token is known by GET /user; what a setting says is not asked at all."""
    with GitHubServer(GitHubState(NAME), login="mona") as server:
        world = ServerWorld(server)
        assert world.forge.me() == "mona"
        assert world.adapter(login="my-app[bot]").me() == "my-app[bot]"
        assert [r["path"] for r in server.requests] == ["/user"]


def test_a_name_that_nobody_tells_is_assumed_in_actions(world: ServerWorld) -> None:
    """Where the forge does not say who a token is, a default holds, or the setting is named."""
    world.server.faults.add("status", status=403, path="user|graphql", times=None)
    client = Client(world.server.url, TOKEN, sleep=world.slept.append)
    assumed = GitHubForge(client, NAME, pages="", assumed_login="github-actions[bot]")

    assert assumed.me() == "github-actions[bot]"
    with pytest.raises(ForgeError) as caught:
        world.forge.me()
    assert "RECONCILER_FORGE_LOGIN" in str(caught.value.hint)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    """Nobody listens: that is said, after a few attempts, with what to do."""
    with server_world() as world:
        forge, slept = world.forge, world.slept
    with pytest.raises(ForgeUnreachable, match="does not answer"):
        forge.comments(1)

    assert slept == [0.5, 1.0, 2.0]


def test_a_server_without_encryption_gets_no_token(world: ServerWorld) -> None:
    """Where TLS cannot be set up, nothing is sent and the error says so."""
    address = world.server.url.replace("http://", "https://")
    forge = GitHubForge(Client(address, TOKEN, sleep=world.slept.append), NAME, pages="")

    with pytest.raises(ForgeUnreachable, match="No encrypted connection"):
        forge.comments(1)
    assert world.server.requests == []


@pytest.mark.parametrize(
    "body", [[], {}, "text", 7, False, [7], [{}], [{"id": "7"}], [{"number": 1, "head": 3}]]
)
@pytest.mark.parametrize("call", [*CALLS, "protections"])
def test_an_answer_of_another_form_is_an_error_of_ours(
    world: ServerWorld, call: str, body: object
) -> None:
    """Whatever JSON the forge answers, the adapter answers with a value or an error of ours."""
    world.server.faults.add("status", status=200, body=body, times=None)
    calls = {**CALLS, "protections": lambda f: f.protections("main", ["*/v*"], ["production"])}
    try:
        calls[call](world.forge)
    except ReconcilerError as error:
        told = error.hint
    else:
        told = "done"

    assert told
