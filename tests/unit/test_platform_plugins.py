"""Platforms that other packages bring: found by name, and contained when they do not work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from reconciler import telemetry
from reconciler.bootstrap.platforms import Platforms
from reconciler.core.errors import Invalid, PlatformError, SecretError, StalePlan
from reconciler.core.model import Environment
from reconciler.ports import Platform
from reconciler.testing import MemorySecrets, MemoryUnit, operation, workflow
from reconciler.testing.factories import key_of
from reconciler.testing.remote import RemoteServer
from tests.plugins import REMOTE, install

NOW = "2026-01-06T09:00:00+00:00"
WRITTEN = operation(workflow())
FILE = "environments/staging/environment.yaml"

MODULE = """
from reconciler.testing import StepwisePlatform

seen = []

class Broken(StepwisePlatform):
    def observe(self):
        raise KeyError("digest")
    def contents(self, keys):
        raise OSError(5, "Input/output error")
    def users(self, integration=None):
        yield {{"id": "u-1"}}
        raise RuntimeError("the cursor\\n  is gone.")
    affected = users
    def write(self, operation):
        raise ZeroDivisionError

class Factory:
    def reader(self, environment, context):
        {body}
    def open(self, environment, context):
        {body}

factory = Factory()
"""
CLAIM = "return MemoryPlatform()"
NO_PARAMETERS = MODULE.format(body="pass").replace("self, environment, context", "self")


def environment(kind: str, **more: Any) -> Environment:
    """Return an environment on a platform of a type."""
    secrets = {"N8N_KEY": {"from": "env", "name": "N8N_KEY"}}
    return Environment(name="staging", platform={"type": kind, **more}, secrets=secrets)


def platforms(**secrets: str) -> Platforms:
    """Return what opens platforms, without a database."""

    def database() -> NoReturn:
        raise AssertionError("another package's platform needs no database")

    source = MemorySecrets({("staging", name): value for name, value in secrets.items()})
    return Platforms(database=database, now=lambda: NOW, secrets=lambda: source)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a folder that Python looks for packages in; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("brought", None)


def bring(folder: Path, code: str, *, value: str = "brought:factory") -> None:
    """Install a package that brings the platform n8n."""
    folder.joinpath("brought.py").write_text(code, encoding="utf-8")
    install(folder, {"n8n": value})


def brought(folder: Path, body: str) -> Platform:
    """Return the platform that a package opens with a line of code."""
    bring(folder, MODULE.format(body=body))
    return platforms(N8N_KEY="k-1").open(environment("n8n"))


def refused(kind: str) -> str:
    """Return the finding of an environment whose platform cannot be opened, however it is asked."""
    opened = platforms()
    texts = set()
    for ask in (opened.reader, opened.open, opened.user_reader):
        with pytest.raises(Invalid) as caught:
            ask(environment(kind))
        [finding] = caught.value.findings
        assert (finding.file, finding.line) == (FILE, 1)
        texts.add(finding.text)
    [text] = texts
    return text


def test_an_unknown_type_names_what_is_installed() -> None:
    """A platform that nobody brings is a finding of its environment, with the ones there are."""
    assert refused("n8n") == 'the platform "n8n" is not installed; installed is builtin'


def test_an_unknown_type_has_a_nearest_name(packages: Path) -> None:
    """A type that is nearly one of those installed is told as a slip."""
    install(packages, {"remote-test": REMOTE, "n8n": "brought:factory"})

    assert refused("remote-tests") == (
        'the platform "remote-tests" is not installed (did you mean "remote-test"?);'
        " installed are builtin, n8n and remote-test"
    )


def test_a_package_is_imported_when_it_is_named(packages: Path) -> None:
    """What is installed is known without importing it."""
    bring(packages, "raise AssertionError('imported')")
    opened = platforms()

    assert opened.installed == ("builtin", "n8n")
    with pytest.raises(Invalid, match="1 finding"):
        opened.reader(environment("n8n"))
    assert "brought" not in sys.modules


def test_the_built_in_platform_cannot_be_taken_over(packages: Path) -> None:
    """A package that calls its platform builtin is not looked at."""
    install(packages, {"builtin": "brought:factory"})

    assert platforms().installed == ("builtin",)


def test_two_packages_for_one_type_are_refused(packages: Path) -> None:
    """Which of two packages is meant is never guessed; the same one found twice is one."""
    install(packages, {"n8n": "other:factory"}, package="first")
    install(packages, {"n8n": "brought:factory"}, package="second")
    install(packages, {"n8n": "brought:factory"}, package="third")

    assert refused("n8n") == (
        'the platform "n8n" is brought by two packages: brought:factory and other:factory'
    )


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def (", "SyntaxError: invalid syntax (brought.py, line 1)"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("raise RuntimeError", "RuntimeError"),
        ("raise RuntimeError('two\\n lines.')", "RuntimeError: two lines"),
        ("", "AttributeError: module 'brought' has no attribute 'factory'"),
        ("factory = 'text'", "brought:factory is no platform factory"),
        (MODULE.format(body="return 7"), "what it opened is no platform but a int"),
        (MODULE.format(body="raise ValueError('`url` is missing')"), "`url` is missing"),
        (MODULE.format(body="return {}['region']"), "KeyError: 'region'"),
        (NO_PARAMETERS, "TypeError: Factory.reader() takes 1 "),
    ],
)
def test_a_package_that_does_not_work_is_a_finding(packages: Path, code: str, why: str) -> None:
    """Whatever goes wrong while a platform is opened is one sentence at its environment.yaml."""
    bring(packages, code)
    opened = platforms()
    with pytest.raises(Invalid) as caught:
        opened.reader(environment("n8n"))

    [finding] = caught.value.findings
    assert finding.text.startswith(f'the platform "n8n" does not work: {why}')
    assert "\n" not in finding.text


def test_a_platform_gets_its_environment_and_what_it_needs(packages: Path) -> None:
    """A factory is given the environment, the time, and the values of declared secrets."""
    given = "[context.now(), environment.platform, context.secret('N8N_KEY')]"
    bring(packages, MODULE.format(body=f"seen.append({given}); return StepwisePlatform()"))
    opened = platforms(N8N_KEY="k-1234567")
    opened.open(environment("n8n", url="http://127.0.0.1:1"))

    assert sys.modules["brought"].seen == [
        [NOW, {"type": "n8n", "url": "http://127.0.0.1:1"}, "k-1234567"]
    ]
    assert "k-1234567" not in telemetry.redactor().text("with k-1234567 in it")


def test_a_secret_that_is_not_declared_is_refused(packages: Path) -> None:
    """A platform reads no secret that its environment does not declare."""
    with pytest.raises(SecretError, match='needs the secret "OTHER", which is not declared'):
        brought(packages, "return StepwisePlatform(context.secret('OTHER'))")


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda p: p.observe(), "KeyError: 'digest'"),
        (lambda p: p.contents([key_of(workflow())]), "OSError: [Errno 5] Input/output error"),
        (lambda p: list(p.users()), "RuntimeError: the cursor is gone"),
        (lambda p: list(p.affected(None)), "RuntimeError: the cursor is gone"),
        (lambda p: p.write(WRITTEN), "ZeroDivisionError"),
        (lambda p: p.deploy(MemoryUnit(), [WRITTEN], ""), "ZeroDivisionError"),
    ],
)
def test_an_unexpected_error_is_a_platform_error(
    packages: Path, call: Callable[[Platform], object], why: str
) -> None:
    """What another package raises unexpectedly is one sentence that names its platform."""
    platform = brought(packages, "return Broken()")
    with pytest.raises(PlatformError) as caught:
        call(platform)

    assert caught.value.text == f'The platform "n8n" of staging failed: {why}.'


def test_a_platform_that_works_is_used_as_it_is(packages: Path) -> None:
    """Every call reaches the platform, its answers come back, and its own errors stay."""
    platform = brought(packages, "return StepwisePlatform()")
    platform.write(WRITTEN)

    assert platform.transactional is False
    assert platform.contents([WRITTEN.key]) == {WRITTEN.key: WRITTEN.content}
    assert platform.observe().digests == {WRITTEN.key: WRITTEN.digest}
    assert platform.give_secrets(MemoryUnit(), {"A": None}) == ()
    assert (platform.secret_fingerprints(), platform.removed(NOW)) == ({}, ())
    assert platform.purge(MemoryUnit(), NOW) == ()
    with pytest.raises(StalePlan):
        platform.write(operation(workflow(title="Other")))


def test_no_package_joins_the_stores_transactions(packages: Path) -> None:
    """A platform that claims it is refused before anything is written: only ours is beside it."""
    bring(packages, "from reconciler.testing import MemoryPlatform\n" + MODULE.format(body=CLAIM))
    with pytest.raises(Invalid) as caught:
        platforms().open(environment("n8n"))

    assert caught.value.findings[0].text == (
        'the platform "n8n" does not work: only the built-in platform can be transactional'
    )


def test_users_cannot_be_imported_where_there_are_none(packages: Path) -> None:
    """Writing users to a platform without any is refused with the reason."""
    install(packages, {"remote-test": REMOTE})
    with pytest.raises(PlatformError, match='"remote-test" of staging keeps no users'):
        platforms().user_platform(environment("remote-test"))


def test_the_remote_platform_is_one_of_them(packages: Path) -> None:
    """The remote platform for tests is found by its entry point, and its settings are checked."""
    install(packages, {"remote-test": REMOTE})
    opened = platforms()
    with RemoteServer() as server:
        opened.open(environment("remote-test", url=server.url)).write(WRITTEN)
        found = opened.reader(environment("remote-test", url=server.url)).observe()

    assert found.digests == {WRITTEN.key: WRITTEN.digest}
    for wrong in ({}, {"url": "ftp://x"}, {"url": "http://x:1", "port": 2}):
        with pytest.raises(Invalid) as caught:
            opened.reader(environment("remote-test", **wrong))
        assert "does not work: `" in caught.value.findings[0].text
