"""What people and programs say of changes: pull requests, comments, reviews, checks, statuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.testing.github.answers import Refused, Reply, Request, invalid, missing, paged
from reconciler.testing.github.parts import LONGEST_DESCRIPTION, Part, check_length
from reconciler.testing.github.state import Entry

LONGEST_BODY = 65_536
_LONGEST_TITLE = 256
_STATES = ("error", "failure", "pending", "success")


class Talk(Part):
    """The routes about pull requests and commits."""

    def pulls(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about pull requests."""
        match (request.method, rest):
            case ("GET", []):
                return self.listed(request, self._wanted(request), self._pull_in_list)
            case ("POST", []):
                return Reply(status=201, body=self._pull(self._opened(request)))
            case ("GET", [number]):
                return Reply(body=self._pull(self.one_pull(number)))
            case ("PATCH", [number]):
                given = {k: v for k, v in request.body.items() if k in {"title", "body", "state"}}
                _check_pull(request)
                changed = self.state.edit("pulls", self.one_pull(number), **given)
                return Reply(body=self._pull(changed))
            case ("GET", [number, "reviews"]):
                found = self.state.entries("reviews", pull=self.one_pull(number)["number"])
                return self.listed(request, found, self.shapes.review)
        raise missing()

    def _wanted(self, request: Request) -> list[Entry]:
        """Return the pull requests that a list asks for; the newest first, unless it says else."""
        query, found = request.query, self.state.entries("pulls")
        if (state := query.get("state", "open")) != "all":
            found = [each for each in found if each["state"] == state]
        if "base" in query:
            found = [each for each in found if each["base"] == query["base"]]
        if ":" in query.get("head", ""):  # another form is ignored, and all are listed
            found = [each for each in found if _head(each) == query["head"]]
        return found[::-1] if query.get("direction", "desc") == "desc" else found

    def _opened(self, request: Request) -> Entry:
        _check_pull(request)
        head, base = request.body["head"], request.body["base"]
        there = self.state.entries("pulls", head=head, base=base, state="open")
        if any(each["head_repository"] == self.state.repository for each in there):
            owner = self.state.repository.partition("/")[0]
            text = f"A pull request already exists for {owner}:{head}."
            raise Refused(422, "Validation Failed", [{"message": text, "code": "custom"}])
        return self.state.open_pull(request.body, request.login)

    def comments(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about comments."""
        match (request.method, rest):
            case ("GET", [number, "comments"]):
                found = self.state.entries("comments", pull=self.one_pull(number)["number"])
                return self.listed(request, found, self.shapes.comment)
            case ("POST", [number, "comments"]):
                pull, body = self.one_pull(number)["number"], _body(request)
                added = self.state.comment(pull, request.login, body)
                return Reply(status=201, body=self.shapes.comment(added))
            case ("PATCH", ["comments", id]):
                now, body = self.state.now(), _body(request)
                edited = self.state.edit("comments", self.one("comments", id), body=body)
                return Reply(
                    body=self.shapes.comment(self.state.edit("comments", edited, updated_at=now))
                )
            case ("DELETE", ["comments", id]):
                self.state.remove("comments", self.one("comments", id))
                return Reply(status=204)
        raise missing()

    def commits(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about commits."""
        match (request.method, rest):
            case ("GET", [commit, "pulls"]):
                numbers = self.state.all["brought"].get(commit, ())
                found = [
                    each
                    for each in self.state.entries("pulls")
                    if self.state.head_of(each) == commit or each["number"] in numbers
                ]
                return self.listed(request, found, self._pull_in_list)
            case ("GET", [commit, "check-runs"]):
                found = self.state.entries("checks", commit=commit)
                return self.counted(request, found[::-1], self.shapes.check, "check_runs")
            case ("GET", [commit, "status"]):
                latest = self.state.latest(commit)
                items, headers = paged(request, self.url, latest)
                shown = [self.shapes.status(each, whole=False) for each in items]
                body = self.shapes.combined(commit, shown, len(latest))
                return Reply(body=body, headers=headers)
        raise missing()

    def statuses(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about statuses."""
        match (request.method, rest):
            case ("POST", [commit]):
                state, description = request.text("state"), request.text("description")
                if state not in _STATES:
                    raise invalid("Status", "state", "state is not included in the list")
                check_length("Status", "description", description, LONGEST_DESCRIPTION)
                now = self.state.now()
                added = self.state.add(
                    "statuses",
                    commit=commit,
                    state=state,
                    description=description,
                    context=request.text("context") or "default",
                    target_url=request.text("target_url"),
                    creator=request.login,
                    created_at=now,
                    updated_at=now,
                )
                return Reply(status=201, body=self.shapes.status(added))
        raise missing()

    def _pull(self, pull: Entry) -> Any:
        return self.shapes.pull({**pull, "head_commit": self.state.head_of(pull)})

    def _pull_in_list(self, pull: Entry) -> Any:
        shown = {**pull, "head_commit": self.state.head_of(pull)}
        return self.shapes.pull(shown, whole=False)


def _head(pull: Entry) -> str:
    return f"{(pull['head_repository'] or '').partition('/')[0]}:{pull['head']}"


def _body(request: Request) -> str:
    body = request.text("body")
    if not body:
        raise invalid("IssueComment", "body", "body is missing", code="missing_field")
    if len(body) > LONGEST_BODY:
        text = f"Body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid("IssueComment", "data", text, code="unprocessable")
    return body


def _check_pull(request: Request) -> None:
    check_length("PullRequest", "title", request.text("title"), _LONGEST_TITLE)
    check_length("PullRequest", "body", request.text("body"), LONGEST_BODY)
