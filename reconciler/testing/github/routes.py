"""What the forge's API answers to each request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.testing.github.answers import Refused, Reply, Request, missing
from reconciler.testing.github.parts import Part
from reconciler.testing.github.rules import Rules
from reconciler.testing.github.ships import Ships
from reconciler.testing.github.talk import Talk


class Routes(Part):
    """The API of one repository."""

    def answer(self, request: Request) -> Reply:
        """Answer a request; this is where effects happen."""
        try:
            return self._answered(request)
        except Refused as refused:
            return refused.reply()
        except (KeyError, TypeError, ValueError):
            return Refused(400, "Problems parsing JSON").reply()

    def _answered(self, request: Request) -> Reply:
        match request.parts:
            case ["user"]:
                return self._user(request)
            case ["graphql"] if request.method == "POST":
                return Reply(body={"data": {"viewer": {"login": request.login}}})
            case ["repos", owner, name, *rest]:
                if f"{owner}/{name}".lower() != self.state.repository.lower():
                    raise missing()
                return self._about(request, rest)
        raise missing()

    def _user(self, request: Request) -> Reply:
        """Say whose token it is; an app's token is refused this."""
        if request.login.endswith("[bot]"):
            raise Refused(403, "Resource not accessible by integration")
        return Reply(body=self.shapes.account(request.login))

    def _about(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about the repository, by the first part of its path."""
        talk = Talk(self.state, self.url)
        ships, rules = Ships(self.state, self.url), Rules(self.state, self.url)
        handlers: Mapping[str, Callable[[Request, Sequence[str]], Reply]] = {
            "pulls": talk.pulls,
            "issues": talk.comments,
            "commits": talk.commits,
            "statuses": talk.statuses,
            "deployments": ships.deployments,
            "releases": ships.releases,
            "git": ships.refs,
            "actions": ships.actions,
            "rules": rules.rules,
            "rulesets": rules.rulesets,
            "branches": rules.branches,
            "environments": rules.environments,
        }
        handler = handlers.get(rest[0]) if rest else None
        if handler is None:
            raise missing()
        return handler(request, rest[1:])
