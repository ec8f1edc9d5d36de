"""What the release commands have in common: their grounds, their answers, pushing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

import typer

from reconciler.cli import opening, options, terminal
from reconciler.cli.opening import NOT_ASKED, Opened, Share
from reconciler.cli.options import TextFormat
from reconciler.cli.session import Session
from reconciler.core.errors import EXIT_DONE, NotFound, UsageError
from reconciler.core.gates.model import Verdict
from reconciler.core.model import Environment, Mode
from reconciler.core.render import gates as render_gates
from reconciler.core.render import json as render_json
from reconciler.core.render import previews
from reconciler.core.render import text as render_text
from reconciler.core.render.pages import Preview
from reconciler.services.releases.making.asking import Ask
from reconciler.services.releases.making.drafting import Draft
from reconciler.services.releases.making.preparing import Prepared
from reconciler.services.releases.making.stating import Stated
from reconciler.services.releases.reading.grounds import Grounds

NOTHING = "Nothing to release: {} has this content already."


class PreviewFormat(StrEnum):
    """How a preview can be shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


PreviewFormats = Annotated[PreviewFormat, typer.Option("--format", help=options.FORMAT_HELP)]


def grounds(session: Session) -> Grounds:
    """Ask the remote what there is, and pass its notices on."""
    found = session.services.releases.remote_grounds()
    for notice in found.chosen.notices:
        session.note(notice)
    return found


def target(found: Grounds, text: str) -> tuple[Environment, str | None]:
    """Return the environment that is meant, and the version where one of its releases is."""
    if "/" not in text:
        return found.release_only(text), None
    name = found.named(text)
    return found.release_only(name.environment), name.version


def lift(session: Session, found: Grounds, name: str, reason: str | None) -> bool:
    """End the hold of the store; return whether nothing else holds the environment.

    Raises:
        NotFound: nothing holds an environment that no tag could hold.
    """
    environment = found.environment(name)
    lifted = session.services.holds.lift(environment.name, reason)
    if lifted is not None:
        session.show(f"{name} is resumed; ended the hold of {lifted.actor}: {lifted.reason}")
    if environment.mode is Mode.RELEASE_ONLY:
        stater = session.services.releases.stater
        return lifted is not None and not stater.holds(found, environment, None)
    if lifted is None:
        raise NotFound(f"Nothing holds {name}.")
    return True


def versions_of(given: Iterable[str], to: str) -> tuple[str | None, dict[str, str]]:
    """Return the version for the environment itself, and those for others (`staging=1.5.1`).

    Raises:
        UsageError: one environment gets two.
    """
    found: dict[str, str] = {}
    for text in given:
        environment, equals, version = text.partition("=")
        name = environment if equals else to
        if name in found:
            raise UsageError(f"--version is given twice for {name}.")
        found[name] = version if equals else text
    return found.pop(to, None), found


def acknowledged(given: Iterable[str]) -> dict[tuple[str, str | None], str]:
    """Read `CODE[@KIND/NAME]=REASON`.

    Raises:
        UsageError: one is of another form.
    """
    found: dict[tuple[str, str | None], str] = {}
    for text in given:
        about, equals, reason = text.partition("=")
        code, at, subject = about.partition("@")
        if not (equals and code and reason.strip()) or (at and not subject):
            raise UsageError(
                f"--acknowledge {text[:100]!r} is not understood.",
                hint="Write CODE=REASON or CODE@KIND/NAME=REASON.",
            )
        found[code, subject.lower() if at else None] = reason.strip()
    return found


def create(
    session: Session, ask: Ask, *, source: str | None, share: Share, format: TextFormat
) -> int:
    """Draft a release and commit it on its branch."""
    found = grounds(session)
    drafts = session.services.releases.drafts(found, ask, source)
    title = f"Release {drafts[0].release.name}"
    return _commit(session, found, drafts, title, share=share, format=format)


def preview(session: Session, ask: Ask, *, source: str | None, format: PreviewFormat) -> int:
    """Show what a release would do that is not made yet."""
    found = grounds(session)
    draft = session.services.releases.drafts(found, ask, source)[0]
    if draft.is_nothing and format is not PreviewFormat.JSON:
        session.show(NOTHING.format(ask.to))
        return EXIT_DONE
    return _show(session, draft, _verdict(session, found, draft), format)


def preview_made(session: Session, text: str, format: PreviewFormat) -> int:
    """Show what a release does that is made already."""
    found = grounds(session)
    releases = session.services.releases
    name = found.named(text)
    draft = releases.finder.made(found, name)
    judged, _ = releases.finder.gates(found, name)
    return _show(session, draft, judged.verdict, format)


def rollback(session: Session, text: str, ask: Ask, *, share: Share, format: TextFormat) -> int:
    """Prepare a release of an older content."""
    found = grounds(session)
    releases = session.services.releases
    name = found.named(text)
    draft = releases.preparer.rollback(found, name, ask.version, ask)
    title = f"Roll back {name.environment} to {name.version} as {draft.release.version}"
    return _commit(session, found, (draft,), title, share=share, format=format)


def _commit(
    session: Session,
    found: Grounds,
    drafts: Sequence[Draft],
    title: str,
    *,
    share: Share,
    format: TextFormat,
) -> int:
    """Commit drafts on their branch, unless there is nothing to release."""
    draft, releases = drafts[0], session.services.releases
    if draft.is_nothing:
        return nothing(session, draft, format)
    refuse_unused(draft)
    opener = opening.opener(session, share)
    prepared = releases.preparer.commit(found, drafts, title)
    if share is not Share.STAYS:
        releases.writer.push([f"refs/heads/{prepared.branch}"], force=True)
    opened = opening.of_drafts(session, opener, found, drafts, prepared, title)
    verdict = _verdict(session, found, draft)
    if format is TextFormat.JSON:
        session.show_json(_made(draft, verdict, prepared, opened))
        return opened.exit_code
    session.show(_text(session, draft, verdict))
    _tell(session, prepared, drafts, opened, is_shared=share is not Share.STAYS)
    _offer(session, draft)
    if opened.error is not None:
        raise opened.error
    return EXIT_DONE


def _offer(session: Session, draft: Draft) -> None:
    """Offer to give a secret that is missing, or say where to."""
    environment = draft.environment
    here = session.services.releases.drafter.knows(draft.live) and terminal.is_interactive()
    for each in draft.configuration:
        stored = environment.secrets.get(each.name, {}).get("from") == "store"
        if each.kind != "Secret" or not stored:
            continue
        value = terminal.secret(each.name, environment.name) if here else ""
        if value:
            session.services.secrets.set(environment.name, each.name, value)
            session.note(f"Stored {each.name} for {environment.name}.")
        else:
            command = f"reconciler secret set {each.name} --environment {environment.name}"
            session.note(f"Where the store of {environment.name} is: {command}")


def nothing(session: Session, draft: Draft, format: TextFormat) -> int:
    """Say that there is nothing to release."""
    if format is TextFormat.JSON:
        session.show_json(_made(draft, None, None, NOT_ASKED))
    else:
        session.show(NOTHING.format(draft.release.environment))
    return EXIT_DONE


def refuse_unused(draft: Draft) -> None:
    """Refuse acknowledgements of what nobody warns of: a typing mistake would hold the release.

    Raises:
        UsageError: names them.
    """
    if draft.unused:
        raise UsageError(
            f"{draft.release.name} has no such warning: {', '.join(draft.unused)}.",
            hint=f"`reconciler release preview --to {draft.release.environment}` lists them.",
        )


def tag(session: Session, text: str, message: str, *, push: bool) -> int:
    """Check and make the tag of a release."""
    found = grounds(session)
    releases = session.services.releases
    stater, finder = releases.stater, releases.finder
    name = found.named(text)
    judged, commit = finder.tag(found, name, message)
    session.show(render_text.plan(session.masked(judged.plan), session.style))
    said = message or judged.release.description
    stated_tag = stater.make_release_tag(found, name, commit, said)
    again, _ = finder.gates(found.with_own(found.tag_name(name)), name)
    session.show("\n" + render_gates.gates_text(session.masked(again.verdict), session.style))
    session.show(f"\n{found.tag_name(name)} is made on {commit[:12]}.")
    return stated(session, [stated_tag], push=push)


def stated(session: Session, many: Sequence[Stated], *, push: bool) -> int:
    """Push what was stated, or say how to."""
    refs = [each.ref for each in many]
    for each in many:
        if each.notice:
            session.note(each.notice)
    if push:
        session.services.releases.writer.push(refs)
        session.show(f"Pushed {', '.join(_short(ref) for ref in refs)}.")
    elif session.services.workspace.git.remote_url() is not None:
        session.show(f"It counts once it is pushed. Next: git push origin {' '.join(refs)}")
    return EXIT_DONE


def _short(ref: str) -> str:
    return ref.removeprefix("refs/tags/").removeprefix("refs/heads/")


def _tell(
    session: Session,
    prepared: Prepared,
    drafts: Iterable[Draft],
    opened: Opened,
    *,
    is_shared: bool,
) -> None:
    state = "is on" if prepared.is_new else "was already on"
    name, branch = prepared.draft.release.name, prepared.branch
    session.show(f"\n{name} {state} the branch {branch} ({prepared.commit[:12]}).")
    for notice in prepared.draft.notices:
        session.note(notice)
    remote = session.services.workspace.git.remote_url() is not None
    steps = [f"git push origin refs/heads/{branch}"] if remote and not is_shared else []
    steps.append(opening.merging(opened) if remote else f"merge {branch}")
    end = " --push" if remote else ""
    steps += [f"reconciler release tag {draft.release.name}{end}" for draft in drafts]
    session.show("Next: " + "; then ".join(steps) + ".")


def _verdict(session: Session, found: Grounds, draft: Draft) -> Verdict:
    releases = session.services.releases
    standing = releases.judge.standing(found, draft.environment)
    return releases.keeper.judged(found, standing, draft.release, draft.loaded).verdict


def _answer(draft: Draft, verdict: Verdict | None) -> render_json.Answer:
    row = previews.as_json(_preview(draft, verdict))
    return {"formatVersion": render_json.FORMAT_VERSION, "plans": [row]}


def _made(
    draft: Draft, verdict: Verdict | None, prepared: Prepared | None, opened: Opened
) -> render_json.Answer:
    answer = _answer(draft, verdict)
    answer["branch"] = None if prepared is None else prepared.branch
    answer["commit"] = None if prepared is None else prepared.commit
    answer["pullRequest"] = opened.url
    if opened.error is not None:
        answer["errors"] = render_json.errors([opened.error])
    return answer


def _show(session: Session, draft: Draft, verdict: Verdict, format: PreviewFormat) -> int:
    if format is PreviewFormat.JSON:
        session.show_json(_answer(draft, verdict))
    elif format is PreviewFormat.MARKDOWN:
        session.show(previews.as_markdown(session.masked(_preview(draft, verdict))))
    else:
        session.show(_text(session, draft, verdict))
    return EXIT_DONE


def _text(session: Session, draft: Draft, verdict: Verdict) -> str:
    return previews.text(session.masked(_preview(draft, verdict)), session.style)


def _preview(draft: Draft, verdict: Verdict | None) -> Preview:
    return Preview(
        plan=draft.plan,
        release=draft.release,
        commits=draft.commits,
        missing=[(each.kind, each.name, each.missing) for each in draft.configuration],
        verdict=verdict,
    )
