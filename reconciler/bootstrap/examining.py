"""Wires `doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.adapters.git.repository import open_repository
from reconciler.bootstrap.services import Services, open_services
from reconciler.core.errors import Invalid, ReconcilerError, RepositoryError, StoreError
from reconciler.services import examining
from reconciler.services.examining import Check
from reconciler.settings import Settings


def examine(settings: Settings) -> list[Check]:
    """Look at everything this run stands on; nothing is changed."""
    from reconciler.adapters import machine
    from reconciler.adapters.git.command import git_version

    checks = list(
        examining.examine_machine(
            examining.Machine(
                python=machine.python_version(),
                git=_or_none(git_version),
                sqlite=machine.sqlite_version(),
                openssh=machine.openssh_version(),
                has_libyaml=machine.has_libyaml(),
            )
        )
    )
    repository = examining.attempt("repository", lambda: _repository(settings))
    checks.append(repository)
    if repository.state == examining.OK:
        services = open_services(settings, offline=True)
        checks.append(examining.attempt("manifests", lambda: _manifests(services)))
        checks.append(examining.attempt("store", lambda: _store(services)))
        checks.extend(_secrets(services))
    return checks


def _or_none(look: Callable[[], tuple[int, ...]]) -> tuple[int, ...] | None:
    try:
        return look()
    except RepositoryError:
        return None


def _repository(settings: Settings) -> str:
    with open_repository(settings.root) as git:
        return f"at {git.root or git.git_dir}"


def _manifests(services: Services) -> str:
    report = services.viewer.validate(services.workspace.choose(head=True))
    if report.findings:
        raise Invalid(report.findings)
    return f"{report.resources} resources in {report.environments} environments, all valid"


def _store(services: Services) -> str:
    state = services.database.schema_state()
    where = services.settings.redacted_store
    if state == "missing":
        return f"{where}, not there yet: the first apply or reconcile makes it"
    if state != "ok":
        raise StoreError(f"{where} has a schema that is {state}.", hint=_STORE_HINTS[str(state)])
    return f"{where}, with the id {services.store.identity()}"


_STORE_HINTS = {
    "older": "Run `reconciler store migrate`.",
    "newer": "Upgrade this program.",
}


def _secrets(services: Services) -> Iterator[Check]:
    """Look at the secrets of each editable environment."""
    try:
        chosen = services.workspace.choose()
        for environment in chosen.repository.environments:
            rows = services.secrets.rows(environment.name)
            missing = [row.name for row in rows if row.missing]
            yield Check(
                name=f"secrets of {environment.name}",
                state=examining.LOOK if missing else examining.OK,
                text=f"without a value: {', '.join(missing)}" if missing else "all have a value",
                next=f"Run `reconciler secret check --environment {environment.name}`."
                if missing
                else None,
            )
    except ReconcilerError as error:
        yield Check(name="secrets", state=examining.LOOK, text=error.text, next=error.hint)
