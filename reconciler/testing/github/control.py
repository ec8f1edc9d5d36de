"""What a test tells and asks the forge, as a person of the repository or as its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.testing.github.answers import Refused, Reply, Request, missing
from reconciler.testing.github.faults import Faults
from reconciler.testing.github.state import Entry, GitHubState

if TYPE_CHECKING:
    from reconciler.testing.github.server import GitHubServer

_MAPS = ("tags", "branches", "brought", "protection", "rules", "policies")


def answer(server: GitHubServer, request: Request) -> Reply:
    """Answer a test; the routes are in the package's docstring."""
    try:
        with server.state.lock:
            return _answered(server, request)
    except Refused as refused:
        return refused.reply()
    except (KeyError, TypeError, ValueError) as error:
        return Refused(400, str(error)).reply()


def _answered(server: GitHubServer, request: Request) -> Reply:
    match (request.method, list(request.parts)):
        case ("GET", ["state"]):
            return Reply(body=server.state.all)
        case ("GET", ["log"]):
            return Reply(body=server.requests)
        case (_, ["faults"]):
            return _faults(server.faults, request)
        case (_, parts):
            return _written(server.state, request.method, parts, request.body)


def _faults(faults: Faults, request: Request) -> Reply:
    if request.method == "POST":
        faults.add(**request.body)
    elif request.method == "DELETE":
        faults.clear()
    return Reply(body=faults.told())


def _written(state: GitHubState, method: str, parts: list[str], given: Any) -> Reply:
    match (method, parts):
        case ("PUT", [name]) if name in _MAPS:
            state.all[name].update(given)
            state.save()
            return Reply(status=204)
        case ("POST", [kind]) if kind in _MAKERS:
            return Reply(status=201, body=_MAKERS[kind](state, given))
        case ("PATCH", ["pulls", number]):
            found = _found(state, "pulls", number=int(number))
            return Reply(body=state.edit("pulls", found, **given))
        case ("PATCH", ["comments", id]):
            found = _found(state, "comments", id=int(id))
            return Reply(body=state.edit("comments", found, body=given["body"]))
        case ("DELETE", ["comments", id]):
            state.remove("comments", _found(state, "comments", id=int(id)))
            return Reply(status=204)
    raise missing()


def open_pull(state: GitHubState, given: Mapping[str, Any]) -> Entry:
    """Open a pull request as somebody, from a branch here or of `head_repository`."""
    return state.open_pull(given, "somebody")


def comment(state: GitHubState, given: Mapping[str, Any]) -> Entry:
    """Add a comment as somebody."""
    return state.comment(given["pull"], given.get("author", "somebody"), given["body"])


def review(state: GitHubState, given: Mapping[str, Any]) -> Entry:
    """Add a review as somebody: APPROVED of the pull request's head, unless it says else."""
    pull = _found(state, "pulls", number=given["pull"])
    told = {
        "author": "somebody",
        "state": "APPROVED",
        "body": "",
        "commit": state.head_of(pull),
        "submitted_at": state.now(),
    }
    return state.add("reviews", **{**told, **given})


def check(state: GitHubState, given: Mapping[str, Any]) -> Entry:
    """Add a run of a check: ended with success, unless it says else."""
    ended = given.get("status", "completed") == "completed"
    told = {
        "app": "github-actions",
        "status": "completed",
        "conclusion": "success" if ended else None,
        "started_at": state.now(),
        "completed_at": state.now() if ended else None,
    }
    return state.add("checks", **{**told, **given})


def _ruleset(state: GitHubState, given: Mapping[str, Any]) -> Entry:
    told = {"target": "tag", "enforcement": "active", "rules": []}
    everything = {"ref_name": {"include": ["~ALL"], "exclude": []}}
    return state.add("rulesets", **{**told, "conditions": everything, **given})


def _environment(state: GitHubState, given: Mapping[str, Any]) -> Entry:
    return state.add("environments", **{"deployment_branch_policy": None, **given})


def _found(state: GitHubState, kind: str, **wanted: Any) -> Entry:
    if (found := state.one(kind, **wanted)) is None:
        raise missing()
    return found


_MAKERS: Mapping[str, Callable[[GitHubState, Mapping[str, Any]], Entry]] = {
    "pulls": open_pull,
    "comments": comment,
    "reviews": review,
    "checks": check,
    "rulesets": _ruleset,
    "environments": _environment,
}
