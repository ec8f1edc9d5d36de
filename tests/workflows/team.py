"""The team of the scenarios: what `init` writes, made strict, with version 1.0.0 everywhere.

Signatures are required; staging wants the tests' approval, production that of all three roles.
"""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from pathlib import Path

from tests.repositories import Repository, allowed_signers
from tests.workflows.forge import Forge
from tests.workflows.hosting import Host

PIPELINE = "environments/pipeline.yaml"
SIGNERS = "environments/allowed_signers"
ROLES = """\
  roles:
    release-manager: {members: [ana@example.com, ben@example.com]}
    qa: {members: [quinn@example.com]}
    tests: {members: [ci@example.com]}
"""
ENVIRONMENTS = ("development", "staging", "production")
TEAM = ("ana", "ben", "quinn", "ci")
SALESFORCE = "environments/development/integrations/salesforce.yaml"
REFUNDED = "environments/development/events/order-refunded.yaml"
NIGHTLY = "environments/development/workflows/salesforce-nightly-contacts.yaml"
NEWS = "environments/development/workflows/stripe-payment-news.yaml"


def begin(folder: Path, forge: Forge, program: Path, *, name: str = "shop") -> Host:
    """Return a forge to which what `init` wrote was pushed, with the secrets that it asks for."""
    folder.mkdir(parents=True)
    host = Host(folder, forge, program)
    host.run(folder, "init", name)
    own = Repository(folder / name)
    own.git("remote", "add", "origin", str(host.remote.root))
    own.git("push", "--quiet", "origin", "main")
    shutil.rmtree(own.root)
    return equipped(host)


def secrets(host: Host, environment: str) -> dict[str, str]:
    """Return the secrets of a forge environment: the store, and the key that seals in it."""
    key = b64encode(f"{environment:32}".encode()).decode()
    return {"RECONCILER_STORE": host.store, f"RECONCILER_KEY_{environment.upper()}": key}


def reconcile(host: Host) -> None:
    """Do by hand what the scheduled job would, in all environments at once."""
    desk = host.desk("ci")
    keys = {name: text for each in host.environments.values() for name, text in each.items()}
    host.run(desk.root, "reconcile", **keys)
    shutil.rmtree(desk.root)


def build(folder: Path, forge: Forge, program: Path) -> Host:
    """Return the team with 1.0.0 in staging and production, and users in both."""
    host = begin(folder, forge, program)
    host.listens = False
    host.work("ana", strict(host), branch="main", message="Require signatures and approvals")
    for environment in ENVIRONMENTS[1:]:
        host.at_desk("ana", *create(environment, "1.0.0", "First"), "--push")
        desk = host.desk("ana")
        desk.git("merge", "--quiet", f"origin/release/{environment}/1.0.0")
        desk.git("push", "--quiet", "origin", "main")
        reconcile(host)
        ship(host, f"{environment}/1.0.0")
        reconcile(host)
    host.settle("ana")
    host.listens = True
    for environment, users in zip(ENVIRONMENTS, (3, 8, 42), strict=True):
        connect(host, environment, users)
    return host


def copied(source: Path, folder: Path, forge: Forge, program: Path) -> Host:
    """Return a copy of remote, keys and stores, on a new forge that knows nothing yet."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("jobs", "desk-*"))
    return equipped(Host(folder, forge, program))


def equipped(host: Host) -> Host:
    """Return it with the secrets that the files ask for, in the environments of their jobs."""
    host.environments = {name: secrets(host, name) for name in ENVIRONMENTS}
    host.environments["propose"] = {"RECONCILER_STORE": host.store}
    return host


def create(environment: str, version: str, description: str) -> tuple[str, ...]:
    """Return the command that makes a release."""
    asked = ("--to", environment, "--version", version, "--description", description)
    return ("release", "create", *asked)


def ship(host: Host, release: str) -> None:
    """Have a merged release tagged and approved by all who must."""
    host.at_desk("ana", "release", "tag", release, "--push")
    host.at_desk("ci", "release", "approve", release, "--role", "tests", "--push")
    if release.startswith("production/"):
        host.at_desk("quinn", "release", "approve", release, "--role", "qa", "--push")


def strict(host: Host) -> dict[str, str | bytes | None]:
    """Return the change that makes a first tour's repository a team's."""
    pipeline = read(host, PIPELINE).replace("signatures: optional", "signatures: required")
    changed: dict[str, str | bytes | None] = {
        PIPELINE: pipeline + ROLES,
        SIGNERS: allowed_signers(*(host.key(who) for who in TEAM)),
    }
    for environment in ENVIRONMENTS[1:]:
        name = f"environments/{environment}/environment.yaml"
        changed[name] = read(host, name).replace("# approvals:", "approvals:")
    return changed


def read(host: Host, name: str) -> str:
    """Return a file of the protected branch."""
    return host.remote.git("show", f"main:{name}") + "\n"


def live(host: Host) -> dict[str, str]:
    """Return which version is live in each environment that has one."""
    desk = host.desk("ci")
    answer = host.run(desk.root, "history", "--format", "json", RECONCILER_STORE=host.store).json
    return {
        row["environment"]: row["version"]
        for row in answer["deployments"]
        if row["live"] and row["version"]
    }


def connect(host: Host, environment: str, users: int) -> None:
    """Have users connected to Salesforce and Stripe, with the scopes of the first version."""
    lines = [json.dumps(_user(number)) for number in range(users)]
    file = host.root / "users.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    desk = host.desk("ana")
    asked = ("users", "import", "--environment", environment, str(file))
    host.run(desk.root, *asked, **secrets(host, environment))
    shutil.rmtree(desk.root)


def _user(number: int) -> dict[str, object]:
    scopes = {"salesforce": ["api", "refresh_token"], "stripe": []}
    return {
        "id": f"merchant-{number}",
        "connections": [
            {"integration": name, "status": "connected", "scopes": given}
            for name, given in scopes.items()
        ],
        "workflows": [{"name": "stripe-payment-news", "enabled": number % 2 == 0}],
    }
