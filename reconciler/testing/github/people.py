"""How the API shows people, apps and repositories: every field that its document demands."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

Json = Any
Entry = Mapping[str, Any]

_USER_PARTS = ("followers", "organizations", "received_events", "repos", "subscriptions")
_USER_FORMS = {
    "events_url": "events{/privacy}",
    "following_url": "following{/other_user}",
    "gists_url": "gists{/gist_id}",
    "starred_url": "starred{/owner}{/repo}",
}
_REPOSITORY_PARTS = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits"),
    *("compare", "contents", "contributors", "deployments", "downloads", "events", "forks"),
    *("git_commits", "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues"),
    *("keys", "labels", "languages", "merges", "milestones", "notifications", "pulls", "releases"),
    *("stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees"),
)
_COUNTS = ("forks", "forks_count", "open_issues", "open_issues_count", "size")
_MORE_COUNTS = ("stargazers_count", "watchers", "watchers_count")
_SWITCHES = ("has_downloads", "has_issues", "has_pages", "has_projects", "has_wiki")


class People:
    """Shows people, apps and repositories as one server would, at one address."""

    def __init__(self, url: str, repository: str) -> None:
        """Take the API's address, and the repository as `owner/name`."""
        self.api = url
        self.own = repository
        self.path = f"{url}/repos/{repository}"
        self.page = f"{url}/{repository}"

    def user(self, login: str) -> dict[str, Json]:
        """Return a person or an app."""
        name = quote(login)  # an app's ends with [bot]
        url = f"{self.api}/users/{name}"
        return {
            "login": login,
            "id": id_of(login),
            "node_id": f"U_{login}",
            "avatar_url": f"{self.api}/avatars/{id_of(login)}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.api}/{name}",
            "type": "Bot" if login.endswith("[bot]") else "User",
            "site_admin": False,
            **{f"{part}_url": f"{url}/{part}" for part in _USER_PARTS},
            **{name: f"{url}/{form}" for name, form in _USER_FORMS.items()},
        }

    def account(self, login: str) -> dict[str, Json]:
        """Return a person as they see themselves."""
        texts = ("bio", "blog", "company", "email", "location", "name", "hireable")
        counts = ("followers", "following", "public_gists", "public_repos")
        return {
            **self.user(login),
            **dict.fromkeys(texts),
            **dict.fromkeys(counts, 0),
            "user_view_type": "public",
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
        }

    def repository(self, name: str) -> dict[str, Json]:
        """Return a repository in short."""
        url = f"{self.api}/repos/{name}"
        return {
            "id": id_of(name),
            "node_id": f"R_{name}",
            "name": name.partition("/")[2],
            "full_name": name,
            "owner": self.user(name.partition("/")[0]),
            "private": False,
            "fork": name != self.own,
            "description": None,
            "url": url,
            "html_url": f"{self.api}/{name}",
            **{f"{part}_url": f"{url}/{part}" for part in _REPOSITORY_PARTS},
        }

    def whole_repository(self, name: str) -> dict[str, Json]:
        """Return a repository as a pull request shows it."""
        page = f"{self.api}/{name}"
        return {
            **self.repository(name),
            **dict.fromkeys((*_COUNTS, *_MORE_COUNTS), 0),
            **dict.fromkeys(_SWITCHES, True),
            "clone_url": f"{page}.git",
            "git_url": f"{page}.git",
            "ssh_url": f"{page}.git",
            "svn_url": page,
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            "archived": False,
            "disabled": False,
            "default_branch": "main",
            **dict.fromkeys(("created_at", "pushed_at", "updated_at"), "2020-01-01T00:00:00Z"),
        }

    def app(self, slug: str) -> dict[str, Json]:
        """Return an app."""
        return {
            "id": id_of(slug),
            "slug": slug,
            "node_id": f"A_{slug}",
            "owner": self.user("github"),
            "name": slug,
            "description": None,
            "external_url": f"{self.api}/apps/{slug}",
            "html_url": f"{self.api}/apps/{slug}",
            "created_at": "2020-01-01T00:00:00Z",
            "updated_at": "2020-01-01T00:00:00Z",
            "permissions": {},
            "events": [],
        }


def id_of(name: str) -> int:
    """Return a number for a name, always the same."""
    return zlib.crc32(name.encode())
