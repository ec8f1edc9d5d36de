"""What protects the repository: rules, rulesets, branch protection, environments."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.testing.github.answers import Refused, Reply, Request, missing
from reconciler.testing.github.parts import Part


class Rules(Part):
    """The routes about what protects the repository."""

    def rules(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about the rules of a branch."""
        match (request.method, rest):
            case ("GET", ["branches", branch]):
                return self.listed(request, self.state.all["rules"].get(branch, []), dict)
        raise missing()

    def rulesets(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about rulesets."""
        match (request.method, rest):
            case ("GET", []):
                targets = request.query.get("targets", "branch,tag,push").split(",")
                found = [e for e in self.state.entries("rulesets") if e["target"] in targets]
                return self.listed(request, found, lambda e: self.shapes.ruleset(e, whole=False))
            case ("GET", [id]):
                return Reply(body=self.shapes.ruleset(self.one("rulesets", id)))
        raise missing()

    def branches(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about the protection of a branch."""
        match (request.method, rest):
            case ("GET", [branch, "protection"]):
                found = self.state.all["protection"].get(branch)
                if found is None:
                    raise Refused(404, "Branch not protected")
                return Reply(body=found)
        raise missing()

    def environments(self, request: Request, rest: Sequence[str]) -> Reply:
        """Answer what is about environments."""
        match (request.method, rest):
            case ("GET", []):
                found = self.state.entries("environments")
                return self.counted(request, found, self.shapes.environment, "environments")
            case ("GET", [name, "deployment-branch-policies"]):
                policies = self.state.all["policies"].get(name, [])
                return Reply(body={"total_count": len(policies), "branch_policies": policies})
        raise missing()
