"""Connected users from the command line: imported, listed, affected and switched on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.manifests import SLACK, workflow
from tests.acceptance.program import Run, Shop, run
from tests.acceptance.terminal import on_a_terminal

pytestmark = pytest.mark.both_stores

DEV = ("--environment", "development")


def record(user: str, **fields: Any) -> dict[str, Any]:
    """Return a whole record of a user."""
    return {"id": user, "metadata": {}, "connections": [], "workflows": []} | fields


def slack(**fields: Any) -> dict[str, Any]:
    """Return a connection to slack."""
    return {"integration": "slack", "status": "connected", "scopes": [], "settings": {}} | fields


def news(**fields: Any) -> dict[str, Any]:
    """Return the workflow news of a user."""
    return {"name": "news", "enabled": True, "settings": {}} | fields


RECORDS = [
    record("+49", metadata={"plan": "pro"}, connections=[slack(scopes=["chat:write"])]),
    record(
        "u-chose",
        connections=[slack(settings={"channel": "#a, b"})],
        workflows=[{"name": "news", "enabled": False, "disabledBy": "user", "settings": {}}],
    ),
    record("u-expired", connections=[slack(status="expired")]),
    record("u-off", connections=[slack()], workflows=[news(enabled=False)]),
    record("u-on", connections=[slack()], workflows=[news()]),
    record("ü-none"),
]
FIELDS = "id, metadata, connections, workflows"
LINES = "".join(json.dumps(each) + "\n" for each in RECORDS)


def write(shop: Shop, name: str, text: str) -> Path:
    """Write a file beside the repository."""
    path = shop.root.parent / name
    path.write_text(text, encoding="utf-8")
    return path


def listed(shop: Shop, *arguments: str) -> list[Any]:
    """Return the records of development."""
    answer = shop.run("users", "list", *DEV, "--format", "json", *arguments)
    return [json.loads(line) for line in answer.out.splitlines()]


def affected(shop: Shop, code: str, *arguments: str, exit: int = 0) -> Run:
    """Ask whom a message of development concerns."""
    return shop.run("users", "affected", *DEV, "--code", code, *arguments, code=exit)


@pytest.fixture
def peopled(deployed: Shop) -> Shop:
    """A deployed shop with users."""
    deployed.run("users", "import", *DEV, str(write(deployed, "users.jsonl", LINES)))
    return deployed


def test_users_are_imported_and_listed(deployed: Shop) -> None:
    """What was imported is listed as it was, by id; again, it replaces itself and nobody else."""
    path = str(write(deployed, "users.jsonl", LINES))
    done = deployed.run("users", "import", *DEV, path)
    assert (done.out, done.err) == ("Imported 6 users into development.\n", "")
    assert listed(deployed) == RECORDS
    other = write(deployed, "other.ndjson", '{"id": "u-on"}')
    assert deployed.run("users", "import", *DEV, str(other)).last == (
        "Imported 1 user into development."
    )

    expected = [record("u-on") if each["id"] == "u-on" else each for each in RECORDS]
    assert listed(deployed) == expected
    assert deployed.run("users", "list", "-e", "staging", "--format", "json").out == ""


def test_a_list_can_be_imported(peopled: Shop) -> None:
    """Both machine formats of the list are read as what they say, in another environment too."""
    for kind in ("csv", "json"):
        answer = peopled.run("users", "list", *DEV, "--format", kind).out
        path = write(peopled, f"again.{kind}", answer)
        peopled.run("users", "import", "-e", "staging", str(path))
        again = peopled.run("users", "list", "-e", "staging", "--format", kind).out

        assert again == answer


def test_a_list_as_table(peopled: Shop) -> None:
    """The columns user, integration and workflow come first, and no cell is a formula."""
    answer = peopled.run("users", "list", *DEV, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(answer)))

    assert answer.startswith("user,integration,workflow,status,scopes,settings,")
    assert [(row["user"], row["integration"], row["workflow"]) for row in rows] == [
        ("'+49", "slack", ""),
        ("u-chose", "slack", "news"),
        ("u-expired", "slack", ""),
        ("u-off", "slack", "news"),
        ("u-on", "slack", "news"),
        ("ü-none", "", ""),
    ]
    assert json.loads(rows[1]["settings"]) == {"channel": "#a, b"}


def test_a_list_for_people(peopled: Shop) -> None:
    """Text says of each user what they are connected to and have on, and how many there are."""
    answer = peopled.run("users", "list", *DEV, "--integration", "slack").out

    assert answer.splitlines()[1:] == [
        "u-chose  slack (connected); off: news",
        "u-expired  slack (expired)",
        "u-off  slack (connected); off: news",
        "u-on  slack (connected); on: news",
        "5 users.",
    ]


def test_bad_rows_import_nothing(deployed: Shop) -> None:
    """Every bad row is told with file, line and nearest name, and nothing is written."""
    bad = (
        '{"id": "u-1"}\n{"id": "u-2", "connections": [{"integration": "slak"}]}\n'
        '{"id": "u-1"}\nnonsense\n{"id": "u-3", "workflow": []}\n'
    )
    path = write(deployed, "bad.jsonl", bad)
    before = deployed.rows()
    refused = deployed.run("users", "import", *DEV, str(path), code=1)

    assert refused.out == ""
    assert refused.err.splitlines() == [
        f'{path}:2:1: development has no integration "slak" (did you mean "slack"?)',
        f'{path}:3:1: user "u-1" stands on line 1 already; give each user once',
        f"{path}:4:1: this is not JSON: expecting value",
        f'{path}:5:1: a user has no "workflow" (did you mean "workflows"?); it has {FIELDS}',
        "Nothing was imported.",
    ]
    assert deployed.rows() == before


def test_many_bad_rows_are_counted(deployed: Shop) -> None:
    """After a hundred findings only their number is told."""
    path = write(deployed, "bad.csv", "user,integration\n" + "u,slak\n" * 1200)
    lines = deployed.run("users", "import", *DEV, str(path), code=1).err.splitlines()

    assert len(lines) == 102
    assert lines[-2:] == ["… and 1,100 more", "Nothing was imported."]


def test_standard_input_is_a_file(deployed: Shop) -> None:
    """`-` reads standard input, once its format is said."""
    said = ("users", "import", *DEV, "-", "--format", "csv")
    assert deployed.run(*said, stdin="user\nu-1\n").last == "Imported 1 user into development."
    refused = deployed.run(*said[:-2], code=64, stdin="user\nu-1\n")

    assert "--format json or --format csv" in refused.err
    wrong = deployed.run(*said, code=1, stdin="user\n=1\n,\nu-\u200b\n")
    assert wrong.err.startswith('-:4:1: the id "u-\\u200b" has characters that cannot be seen\n')


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("import", *DEV, "none.jsonl"), 1, "There is no file none.jsonl."),
        (("import", *DEV, "--format", "csv", "environments"), 1, "cannot be read: Is a directory"),
        (("import", *DEV, "users.txt"), 64, "users.txt does not tell what the file holds"),
        (("list", "-e", "developmnt"), 64, 'did you mean "development"'),
        (("list", *DEV, "--format", "xml"), 64, "xml"),
        (("affected", *DEV, "--code", "WorkflowRemovd"), 64, 'mean "WorkflowRemoved"'),
        (("affected", *DEV), 64, "--code"),
        (("affected", "--code", "WorkflowRemoved"), 64, "Name a RELEASE such as staging/1.4.0"),
        (("affected", *DEV, "staging/1.4.0", "--code", "WorkflowRemoved"), 64, "either a RELEASE"),
        (("affected", "stagin/1.4.0", "--code", "WorkflowRemoved"), 64, 'did you mean "staging"'),
        (("affected", "staging/1.4.0", "--worktree", "--code", "A"), 64, "--ref and --worktree"),
        (("affected", "-e", "staging", "--code", "WorkflowRemoved"), 1, "waits for its first"),
        (("affected", *DEV, "--code", "WorkflowRemoved"), 1, "it has EnvironmentSecretM"),
        (("affected", *DEV, "--deployment", "d-7", "--code", "WorkflowRemoved"), 1, '"d-7" of dev'),
    ],
)
def test_what_cannot_be_meant(
    deployed_once: Shop, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """Wrong usage exits with 64, what is not there with 1, each in one sentence."""
    refused = deployed_once.run("users", *arguments, code=code)

    assert sentence in refused.err
    assert refused.out == ""


def test_affected_users_are_exported(peopled: Shop) -> None:
    """What the plan counts is listed, safe in a spreadsheet, from git or the working tree."""
    peopled.repository.write(
        {
            "environments/development/integrations/slack.yaml": SLACK.replace(
                "[chat:write]", "[chat:write, files:read]"
            )
        }
    )
    assert affected(peopled, "OAuthScopesChanged", exit=1).err.count("\n") == 2
    [plan] = peopled.run("plan", *DEV, "--worktree", "--format", "json").json["plans"]
    found = affected(peopled, "OAuthScopesChanged", "--worktree", "--format", "csv").out
    lines = affected(peopled, "OAuthScopesChanged", "--worktree", "--format", "json").out

    users = ["+49", "u-chose", "u-off", "u-on"]
    rows = ["user,integration,workflow", *(f"{each},slack," for each in users)]
    assert found.splitlines() == [rows[0], "'" + rows[1], *rows[2:]]
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"user": each, "integration": "slack", "workflow": None} for each in users
    ]
    counts = {each["code"]: each["affectedUsers"] for each in plan["messages"]}
    assert counts["OAuthScopesChanged"] == 4


def test_a_deployment_answers_with_whom_it_concerned(peopled: Shop) -> None:
    """What was stored answers after it, in both formats, whatever users did since."""
    name = "integrations/slack.yaml"
    more = peopled.read(name).replace("[chat:write]", "[chat:write, files:read]")
    peopled.commit({name: more})
    asked = affected(peopled, "OAuthScopesChanged").out
    peopled.run("reconcile")
    peopled.run("users", "import", *DEV, "-", "--format", "json", stdin='{"id": "u-on"}')
    [(last,)] = peopled.sql("SELECT id FROM deployments ORDER BY sequence DESC LIMIT 1")
    told = affected(peopled, "OAuthScopesChanged", "--deployment", last)

    assert told.out == asked
    assert told.out.count("\n") == 5


def test_an_error_is_json_where_json_was_asked_for(deployed_once: Shop) -> None:
    """A failing list is an object with errors, never half a stream."""
    arguments = ("users", "list", *DEV, "--integration", "slak", "--format", "json")
    [error] = deployed_once.run(*arguments, code=64).json["errors"]

    assert error["code"] == "UsageError"


def test_a_default_is_switched_on_by_the_deployment(peopled: Shop) -> None:
    """A workflow that comes to be on by default is on for who never said no, and only for them."""
    peopled.commit({"workflows/news.yaml": workflow("news", more="enabledByDefault: true\n")})
    counted = affected(peopled, "WorkflowEnabledByDefault").out.splitlines()[1:]
    peopled.run("reconcile")
    on = [each["id"] for each in listed(peopled) if any(w["enabled"] for w in each["workflows"])]

    assert counted == ["'+49,slack,news", "u-off,slack,news"]
    assert on == ["+49", "u-off", "u-on"]
    assert peopled.run("plan", *DEV).last == "No changes."


def test_a_removed_integration_brings_its_users_back(peopled: Shop) -> None:
    """Removed, an integration is gone from every user; deployed again, all are as they were."""
    files = {
        name: peopled.read(name) for name in ("integrations/slack.yaml", "workflows/news.yaml")
    }
    configured = peopled.read("environment.yaml")
    plain = "".join(
        line for line in configured.splitlines(keepends=True) if "slack" not in line.casefold()
    ).replace("  appConfiguration:\n", "")
    peopled.commit({"environment.yaml": plain}, *files)
    assert affected(peopled, "IntegrationRemoved").out.count("\n") == 5
    peopled.run("reconcile")
    assert [each["connections"] + each["workflows"] for each in listed(peopled)] == [[]] * 6
    unknown = peopled.run("users", "list", *DEV, "--integration", "slack", code=64)
    assert "development has no integration" in unknown.err
    peopled.commit({"environment.yaml": configured, **files})
    peopled.run("reconcile")

    assert listed(peopled) == RECORDS


def test_progress_is_for_terminals(peopled: Shop, tmp_path: Path) -> None:
    """On a terminal a bar shows how far the import is; the answer is the same."""
    many = tmp_path / "many.csv"
    many.write_text("user\n" + "".join(f"u-{number}\n" for number in range(3000)))
    arguments = ("users", "import", *DEV, str(many))
    code, screen = on_a_terminal(peopled, *arguments, expects="users", answer="")

    assert code == 0
    assert "Reading users" in screen
    assert "Imported 3,000 users into development." in screen


def test_help_says_what_a_file_holds(tmp_path: Path) -> None:
    """The help of import shows both formats."""
    told = run(tmp_path, "users", "import", "--help").out

    assert '"connections": [{"integration": "hubspot"' in told
    assert "enabled, disabledBy, workflowSettings" in told
