"""What was shipped: deployments, releases, tags, and workflows that were started."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.testing.github.answers import Reply, Request, invalid, missing
from reconciler.testing.github.parts import LONGEST_DESCRIPTION, Part, check_length
from reconciler.testing.github.state import Entry

_STATES = ("error", "failure", "inactive", "in_progress", "pending", "queued", "success")


class Ships(Part):
    """The routes about what was shipped."""

    def deployments(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about deployments."""
        match (request.method, rest):
            case ("GET", []):
                wanted = {k: v for k, v in request.query.items() if k in {"sha", "environment"}}
                found = self.state.entries("deployments", **wanted)[::-1]
                return self.listed(request, found, self.shapes.deployment)
            case ("POST", []):
                added = self._deployed(request)
                return Reply(status=201, body=self.shapes.deployment(added))
            case ("GET", [id, "statuses"]):
                number = self.one("deployments", id)["id"]
                found = self.state.entries("deployment_statuses", deployment=number)[::-1]
                return self.listed(request, found, self.shapes.deployment_status)
            case ("POST", [id, "statuses"]):
                added = self._ended(request, self.one("deployments", id))
                return Reply(status=201, body=self.shapes.deployment_status(added))
        raise missing()

    def _deployed(self, request: Request) -> Entry:
        description = request.text("description")
        check_length("Deployment", "description", description, LONGEST_DESCRIPTION)
        ref = request.body["ref"]
        return self.state.add(
            "deployments",
            ref=ref,
            sha=self.state.ref(f"heads/{ref}") or ref,
            task=request.body.get("task", "deploy"),
            environment=request.body.get("environment", "production"),
            payload=request.body.get("payload", ""),
            description=description,
            creator=request.login,
            created_at=self.state.now(),
        )

    def _ended(self, request: Request, deployment: Entry) -> Entry:
        """Add a status to a deployment; success makes the earlier ones of there inactive."""
        state, description = request.text("state"), request.text("description") or ""
        if state not in _STATES:
            raise invalid("DeploymentStatus", "state", "state is not included in the list")
        check_length("DeploymentStatus", "description", description, LONGEST_DESCRIPTION)
        told = {
            "environment": deployment["environment"],
            "creator": request.login,
            "created_at": self.state.now(),
        }
        if state == "success" and request.body.get("auto_inactive", True):
            before = self.state.entries("deployments", environment=deployment["environment"])
            for each in before:
                last = self.state.one("deployment_statuses", deployment=each["id"])
                if each["id"] < deployment["id"] and last and last["state"] == "success":
                    blank = {"state": "inactive", "description": "", "log_url": ""}
                    self.state.add("deployment_statuses", deployment=each["id"], **blank, **told)
        return self.state.add(
            "deployment_statuses",
            deployment=deployment["id"],
            state=state,
            description=description,
            log_url=request.text("log_url") or "",
            **told,
        )

    def releases(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about releases."""
        match (request.method, rest):
            case ("GET", ["tags", tag]):
                if (found := self.state.one("releases", tag_name=tag)) is None:
                    raise missing()
                return Reply(body=self.shapes.release(found))
            case ("POST", []):
                return Reply(status=201, body=self.shapes.release(self._released(request)))
        raise missing()

    def _released(self, request: Request) -> Entry:
        tag = request.body["tag_name"]
        if self.state.one("releases", tag_name=tag) is not None:
            raise invalid("Release", "tag_name", "", code="already_exists")
        if self.state.ref(f"tags/{tag}") is None:
            # As the forge does: a release of a tag that is not there makes the tag.
            self.state.all["tags"][tag] = self.state.ref("heads/main") or "0" * 40
        return self.state.add(
            "releases",
            tag_name=tag,
            name=request.text("name"),
            body=request.text("body"),
            draft=request.body.get("draft", False),
            prerelease=request.body.get("prerelease", False),
            target_commitish=request.body.get("target_commitish", "main"),
            author=request.login,
            created_at=self.state.now(),
        )

    def refs(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about refs."""
        match (request.method, rest):
            case ("GET", ["ref", *name]):
                ref = "/".join(name)
                if (commit := self.state.ref(ref)) is None:
                    raise missing()
                return Reply(body=self.shapes.ref(f"refs/{ref}", commit))
        raise missing()

    def actions(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about workflows."""
        match (request.method, rest):
            case ("POST", ["workflows", file, "dispatches"]):
                told = {"ref": request.body["ref"], "inputs": request.body.get("inputs") or {}}
                self.state.add("dispatches", workflow=file, by=request.login, **told)
                return Reply(status=204)
        raise missing()
