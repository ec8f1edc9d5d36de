"""`reconciler release`: make, preview, tag and approve releases, and hold them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli import completing, options, releasing
from reconciler.cli.commands import release_propose
from reconciler.cli.opening import Open, Share
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, UsageError
from reconciler.core.releases import statements
from reconciler.core.releases.model import Acknowledgement, ReleaseType
from reconciler.core.releases.statements import Hold
from reconciler.services.releases.making import contents
from reconciler.services.releases.making.asking import Ask

app = typer.Typer(
    help="Make, preview, tag, approve and hold releases. RELEASE is written ENVIRONMENT/VERSION, "
    "such as staging/1.4.0.\n\nThe way of a release: `release create` puts it on a branch; merge "
    "its pull request; `release tag` makes the signed tag; `reconciler promote` or the scheduled "
    "`reconciler reconcile` deploys it when its gates are open.",
    no_args_is_help=True,
)

Release = Annotated[
    str, typer.Argument(metavar="RELEASE", help="ENVIRONMENT/VERSION, or the release's tag.")
]
To = Annotated[
    str,
    typer.Option(
        metavar="E",
        help="The environment to release to.",
        autocompletion=completing.environments,
    ),
]
Versions = Annotated[
    list[str] | None,
    typer.Option(
        "--version",
        metavar="V",
        help="The new version. Default: that of the source, else the next one. ENVIRONMENT=V gives "
        "that of another environment which a hotfix reaches; repeatable.",
    ),
]


class Made(StrEnum):
    """The types that are made here; others come from `rollback` and `import`."""

    REGULAR = "regular"
    HOTFIX = "hotfix"
    WARMFIX = "warmfix"


Type = Annotated[Made, typer.Option("--type", help="What for; it decides which gates are asked.")]
Description = Annotated[str, typer.Option(metavar="TEXT", help="What people should know of it.")]
ContentOf = Annotated[
    str | None,
    typer.Option(
        "--content", metavar="VERSION", help="Take what this earlier release of the source held."
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(metavar="KIND/NAME", help="Only this resource; repeatable."),
]
Supersede = Annotated[
    bool, typer.Option("--supersede", help="Replace a release that is merged and not live yet.")
]
Acknowledge = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CODE[@KIND/NAME]=REASON",
        help="Go on in spite of a warning, and say why; repeatable.",
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="REF", help="Where a hotfix is written; default: the working tree."
    ),
]
Push = Annotated[bool, typer.Option("--push", help="Send the branch or tag to the remote.")]
Message = Annotated[str, typer.Option("--message", metavar="TEXT", help="The tag's message.")]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why.")]
Until = Annotated[
    str | None, typer.Option(metavar="DATE", help="The last day (YYYY-MM-DD) or a moment.")
]


@app.command(
    epilog="Examples:\n\n  reconciler release create --to staging --version 1.4.0 "
    '--description "Deals both ways" --push\n\n  reconciler release create --to production '
    '--type hotfix --version 1.4.1 --description "Orders were sent twice" --open',
)
def create(
    context: typer.Context,
    to: To,
    version: Versions = None,
    description: Description = "",
    type: Type = Made.REGULAR,
    content: ContentOf = None,
    only: Only = None,
    source: From = None,
    supersede: Supersede = False,
    acknowledge: Acknowledge = None,
    push: Push = False,
    open: Open = False,
    format: options.TextFormats = TextFormat.TEXT,
) -> int:
    """Commit a release on a branch of its own; what you have checked out stays as it is.

    It takes the content of the environment before: the protected branch's tip of an editable one,
    what is live in a release-only one. A hotfix is written into the folder of --to and merged into
    the environments before it. The same command again makes the branch anew.
    """
    session: Session = context.obj
    ask = _ask(to, version, type, description, content, only, acknowledge, supersede=supersede)
    share = Share.of(push=push, open=open)
    return releasing.create(session, ask, source=source, share=share, format=format)


@app.command(
    epilog="Examples:\n\n  reconciler release preview --to staging\n\n"
    "  reconciler release preview staging/1.4.0 --format markdown",
)
def preview(
    context: typer.Context,
    release: Annotated[
        str | None, typer.Argument(metavar="RELEASE", help="A release that is made already.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="E", help="Where to, for one that is not made yet.")
    ] = None,
    version: Versions = None,
    type: Type = Made.REGULAR,
    content: ContentOf = None,
    only: Only = None,
    source: From = None,
    format: releasing.PreviewFormats = releasing.PreviewFormat.TEXT,
) -> int:
    """Show what a release would do: changes, messages, users, commits, gates. Writes nothing."""
    session: Session = context.obj
    if (release is None) == (to is None):
        raise UsageError("Say which release: RELEASE, or --to E for one that is not made yet.")
    if release is not None:
        return releasing.preview_made(session, release, format)
    ask = _ask(to or "", version, type, "", content, only, None, supersede=True)
    return releasing.preview(session, ask, source=source, format=format)


release_propose.mount(app)


@app.command(epilog="Example:\n\n  reconciler release tag staging/1.4.0 --push")
def tag(context: typer.Context, release: Release, message: Message = "", push: Push = False) -> int:
    """Check a merged release as a promotion would, show its plan and gates, and make its tag.

    The tag is signed with your git settings: gpg.format ssh and user.signingKey. Only a release
    manager's tag counts where signatures are required. Gates that wait do not stop the tag: it is
    kept and promoted when they open.
    """
    return releasing.tag(context.obj, release, message, push=push)


@app.command(epilog="Example:\n\n  reconciler release approve staging/1.4.0 --role qa --push")
def approve(
    context: typer.Context,
    release: Release,
    role: Annotated[
        str, typer.Option(metavar="ROLE", help="One of your roles: tests, qa, release-manager.")
    ],
    message: Message = "",
    push: Push = False,
) -> int:
    """Approve a release in a role, by a signed tag on the commit that holds it.

    It may be given before the merge or after it; it stays good as long as the content is the same.
    """
    session: Session = context.obj
    releases = session.services.releases
    grounds = releasing.grounds(session)
    name = grounds.named(release)
    stated = releases.stater.approve(grounds, name, role, message)
    session.show(f"{name} is approved as {role}.")
    return releasing.stated(session, [stated], push=push)


@app.command(
    epilog="Example:\n\n  reconciler release acknowledge production/1.4.0 UserSettingRemoved "
    'Workflow/sync-contacts --reason "Users were told" --until 2026-12-31 --push',
)
def acknowledge(
    context: typer.Context,
    release: Release,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code of the warning.")],
    subject: Annotated[str, typer.Argument(metavar="KIND/NAME", help="What it is about.")],
    reason: Reason,
    until: Until = None,
    push: Push = False,
) -> int:
    """Say why a release may go on in spite of a warning, which holds its promotion until then.

    Before the merge it is written on the release's branch; afterwards it is a release manager's
    signed tag. It lapses when the change behind the warning changes, or after --until.
    `release preview` prints this command beside each warning.
    """
    session: Session = context.obj
    releases = session.services.releases
    stater = releases.stater
    grounds = releasing.grounds(session)
    name = grounds.named(release)
    refuse_until(session, until)
    refuse_blank(reason)
    warning = releases.finder.warning(grounds, name, code, subject)
    said = Acknowledgement(
        code=warning.code,
        subject=warning.subject,
        fingerprint=warning.fingerprint,
        reason=reason,
        until=until,
    )
    stated = stater.acknowledge(grounds, name, said)
    session.show(f"{warning.code} {warning.subject} is acknowledged for {name}.")
    return releasing.stated(session, [stated], push=push)


Target = Annotated[
    str, typer.Argument(metavar="E|RELEASE", help="An environment, or one of its releases.")
]


@app.command(
    epilog='Example:\n\n  reconciler release hold production --reason "Trade fair" '
    "--until 2026-11-25 --push",
)
def hold(
    context: typer.Context, target: Target, reason: Reason, until: Until = None, push: Push = False
) -> int:
    """Hold an environment, or one of its releases: nothing is promoted until it is resumed.

    Anybody with a role may hold. A rollback is held too.
    """
    session: Session = context.obj
    grounds = releasing.grounds(session)
    environment, version = releasing.target(grounds, target)
    refuse_until(session, until)
    refuse_blank(reason)
    if version is not None:
        session.services.releases.finder.refuse_unknown(grounds, environment, version)
    said = Hold(reason=reason, until=until, version=version)
    stated = session.services.releases.stater.hold(grounds, environment, said)
    session.show(f"{target} is held: {reason}")
    return releasing.stated(session, [stated], push=push)


@app.command(epilog="Example:\n\n  reconciler release resume production --push")
def resume(
    context: typer.Context,
    target: Target,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    push: Push = False,
) -> int:
    """End the holds of an environment, or of one of its releases.

    Those by tags are ended by a second signed tag, of a release manager. The hold that restoring a
    backup placed stands in the store and needs none; an editable environment has only that.
    """
    session: Session = context.obj
    refuse_blank(reason)
    grounds = releasing.grounds(session)
    if "/" not in target and releasing.lift(session, grounds, target, reason):
        return EXIT_DONE
    environment, version = releasing.target(grounds, target)
    stater = session.services.releases.stater
    stated, ended = stater.resume(grounds, environment, version, reason)
    session.show(f"{target} is resumed; ended: {', '.join(ended)}")
    return releasing.stated(session, [stated], push=push)


def refuse_until(session: Session, until: str | None) -> None:
    """Refuse what is neither a day nor a moment, or is over already.

    Raises:
        UsageError: says what is wanted.
    """
    if until is None:
        return
    if statements.until_problem(until) is not None:
        raise UsageError(
            f"--until {until[:50]!r} is neither a day, like 2026-12-31, nor a moment, like "
            "2026-12-31T12:00:00+01:00."
        )
    now = datetime.fromisoformat(session.services.clock.now())
    # A day lasts until it is over everywhere.
    end = datetime.fromisoformat(until if "T" in until else f"{until}T23:59:59-12:00")
    if end < now:
        raise UsageError(f"--until {until} is over already.")


def refuse_blank(reason: str | None) -> None:
    """Refuse a reason that says nothing.

    Raises:
        UsageError: it is empty.
    """
    if reason is not None and not reason.strip():
        raise UsageError("--reason is empty; say why.")


def _ask(
    to: str,
    version: list[str] | None,
    type: Made,
    description: str,
    content: str | None,
    only: list[str] | None,
    acknowledge: list[str] | None,
    *,
    supersede: bool,
) -> Ask:
    own, others = releasing.versions_of(version or [], to)
    return Ask(
        to=to,
        version=own,
        versions=others,
        type=ReleaseType(type.value),
        description=description,
        content=content,
        only=tuple(contents.resource_key(text) for text in only or ()),
        supersede=supersede,
        acknowledged=releasing.acknowledged(acknowledge or []),
    )
