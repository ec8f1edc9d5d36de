"""`reconciler trust`: whose signatures count, and since which commit."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from reconciler.cli import options, terminal
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, EXIT_ERROR
from reconciler.core.render.foreign import shown
from reconciler.services.releases.judging.trusting import Trusted

app = typer.Typer(
    help="Whose word counts for releases: show it, or accept what a commit says.",
    no_args_is_help=True,
)


@app.command(
    name="show",
    epilog="Example:\n\n  reconciler trust show --environment production",
)
def show(
    context: typer.Context,
    environment: options.Environments = None,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Show which commit is trusted, who may do what, and what the tip of the branch would change.

    A signature counts only if both allow it: the trusted commit, which is that of the newest
    accepted release tag, and the tip of the protected branch. So a person who is removed loses
    their say at once; one who is added has it after the next release.
    """
    session: Session = context.obj
    services = session.services
    grounds = services.releases.local_grounds()
    names = environment or [e.name for e in grounds.release_only_environments()]
    found = [services.releases.truster.show(grounds, grounds.release_only(name)) for name in names]
    if format is TextFormat.JSON:
        session.show_json({"formatVersion": "1.0", "trust": [_row(each) for each in found]})
    else:
        session.show("\n\n".join("\n".join(_lines(each)) for each in found))
    return EXIT_DONE


@app.command(
    name="accept",
    epilog="Example:\n\n  reconciler trust accept 4f1c2ab --environment production",
)
def accept(
    context: typer.Context,
    commit: Annotated[
        str, typer.Argument(metavar="COMMIT", help="A commit of the protected branch.")
    ],
    environment: options.Environment,
    auto_approve: options.AutoApprove = False,
) -> int:
    """Trust what a commit says of who may release, without waiting for the next release.

    Shows what would change and asks. It is written down with your name.
    """
    session: Session = context.obj
    services = session.services
    grounds = services.releases.remote_grounds()
    target = grounds.environment(environment)
    full = services.workspace.git.snapshot(commit).commit or ""
    truster = services.releases.truster
    change = truster.difference(grounds, target, full)
    session.show("\n".join(_change(change, full)))
    if not auto_approve and not terminal.agreed(f"Trust {full[:12]} for {environment}?"):
        return EXIT_ERROR
    truster.accept(target, full)
    session.show(f"Trusting {full[:12]} for {environment} from now on.")
    return EXIT_DONE


def _change(change: Trusted, commit: str) -> list[str]:
    if not change.differences:
        return [f"{commit[:12]} says the same of {change.environment} as what is trusted."]
    head = f"{commit[:12]} changes for {change.environment}:"
    return [head, *(f"  {shown(each)}" for each in change.differences)]


def _lines(found: Trusted) -> list[str]:
    record = found.record
    since = "nothing yet: the next promote or reconcile trusts the tip"
    if record is not None:
        since = f"{record.commit[:12]} since {record.since} ({record.by}: {record.reason})"
    lines = [f"{found.environment}: trusting {shown(since)}"]
    lines.append(f"  signatures: {found.keys.signatures}")
    for role, who in sorted(found.keys.roles.items()):
        where = "" if who.environments is None else f" (for {', '.join(who.environments)})"
        lines.append(f"  {shown(role)}: {', '.join(map(shown, who.members))}{where}")
        lines += [f"    {shown(one)} reviews as {shown(login)}" for one, login in who.accounts]
        lines += [f"    the check {shown(name)} of {shown(app)}" for name, app in who.checks]
    if found.differences:
        lines.append(f"  At the tip {found.tip[:12]}, not trusted yet:")
        lines += [f"    {shown(each)}" for each in found.differences]
    lines += [f"  Blocked: {shown(each)}" for each in found.problems]
    return lines


def _row(found: Trusted) -> dict[str, Any]:
    record = found.record
    return {
        "environment": found.environment,
        "commit": None if record is None else record.commit,
        "since": None if record is None else record.since,
        "by": None if record is None else record.by,
        "reason": None if record is None else record.reason,
        "tip": found.tip,
        "signatures": found.keys.signatures,
        "roles": {
            role: {
                "members": list(who.members),
                "environments": None if who.environments is None else list(who.environments),
                "via": list(who.via),
                "accounts": dict(who.accounts),
                "checks": [{"name": name, "app": app} for name, app in who.checks],
            }
            for role, who in sorted(found.keys.roles.items())
        },
        "differences": list(found.differences),
        "problems": list(found.problems),
    }
