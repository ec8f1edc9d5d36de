"""What ended is told to the forge: a deployment with its status, and the release of its tag."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from reconciler.adapters.forge import reading
from reconciler.adapters.forge.answers import Asked, Garbled, Missing, NoAnswer, Unfit
from reconciler.adapters.forge.client import Client
from reconciler.core import printable
from reconciler.core.forge.model import Shipped

_DEPLOYMENTS = Asked("record a deployment", "deployments: write")
_READ_TAGS = Asked("read tags", "contents: read")
_RELEASES = Asked("make a release", "contents: write")
_LONGEST_DESCRIPTION = 140
_LONGEST_NOTES = 100_000  # the forge takes 125,000
_OURS = "reconciler"


class Ledger:
    """The deployments and releases of one repository."""

    def __init__(self, client: Client, path: str, run: str | None) -> None:
        """Take the repository's path in the API, and the page of this run."""
        self._client = client
        self._path = path
        self._run = run

    def deployed(self, shipped: Shipped) -> None:
        """Record a deployment and how it ended; both are there once, whoever asks again.

        Raises:
            ForgeError: it could not be recorded.
        """
        number = self._found(shipped)
        if number is None:
            number = self._added(shipped)
        path = f"{self._path}/deployments/{number}/statuses"
        state = "success" if shipped.succeeded else "failure"
        # A later deployment makes ours inactive: that it was told is what counts.
        told = self._client.pages(path, _DEPLOYMENTS)
        if any(reading.optional(each, "state") == state for each in told):
            return
        body = {
            "state": state,
            "description": described(shipped.description),
            "auto_inactive": True,
        }
        if self._run is not None:
            body["log_url"] = self._run
        self._client.send("POST", path, _DEPLOYMENTS, body)

    def released(self, shipped: Shipped) -> str | None:
        """Make the release of a tag that is there; return its page, None where there is none.

        Raises:
            ForgeError: it could not be made.
        """
        if shipped.tag is None or not shipped.succeeded or not self._has_tag(shipped.tag):
            return None
        if (page := self._page(shipped.tag)) is not None:
            return page
        body = {
            "tag_name": shipped.tag,
            "name": shipped.title or shipped.tag,
            "body": _short(shipped.notes or "", _LONGEST_NOTES),
            # Several environments have releases here: the forge picks the latest by version.
            "make_latest": "legacy",
        }
        try:
            made = self._client.send_once(f"{self._path}/releases", _RELEASES, body)
            return reading.text(made, "html_url")
        except (NoAnswer, Garbled, Unfit):
            # It may be there now: a lost answer, or another run was faster.
            if (page := self._page(shipped.tag)) is None:
                raise
            return page

    def _found(self, shipped: Shipped) -> int | None:
        """Return the forge's id of a deployment of ours that it knows already."""
        query = {"environment": shipped.environment, "sha": shipped.commit}
        found = self._client.pages(f"{self._path}/deployments", _DEPLOYMENTS, **query)
        ours = (each for each in found if _payload(each) == shipped.deployment)
        return next((reading.number(each, "id") for each in ours), None)

    def _added(self, shipped: Shipped) -> int:
        body = {
            "ref": shipped.commit,
            "environment": shipped.environment,
            "description": described(shipped.description),
            "payload": {_OURS: shipped.deployment},
            # It has happened: nothing is merged and no check is waited for.
            "auto_merge": False,
            "required_contexts": [],
        }
        try:
            made = self._client.send_once(f"{self._path}/deployments", _DEPLOYMENTS, body)
            return reading.number(made, "id")
        except (NoAnswer, Garbled):
            if (found := self._found(shipped)) is None:
                raise
            return found

    def _has_tag(self, tag: str) -> bool:
        path = f"{self._path}/git/ref/{quote(f'tags/{tag}', safe='')}"
        try:
            found = self._client.get(path, _READ_TAGS)
        except Missing:
            return False
        return reading.optional(found, "ref") == f"refs/tags/{tag}"

    def _page(self, tag: str) -> str | None:
        path = f"{self._path}/releases/tags/{quote(tag, safe='')}"
        try:
            return reading.text(self._client.get(path, _RELEASES), "html_url")
        except Missing:
            return None


def described(text: str) -> str:
    """Return a description as short as the forge wants it, in one line."""
    return printable.one_line(text, _LONGEST_DESCRIPTION)


def _short(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    whole_lines = text[: limit - 2].rpartition("\n")[0] or text[: limit - 2]
    return f"{whole_lines}\n…"


def _payload(found: Any) -> str | None:
    """Return our id in a deployment; the forge tells a payload as it was given, or as text."""
    payload = found.get("payload") if isinstance(found, dict) else None
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError):
            return None
    return reading.optional(payload, _OURS)
