"""Policy that can never work: roles, signers, approvals and the order of promotion.

Whether a release may go ahead is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core import layout
from reconciler.core.errors import Invalid
from reconciler.core.model import Environment, Finding, Mode
from reconciler.core.releases import trust
from reconciler.core.releases.roles import role_of
from reconciler.services.loading.documents import Documents
from reconciler.services.loading.environment import path_findings
from reconciler.services.releases.reading.grounds import signers_text
from reconciler.services.workspace import Chosen, Workspace

_FINDINGS = Iterator[tuple[str, str, str]]  # file, JSON Pointer and text


def findings(workspace: Workspace, chosen: Chosen) -> Iterator[Finding]:
    """Yield every finding, each at its field."""
    snapshot = chosen.snapshot
    yield from strays([file.path for file in snapshot.files(layout.ROOT)])
    files = [f for f in snapshot.files(layout.SIGNERS) if f.path == layout.SIGNERS]
    wrong = path_findings(files)
    text = None
    if not wrong:
        try:
            text = signers_text(snapshot)
        except Invalid as error:
            wrong = [*error.findings]
    yield from wrong
    for line, problem in trust.signers_findings(text or ""):
        yield Finding(layout.SIGNERS, line, 1, problem, "policy")
    told = [*_evidence(chosen), *(() if wrong else _signers(chosen, text))]
    for environment in chosen.repository.environments:
        if environment.name not in chosen.repository.broken:
            told += [*_mode(chosen, environment), *_approvals(chosen, environment)]
    yield from _placed(workspace, chosen, told)


def strays(paths: list[str]) -> Iterator[Finding]:
    """Yield a finding for each manifest that stands beside the pipeline's."""
    for path in paths:
        beside = path.count("/") == 1 and path != layout.PIPELINE
        if beside and path.lower().endswith((".yaml", ".yml")):
            text = "is not read: only pipeline.yaml stands here; move it into an environment"
            yield Finding(path, 1, 1, text, "layout")


def _placed(
    workspace: Workspace, chosen: Chosen, told: list[tuple[str, str, str]]
) -> Iterator[Finding]:
    documents = Documents(workspace.manifests, workspace.cache, chosen.snapshot)
    files = {path: chosen.snapshot.files(path)[0] for path, _, _ in told}
    places = documents.locations([(files[path], pointer) for path, pointer, _ in told])
    for place, (_, _, text) in zip(places, told, strict=True):
        yield Finding(*place, text, "policy")


def _signers(chosen: Chosen, text: str | None) -> _FINDINGS:
    """Yield who is asked for a signature that nobody could verify."""
    pipeline = chosen.repository.pipeline
    if pipeline.signatures != "required":
        return
    if text is None:
        yield (
            layout.PIPELINE,
            "/spec/signatures",
            f"signatures are required, but there is no {layout.SIGNERS} that says whose keys count",
        )
        return
    known = set(trust.principals(text))
    for name, role in pipeline.raw.get("roles", {}).items():
        signing = "tag" in role.get("via", ["tag"])
        for member in role["members"] if signing else ():
            if member not in known:
                problem = (
                    f"{member} has no key in {layout.SIGNERS}, so no signature of theirs counts"
                )
                yield layout.PIPELINE, f"/spec/roles/{name}/members", problem


def _evidence(chosen: Chosen) -> _FINDINGS:
    """Yield which reviews and checks can never count."""
    roles = chosen.repository.pipeline.raw.get("roles", {})
    for name, role in ((name, role_of(spec)) for name, spec in roles.items()):
        where = f"/spec/roles/{name}"
        for kind, listed in (("review", role.accounts), ("check", role.checks)):
            if kind in role.via and not listed:
                wanted = "accounts" if kind == "review" else "checks"
                text = f"names {kind}, but the role has no {wanted}, so no {kind} counts for it"
                yield layout.PIPELINE, f"{where}/via", text
        for member, login in role.accounts:
            if member not in role.members:
                text = f"{member} has an account here, but is no member of {name}"
                yield layout.PIPELINE, f"{where}/accounts", text
            elif role.member_of(login) is None:
                text = f"{login} is the account of several members, so its reviews count for nobody"
                yield layout.PIPELINE, f"{where}/accounts", text


def _mode(chosen: Chosen, environment: Environment) -> _FINDINGS:
    """Yield why no release can ever reach a release-only environment."""
    if environment.mode is not Mode.RELEASE_ONLY:
        return
    file, order = layout.environment_file(environment.name), chosen.repository.pipeline.environments
    if not environment.listed:
        text = "this folder is not in the pipeline, so no release reaches it; make it editable, "
        yield file, "/spec/mode", f"{text}or list it in {layout.PIPELINE}"
    elif environment.promotes_from is None and order[0] != environment.name:
        text = "a release-only environment gets its releases from another one; add promotesFrom"
        yield file, "/spec/mode", text


def _approvals(chosen: Chosen, environment: Environment) -> _FINDINGS:
    """Yield which approvals nobody can give."""
    keys = trust.who_keys(chosen.repository.pipeline, environment, None)
    for name in keys.approvals:
        if not keys.role(name).in_environment(environment.name):
            text = f'nobody can approve as "{name}" here: the role has no members for '
            text += f"{environment.name} in {layout.PIPELINE}"
            yield layout.environment_file(environment.name), "/spec/promotion/approvals", text
