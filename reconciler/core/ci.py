"""The files that make a forge run `reconciler`: one set of commands, rendered for each forge.

A template is a file of the forge with `<<name>>` for what differs from repository to repository.
Lines between `#@ tag` and the next such line are for that tag alone; `#@ end` ends it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.forge import web


class Ci(StrEnum):
    """What runs the jobs of a repository."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    FORGEJO = "forgejo"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the files are made for.

    `install` is the command that brings the program: a released version, or the checkout itself.
    """

    branch: str
    environments: tuple[str, ...]
    install: str
    released: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The files by path, and what a person has to set up on the forge for them, once."""

    files: Mapping[str, str]
    needs: tuple[str, ...]


# The steps, each one command that a person can paste; AGAINST and ENVIRONMENT are variables.
_VALIDATE = 'reconciler validate --against "$AGAINST"'
_PLAN = 'reconciler plan --against "$AGAINST"'
_RECONCILE = 'reconciler reconcile --environment "$ENVIRONMENT"'
_PROPOSE = "reconciler release propose --open"
_PLAIN = {
    "validate": _VALIDATE,
    "plan": f"{_PLAN} --format markdown",
    "reconcile": _RECONCILE,
}
_PUBLISHING = {
    "validate": f"{_VALIDATE} --format github",
    "plan": f"{_PLAN} --publish",
    "sarif": f"{_PLAN} --format sarif > reconciler.sarif",
    "reconcile": f"{_RECONCILE} --publish",
    "propose": _PROPOSE,
}

# Each action by the commit of a version, which nobody can move.
_PINNED = {
    "checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "codeql": "8aad20d150bbac5944a9f9d289da16a4b0d87c1e # v4.36.2",
    "python": "3.13",
    "runner": "ubuntu-24.04",
}

_FOLDERS = {Ci.GITHUB: ".github", Ci.GITEA: ".gitea", Ci.FORGEJO: ".forgejo"}
_GITLAB_FILE = ".gitlab-ci.yml"
_WORKFLOWS = ("plan", "promote", "reconcile")
_HOSTS = {
    "github": Ci.GITHUB,
    "gitlab": Ci.GITLAB,
    "codeberg": Ci.FORGEJO,
    "forgejo": Ci.FORGEJO,
    "gitea": Ci.GITEA,
    "bitbucket": Ci.NONE,
}

_PLACE = re.compile(r"<<([a-z-]+)>>")
_MARK = re.compile(r"#@ ([a-z]+)")
# What YAML reads as a text when it stands there bare, in a list too.
_BARE = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z][\w./-]*", re.IGNORECASE)
_GLOB = re.compile(r"[*?+!\[\]\\]")


def of_remote(remote: str | None) -> Ci:
    """Return what runs the jobs of a repository, by where its remote is; GitHub if unknown."""
    found = web.repository(remote)
    server = found[0] if found else ""
    return next((ci for word, ci in _HOSTS.items() if word in server), Ci.GITHUB)


def render(ci: Ci, templates: Mapping[str, str], setup: Setup) -> Rendered:
    """Render the files for a forge; `templates` are by their path below the folder of them all."""
    return Rendered(files=_files(ci, templates, setup), needs=_needs(ci, setup))


def _files(ci: Ci, templates: Mapping[str, str], setup: Setup) -> dict[str, str]:
    if ci is Ci.NONE:
        return {}
    if ci is Ci.GITLAB:
        return {_GITLAB_FILE: _gitlab(templates, setup)}
    return {
        f"{_FOLDERS[ci]}/workflows/{name}.yml": _workflow(ci, templates, name, setup)
        for name in _WORKFLOWS
    }


def _needs(ci: Ci, setup: Setup) -> tuple[str, ...]:
    if ci is Ci.NONE:
        return ()
    tags = "*/v*, approvals/**, acknowledgements/**, holds/**"
    required = ", with the check plan required" if ci is Ci.GITHUB else ""
    schedule = (f"a pipeline schedule on {setup.branch}, */15 * * * *",) if ci is Ci.GITLAB else ()
    branch = (
        f"protect {setup.branch}: changes by pull request only{required}; those to the CI files "
        "reviewed, since whoever may push a branch may change what is run there"
    )
    return (
        branch,
        f"protect the tags {tags}: made by those who release, never moved or deleted",
        *_secrets(ci, setup),
        *schedule,
    )


def _secrets(ci: Ci, setup: Setup) -> tuple[str, ...]:
    keys = ", ".join(map(_key, setup.environments))
    names = ", ".join(setup.environments)
    if ci is Ci.GITHUB:
        each = (
            f"environments {names}, each for {setup.branch} only, with the secret RECONCILER_STORE "
            f"and its own of {keys}"
        )
        proposing = (
            f"environment propose, for {setup.branch} only, with RECONCILER_STORE, and with "
            "RECONCILER_APP_TOKEN where the schedule shall open release pull requests"
        )
        return (each, proposing)
    where = (
        f"protected variables for the environments {names}:" if ci is Ci.GITLAB else "the secrets"
    )
    return (f"{where} RECONCILER_STORE, {keys}",)


def _key(environment: str) -> str:
    """Return the variable that holds the key of an environment."""
    return f"RECONCILER_KEY_{environment.upper().replace('-', '_')}"


def _workflow(ci: Ci, templates: Mapping[str, str], name: str, setup: Setup) -> str:
    """Return a workflow of GitHub, or of those who speak its language."""
    on_github = ci is Ci.GITHUB
    words = {
        **_shared(setup),
        **(_PUBLISHING if on_github else _PLAIN),
        # A bare name is looked up elsewhere by others.
        "actions": "actions" if on_github else "https://github.com/actions",
        "last-job": _job(setup.environments[-1]),
    }
    tags = {"github" if on_github else "other", "released" if setup.released else "checkout"}
    jobs = _jobs(templates["actions/environment.yml"], tags, words, setup)
    return _rendered(templates[f"actions/{name}.yml"], tags, {**words, "jobs": jobs})


def _gitlab(templates: Mapping[str, str], setup: Setup) -> str:
    words = {**_shared(setup), **_PLAIN}
    jobs = _jobs(templates["gitlab/environment.yml"], set(), words, setup)
    return _rendered(templates["gitlab/pipeline.yml"], set(), {**words, "jobs": jobs})


def _shared(setup: Setup) -> dict[str, str]:
    return {
        **_PINNED,
        "install": setup.install,
        "branch": setup.branch,
        "branch-text": _text(setup.branch),
        "pattern": _text(_GLOB.sub(r"\\\g<0>", setup.branch)),
        "dispatch": "'" + json.dumps({"ref": setup.branch}).replace("'", "''") + "'",
    }


def _jobs(template: str, tags: Iterable[str], words: Mapping[str, str], setup: Setup) -> str:
    """Return the jobs of all environments, each after the one before it."""
    done, before = [], None
    for name in setup.environments:
        mine = {
            "environment": _text(name),
            "key": _key(name),
            "job": _job(name),
            "before": before or "",
            "job-before": _job(before or ""),
        }
        place = "later" if before else "first"
        done.append(_rendered(template, {*tags, place}, {**words, **mine}).rstrip("\n"))
        before = name
    return "\n\n".join(done)


def _job(environment: str) -> str:
    """Return the id of an environment's job, which may not begin with a digit."""
    return f"_{environment}" if environment[:1].isdigit() else environment


def _text(value: str) -> str:
    return value if _BARE.fullmatch(value) else json.dumps(value)


def _rendered(template: str, tags: Iterable[str], words: Mapping[str, str]) -> str:
    lines = "".join(_kept(template.splitlines(keepends=True), set(tags)))
    return _PLACE.sub(lambda found: words[found[1]], lines)


def _kept(lines: Iterable[str], tags: set[str]) -> Iterator[str]:
    keep = True
    for line in lines:
        mark = _MARK.fullmatch(line.rstrip("\n"))
        if mark is None and keep:
            yield line
        elif mark is not None:
            keep = mark[1] in {"end", *tags}
