"""What the remote platform answers to each request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.core.canonical import Json
from reconciler.testing.remote.faults import Fault, Planned
from reconciler.testing.remote.state import Refused, RemoteState

if TYPE_CHECKING:
    from reconciler.testing.remote.server import RemoteServer

GARBAGE = object()  # a body that is no JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: its path in parts, its query, its body as JSON, and the version it names."""

    method: str
    parts: list[str]
    query: Mapping[str, str]
    body: Json
    match: str | None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What a fault may call it."""
        if self.method != "GET":
            return ("write",)
        is_list = self.parts[2:] == ["resources"] and "name" not in self.query
        return ("read", "list") if is_list else ("read",)

    @property
    def version(self) -> int | None:
        """The version that must be there."""
        text = (self.match or "").strip('"')
        return int(text) if text.isdecimal() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, body and headers."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def interfere(state: RemoteState, request: Request, faults: Mapping[Fault, Planned]) -> None:
    """Let somebody else be faster with what a request is about.

    Raises:
        Refused: there is no such resource.
    """
    if request.parts[2:3] != ["resources"]:
        return
    environment, given = request.parts[1], request.body or {}
    if Fault.CHURN in faults:
        first = state.page(environment, 0, 1)["items"][0]
        state.replace(environment, first["id"], _edited(first), None, by="hand")
    if Fault.DELETE in faults and len(request.parts) > 3:
        state.purge(environment, request.parts[3], None, by="hand")
    if Fault.EDIT in faults and len(request.parts) > 3:
        found = state.get(environment, request.parts[3])
        state.replace(environment, found["id"], _edited(found), None, by="hand")
    elif Fault.EDIT in faults:
        state.create(environment, _edited(given), by="hand")


def answer(remote: RemoteServer, request: Request, faults: Mapping[Fault, Planned]) -> Reply:
    """Answer a request about an environment; this is where effects happen."""
    status = faults.get(Fault.STATUS)
    if Fault.GARBAGE in faults:
        return Reply(body=GARBAGE)
    if status is None or status.arrived:
        reply = _tried(remote, request, faults)
    if status is None:
        return reply
    headers = {} if status.retry_after is None else {"Retry-After": str(status.retry_after)}
    return Reply(status=status.status, body={"error": "told to fail"}, headers=headers)


def control(remote: RemoteServer, request: Request) -> Reply:
    """Answer a test."""
    try:
        return _controlled(remote, request)
    except Refused as refused:
        return Reply(status=refused.status, body={"error": refused.text})
    except ValueError as error:
        return Reply(status=400, body={"error": str(error)})


def _controlled(remote: RemoteServer, request: Request) -> Reply:
    match (request.method, request.parts):
        case ("GET", ["health"]):
            return Reply(body={"ok": True})
        case ("GET", ["log"]):
            body = {"requests": remote.requests, "effects": remote.state.effects}
            return Reply(body=body)
        case ("GET", ["faults"]):
            return Reply(body=remote.faults.told())
        case ("POST", ["faults"]):
            given = request.body
            remote.faults.extend(given if isinstance(given, list) else [given])
            return Reply(body=remote.faults.told())
        case ("DELETE", ["faults"]):
            remote.faults.clear()
            return Reply()
        case ("POST" | "DELETE", ["hand", environment]):
            with remote.state.lock:
                by_hand(remote.state, environment, request.body, gone=request.method == "DELETE")
            return Reply()
    raise Refused(404, "there is no such address")


def by_hand(
    state: RemoteState, environment: str, given: Mapping[str, Json], *, gone: bool = False
) -> None:
    """Add, change or (`gone`) take away a resource as somebody else, by its kind and name."""
    found = state.find(environment, given["kind"], given["name"])
    if gone:
        if found is not None:
            state.purge(environment, found["id"], None, by="hand")
    elif found is None:
        state.create(environment, given, by="hand")
    else:
        state.replace(environment, found["id"], given, None, by="hand")


def _tried(remote: RemoteServer, request: Request, faults: Mapping[Fault, Planned]) -> Reply:
    try:
        interfere(remote.state, request, faults)
        return _done(remote, request, faults)
    except Refused as refused:
        return Reply(status=refused.status, body={"error": refused.text})


def _done(remote: RemoteServer, request: Request, faults: Mapping[Fault, Planned]) -> Reply:
    match (request.method, request.parts[2:3]):
        case (_, ["secrets"]):
            return _secret(remote.state, request)
        case ("GET", ["resources"]) if "list" in request.kinds:
            return _list(remote, request, faults)
        case (_, ["resources"]):
            return _resource(remote.state, request)
    raise Refused(404, "there is no such address")


def _list(remote: RemoteServer, request: Request, faults: Mapping[Fault, Planned]) -> Reply:
    short = faults.get(Fault.SHORT_LIST)
    page = remote.state.page(
        request.parts[1],
        int(request.query.get("after", "0")),
        remote.page if short is None else short.items,
        archived=request.query.get("archived") == "true",
    )
    return Reply(body=page if short is None else {**page, "next": None})


def _resource(state: RemoteState, request: Request) -> Reply:
    environment, given = request.parts[1], request.body or {}
    match (request.method, request.parts[3:]):
        case ("GET", []):
            found = state.find(environment, request.query.get("kind", ""), request.query["name"])
            return Reply(body={"items": [] if found is None else [found]})
        case ("GET", [id]):
            return _one(state.get(environment, id))
        case ("POST", []):
            return _one(state.create(environment, given), status=201)
        case ("PUT", [id]) if given.get("archived"):
            return _one(state.archive(environment, id, request.version))
        case ("PUT", [id]):
            return _one(state.replace(environment, id, given, request.version))
        case ("DELETE", [id]):
            state.purge(environment, id, request.version)
            return Reply()
    raise Refused(405, "this cannot be done here")


def _secret(state: RemoteState, request: Request) -> Reply:
    environment = request.parts[1]
    match (request.method, request.parts[3:]):
        case ("GET", []):
            return Reply(body=state.secrets(environment))
        case ("PUT", [name]):
            state.set_secret(environment, name, request.body["fingerprint"])
            return Reply()
        case ("DELETE", [name]):
            state.set_secret(environment, name, None)
            return Reply()
    raise Refused(405, "this cannot be done here")


def _one(found: Mapping[str, Json], *, status: int = 200) -> Reply:
    return Reply(status=status, body=found, headers={"ETag": f'"{found["version"]}"'})


def _edited(given: Mapping[str, Json]) -> dict[str, Json]:
    """Return a resource with another title, as somebody else might save it."""
    document = given.get("document") or {}
    spec = {**document.get("spec", {}), "title": "Edited by somebody else"}
    return {**given, "document": {**document, "spec": spec}}
