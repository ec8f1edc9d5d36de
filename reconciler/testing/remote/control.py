"""What a test tells and asks a remote platform that runs in another process."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.canonical import Json
from reconciler.core.model import ResourceKey
from reconciler.testing.remote.client import Client


class RemoteControl:
    """The hand of a test on a running server."""

    def __init__(self, url: str) -> None:
        """Take its address."""
        self._client = Client(url)

    def fault(self, fault: str, **how: Json) -> None:
        """Let something go wrong, with the fields of `faults.Planned`."""
        self._send("POST", "/faults", {"fault": fault, **how})

    def clear(self) -> None:
        """Let everything go well from now on."""
        self._send("DELETE", "/faults")

    def faults(self) -> list[Mapping[str, Json]]:
        """Return each fault with how many requests it saw and struck."""
        found: list[Mapping[str, Json]] = self._client.get("/faults")
        return found

    def edit(self, environment: str, content: Mapping[str, Json]) -> None:
        """Change or add a resource as somebody else."""
        name = content["metadata"]["name"]
        given = {"kind": content["kind"], "name": name, "document": dict(content)}
        self._send("POST", f"/hand/{environment}", given)

    def delete(self, environment: str, key: ResourceKey) -> None:
        """Take a resource away as somebody else."""
        self._send("DELETE", f"/hand/{environment}", {"kind": key.kind, "name": key.name})

    def effects(self, by: str = "client") -> list[Mapping[str, Json]]:
        """Return every change by somebody (`client` or `hand`), in its order."""
        return [each for each in self._client.get("/log")["effects"] if each["by"] == by]

    def requests(self) -> list[Mapping[str, Json]]:
        """Return every request about an environment since the server was started."""
        found: list[Mapping[str, Json]] = self._client.get("/log")["requests"]
        return found

    def _send(self, method: str, path: str, body: Json = None) -> None:
        reply = self._client.send(method, path, body)
        if reply.status != 200:
            raise self._client.refusal(reply)
