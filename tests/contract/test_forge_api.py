"""The adapter and the server of our tests, held against GitHub's own description of its API."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest

from reconciler.adapters.forge import Client, GitHubForge
from reconciler.adapters.forge.answers import Asked
from reconciler.core.errors import ForgeError
from reconciler.core.forge.model import Shipped, State, Status, Verdict
from reconciler.ports.forge import Forge
from reconciler.testing.github import GitHubServer
from tests.contract.forge_world import HEAD, TOKEN, ServerWorld, server_world

TOOLS = Path(__file__).parents[2] / ".ci" / "npm" / "node_modules"
DOCUMENT = TOOLS / "@octokit" / "openapi" / "generated" / "api.github.com.json"
PATIENCE = 180
URN = "urn:api"
# The examples of the document are about this repository.
EXAMPLE = "octocat/Hello-World"
FAILED = Shipped(
    deployment="d-1", environment="production", commit=HEAD, succeeded=False, description="failed"
)
DONE = Shipped(
    deployment="d-2",
    environment="production",
    commit=HEAD,
    succeeded=True,
    description="live",
    tag="production/v1.0.0",
    title="production 1.0.0",
    notes="What changed.",
)
ASKED = Asked("set a status", "statuses: write")
STATUS = Status("reconciler", State.PENDING, "waits", "https://forge.example/run")


class Watched(Client):
    """A client that remembers which requests were refused, or did not fit the description."""

    seen = 0
    refused: list[str]

    def _exchange(self, method: str, path: str, *given: Any) -> Any:
        answer = super()._exchange(method, path, *given)
        told = json.loads(answer.headers.get("sl-violations", "[]"))
        misfits = [each for each in told if each["location"][0] == "request"]
        self.seen += 1
        if answer.status >= 300 or misfits:
            self.refused.append(f"{method} {path}: {answer.status} {misfits}")
        return answer


@pytest.fixture(scope="module")
def described() -> Iterator[str]:
    """Return the address of a server that the API's description alone makes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(TOOLS / ".bin" / "prism"), "mock", "-h", "127.0.0.1"]
    # It ends with the fixture, and after some minutes if nobody is left to end it.
    process = subprocess.Popen(
        ["timeout", "600", *command, "-p", str(port), str(DOCUMENT)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, "the server did not start: is .ci/npm installed?"
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/zen")
            connection.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.2)
        else:
            return
        finally:
            connection.close()
    raise AssertionError(f"the server did not answer within {PATIENCE} s")


def _calls(forge: Forge) -> Mapping[str, Callable[[], object]]:
    """Return every method of a forge, as the examples of the document take it."""
    return {
        "me": forge.me,
        "pull_request": lambda: forge.pull_request(1347),
        "open_pull_requests": lambda: forge.open_pull_requests("master"),
        "pull_requests_with": lambda: forge.pull_requests_with(HEAD),
        "pull_requests_from": lambda: forge.pull_requests_from("new-topic"),
        "comments": lambda: forge.comments(1347),
        "reviews": lambda: forge.reviews(1347),
        "checks": lambda: forge.checks(HEAD),
        "statuses": lambda: forge.statuses(HEAD),
        "protections": lambda: forge.protections("main", ["*/v*"], ["github-pages"]),
        "edit_comment": lambda: forge.edit_comment(forge.comments(1347)[0], "text"),
        "remove_comment": lambda: forge.remove_comment(forge.comments(1347)[0]),
        "add_comment": lambda: forge.add_comment(1347, "text"),
        "set_status": lambda: forge.set_status(HEAD, STATUS),
        "propose": lambda: forge.propose("another-topic", "master", "Title", "Text"),
        "propose again": lambda: forge.propose("new-topic", "master", "Title", "Text"),
        "tell failed": lambda: forge.tell(FAILED),
        "tell": lambda: forge.tell(DONE),
    }


def test_no_request_is_refused_by_the_described_api(described: str) -> None:
    """Every method sends only what GitHub's description takes, and reads its own examples."""
    client = Watched(described, TOKEN, sleep=time.sleep)
    client.refused = []
    forge = GitHubForge(client, EXAMPLE, pages="https://github.com", run="https://run.example/1")
    methods = {name for name in dir(Forge) if not name.startswith("_")} - {"name"}

    calls = _calls(forge)
    assert {name.split()[0] for name in calls} == methods
    answers = {name: call() for name, call in calls.items()}
    assert client.refused == []
    assert client.seen > len(calls)
    assert answers["me"] == "octocat"
    assert all(answers[name] for name in ("pull_request", "comments", "reviews", "checks"))
    with pytest.raises(ForgeError):
        client.send("POST", f"/repos/{EXAMPLE}/statuses/{HEAD}", ASKED, {"state": "green"})
    assert len(client.refused) == 1


def _worked(world: ServerWorld) -> GitHubServer:
    """Ask and write everything once, with something there to be found."""
    forge = world.forge
    for again in range(2):
        number = world.open(f"change-{again}", fork="stranger/repository" if again else None)
        world.say(number, "text")
        world.review(number, Verdict.APPROVED)
        world.check("tests")
    world.close(world.open("merged"), merged=True)
    _ruled(world)
    comment = forge.add_comment(1, "text")
    forge.edit_comment(comment, "another")
    forge.set_status(HEAD, STATUS)
    forge.propose("topic", "main", "T", "B")
    forge.propose("topic", "main", "T2", "B")
    world.tag("production/v1.0.0")
    for shipped in (FAILED, DONE, DONE):
        forge.tell(shipped)
    read(forge)
    forge.remove_comment(comment)
    forge.pull_request(77)
    return world.server


def read(forge: Forge) -> None:
    """Read everything."""
    forge.me()
    forge.pull_request(1)
    forge.open_pull_requests("main")
    forge.pull_requests_with(HEAD)
    forge.pull_requests_from("topic")
    forge.comments(1)
    forge.reviews(1)
    forge.checks(HEAD)
    forge.statuses(HEAD)
    forge.protections("main", ["*/v*"], ["production", "staging"])


def _ruled(world: ServerWorld) -> None:
    """Protect the repository in every way that is read."""
    state = world.state
    named = {"include": ["refs/tags/*/v*"], "exclude": []}
    told = {"target": "tag", "enforcement": "active", "conditions": {"ref_name": named}}
    state.add("rulesets", name="tags", rules=[{"type": "deletion"}], **told)
    info = {"ruleset_source_type": "Repository", "ruleset_source": "owner/repository"}
    state.all["rules"]["main"] = [{"type": "non_fast_forward", "ruleset_id": 1, **info}]
    state.all["protection"]["main"] = {"allow_force_pushes": {"enabled": False}}
    own = {"protected_branches": False, "custom_branch_policies": True}
    state.add("environments", name="production", deployment_branch_policy=own)
    state.add("environments", name="staging", deployment_branch_policy=None)
    state.all["policies"]["production"] = [{"id": 1, "node_id": "x", "name": "main"}]


def test_our_own_server_answers_as_described() -> None:
    """Each request to the server of our tests, and each of its answers, fits the description."""
    with server_world() as world:
        exchanges = _worked(world).requests
    person = {"method": "GET", "path": "/user", "body": {}, "status": 200}
    with GitHubServer(login="mona") as server:
        ServerWorld(server).forge.me()
        exchanges = [*exchanges, *server.requests]

    assert person.items() <= exchanges[-1].items()
    described = [each for each in exchanges if each["path"] != "/graphql"]
    wrong = [found for each in described if (found := _misfit(each)) is not None]
    assert wrong == []
    assert len({(e["method"], _operation(e["method"], e["path"])[0]) for e in described}) > 20


def test_a_wrong_answer_would_be_seen() -> None:
    """The comparison with the description is no formality: a field less is a misfit."""
    with server_world() as world:
        world.open("change")
        world.forge.add_comment(1, "text")
        exchange = world.server.requests[-1]

    assert _misfit(exchange) is None
    assert _misfit({**exchange, "answer": {"id": 1}}) is not None
    assert _misfit({**exchange, "body": {"text": "x"}}) is not None
    assert _misfit({**exchange, "status": 299}) is not None


def _misfit(exchange: Mapping[str, Any]) -> str | None:
    """Return what does not fit the description in a request or its answer."""
    method, status = exchange["method"], str(exchange["status"])
    if status == "404":
        return None
    name, operation = _operation(method, exchange["path"])
    where = ["paths", name, method.lower()]
    if "requestBody" in operation and (found := _errors([*where, "requestBody"], exchange["body"])):
        return f"{method} {name}: request {found}"
    if status not in operation["responses"]:
        return f"{method} {name}: {status} is not described"
    found = _errors([*where, "responses", status], exchange["answer"])
    return f"{method} {name} {status}: answer {found}" if found else None


def _operation(method: str, path: str) -> tuple[str, Mapping[str, Any]]:
    """Return the operation of a request; the one with the fewest parameters in its path."""
    document = _document()
    bare = path.partition("?")[0]
    fits = [
        (template.count("{"), template)
        for template in document["paths"]
        if method.lower() in document["paths"][template]
        and re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), bare)
    ]
    assert fits, f"{method} {path} is not described"
    template = min(fits)[1]
    return template, document["paths"][template][method.lower()]


@cache
def _document() -> Any:
    """Return the part of the description that we use, its schemas as JSON Schema."""
    whole = json.loads(DOCUMENT.read_bytes())
    about = ("/user", "/repos/{owner}/{repo}/")
    return {
        "paths": {k: _plain(v) for k, v in whole["paths"].items() if k.startswith(about)},
        "components": {k: _plain(whole["components"][k]) for k in ("schemas", "responses")},
    }


def _plain(found: Any) -> Any:
    """Return a part of the document with `nullable` as JSON Schema says it."""
    if isinstance(found, list):
        return [_plain(each) for each in found]
    if not isinstance(found, dict):
        return found
    plain = {k: _plain(v) for k, v in found.items() if k not in {"example", "examples"}}
    if plain.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, {k: v for k, v in plain.items() if k != "nullable"}]}
    return plain


def _errors(where: list[str], value: Any) -> list[str]:
    """Return what of a value does not fit the schema of a request or answer in the description."""
    validator = _validator(tuple(where))
    if validator is None:
        return []
    return [f"{list(e.instance_path)}: {e.message[:200]}" for e in validator.iter_errors(value)]


@cache
def _validator(where: tuple[str, ...]) -> jsonschema_rs.Draft7Validator | None:
    """Return what checks the content at a place, None where nothing is described."""
    found: Any = _document()
    for name in where:
        found = found[name]
    if "$ref" in found:
        return _validator(tuple(found["$ref"].split("/")[1:]))
    if "content" not in found:
        return None
    steps = [*where, "content", "application/json", "schema"]
    pointer = "/".join(quote(each.replace("~", "~0").replace("/", "~1")) for each in steps)
    return jsonschema_rs.Draft7Validator(
        {"$ref": f"{URN}#/{pointer}"}, registry=_registry(), validate_formats=True
    )


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry([(URN, _document())])
