"""Where a forge shows a commit and a file on the web."""

from __future__ import annotations

import pytest

from reconciler.core.forge import web

COMMIT = "c0ffee" * 6 + "c0ff"
PATH = "environments/production/releases/1.4.0.yaml"


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/shop/flows.git",
        "https://github.com/shop/flows",
        "https://github.com/shop/flows/",
        "https://ana:hunter2@github.com/shop/flows.git",
        "https://x-access-token:ghs_secret@GitHub.com:443/shop/flows.git",
        "git@github.com:shop/flows.git",
        "github.com:shop/flows",
        "ssh://git@github.com:22/shop/flows.git",
    ],
)
def test_every_form_of_an_address_leads_to_the_same_page(remote: str) -> None:
    """User, password, port of ssh and the ending .git are no part of a web address."""
    assert web.commit_url(remote, COMMIT) == f"https://github.com/shop/flows/commit/{COMMIT}"


@pytest.mark.parametrize(
    ("host", "commit", "file"),
    [
        ("github.example.com", f"commit/{COMMIT}", f"blob/{COMMIT}/{PATH}"),
        ("gitlab.com", f"-/commit/{COMMIT}", f"-/blob/{COMMIT}/{PATH}"),
        ("bitbucket.org", f"commits/{COMMIT}", f"src/{COMMIT}/{PATH}"),
        ("codeberg.org", f"commit/{COMMIT}", f"src/commit/{COMMIT}/{PATH}"),
        ("gitea.example.com", f"commit/{COMMIT}", f"src/commit/{COMMIT}/{PATH}"),
    ],
)
def test_each_forge_has_its_own_pages(host: str, commit: str, file: str) -> None:
    """Commits and files stand where that forge shows them; a group within a group stays."""
    remote = f"git@{host}:shop/team/flows.git"
    assert web.commit_url(remote, COMMIT) == f"https://{host}/shop/team/flows/{commit}"
    assert web.file_url(remote, COMMIT, PATH) == f"https://{host}/shop/team/flows/{file}"


@pytest.mark.parametrize(
    "remote",
    [
        None,
        "",
        "/srv/git/flows.git",
        "../flows",
        "file:///srv/github/shop/flows",
        "https://git.example.com/shop/flows",
        "https://github.com:8443/shop/flows",
        "https://github.com/flows",
        "https://[github.com/shop/flows",
        "https://github.com:x/shop/flows",
        "https://github.com\n.evil.com/shop/flows",
        "https:///github.com/shop/flows",
        "C:\\github\\shop",
    ],
)
def test_what_is_no_known_forge_has_no_link(remote: str | None) -> None:
    """A link that may lead nowhere is worse than none."""
    assert web.commit_url(remote, COMMIT) is None
    assert web.file_url(remote, COMMIT, PATH) is None


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("github.com", "compare/main...release/staging/1.4.0%2Bb?expand=1"),
        (
            "gitlab.example.com",
            (
                "-/merge_requests/new?merge_request[source_branch]=release/staging/1.4.0%2Bb&"
                "merge_request[target_branch]=main"
            ),
        ),
        ("bitbucket.org", "pull-requests/new?source=release/staging/1.4.0%2Bb&dest=main"),
        ("codeberg.org", "compare/main...release/staging/1.4.0%2Bb"),
    ],
)
def test_each_forge_has_a_page_to_propose_a_branch(host: str, page: str) -> None:
    """Whoever has no token finds there what is left to do; a name makes no parameter."""
    remote = f"https://x:hunter2@{host}/shop/flows.git"
    found = web.compare_url(remote, "main", "release/staging/1.4.0+b")

    assert found == f"https://{host}/shop/flows/{page}"
    assert web.compare_url("/srv/git/flows.git", "main", "release") is None


@pytest.mark.parametrize("commit", [None, "", "main", "c0ffee", f"{COMMIT}/../..", "C" * 40])
def test_only_a_whole_commit_id_has_a_page(commit: str | None) -> None:
    """A ref may move, and anything else may lead elsewhere."""
    assert web.commit_url("https://github.com/shop/flows", commit) is None


def test_what_stands_in_a_path_is_quoted() -> None:
    """A file's name makes no parameter and no second address."""
    found = web.file_url("https://github.com/shop/flows", COMMIT, "a b/?x=#y.yaml")
    assert found == f"https://github.com/shop/flows/blob/{COMMIT}/a%20b/%3Fx%3D%23y.yaml"
