"""How the API shows changes and what is said of them."""

from __future__ import annotations

from reconciler.testing.github.people import Entry, Json, People


class Changes(People):
    """Shows pull requests, comments, reviews, checks and statuses."""

    def pull(self, pull: Entry, *, whole: bool = True) -> dict[str, Json]:
        """Return a pull request; `whole` is how it is by itself, and not in a list."""
        url, issue = f"{self.path}/pulls/{pull['number']}", f"{self.path}/issues/{pull['number']}"
        page = f"{self.page}/pull/{pull['number']}"
        links = {
            "self": url,
            "html": page,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.path}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self.path}/statuses/{pull['head_commit']}",
        }
        shown = {
            **{name: pull[name] for name in ("number", "title", "body", "state", "merged_at")},
            **{name: pull[name] for name in ("created_at", "updated_at", "closed_at")},
            "id": 1000 + pull["number"],
            "node_id": f"PR_{pull['number']}",
            "url": url,
            "html_url": page,
            "issue_url": issue,
            **{
                f"{name}_url": links[name]
                for name in links
                if name not in {"self", "html", "issue"}
            },
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "_links": {name: {"href": href} for name, href in links.items()},
            "user": self.user(pull["author"]),
            "head": self._end(pull["head"], pull["head_commit"], pull["head_repository"]),
            "base": self._end(pull["base"], pull["base_commit"], self.own),
            **dict.fromkeys(("assignee", "milestone", "auto_merge")),
            "labels": [],
            "locked": False,
            "merge_commit_sha": pull["merge_commit"],
            "author_association": "CONTRIBUTOR",
        }
        return {**shown, **_whole(pull)} if whole else shown

    def comment(self, comment: Entry) -> dict[str, Json]:
        """Return a comment."""
        number = comment["pull"]
        return {
            "id": comment["id"],
            "node_id": f"IC_{comment['id']}",
            "url": f"{self.path}/issues/comments/{comment['id']}",
            "html_url": f"{self.page}/pull/{number}#issuecomment-{comment['id']}",
            "issue_url": f"{self.path}/issues/{number}",
            "user": self.user(comment["author"]),
            "body": comment["body"],
            "created_at": comment["created_at"],
            "updated_at": comment["updated_at"],
            "author_association": "CONTRIBUTOR",
            "performed_via_github_app": None,
        }

    def review(self, review: Entry) -> dict[str, Json]:
        """Return a review."""
        page = f"{self.page}/pull/{review['pull']}#pullrequestreview-{review['id']}"
        pull = f"{self.path}/pulls/{review['pull']}"
        shown = {
            "id": review["id"],
            "node_id": f"PRR_{review['id']}",
            "user": self.user(review["author"]),
            "body": review["body"],
            "state": review["state"],
            "commit_id": review["commit"],
            "html_url": page,
            "pull_request_url": pull,
            "_links": {"html": {"href": page}, "pull_request": {"href": pull}},
            "author_association": "MEMBER",
        }
        at = review["submitted_at"]
        return shown if at is None else {**shown, "submitted_at": at}

    def check(self, check: Entry) -> dict[str, Json]:
        """Return a run of a check."""
        url = f"{self.path}/check-runs/{check['id']}"
        return {
            **{name: check[name] for name in ("id", "name", "status", "conclusion")},
            **{name: check[name] for name in ("started_at", "completed_at")},
            "node_id": f"CR_{check['id']}",
            "head_sha": check["commit"],
            "url": url,
            "html_url": f"{self.page}/runs/{check['id']}",
            "details_url": f"{self.page}/runs/{check['id']}",
            "external_id": "",
            "check_suite": {"id": check["id"]},
            "output": {
                **dict.fromkeys(("title", "summary", "text")),
                "annotations_count": 0,
                "annotations_url": f"{url}/annotations",
            },
            "app": self.app(check["app"]),
            "pull_requests": [],
        }

    def status(self, status: Entry, *, whole: bool = True) -> dict[str, Json]:
        """Return a status; `whole` is how it is by itself, and not in a list."""
        shown = {
            **{name: status[name] for name in ("id", "state", "description", "target_url")},
            **{name: status[name] for name in ("context", "created_at", "updated_at")},
            "node_id": f"SC_{status['id']}",
            "avatar_url": None,
            "url": f"{self.path}/statuses/{status['commit']}",
        }
        return {**shown, "creator": self.user(status["creator"])} if whole else shown

    def combined(self, commit: str, statuses: list[Json], total: int) -> dict[str, Json]:
        """Return the statuses of a commit together."""
        url = f"{self.path}/commits/{commit}"
        return {
            "state": "pending",
            "sha": commit,
            "total_count": total,
            "statuses": statuses,
            "repository": self.repository(self.own),
            "commit_url": url,
            "url": f"{url}/status",
        }

    def _end(self, ref: str, commit: str, repository: str | None) -> dict[str, Json]:
        """Return one of the two ends of a pull request."""
        owner = (repository or "ghost/ghost").partition("/")[0]
        return {
            "label": f"{owner}:{ref}",
            "ref": ref,
            "sha": commit,
            "user": self.user(owner),
            "repo": None if repository is None else self.whole_repository(repository),
        }


def _whole(pull: Entry) -> dict[str, Json]:
    """Return what a pull request shows only by itself."""
    counts = ("additions", "deletions", "changed_files", "comments", "review_comments", "commits")
    return {
        **dict.fromkeys(counts, 0),
        "merged": pull["merged_at"] is not None,
        "merged_by": None,
        "mergeable": None,
        "mergeable_state": "unknown",
        "maintainer_can_modify": False,
    }
