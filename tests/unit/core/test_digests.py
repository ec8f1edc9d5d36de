"""What digests depend on, and what they never do."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from reconciler.core import canonical, digests
from reconciler.core.affected import HavingOn
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import (
    Action,
    Change,
    FieldChange,
    Kind,
    Location,
    Reason,
    ResourceKey,
)

FILES = {"workflows/a.yaml": "sha256:1", "events/b.yaml": "sha256:2"}
KEY = ResourceKey(Kind.WORKFLOW, "a")
CHANGE = Change(
    action=Action.MODIFY,
    key=KEY,
    reason=Reason.PENDING,
    fields=(FieldChange(path="/spec/enabled", before=True, after=False),),
    before={"spec": {"enabled": True}},
    after={"spec": {"enabled": False}},
)
ADDED = Change(
    action=Action.ADD, key=ResourceKey(Kind.APP_EVENT, "b"), reason=Reason.PENDING, after={"x": 1}
)
MESSAGE = Message(
    code="WorkflowDisabled",
    severity=Severity.INFO,
    subject=KEY,
    text="It is switched off.",
    action="Tell the users.",
    fingerprint="sha256:f",
)


def plan_digest(**more: Any) -> str:
    """Return the digest of a plan with one change and one message."""
    whole: dict[str, Any] = {
        "environment": "staging",
        "base": "sha256:base",
        "desired": "sha256:desired",
        "changes": (CHANGE,),
        "messages": (MESSAGE,),
    }
    return digests.plan_digest(**(whole | more))


def test_the_content_digest_is_written_down() -> None:
    """The form of the digest is a contract: releases name it, so it never changes."""
    text = (
        '{"files":[["events/b.yaml","sha256:2"],["workflows/a.yaml","sha256:1"]],"values":{"x":1}}'
    )

    assert digests.content_digest(FILES, {"x": 1}) == canonical.sha256(text.encode())


def test_the_content_digest_does_not_depend_on_order() -> None:
    """Files and values count, not the order in which they were read."""
    values = {"a": 1, "b": {"c": 2, "d": 3}}
    other = {"b": {"d": 3, "c": 2}, "a": 1}

    assert digests.content_digest(FILES, values) == digests.content_digest(
        dict(reversed(FILES.items())), other
    )


@pytest.mark.parametrize(
    ("files", "values"),
    [
        (FILES | {"workflows/a.yaml": "sha256:9"}, {}),
        ({"workflows/a.yaml": "sha256:1"}, {}),
        ({"workflows/c.yaml": "sha256:1", "events/b.yaml": "sha256:2"}, {}),
        (FILES, {"x": 1}),
    ],
    ids=["bytes", "a file less", "another path", "values"],
)
def test_the_content_digest_follows_the_content(
    files: dict[str, str], values: dict[str, Any]
) -> None:
    """Other bytes, paths or values are another content."""
    assert digests.content_digest(files, values) != digests.content_digest(FILES, {})


def test_values_of_different_types_differ() -> None:
    """`1`, `"1"` and `true` are three values."""
    found = {digests.content_digest({}, {"x": value}) for value in (1, "1", True)}

    assert len(found) == 3


@pytest.mark.parametrize(
    "more",
    [
        {"environment": "production"},
        {"base": None},
        {"base": "sha256:other"},
        {"desired": "sha256:other"},
        {"changes": ()},
        {"changes": (replace(CHANGE, action=Action.REMOVE),)},
        {"changes": (replace(CHANGE, key=ResourceKey(Kind.WORKFLOW, "b")),)},
        {"changes": (replace(CHANGE, before={"spec": {}}),)},
        {"changes": (replace(CHANGE, after={"spec": {}}),)},
        {"changes": (CHANGE, ADDED)},
        {"messages": ()},
        {"messages": (replace(MESSAGE, code="WorkflowRemoved"),)},
        {"messages": (replace(MESSAGE, severity=Severity.WARNING),)},
        {"messages": (replace(MESSAGE, subject=ResourceKey(Kind.WORKFLOW, "b")),)},
        {"messages": (replace(MESSAGE, fingerprint="sha256:g"),)},
    ],
)
def test_the_plan_digest_follows_what_is_agreed_to(more: dict[str, Any]) -> None:
    """Environment, both contents, each change and each message known from git count."""
    assert plan_digest(**more) != plan_digest()


@pytest.mark.parametrize(
    "message",
    [
        replace(MESSAGE, text="Another sentence."),
        replace(MESSAGE, action="Do nothing."),
        replace(MESSAGE, affected_users=42, as_of="2026-01-06T09:00:00+00:00"),
        replace(MESSAGE, affected=HavingOn(workflow="a")),
        replace(MESSAGE, location=Location("environments/staging/workflows/a.yaml", 7, 3)),
        replace(MESSAGE, pointer="/spec/enabled"),
    ],
    ids=["text", "action", "count", "query", "location", "pointer"],
)
def test_the_plan_digest_ignores_what_people_and_machines_add(message: Message) -> None:
    """Texts, counts, times and locations are not what a reviewer agrees to."""
    assert plan_digest(messages=(message,)) == plan_digest()


def test_secret_state_is_not_in_the_plan_digest() -> None:
    """A message that is not known from git alone leaves the digest as it is."""
    here = replace(MESSAGE, code="EnvironmentSecretMissing", from_git=False)

    assert plan_digest(messages=(MESSAGE, here)) == plan_digest()


def test_changes_count_in_their_order() -> None:
    """The order of changes is part of what is agreed to."""
    assert plan_digest(changes=(CHANGE, ADDED)) != plan_digest(changes=(ADDED, CHANGE))


def test_messages_count_in_any_order() -> None:
    """Messages are sorted before they are digested."""
    messages = [replace(MESSAGE, fingerprint=f"sha256:{letter}") for letter in "abc"]
    found = {plan_digest(messages=some) for some in itertools.permutations(messages)}

    assert len(found) == 1


def test_the_order_of_keys_in_contents_is_irrelevant() -> None:
    """A content that was read from a cache has the same digest as one read from git."""
    one = replace(CHANGE, after={"a": 1, "b": {"c": 1, "d": 2}})
    other = replace(CHANGE, after={"b": {"d": 2, "c": 1}, "a": 1})

    assert plan_digest(changes=(one,)) == plan_digest(changes=(other,))


def test_the_reason_of_a_change_is_not_in_the_plan_digest() -> None:
    """Drift never enters: what is agreed to is the change, whoever else touched the platform."""
    outside = replace(CHANGE, reason=Reason.CONFLICT)

    assert plan_digest(changes=(outside,)) == plan_digest()


SCRIPT = """
import json, sys
from reconciler.core import canonical, digests
files = json.loads(sys.argv[1])
values = {"\\xe4": "\\xdf", "i": "I"}
print(digests.content_digest(files, values), canonical.digest({"z": 1, "\\xe4": 2}))
"""


def test_digests_are_the_same_on_every_machine(tmp_path: Any) -> None:
    """Locale, hash seed and working folder have no say."""
    files = json.dumps({"workflows/ä.yaml": "1", "workflows/z.yaml": "2", "workflows/Z.yaml": "3"})
    machines = [
        {"LC_ALL": "C", "PYTHONHASHSEED": "1", "PYTHONUTF8": "0"},
        {"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"},
    ]
    root = str(digests.__file__).rsplit("/reconciler/", 1)[0]
    told = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, files],
            env={**machine, "PYTHONPATH": root},
            cwd=folder,
            capture_output=True,
            check=True,
        ).stdout
        for machine, folder in zip(machines, (tmp_path, "/"), strict=True)
    }

    assert len(told) == 1
