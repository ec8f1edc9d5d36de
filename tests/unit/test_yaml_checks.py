"""What a schema cannot say of one manifest."""

from __future__ import annotations

import pytest

from reconciler.adapters.manifests.checks import cron_problem, zone_problem
from tests.unit.manifest_files import findings, found_in, manifest, parsed

MANUAL = "trigger: {type: manual}\n"


def test_step_names_are_unique() -> None:
    """Two steps of one name are told at the second."""
    steps = (
        "steps:\n- {name: a, type: request}\n- {name: b, type: request}\n- {name: a, type: action}"
    )
    assert found_in("Workflow", MANUAL + steps) == [
        '9:6: the step "a" stands twice; give each its own name'
    ]


def test_user_setting_names_are_unique() -> None:
    """Two user settings of one name are told at the second."""
    spec = "userSettings:\n- {name: a, type: text}\n- {name: a, type: number}"
    assert found_in("Integration", spec) == [
        '7:6: the user setting "a" stands twice; give each its own name'
    ]


def test_options_are_unique() -> None:
    """An option stands once, written short or long."""
    spec = "userSettings:\n- {name: a, type: enum, options: [x, {value: x, title: X}]}"
    assert found_in("Integration", spec) == ['6:40: the option "x" stands twice']


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("type: enum, options: [red, green], default: gren", 'did you mean "green"'),
        ("type: enum, options: [red], default: blue", "not one of its options"),
        ("type: email, default: someone", "not an e-mail address"),
        ("type: email, default: a@b@c", "not an e-mail address"),
        ("type: url, default: example.com", "not a web address"),
        ("type: fieldMapping, default: x", "wanted a mapping"),
        ("type: number, default: '1'", "wanted a number"),
        ("type: boolean, default: 'true'", "wanted true or false"),
        ("type: text, default: 1", "wanted a text"),
    ],
)
def test_defaults_that_do_not_fit(setting: str, wanted: str) -> None:
    """A default is a value that a user could have given."""
    [found] = found_in("Integration", f"userSettings: [{{name: a, {setting}}}]")
    assert wanted in found


@pytest.mark.parametrize(
    "setting",
    [
        "type: enum, options: [{value: red, title: Red}], default: red",
        "type: email, default: jo@example.com",
        "type: url, default: 'https://example.com'",
        "type: fieldMapping, default: {email: Email}",
        "type: number, default: 1.5",
        "type: boolean, default: false",
        "type: text, default: ''",
    ],
)
def test_defaults_that_fit(setting: str) -> None:
    """A default that fits its type and options is read."""
    spec = f"userSettings: [{{name: a, {setting}}}]"
    assert (
        "default"
        in parsed(manifest("Integration", spec), "Integration").content["spec"]["userSettings"][0]
    )


@pytest.mark.parametrize(
    "cron",
    [
        *("61 * * * *", "* * * *", "* * * * * *", "", "a b c d e", "*/0 * * * *", "0 0 31 2 *"),
        *(
            "0 0 30 2 *",
            "0 0 */31 * 0#5",
            "5#1/2 * * * *",
            "9" * 250 + " * * * *",
            "0 0 * * 5#6",
            "1-0 * * * *",
        ),
        *(
            "@daily",
            "* * * * \u0663",
            "\u00b2L * * * *",
            "* * * * \u00b2L",
            "0 0 * * L",
            "/ / / / /",
        ),
    ],
)
def test_what_is_no_schedule(cron: str) -> None:
    """A text that is no cron expression of five fields, or never comes due, is told."""
    assert cron_problem(cron) is not None


@pytest.mark.parametrize(
    "cron", ["*/15 * * * *", "0 6 * * 1-5", "0 0 29 2 *", "0 9 L * *", "0 9 * * MON"]
)
def test_what_is_a_schedule(cron: str) -> None:
    """A cron expression of five fields that comes due at some time is fine."""
    assert cron_problem(cron) is None


@pytest.mark.parametrize(
    "zone", ["Europe/Berln", "Europe", "Mars", "", "../etc/passwd", "/etc/localtime"]
)
def test_what_is_no_time_zone(zone: str) -> None:
    """A name that is no time zone is told."""
    assert zone_problem(zone) is not None


def test_schedules_are_checked_where_they_stand() -> None:
    """Cron and time zone are told with their places and the nearest zone."""
    spec = "trigger:\n  type: schedule\n  cron: 1 2 3\n  timezone: Europe/Berln\nsteps: []"
    cron, zone = found_in("Workflow", spec)
    assert cron.startswith('7:5: "1 2 3" has 3 fields')
    assert zone.startswith('8:5: "Europe/Berln" is not a time zone (did you mean "Europe/Berlin"?)')


def test_schedules_by_reference_are_not_judged_here() -> None:
    """A schedule that is a reference is known only later."""
    spec = (
        "trigger: {type: schedule, cron: '${{ settings.cron }}', timezone: '${{ settings.tz }}'}\n"
        "steps: []"
    )
    assert parsed(manifest("Workflow", spec), "Workflow").facts.needs_settings == ("cron", "tz")


def test_values_are_literal() -> None:
    """A value of an environment holds no reference, at any depth."""
    [found] = found_in("Environment", "values: {a: {b: ['${{ secrets.X }}']}}")
    assert found.startswith("5:20: values are literal")


def test_a_client_secret_is_declared() -> None:
    """A client secret names a secret of the environment."""
    spec = (
        "secrets: {HUB_SECRET: {from: store}}\nappConfiguration: {hub: {clientSecret: HUB_SECRT}}"
    )
    [found] = found_in("Environment", spec)
    assert found.startswith('6:28: unknown secret "HUB_SECRT" (did you mean "HUB_SECRET"?)')


def test_a_receiver_is_an_address_or_a_declared_secret() -> None:
    """Who is told is found out before there is anything to tell."""
    spec = (
        "secrets: {TEAM_CHAT: {from: store}}\n"
        "notifications: [{on: [done], to: TEAM_CHAT}, {on: [done], to: ops@example.com}]"
    )
    [found] = found_in("Environment", spec.replace("to: TEAM_CHAT", "to: TEAM_CAT"))
    assert '"TEAM_CAT" is neither a mail address nor a declared secret' in found
    assert '(did you mean "TEAM_CHAT"?)' in found


def test_windows_end_after_they_begin() -> None:
    """A window has a length."""
    [found] = found_in("Environment", "promotion: {windows: [{from: '10:00', to: '10:00'}]}")
    assert found.endswith("a window ends after it begins")


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (
            "environments: [a, b, a]",
            '5:24: the environment "a" stands twice; give each its own name',
        ),
        (
            "environments: [a]\ncalendar: {timezone: Europe/Berln}",
            '6:14: "Europe/Berln" is not a time zone',
        ),
        (
            "environments: [a]\ncalendar: {exceptions: [{date: 2026-02-30}]}",
            '6:28: "2026-02-30" is not a day',
        ),
        (
            (
                "environments: [a]\n"
                "roles: {qa: {members: [a@b.c], rotation: {every: week, start: 2026-02-30}}}"
            ),
            "6:58:",
        ),
        ("environments: [a]\ncalendar: {cadence: {start: 2026-02-30, rule: FREQ=DAILY}}", "6:24:"),
        (
            "environments: [a]\ncalendar: {freezes: [{from: 2026-02-02, to: 2026-02-01}]}",
            "6:43: a freeze ends after it begins",
        ),
    ],
)
def test_pipelines(spec: str, wanted: str) -> None:
    """Names are unique, days are in the calendar, spans have a length."""
    [found] = found_in("Pipeline", spec)
    assert found.startswith(wanted)


def test_a_release_is_named_after_its_version() -> None:
    """The name of a release is its version."""
    spec = (
        "version: 1.4.1\nenvironment: staging\ntype: regular\n"
        f"source: {{environment: development, commit: {'a' * 40}}}\n"
        f"contentDigest: sha256:{'0' * 64}"
    )
    assert findings(manifest("Release", spec, "1.4.0"), "Release") == [
        '5:3: version is "1.4.1" but metadata.name is "1.4.0"; write one'
    ]
    assert (
        parsed(manifest("Release", spec, "1.4.1"), "Release").content["spec"]["version"] == "1.4.1"
    )
