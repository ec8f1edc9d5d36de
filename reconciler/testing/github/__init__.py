"""A forge for tests: the part of GitHub's API that we use, stateful, flaky on request.

    python -m reconciler.testing.github --repository OWNER/NAME [--port N] [--state FILE]
        [--git BARE-REPOSITORY] [--login NAME] [--seconds N]

prints the address of its API (`GITHUB_API_URL`), and ends with who started it. Any token is
accepted. With `--git` the tags and branches of that repository are there too, and the head of an
open pull request is where its branch is now. Its answers fit GitHub's OpenAPI document: a test
holds them against it.

The API: `/user` (403 for an app), `/graphql` (the viewer's login), and of the repository pulls,
their comments and reviews, commits' pulls, check runs and statuses, deployments with statuses,
releases, `git/ref`, rules, rulesets, branch protection, environments, and
`actions/workflows/FILE/dispatches`.

For tests, below `/_test/` (JSON, no token):

    GET    state                  everything that was written: pulls, comments, reviews, checks,
                                  statuses, deployments, deployment_statuses, releases, …
    GET    log                    every request to the API, with its body and status
    POST   pulls                  {head, title, base, body, author, head_commit, head_repository}
    PATCH  pulls/N                any field: {"state": "closed", "merged_at": "2026-…Z"}
    POST   comments               {pull, body, author}
    PATCH  comments/ID            {body}: edited by a person
    DELETE comments/ID            deleted by a person
    POST   reviews                {pull, author, state: APPROVED|CHANGES_REQUESTED|…, commit}
    POST   checks                 {name, commit, app, status, conclusion}
    POST   rulesets               {name, target: tag, conditions, rules}
    POST   environments           {name, deployment_branch_policy}
    PUT    tags | branches        {NAME: COMMIT}
    PUT    brought                {COMMIT: [pull request, …]}: merged ones that brought a commit
    PUT    rules                  {BRANCH: [{"type": "pull_request"}, …]}
    PUT    protection             {BRANCH: branch protection}
    PUT    policies               {ENVIRONMENT: [{"name": "main", "type": "branch"}]}
    GET    faults                 each with how many requests it saw and struck
    POST   faults                 {fault, method, path (a pattern), after, times, status, message,
                                  headers, seconds}: see `faults.Fault`
    DELETE faults
"""

from __future__ import annotations

from reconciler.testing.github.faults import Fault
from reconciler.testing.github.server import BOT, GitHubServer
from reconciler.testing.github.state import GitHubState

__all__ = ["BOT", "Fault", "GitHubServer", "GitHubState"]
