"""How the API shows what it holds: every field that its document demands, and no more."""

from __future__ import annotations

from reconciler.testing.github.changes import Changes
from reconciler.testing.github.people import Entry, Json, id_of


class Shapes(Changes):
    """Shows entries of the state."""

    def deployment(self, deployment: Entry) -> dict[str, Json]:
        """Return a deployment."""
        url = f"{self.path}/deployments/{deployment['id']}"
        kept = ("id", "sha", "ref", "task", "environment", "payload", "description", "created_at")
        return {
            **{name: deployment[name] for name in kept},
            "updated_at": deployment["created_at"],
            "node_id": f"DE_{deployment['id']}",
            "original_environment": deployment["environment"],
            "creator": self.user(deployment["creator"]),
            "url": url,
            "statuses_url": f"{url}/statuses",
            "repository_url": self.path,
            "transient_environment": False,
            "production_environment": False,
        }

    def deployment_status(self, status: Entry) -> dict[str, Json]:
        """Return a status of a deployment."""
        url = f"{self.path}/deployments/{status['deployment']}"
        return {
            **{name: status[name] for name in ("id", "state", "description", "created_at")},
            "updated_at": status["created_at"],
            "node_id": f"DS_{status['id']}",
            "creator": self.user(status["creator"]),
            "environment": status["environment"],
            "deployment_url": url,
            "target_url": status["log_url"],
            "log_url": status["log_url"],
            "repository_url": self.path,
            "url": f"{url}/statuses/{status['id']}",
        }

    def release(self, release: Entry) -> dict[str, Json]:
        """Return a release."""
        url = f"{self.path}/releases/{release['id']}"
        return {
            **{name: release[name] for name in ("id", "name", "body", "tag_name")},
            **{name: release[name] for name in ("draft", "prerelease", "created_at")},
            "published_at": release["created_at"],
            "node_id": f"RE_{release['id']}",
            "author": self.user(release["author"]),
            "target_commitish": release["target_commitish"],
            "assets": [],
            "url": url,
            "assets_url": f"{url}/assets",
            "upload_url": f"{url}/assets{{?name,label}}",
            "tarball_url": f"{self.path}/tarball/{release['tag_name']}",
            "zipball_url": f"{self.path}/zipball/{release['tag_name']}",
            "html_url": f"{self.page}/releases/tag/{release['tag_name']}",
        }

    def ref(self, name: str, commit: str) -> dict[str, Json]:
        """Return a ref."""
        return {
            "ref": name,
            "node_id": f"REF_{name}",
            "url": f"{self.path}/git/{name}",
            "object": {"type": "tag", "sha": commit, "url": f"{self.path}/git/tags/{commit}"},
        }

    def environment(self, environment: Entry) -> dict[str, Json]:
        """Return an environment of the forge; its policy is as a test gave it."""
        name = environment["name"]
        return {
            "id": id_of(name),
            "node_id": f"EN_{name}",
            "name": name,
            "url": f"{self.path}/environments/{name}",
            "html_url": f"{self.page}/deployments/activity_log?environments_filter={name}",
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            "protection_rules": [],
            "deployment_branch_policy": environment.get("deployment_branch_policy"),
        }

    def ruleset(self, ruleset: Entry, *, whole: bool = True) -> dict[str, Json]:
        """Return a ruleset; only by itself it shows its rules and conditions."""
        parts = ("conditions", "rules") if whole else ()
        return {
            **{name: ruleset[name] for name in ("id", "name", "target", "enforcement", *parts)},
            "source_type": "Repository",
            "source": self.own,
        }
