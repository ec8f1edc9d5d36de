"""HotfixWouldBeUndone: a field goes back to what it was before a hotfix, and nothing less."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.messages.review import Hotfix, Message, Review, Severity
from reconciler.core.messages.rules.hotfix_would_be_undone import rule
from reconciler.core.model import Action, FieldChange, ResourceKey

Specs = Mapping[str, Mapping[str, Any]]
MakeReview = Callable[..., Review]
Find = Callable[[Specs, Specs, Hotfix], list[Message]]
SYNC = ResourceKey("Workflow", "sync")
TITLE = "/spec/title"


def workflow(title: str = "Sync", *, hidden: bool = False) -> Specs:
    """Return a workflow with this title."""
    return {"Workflow/sync": {"title": title, "hidden": hidden, "trigger": {"type": "manual"}}}


def hotfix(
    *fields: tuple[str, Any, Any], version: str = "1.0.1", action: Action = Action.MODIFY
) -> Hotfix:
    """Return a hotfix of the workflow that changed these fields."""
    changed = [dict(zip(("path", "before", "after"), field, strict=True)) for field in fields]
    return Hotfix(version=version, key=SYNC, action=action, fields=tuple(changed))


@pytest.fixture
def find(review: MakeReview) -> Find:
    """Return a function that runs the rule with a hotfix, changes told field by field."""

    def run(before: Specs, after: Specs, done: Hotfix) -> list[Message]:
        made = review(before, after, hotfixes=(done,))
        changes = []
        for change in made.changes:
            fields: tuple[FieldChange, ...] = ()
            if change.before is not None and change.after is not None:
                left, right = (side["spec"] for side in (change.before, change.after))
                fields = tuple(
                    FieldChange(path=f"/spec/{name}", before=left[name], after=right[name])
                    for name in ("title", "hidden")
                    if left[name] != right[name]
                )
            changes.append(replace(change, fields=fields))
        return list(rule(replace(made, changes=tuple(changes))))

    return run


FIXED = hotfix((TITLE, "Sync", "Fixed"))


def test_a_field_that_goes_back_is_a_warning(find: Find) -> None:
    """The warning names hotfix, resource and field, and how to acknowledge it."""
    (message,) = find(workflow("Fixed"), workflow("Sync"), FIXED)

    assert (message.severity, message.subject) == (Severity.WARNING, SYNC)
    assert "Hotfix 1.0.1 changed Workflow/sync" in message.text
    assert "the 1 field /spec/title back" in message.text
    assert "release acknowledge RELEASE HotfixWouldBeUndone Workflow/sync" in message.action
    assert message.pointer == TITLE


@pytest.mark.parametrize(
    ("before", "after", "done"),
    [
        (workflow("Fixed"), workflow("Third"), FIXED),
        (workflow("Fixed"), workflow("Fixed", hidden=True), FIXED),
        (workflow("Later"), workflow("Sync"), FIXED),
        (workflow("Fixed"), workflow("Fixed"), FIXED),
        (workflow("Fixed"), {}, FIXED),
        (workflow("Fixed"), workflow("Sync"), hotfix(("/spec/hidden", False, True))),
    ],
    ids=["third-value", "other-field", "changed-since", "kept", "removed", "other-hotfix"],
)
def test_anything_else_is_somebodys_intention(
    find: Find, before: Specs, after: Specs, done: Hotfix
) -> None:
    """A third value, another field or a whole removal was not made by mistake."""
    assert find(before, after, done) == []


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [(workflow(), {}, Action.ADD), ({}, workflow(), Action.REMOVE)],
    ids=["added", "removed"],
)
def test_a_resource_that_a_hotfix_added_or_removed(
    find: Find, before: Specs, after: Specs, action: Action
) -> None:
    """The opposite of what the hotfix did with a whole resource is a warning too."""
    (message,) = find(before, after, hotfix(action=action))

    assert "all of it back" in message.text
    assert message.pointer == ""


def test_the_fingerprint_is_of_the_hotfix_and_its_fields(find: Find) -> None:
    """Another field beside it leaves an acknowledgement in force, another hotfix does not."""

    def fingerprint(after: Specs, done: Hotfix) -> str:
        (message,) = find(workflow("Fixed"), after, done)
        return message.fingerprint

    first = fingerprint(workflow("Sync"), FIXED)
    other = hotfix((TITLE, "Sync", "Fixed"), version="1.0.2")

    assert fingerprint(workflow("Sync", hidden=True), FIXED) == first
    assert fingerprint(workflow("Sync"), other) != first


def test_a_flag_is_not_a_number(find: Find) -> None:
    """Values are compared as JSON has them, so 1 is not true."""
    flagged = hotfix(("/spec/hidden", 0, 1))

    assert find(workflow(hidden=True), workflow(hidden=False), flagged) == []
