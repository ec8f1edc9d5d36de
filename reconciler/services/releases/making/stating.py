"""What people state by tags: a release, an approval, a warning taken on, a hold and its end.

Every statement is checked by the code that judges it later before anybody else sees it. It must not
know how answers are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import NamedTuple

from reconciler.core import layout
from reconciler.core.errors import Conflict, Held, NotFound, UsageError
from reconciler.core.model import Environment, ResourceKey
from reconciler.core.names import nearest
from reconciler.core.printable import one_line
from reconciler.core.releases import approvals, names, statements
from reconciler.core.releases.evidence import SignatureFinding, counted
from reconciler.core.releases.model import Acknowledgement, Release, ReleaseName
from reconciler.core.releases.statements import Hold, Resume
from reconciler.core.releases.tags import parse_tag_object
from reconciler.core.releases.trust import RELEASE_MANAGER, Authority
from reconciler.ports import Clock, Commit, GitWriter
from reconciler.services.releases.judging.finding import Finder
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.judging.witnessing import Witness
from reconciler.services.releases.making.asking import refuse_text
from reconciler.services.releases.making.preparing import Preparer
from reconciler.services.releases.reading.grounds import Grounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A statement that was made: the full name of its ref, and whether it is signed.

    `notice` is what its maker should know, such as that signatures are optional.
    """

    ref: str
    commit: str
    signed: bool
    notice: str | None = None


class _Said(NamedTuple):
    """The message of a tag, and the roles whose word it needs."""

    text: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stater:
    """Makes release tags, approvals, acknowledgements and holds."""

    judge: TagJudge
    witness: Witness
    preparer: Preparer
    finder: Finder
    writer: GitWriter
    clock: Clock

    def make_release_tag(
        self, grounds: Grounds, name: ReleaseName, commit: str, text: str
    ) -> Stated:
        """Make the tag of a release and check that it counts."""
        said = _Said(text or f"Release {name}", (RELEASE_MANAGER,))
        return self._made(grounds, name.environment, grounds.tag_name(name), commit, said)

    def approve(self, grounds: Grounds, name: ReleaseName, role: str, text: str) -> Stated:
        """Approve a release in a role.

        Raises:
            UsageError: there is no such role for the environment, or no tag speaks for it.
        """
        refuse_text(text)
        standing = self.judge.standing(grounds, grounds.release_only(name.environment))
        known = standing.authority.roles(name.environment)
        if role not in known:
            raise UsageError(
                f'No role "{role}" for {name.environment}{nearest(role, known)}; '
                f"there are: {', '.join(known) or 'none'}."
            )
        via = standing.authority.via(role)
        if "tag" not in via:
            raise UsageError(
                f"A tag does not approve as {role}; what counts is: {' or '.join(via) or 'nothing'}"
                ", by both the trusted commit and the tip.",
                hint=f"`reconciler gates {name}` says how to give the approval.",
            )
        release, commit, _ = self.finder.find(grounds, name, standing)
        tag = self._free(grounds, standing, release, role)
        text = text or f"{name} is approved as {role}"
        body = f"{text}\n\nContent-Digest: {release.content_digest}"
        return self._made(grounds, name.environment, tag, commit, _Said(body, (role,)))

    def acknowledge(self, grounds: Grounds, name: ReleaseName, said: Acknowledgement) -> Stated:
        """Take responsibility for a warning: on the branch before the merge, by a tag after it."""
        refuse_text(said.reason)
        standing = self.judge.standing(grounds, grounds.release_only(name.environment))
        release, commit, merged = self.finder.find(grounds, name, standing)
        if not merged:
            return self._on_branch(grounds, release, commit, said)
        prefix = names.acknowledgement_prefix(name)
        numbers = [
            found.number
            for tag in self._taken(grounds, prefix)
            if (found := names.parse_acknowledgement(tag)) is not None
        ]
        tag = names.acknowledgement_tag(name, names.next_number(numbers))
        body = statements.acknowledgement_message(name, said)
        said_by = _Said(body, (RELEASE_MANAGER,))
        return self._made(grounds, name.environment, tag, commit, said_by)

    def hold(self, grounds: Grounds, environment: Environment, hold: Hold) -> Stated:
        """Hold an environment, or one of its releases."""
        refuse_text(hold.reason)
        authority, _ = self.judge.authority(grounds, environment)
        body = statements.hold_message(environment.name, hold)
        roles = authority.roles(environment.name) or (RELEASE_MANAGER,)
        return self._hold(grounds, environment, _Said(body, roles))

    def holds(
        self, grounds: Grounds, environment: Environment, version: str | None
    ) -> tuple[str, ...]:
        """Return the tags that hold an environment, or one of its releases."""
        standing = self.judge.standing(grounds, environment)
        active = self.witness.holds(grounds, standing, datetime.fromisoformat(self.clock.now()))
        return tuple(h.name for h in active if version in (None, h.hold.version))

    def resume(
        self, grounds: Grounds, environment: Environment, version: str | None, reason: str | None
    ) -> tuple[Stated, tuple[str, ...]]:
        """End the holds of an environment, or those of one of its releases.

        Raises:
            NotFound: nothing is held.
        """
        refuse_text(reason or "")
        ended = self.holds(grounds, environment, version)
        if not ended:
            raise NotFound(f"Nothing holds {environment.name}.")
        body = statements.resume_message(environment.name, Resume(holds=ended, reason=reason))
        return self._hold(grounds, environment, _Said(body, (RELEASE_MANAGER,))), ended

    def _hold(self, grounds: Grounds, environment: Environment, said: _Said) -> Stated:
        numbers = [
            found.number
            for tag in self._taken(grounds, names.hold_prefix(environment.name))
            if (found := names.parse_hold(tag)) is not None
        ]
        tag = names.hold_tag(environment.name, names.next_number(numbers))
        return self._made(grounds, environment.name, tag, grounds.tip, said)

    def _taken(self, grounds: Grounds, prefix: str) -> set[str]:
        """Return the names of tags in use, here and at the remote."""
        here = {ref.name for ref in grounds.workspace.git.tags(fetched=False)}
        return {name for name in here | set(grounds.tags) if name.startswith(prefix)}

    def _free(self, grounds: Grounds, standing: Standing, release: Release, role: str) -> str:
        """Return a name for an approval: the plain one, or one beside those that are there.

        Raises:
            Conflict: the plain name is taken; a ref cannot be a tag and the folder of others.
        """
        plain = names.approval_tag(release.name, role)
        taken = {t for t in self._taken(grounds, plain) if t == plain or t.startswith(f"{plain}/")}
        if plain in taken:
            raise self._approved(grounds, standing, release, plain)
        if not taken:
            return plain
        numbered = (names.approval_tag(release.name, role, str(n)) for n in count(1))
        return next(tag for tag in numbered if tag not in taken)

    def _approved(
        self, grounds: Grounds, standing: Standing, release: Release, tag: str
    ) -> Conflict:
        """Return the error for an approval that is there, and says whether it counts."""
        grounds = grounds.with_own(tag)
        for evidence in self.witness.approval_evidence(grounds, standing, release):
            found = approvals.judge_approval(evidence)
            if evidence.tag.name == tag and not found.accepted:
                return Conflict(
                    f"{tag} is there already and does not count: {found.reason}",
                    hint=f"Delete it (`git tag --delete {tag}`; `git push --delete origin {tag}`) "
                    "and approve again.",
                )
        return Conflict(f"{tag} is there already, and counts.")

    def _made(
        self, grounds: Grounds, environment: str, tag: str, commit: str, said: _Said
    ) -> Stated:
        """Make a tag; one that would not count is taken back.

        Raises:
            Held: the key it was signed with gives no right to say this.
        """
        authority, _ = self.judge.authority(grounds, grounds.environment(environment))
        required = authority.signature_required
        made = self.writer.make_tag(tag, commit, said.text, sign=True if required else None)
        finding = self._finding(grounds, authority, made.oid, said.roles, environment)
        if required and finding.who is None:
            self.writer.remove_tag(tag, made.oid)
            who = ", ".join(sorted(_members(authority, said.roles, environment))) or "nobody"
            raise Held(
                f"{tag} was not made: {finding.reason or 'the signature does not count'}.",
                hint=f"It must be signed by {' or '.join(said.roles)} of {environment}: {who}.",
            )
        notice = None
        if finding.who is None:
            reason = f" ({finding.reason})" if finding.reason else ""
            notice = f"{tag} counts as unsigned{reason}, which is enough: signatures are optional."
        return Stated(ref=f"refs/tags/{tag}", commit=commit, signed=made.signed, notice=notice)

    def _finding(
        self,
        grounds: Grounds,
        authority: Authority,
        oid: str,
        roles: tuple[str, ...],
        environment: str,
    ) -> SignatureFinding:
        data = grounds.workspace.git.tag_objects([oid])[oid]
        tag = parse_tag_object(oid, data)
        if isinstance(tag, str):
            return SignatureFinding(reason=tag)
        found = self.judge.signature(authority, tag, self.clock.now())
        return counted(found, authority, roles, environment)

    def _on_branch(
        self, grounds: Grounds, release: Release, commit: str, said: Acknowledgement
    ) -> Stated:
        kept = [each for each in release.acknowledgements if each.about != said.about]
        changed = replace(release, acknowledgements=(*kept, said))
        branch = names.branch_name(grounds.pipeline.branch_format, release.name)
        path = layout.release_file(release.environment, release.version)
        made = self.writer.commit_files(
            Commit(
                branch=branch,
                message=f"Acknowledge {said.code} {said.subject}\n\n{said.reason}\n",
                files={path: self.preparer.manifests.write_release(changed)},
                parent=commit,
                expected=self.writer.branch_commit(branch),
            )
        )
        return Stated(ref=f"refs/heads/{branch}", commit=made, signed=False)


def _members(authority: Authority, roles: tuple[str, ...], environment: str) -> set[str]:
    return {who for role in roles for who in authority.members(role, environment)}


def subject_key(text: str) -> ResourceKey:
    """Read the subject of a message, `kind/name`.

    Raises:
        UsageError: it is something else.
    """
    kind, slash, name = text.partition("/")
    if not (slash and kind and name):
        raise UsageError(f'"{one_line(text[:100])}" names no subject.', hint="Write KIND/NAME.")
    return ResourceKey(kind, name)
