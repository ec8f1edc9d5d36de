"""References between the manifests of one environment."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import Any

from reconciler.core import crossrefs
from reconciler.core.crossrefs import Problem
from reconciler.core.model import Entry, Environment, Facts, Kind, ResourceKey
from reconciler.testing import app_event, entry, integration, workflow

ENVIRONMENT = Environment(
    name="development",
    values={"api": {"url": "https://api.example.com"}, "limit": 5},
    secrets={"API_KEY": {"from": "store"}},
    app_configuration={"hubspot": {"clientId": "1", "region": "eu"}},
)
HUBSPOT = entry(
    integration("hubspot"),
    Facts(settings=("region",), app_configuration=("clientId", "clientSecret")),
)
CREATED = entry(app_event("contact-created"))


def sync(name: str = "sync", **facts: Any) -> Entry:
    """Return a workflow with these facts."""
    return entry(workflow(name), Facts(**facts))


def found(*entries: Entry, unreadable: tuple[ResourceKey, ...] = ()) -> list[Problem]:
    """Return the problems among these entries."""
    return list(crossrefs.problems({e.key: e for e in entries}, ENVIRONMENT, unreadable))


def only(*entries: Entry) -> Problem:
    """Return the one problem among these entries."""
    (problem,) = found(*entries)
    return problem


def test_what_is_there_is_no_problem() -> None:
    """References to what exists are silent, every kind of them."""
    whole = sync(
        integration="hubspot",
        event="contact-created",
        workflows=("other",),
        secrets=("API_KEY",),
        settings=("own",),
        needs_settings=("own", "region"),
        values=("api.url", "limit"),
        app=("clientId",),
    )

    assert found(whole, sync("other"), HUBSPOT, CREATED) == []


def test_an_unknown_integration() -> None:
    """A workflow names an integration that is there, or hears which one was probably meant."""
    problem = only(sync(integration="hubspt"), HUBSPOT)

    assert problem.pointer == "/spec/integration"
    assert problem.text == 'unknown integration "hubspt" (did you mean "hubspot"?)'


def test_an_unknown_event() -> None:
    """A trigger names an app event that is there."""
    problem = only(sync(event="contact-craeted"), CREATED)

    assert problem.pointer == "/spec/trigger/event"
    assert 'unknown app event "contact-craeted" (did you mean "contact-created"?)' in problem.text


def test_an_unknown_workflow() -> None:
    """A required workflow is there; each that is not is a problem of its own."""
    problems = found(sync(workflows=("othr", "xyz", "other")), sync("other"))

    assert {problem.pointer for problem in problems} == {"/spec/requires/workflows"}
    assert [problem.text for problem in problems] == [
        'unknown workflow "othr" (did you mean "other"?)',
        'unknown workflow "xyz"',
    ]


def test_names_are_looked_up_by_kind() -> None:
    """An integration does not stand in for a workflow of the same name."""
    assert only(sync(workflows=("hubspot",)), HUBSPOT).text == 'unknown workflow "hubspot"'


def test_a_secret_that_stands_nowhere() -> None:
    """A secret that neither environment.yaml nor the manifest declares is a typo."""
    problem = only(sync(secrets=("API_KYE",)))

    assert problem.reference == "secrets.API_KYE"
    assert 'unknown secret "API_KYE" (did you mean "API_KEY"?)' in problem.text
    assert "environment.yaml" in problem.text


def test_a_secret_that_the_manifest_requires() -> None:
    """A declared requirement that the environment lacks is a message, not a finding."""
    assert found(sync(secrets=("NEW",), declared_secrets=("NEW",))) == []


def test_an_unknown_setting() -> None:
    """A user setting is one of the workflow's own or of its integration."""
    problem = only(sync(integration="hubspot", needs_settings=("regoin",)), HUBSPOT)

    assert problem.reference == "settings.regoin"
    assert problem.text == 'unknown user setting "regoin" (did you mean "region"?)'


def test_settings_of_another_integration_do_not_count() -> None:
    """A workflow without the integration cannot read its settings."""
    assert only(sync(needs_settings=("region",)), HUBSPOT).reference == "settings.region"


def test_an_integration_reads_its_own_settings() -> None:
    """An integration's reference to a setting is checked against its own list."""
    own = replace(HUBSPOT.facts, needs_settings=("region", "zone"))

    assert only(replace(HUBSPOT, facts=own)).reference == "settings.zone"


def test_an_unknown_value() -> None:
    """The part of the path that is not there is the one for which a near name is looked."""
    problem = only(sync(values=("api.ulr",)))

    assert problem.reference == "values.api.ulr"
    assert 'unknown value "api.ulr" (did you mean "url"?)' in problem.text


def test_a_path_through_a_plain_value() -> None:
    """A number has no parts."""
    assert only(sync(values=("limit.max",))).reference == "values.limit.max"


def test_an_unknown_key_of_the_app_configuration() -> None:
    """A key is one that the integration requires or that the environment gives."""
    problem = only(sync(integration="hubspot", app=("clientID", "region", "clientSecret")), HUBSPOT)

    assert problem.reference == "app.clientID"
    assert problem.text == 'unknown app configuration "clientID" (did you mean "clientId"?)'


def test_an_integration_reads_its_own_app() -> None:
    """Within an integration `app` is its own app."""
    own = replace(HUBSPOT.facts, app=("tenant",))

    assert only(replace(HUBSPOT, facts=own)).reference == "app.tenant"


def test_app_configuration_without_an_integration() -> None:
    """A workflow of no integration has no app."""
    problem = only(sync(app=("clientId",)))

    assert "names none" in problem.text
    assert problem.reference == "app.clientId"


def test_a_disabled_integration_says_nothing_of_its_keys() -> None:
    """An integration that needs no configuration lets every key pass."""
    disabled = entry(integration("hubspot", enabled=False), Facts())

    assert found(sync(integration="hubspot", app=("anything",)), disabled) == []


def test_what_cannot_be_read_is_there() -> None:
    """A manifest with findings of its own does not make those wrong that refer to it."""
    user = sync(
        integration="slack",
        event="sent",
        workflows=("broken",),
        needs_settings=("channel",),
        app=("team",),
    )
    there = (
        ResourceKey(Kind.INTEGRATION, "slack"),
        ResourceKey(Kind.APP_EVENT, "sent"),
        ResourceKey(Kind.WORKFLOW, "broken"),
    )

    assert found(user, unreadable=there) == []


def test_all_problems_are_found_at_once() -> None:
    """One manifest may have several, and each manifest is looked at."""
    problems = found(
        sync("a", integration="x", event="y", secrets=("Z",), values=("v",)), sync("b", event="y")
    )

    assert [problem.key.name for problem in problems] == ["a", "a", "a", "a", "b"]


def test_a_circle_is_one_problem_at_its_first_workflow() -> None:
    """Workflows that require one another are named in order, once, with what to do."""
    problem = only(
        sync("c", workflows=("a",)), sync("a", workflows=("b",)), sync("b", workflows=("c",))
    )

    assert problem.key.name == "a"
    assert problem.pointer == "/spec/requires/workflows"
    assert "in a circle: a → b → c → a; take one requirement out" in problem.text


def test_a_workflow_that_requires_itself() -> None:
    """Requiring oneself is a circle of one."""
    assert "a → a" in only(sync("a", workflows=("a",))).text


def test_a_long_circle_is_told_briefly() -> None:
    """A circle of hundreds shows its beginning and how many more there are."""
    names = [f"w{number:03}" for number in range(300)]
    ring = [sync(a, workflows=(b,)) for a, b in itertools.pairwise([*names, names[0]])]

    assert "w009 → … 290 more … → w000;" in only(*ring).text


def test_10_000_chained_workflows_are_checked_fast() -> None:
    """The cost follows the number of references, for a chain as for a circle at its end."""
    names = [f"w{number:05}" for number in range(10_000)]
    chain = {
        ResourceKey(Kind.WORKFLOW, a): sync(a, workflows=(b,)) for a, b in itertools.pairwise(names)
    }
    last = sync(names[-1], workflows=(names[-2],))
    began = time.process_time()

    assert len(crossrefs.problems(chain | {last.key: sync(names[-1])}, ENVIRONMENT)) == 0
    assert len(crossrefs.problems(chain | {last.key: last}, ENVIRONMENT)) == 1
    assert time.process_time() - began < 5
