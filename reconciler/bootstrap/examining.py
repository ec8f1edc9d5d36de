"""Wires `doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.adapters.git.repository import open_repository
from reconciler.bootstrap.services import Services, open_services
from reconciler.core.errors import (
    Invalid,
    PlatformError,
    ReconcilerError,
    RepositoryError,
    StoreError,
)
from reconciler.core.locks import Standing
from reconciler.services import examining
from reconciler.services.examining import Check
from reconciler.settings import Settings


def examine(settings: Settings, *, offline: bool = False) -> list[Check]:
    """Look at everything this run stands on; nothing is changed. Only the forge is remote."""
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
        checks.append(examining.attempt("platforms", lambda: _platforms(services)))
        store = examining.attempt("store", lambda: _store(services))
        checks.append(store)
        if store.state == examining.OK:
            checks.extend(_in_the_way(services))
            checks.extend(_notifications(services))
        checks.extend(_secrets(services))
        checks.extend(_protection(services, offline=offline))
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


def _platforms(services: Services) -> str:
    for environment in services.workspace.choose(head=True).repository.environments:
        try:
            services.platforms.reader(environment)
        except Invalid as error:
            hint = "Install the package that brings it, or correct `platform` in that file."
            raise PlatformError(str(error.findings[0]), hint=hint) from error
    return f"installed: {', '.join(services.platforms.installed)}"


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


def _in_the_way(services: Services) -> Iterator[Check]:
    """Look for locks, maintenance and holds; a lock that somebody holds and renews is all right."""
    seen = services.deployments.locks.see()
    usual = {each.lock.environment for each in seen.locks if each.standing is Standing.HELD}
    odd = [each for each in seen.locks if each.standing is not Standing.HELD]
    left = [each.environment for each in seen.maintenance if each.environment not in usual]
    texts = [f"{each.lock.environment} is locked ({each.standing})" for each in odd]
    texts += [f"{name} is in maintenance although nobody works on it" for name in left]
    if texts:
        step = "Run `reconciler lock show`, then `reconciler reconcile`."
        yield Check(name="locks", state=examining.LOOK, text="; ".join(texts), next=step)
    else:
        text = f"at work: {', '.join(sorted(usual))}" if usual else "nobody holds one"
        yield Check(name="locks", state=examining.OK, text=text)
    try:
        listed = services.workspace.choose(head=True).repository.environments
    except ReconcilerError:
        return  # the check of the manifests tells it
    for told in services.holds.told(each.name for each in listed):
        yield Check(name="hold", state=examining.LOOK, text=told)


def _notifications(services: Services) -> Iterator[Check]:
    """Look whether everyone who wants to be told can be."""
    try:
        listed = services.workspace.choose().repository.environments
    except ReconcilerError:
        return  # the check of the manifests tells it
    notifier = services.deployments.notifier
    for environment in listed:
        if not environment.raw.get("notifications"):
            continue
        problems = notifier.problems(environment)
        waiting = len(services.store.unsent_notices(environment.name))
        texts = [*problems, *([f"{waiting} notices wait to be sent"] if waiting else [])]
        yield Check(
            name=f"notifications of {environment.name}",
            state=examining.LOOK if texts else examining.OK,
            text=" ".join(texts) or "everyone can be told",
        )


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


def _protection(services: Services, *, offline: bool) -> Iterator[Check]:
    """Look at what protects the repository on its forge, or say what is needed there."""
    from reconciler.services.publishing import protecting

    try:
        wanted = protecting.needed(services.workspace.choose(head=True).repository.pipeline)
        known = services.publishing.settings
        forge = None if offline else services.forge
    except Invalid:
        return  # the check of the manifests tells it
    except ReconcilerError as error:
        yield Check(name="protection", state=examining.BROKEN, text=error.text, next=error.hint)
        return
    address = None if known is None else f"{known.server}/{known.repository}"
    place = protecting.Place(address=address)
    if forge is not None:
        yield from protecting.look(forge, wanted, place)
    elif known is None:
        yield from protecting.advise(wanted, place, "no forge is known")
    else:
        why = "the forge is not asked" if offline else "there is no token for the forge"
        yield from protecting.advise(wanted, place, why)
