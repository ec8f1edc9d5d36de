"""The catalogue: every code has its rule, its severities and its place in the README."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import reconciler.core.messages as package
from reconciler.core.affected import ConnectedTo
from reconciler.core.errors import NotFound
from reconciler.core.messages.outcome import arisen
from reconciler.core.messages.registry import (
    BY_CODE,
    CATALOGUE,
    Code,
    catalogue_version,
    collect,
    definition,
)
from reconciler.core.messages.review import Review, Severity
from reconciler.core.model import Environment, Mode, ResourceKey

FOLDER = Path(str(package.__file__)).parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")

WITHOUT_RULE = {
    *("CredentialMissing", "NodeTypeMissing", "WebhookPathConflict"),
    *("DeploymentFailed", "VerificationFailed", "SubscriptionFailed", "RestoreFailed"),
}


def snake(code: str) -> str:
    """Return the name of a code's file: `OAuthScopesChanged` is `oauth_scopes_changed`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", code.replace("OAuth", "Oauth")).lower()


def row(entry: Code) -> str:
    """Return the line of the README's table that tells of a code."""
    cells = [f"`{entry.code}`", " or ".join(entry.severities), entry.summary, entry.affected]
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def test_the_readme_has_the_catalogue_as_it_is() -> None:
    """The table of the README is the registry, line by line."""
    lines = [line for line in README.splitlines() if line.startswith("| `")]

    assert lines == [row(entry) for entry in CATALOGUE]
    assert f"Version {catalogue_version} of the catalogue." in README


def test_the_readme_says_what_to_do_about_every_code() -> None:
    """Each code has a section with advice, and no section is about anything else."""
    advice = README.partition("## What to do")[2].partition("\n## ")[0]
    sections = dict(re.findall(r"^### (\w+)\n\n(.+)$", advice, flags=re.MULTILINE))

    assert list(sections) == [entry.code for entry in CATALOGUE]
    assert all(len(text) > 40 for text in sections.values())


def test_every_rule_is_a_file_of_its_own() -> None:
    """A code's rule stands in the file named after it, which names the code."""
    files = {path.stem for path in (FOLDER / "rules").glob("*.py")} - {"__init__"}
    ruled = [entry for entry in CATALOGUE if entry.rule is not None]

    assert files == {snake(entry.code) for entry in ruled}
    for entry in ruled:
        module = import_module(f"{package.__name__}.rules.{snake(entry.code)}")
        assert (module.CODE, module.rule) == (entry.code, entry.rule)


def test_only_what_no_review_can_find_has_no_rule() -> None:
    """Seven codes arise elsewhere; all others have a rule."""
    assert {entry.code for entry in CATALOGUE if entry.rule is None} == WITHOUT_RULE
    assert len(BY_CODE) == len(CATALOGUE) == 27


def test_only_deployments_make_errors() -> None:
    """A review gives warnings and infos, so nothing is an error before it was tried."""
    errors = {entry.code for entry in CATALOGUE if Severity.ERROR in entry.severities}

    assert errors == {code for code in WITHOUT_RULE if code.endswith("Failed")}


def test_an_unknown_code_names_the_nearest() -> None:
    """A mistyped code is answered with the one that was probably meant."""
    with pytest.raises(NotFound, match=r'did you mean "WorkflowRemoved"\?'):
        definition("WorkflowRemove")


def everything() -> Iterator[dict[str, Any]]:
    """Yield what was there and what shall be there, so that most rules speak."""
    auth = {"type": "oauth2", "scopes": ["a"]}
    setting = {"name": "region", "type": "enum", "options": ["eu", "us"]}
    spec = {"integration": "crm", "trigger": {"type": "manual"}, "steps": []}
    yield {
        "Integration/crm": {"auth": auth, "userSettings": [setting, {**setting, "name": "old"}]},
        "Integration/chat": {},
        "Integration/gone": {},
        "Workflow/gone": spec,
        "Workflow/off": spec,
        "Workflow/on": spec,
        "AppEvent/gone": {"example": {}},
    }
    yield {
        "Integration/crm": {
            "auth": {"type": "oauth2", "scopes": ["b"]},
            "userSettings": [{**setting, "options": ["eu"]}, {"name": "new", "type": "text"}],
        },
        "Integration/chat": {"enabled": False},
        "Workflow/off": {**spec, "enabled": False},
        "Workflow/on": {**spec, "enabledByDefault": True, "requires": {"secrets": ["KEY"]}},
    }


def make(review: Callable[..., Review]) -> Review:
    """Return a review in which most rules speak."""
    before, after = everything()
    shared = {"crm": {"clientId": "same"}}
    here = Environment(name="staging", mode=Mode.RELEASE_ONLY, app_configuration=shared)
    other = Environment(name="production", mode=Mode.RELEASE_ONLY, app_configuration=shared)
    return review(before, after, environment=here, others=(other,))


def test_messages_come_in_a_stable_order(review: Callable[..., Review]) -> None:
    """Warnings stand first, then code, kind and name decide, however the changes are ordered."""
    made = make(review)
    messages = collect(made)
    told = [(m.severity is Severity.INFO, m.code, *m.subject) for m in messages]

    assert len(messages) > 10
    assert told == sorted(told)
    assert {True, False} == {is_info for is_info, *_ in told}
    turned = Review(
        environment=made.environment,
        changes=made.changes[::-1],
        desired=dict(reversed(made.desired.items())),
        base=made.base,
        content=made.content,
        others=made.others,
    )
    assert collect(turned) == messages


def test_rules_keep_to_what_the_catalogue_says(review: Callable[..., Review]) -> None:
    """Codes and severities are registered ones, and counts are left to the caller."""
    messages = collect(make(review))

    for message in messages:
        assert message.severity in definition(message.code).severities
        assert message.affected_users is None
        assert message.text.endswith((".", "."))
        assert message.text.isprintable()
    assert len({message.fingerprint for message in messages}) == len(messages)


def test_an_unchanged_environment_has_no_messages(review: Callable[..., Review]) -> None:
    """Without a change only what is missing is told, and here nothing is."""
    plain = {"Workflow/a": {"trigger": {"type": "manual"}, "steps": []}}

    assert collect(review(plain, plain)) == ()


def test_a_message_of_a_deployment_is_made_with_its_registered_severity() -> None:
    """What no review can find is made by hand, and its fingerprint depends on its cause."""
    subject = ResourceKey("Environment", "staging")
    words = {"text": "It failed.", "action": "Look."}
    affected = ConnectedTo(integration="crm")

    message = arisen("DeploymentFailed", subject, cause="timeout", affected=affected, **words)

    assert (message.severity, message.affected) == (Severity.ERROR, affected)
    assert not message.from_git
    assert arisen("CredentialMissing", subject, **words).severity is Severity.WARNING
    other = arisen("DeploymentFailed", subject, cause="refused", **words)
    assert message.fingerprint != other.fingerprint
    with pytest.raises(NotFound):
        arisen("Nothing", subject, **words)
