"""People are told by mail what happens: a real mail server, the real program, once per event."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.manifests import manifest
from tests.acceptance.program import Run, Shop, starts
from tests.mail import SENDER, MailServer, mail_server
from tests.repositories import Repository

OPS, SUPPORT = "ops@example.com", "support@example.com"
PASSWORD = "hunter2-is-secret"
RELEASE = "staging/1.0.0"
DEV = "environments/development"
TELL_ALL = f"{{on: [started, waiting, done, failed, drift], to: {OPS}}}"
REFUSING = """
CREATE TRIGGER refuse BEFORE INSERT ON platform_resources WHEN NEW.environment = 'staging'
BEGIN SELECT RAISE(ABORT, 'no, thank you'); END"""


def staging(*notifications: str, more: str = "") -> dict[str, str]:
    """Return the manifest of the release-only environment."""
    entries = "".join(f"  - {each}\n" for each in notifications)
    promotion = (
        "promotion:\n"
        "  selfHeal: true\n"
        "  monitors: [{title: Errors, url: 'https://monitors.example.com/errors'}]\n"
        f"{more}"
    )
    spec = f"mode: release-only\npromotesFrom: development\n{promotion}notifications:\n{entries}"
    return {"environments/staging/environment.yaml": manifest("Environment", "staging", spec)}


def news(title: str) -> dict[str, str]:
    """Return a workflow that is started by hand."""
    spec = f"title: {title}\ntrigger: {{type: manual}}\nsteps: [{{name: a, type: response}}]"
    return {f"{DEV}/workflows/news.yaml": manifest("Workflow", "news", spec)}


FILES = {
    "environments/pipeline.yaml": manifest("Pipeline", "s", "environments: [development, staging]"),
    f"{DEV}/environment.yaml": manifest("Environment", "development", "mode: editable"),
    ".gitignore": ".reconciler/\n",
    **staging(TELL_ALL),
    **news("News"),
}


@pytest.fixture(scope="module")
def tagged_once(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a repository with a release that is tagged and not promoted."""
    shop = Shop(Repository(tmp_path_factory.mktemp("tagged") / "shop"))
    shop.repository.commit(FILES)
    shop.run("reconcile", "-e", "development")
    release(shop, RELEASE)
    return shop


@pytest.fixture
def shop(tagged_once: Shop, tmp_path: Path) -> Shop:
    """Return such a repository of one's own."""
    return tagged_once.copy(tmp_path / "shop")


@pytest.fixture
def server() -> Iterator[MailServer]:
    """Run a mail server."""
    with mail_server() as found:
        yield found


def release(shop: Shop, name: str, description: str = "The first one") -> None:
    """Make a release, merge and tag it."""
    environment, _, version = name.partition("/")
    asked = ("--to", environment, "--version", version, "--description", description)
    shop.run("release", "create", *asked)
    shop.repository.git("merge", "--quiet", "--no-ff", "-m", "Merge", f"release/{name}")
    shop.run("release", "tag", name)


def reconcile(shop: Shop, server: MailServer, code: int = 0) -> Run:
    """Run the scheduled job with a mail server."""
    return shop.run("reconcile", code=code, RECONCILER_SMTP_URL=server.url())


def notices(shop: Shop) -> list[tuple[str, str]]:
    """Return occasion and state of every notice in the store."""
    return shop.sql("SELECT occasion, state FROM notices ORDER BY created_at, occasion")


def test_a_promotion_is_told_when_it_starts_and_when_it_is_done(
    shop: Shop, server: MailServer
) -> None:
    """Two mails with what, who, when and where to look; no later job sends another."""
    shop.repository.git("remote", "add", "forge", "https://ci:pw@github.com/shop/flows.git")
    done = shop.run("promote", RELEASE, RECONCILER_SMTP_URL=server.url())
    for _ in range(2):
        reconcile(shop, server)

    started, live = server.mails
    assert started["Subject"] == "[reconciler] staging: release 1.0.0 is being deployed"
    assert live["Subject"] == "[reconciler] staging: release 1.0.0 is live"
    assert (live["From"], live["To"], live.get_content_type()) == (SENDER, OPS, "text/plain")
    text = live.get_content().replace("\r\n", "\n")
    assert text.startswith("Release 1.0.0 is live in staging, and the environment is unlocked.\n")
    assert "\n  The first one\n" in text
    assert "\nChanges     1 added, 0 modified, 0 removed\n" in text
    assert "  reconciler history --environment staging\n" in text
    assert "  Errors: https://monitors.example.com/errors\n" in text
    (deployment,) = shop.sql("SELECT id FROM deployments WHERE environment = 'staging'")[0]
    assert live["X-Reconciler-Event"] == f"{deployment}/done"
    assert "not_sent" not in done.err


def test_a_thousandth_job_writes_nothing(shop: Shop, server: MailServer) -> None:
    """With everything told, a job that finds nothing to do leaves the store byte by byte."""
    reconcile(shop, server)
    before = shop.store.read_bytes()
    for _ in range(2):
        reconcile(shop, server)

    assert shop.store.read_bytes() == before
    assert len(server.mails) == 2


def test_a_server_that_is_away_changes_no_deployment(shop: Shop) -> None:
    """The release is live, stderr says what was not sent and no password; the next job sends it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"smtp://ci:{PASSWORD}@127.0.0.1:{port}?from={SENDER}"
    done = shop.run("promote", RELEASE, RECONCILER_SMTP_URL=url)

    assert "Applied: 1 added" in done.out
    assert f'"{OPS}" was not told about staging: The server refused the connection.' in unwrapped(
        done.err
    )
    assert PASSWORD not in done.all
    assert PASSWORD not in str(shop.sql("SELECT * FROM notices"))
    assert {state for _, state in notices(shop)} == {"pending"}

    with mail_server(port, logins=True) as server:
        shop.run("reconcile", RECONCILER_SMTP_URL=server.url("ci:right@"))
        assert len(server.subjects) == len(set(server.subjects)) == 2
    assert {state for _, state in notices(shop)} == {"sent"}


def test_without_a_mail_server_it_is_said_once_what_to_set(shop: Shop, server: MailServer) -> None:
    """A run names the variable once, and mails wait; once it is set they go out."""
    done = shop.run("reconcile")
    assert done.err.count("RECONCILER_SMTP_URL") == 1
    assert "Applied: 1 added" in done.out

    reconcile(shop, server)
    assert len(server.mails) == 2


def test_a_waiting_release_is_told_once_for_the_same_gates(shop: Shop, server: MailServer) -> None:
    """Gates that hold a release are told with their reasons, and again only when others hold it."""
    shop.repository.commit(staging(TELL_ALL, more="  approvals: [tests]\n"))
    for _ in range(2):
        reconcile(shop, server)
    assert server.subjects == ["[reconciler] staging: release 1.0.0 waits (1 closed gate)"]
    assert "tests-passed: " in server.mails[0].get_content()

    shop.repository.commit(staging(TELL_ALL, more="  approvals: [tests, qa]\n"))
    reconcile(shop, server)
    assert server.subjects[1:] == ["[reconciler] staging: release 1.0.0 waits (2 closed gates)"]


def test_drift_is_told_once_and_again_when_it_comes_back(shop: Shop, server: MailServer) -> None:
    """What somebody changed by hand is named; after it was healed the same change is news again."""
    shop.repository.commit(staging(f"{{on: [drift], to: {OPS}}}"))
    reconcile(shop, server)
    for number in (1, 2):
        edit(shop)
        for _ in range(2):
            reconcile(shop, server)
        assert len(server.mails) == number

    mail = server.mails[-1]
    assert mail["Subject"] == "[reconciler] staging: 1 resource changed outside"
    assert "  - Workflow/news: Changed on the platform; " in mail.get_content()
    assert "put back" in mail.get_content()


def edit(shop: Shop) -> None:
    """Change the title of a workflow on the platform by hand."""
    shop.sql(
        "UPDATE platform_resources SET content = json_set(content, '$.spec.title', 'Mine')"
        " WHERE environment = 'staging' AND name = 'news'"
    )


def test_a_promotion_that_fails_is_told_as_restored(shop: Shop, server: MailServer) -> None:
    """Exit 6, and a mail that says why, that what ran before runs again, and what to do next."""
    shop.sql(REFUSING)
    failed = shop.run("promote", RELEASE, code=None, RECONCILER_SMTP_URL=server.url())

    assert failed.code == 6, failed.all
    assert server.subjects == [
        "[reconciler] staging: release 1.0.0 is being deployed",
        "[reconciler] staging: release 1.0.0 failed, what ran before runs again",
    ]
    text = server.mails[-1].get_content()
    assert "\nWhy:" in text
    assert "\nWhat to do:" in text
    again = shop.run("reconcile", code=3, RECONCILER_SMTP_URL=server.url())
    assert "--retry" in again.out
    assert len(server.mails) == 2


def test_each_receiver_gets_what_it_asked_for(shop: Shop, server: MailServer) -> None:
    """`unlocked` is told of what is done; who wants failures alone gets nothing of it."""
    shop.repository.commit(
        staging(f"{{on: [unlocked], to: {SUPPORT}}}", f"{{on: [failed, restored], to: {OPS}}}")
    )
    reconcile(shop, server)
    assert server.receivers == [SUPPORT]
    assert notices(shop) == [("done", "sent")]


def test_a_secret_receiver_is_told_at_its_url_and_never_shown(
    shop: Shop, server: MailServer
) -> None:
    """A receiver by name is sent to at the secret's URL; what fails says nothing of it."""
    spec = "secrets: {HOOK: {from: env, name: OPS_HOOK}}\n"
    text = staging("{on: [done], to: HOOK}")["environments/staging/environment.yaml"]
    shop.repository.commit(
        {"environments/staging/environment.yaml": text.replace("spec:\n", f"spec:\n  {spec}")}
    )
    refused = f"mailto://ci:{PASSWORD}@127.0.0.1:1?from={SENDER}&to={OPS}"
    first = shop.run("reconcile", OPS_HOOK=refused)
    assert '"HOOK" was not told about staging' in unwrapped(first.err)
    assert PASSWORD not in first.all

    url = f"mailto://127.0.0.1:{server.port}?from={SENDER}&to={OPS}&format=html"
    second = shop.run("reconcile", OPS_HOOK=url)
    assert server.receivers == [OPS]
    assert url not in second.all


def test_a_hostile_description_adds_nothing_to_a_mail(shop: Shop, server: MailServer) -> None:
    """HTML, headers and commands in a release's text stay words."""
    hostile = "Fine <b>now</b> Bcc: all@example.com ::error:: $(id) \\r\\nX: y"
    reconcile(shop, server)
    shop.repository.commit(news("Other"))
    shop.run("reconcile", "-e", "development")
    release(shop, "staging/1.1.0", hostile)
    reconcile(shop, server)

    mail = server.mails[-1]
    assert mail["Subject"] == "[reconciler] staging: release 1.1.0 is live"
    assert mail["Bcc"] is None
    assert f"\n  {hostile}" in mail.get_content().replace("\r\n", "\n")
    assert set(server.receivers) == {OPS}


def test_two_jobs_at_once_send_each_mail_once(shop: Shop, server: MailServer) -> None:
    """Whoever claims a notice sends it: two processes that deliver together make no double."""
    shop.run("reconcile")  # no mail server: everything waits
    arguments = ("reconcile", "--format", "json")
    environ = {"RECONCILER_SMTP_URL": server.url()}
    jobs = [starts(shop.root, *arguments, environ=environ) for _ in range(2)]
    with jobs[0] as one, jobs[1] as other:
        for job in (one, other):
            out, _ = job.communicate(timeout=60)
            json.loads(out)
    reconcile(shop, server)

    assert sorted(server.subjects) == [
        "[reconciler] staging: release 1.0.0 is being deployed",
        "[reconciler] staging: release 1.0.0 is live",
    ]


def test_an_unknown_occasion_is_a_finding(shop: Shop) -> None:
    """A name that nobody tells of is found by `validate`, with the nearest that was meant."""
    shop.repository.commit(staging(f"{{on: [faild], to: {OPS}}}"))
    told = shop.run("validate", code=1)
    assert 'did you mean "failed"?' in unwrapped(told.all)


def unwrapped(text: str) -> str:
    """Return text with its lines joined."""
    return re.sub(r"\s*\n\s*", " ", text)
