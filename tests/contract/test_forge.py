"""The promises of `ports.forge`, kept by the forge in memory and by the adapter of a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.core.errors import ForgeError, NotFound
from reconciler.core.forge.model import Comment, Shipped, State, Status, Verdict
from tests.contract.forge_world import HEAD, NAME, OTHER, ForgeWorld, MemoryWorld, server_world

BOT = "github-actions[bot]"
SHIPPED = Shipped(
    deployment="d-1",
    environment="staging",
    commit=HEAD,
    succeeded=True,
    description="Release 1.4.0 is live.",
    tag="staging/v1.4.0",
    title="staging 1.4.0",
    notes="What changed.",
)


@pytest.fixture(params=["memory", "server"])
def world(request: pytest.FixtureRequest) -> Iterator[ForgeWorld]:
    """Return an empty repository, in memory and on a server."""
    if request.param == "memory":
        yield MemoryWorld()
    else:
        with server_world() as world:
            yield world


def test_the_token_says_who_it_is(world: ForgeWorld) -> None:
    """The login is that of the comments, with the ending of an app."""
    number = world.open("change")

    assert world.forge.me() == world.forge.add_comment(number, "text").author == BOT
    assert world.forge.name == NAME


def test_a_pull_request_that_is_not_there_is_none(world: ForgeWorld) -> None:
    """A number that nobody has is no error."""
    assert world.forge.pull_request(7) is None


def test_a_pull_request_is_told_as_it_is(world: ForgeWorld) -> None:
    """Branch, head, base and author of a fork's pull request are its own."""
    number = world.open("change", fork="stranger/repository")

    found = world.forge.pull_request(number)
    assert found is not None
    assert (found.head, found.head_commit, found.base) == ("change", HEAD, "main")
    assert (found.head_repository, found.author) == ("stranger/repository", "somebody")
    assert (found.is_open, found.is_merged) == (True, False)


def test_open_pull_requests_are_those_into_the_branch(world: ForgeWorld) -> None:
    """Closed ones and those into other branches are not among them, and the newest comes first."""
    first, second = world.open("one"), world.open("two")
    world.open("three", base="other")
    world.close(world.open("four"))

    found = world.forge.open_pull_requests("main")
    assert [each.number for each in found] == [second, first]


def test_all_pages_of_pull_requests_are_read(world: ForgeWorld) -> None:
    """More than a page of them are all there, each once."""
    numbers = [world.open(f"change-{n}") for n in range(130)]

    found = world.forge.open_pull_requests("main")
    assert [each.number for each in found] == numbers[::-1]


def test_pull_requests_from_a_branch_are_ours(world: ForgeWorld) -> None:
    """A fork's branch of the same name is another one; closed pull requests belong to it."""
    world.open("release/staging/1.4.0", fork="stranger/repository")
    closed = world.open("release/staging/1.4.0")
    world.close(closed)
    still = world.open("release/staging/1.4.0")

    found = world.forge.pull_requests_from("release/staging/1.4.0")
    assert [each.number for each in found] == [still, closed]


def test_pull_requests_with_a_commit_are_open_or_merged(world: ForgeWorld) -> None:
    """One that was closed without a merge brings nothing."""
    merged, dropped, still = (world.open(f"change-{n}") for n in range(3))
    world.close(merged, merged=True)
    world.close(dropped)
    world.open("another", commit=OTHER)

    found = world.forge.pull_requests_with(HEAD)
    assert [each.number for each in found] == [still, merged]
    assert not world.forge.pull_requests_with("c" * 40)


def test_comments_are_all_there_in_their_order(world: ForgeWorld) -> None:
    """More than a page of comments are read, the oldest first."""
    number = world.open("change")
    ids = [world.say(number, f"comment {n}") for n in range(230)]

    found = world.forge.comments(number)
    assert [each.id for each in found] == ids
    assert found[-1].body == "comment 229"


def test_a_comment_is_edited_and_removed(world: ForgeWorld) -> None:
    """What is written stands there until it is removed, and removing it again is all right."""
    number = world.open("change")
    comment = world.forge.add_comment(number, "first")
    world.forge.edit_comment(comment, "second")

    assert [each.body for each in world.forge.comments(number)] == ["second"]
    world.forge.remove_comment(comment)
    world.forge.remove_comment(comment)
    assert not world.forge.comments(number)


def test_editing_a_deleted_comment_says_so(world: ForgeWorld) -> None:
    """A comment that somebody deleted meanwhile is not found, so that another is made."""
    comment = world.forge.add_comment(world.open("change"), "first")
    world.delete(comment.id)

    with pytest.raises(NotFound):
        world.forge.edit_comment(comment, "second")


def test_a_text_that_is_too_long_is_refused(world: ForgeWorld) -> None:
    """One character more than the forge takes is an error that names the limit."""
    number = world.open("change")
    world.forge.add_comment(number, "ü" * 65_536)

    with pytest.raises(ForgeError, match=r"65,?536 characters"):
        world.forge.add_comment(number, "ü" * 65_537)


def test_a_comment_needs_a_pull_request(world: ForgeWorld) -> None:
    """Nothing is said where there is no pull request."""
    with pytest.raises(ForgeError):
        world.forge.add_comment(7, "text")


def test_reviews_say_what_they_say(world: ForgeWorld) -> None:
    """Each verdict is told with the commit that it is about."""
    number = world.open("change")
    for verdict in Verdict:
        world.review(number, verdict, OTHER)

    found = world.forge.reviews(number)
    assert [each.verdict for each in found] == list(Verdict)
    assert {each.commit for each in found} == {OTHER}
    assert not world.forge.reviews(world.open("another"))


def test_the_newest_check_of_a_name_and_app_counts(world: ForgeWorld) -> None:
    """A later run replaces the earlier; the same name of another app is another check."""
    world.check("tests", passed=True)
    world.check("tests", passed=False)
    world.check("tests", app="another-app", passed=True)

    found = {(each.name, each.app): each.passed for each in world.forge.checks(HEAD)}
    assert found == {("tests", "github-actions"): False, ("tests", "another-app"): True}
    assert not world.forge.checks(OTHER)


def test_the_newest_status_of_a_context_counts(world: ForgeWorld) -> None:
    """A status is replaced by the next of its context, at its commit alone."""
    waiting = Status("reconciler", State.PENDING, "waits", "https://forge.example/run")
    world.forge.set_status(HEAD, waiting)
    world.forge.set_status(HEAD, waiting._replace(state=State.SUCCESS))
    world.forge.set_status(HEAD, Status("reconciler/staging", State.FAILURE, "held"))

    found = {each.context: each for each in world.forge.statuses(HEAD)}
    assert found["reconciler"] == waiting._replace(state=State.SUCCESS)
    assert found["reconciler/staging"].state is State.FAILURE
    assert not world.forge.statuses(OTHER)


def test_proposing_twice_keeps_one_pull_request(world: ForgeWorld) -> None:
    """The open pull request of the branch gets the new title; there is no second one."""
    first = world.forge.propose("release/staging/1.4.0", "main", "Release", "text")
    again = world.forge.propose("release/staging/1.4.0", "main", "Release 1.4.0", "text")

    assert (again.number, again.title) == (first.number, "Release 1.4.0")
    assert [each.title for each in world.forge.open_pull_requests("main")] == ["Release 1.4.0"]


def test_a_closed_proposal_is_not_opened_again(world: ForgeWorld) -> None:
    """After a pull request was closed, the same proposal is a new one; a fork's is never taken."""
    world.open("release/staging/1.4.0", fork="stranger/repository")
    closed = world.open("release/staging/1.4.0")
    world.close(closed)

    assert world.forge.propose("release/staging/1.4.0", "main", "T", "B").number > closed


def test_a_deployment_is_told_once(world: ForgeWorld) -> None:
    """Told again, it adds neither a deployment nor a release."""
    world.tag("staging/v1.4.0")
    first = world.forge.tell(SHIPPED)

    assert world.forge.tell(SHIPPED) == first
    assert first is not None
    assert first.endswith("/releases/tag/staging/v1.4.0")
    assert (world.deployments(), world.releases()) == (["d-1"], ["staging/v1.4.0"])


def test_a_release_never_makes_its_tag(world: ForgeWorld) -> None:
    """Without the tag on the forge there is a deployment and no release."""
    world.forge.tell(SHIPPED)

    assert (world.deployments(), world.releases()) == (["d-1"], [])


def test_a_failed_deployment_has_no_release(world: ForgeWorld) -> None:
    """What failed is told as failed, and nothing is released."""
    world.tag("staging/v1.4.0")
    failed = Shipped(
        deployment="d-2",
        environment="staging",
        commit=HEAD,
        succeeded=False,
        description="It was restored.",
        tag="staging/v1.4.0",
    )
    world.forge.tell(failed)

    assert (world.deployments(), world.releases()) == (["d-2"], [])


def test_a_foreign_comment_keeps_its_author(world: ForgeWorld) -> None:
    """Who wrote a comment is told exactly; a login that looks like ours is another one."""
    number = world.open("change")
    world.say(number, "text", author="github-actions")

    found: Comment = world.forge.comments(number)[0]
    assert found.author == "github-actions" != world.forge.me()
