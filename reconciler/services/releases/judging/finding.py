"""Finds releases that are made, and judges them: merged or not, tagged or not.

It writes nothing and must not know how statements are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.core.errors import Conflict, Held, NotFound
from reconciler.core.gates.model import GateName, GateState
from reconciler.core.messages.review import Message, Severity
from reconciler.core.model import Environment
from reconciler.core.names import nearest
from reconciler.core.printable import one_line
from reconciler.core.releases.model import Release, ReleaseName
from reconciler.services.releases.judging import checking
from reconciler.services.releases.judging.gating import GateKeeper, Judged
from reconciler.services.releases.judging.standing import Standing
from reconciler.services.releases.judging.tagging import TagJudge
from reconciler.services.releases.making.asking import refuse_text
from reconciler.services.releases.making.drafting import Draft
from reconciler.services.releases.making.preparing import Preparer
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds

# What no time and no person can open: a tag on it would only be refused or blocked for ever.
_FINAL = (GateName.VERSION_INCREASES, GateName.PLAN_UNCHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds releases, and says how each stands."""

    catalog: Catalog
    judge: TagJudge
    keeper: GateKeeper
    preparer: Preparer

    def find(
        self, grounds: Grounds, name: ReleaseName, standing: Standing
    ) -> tuple[Release, str, bool]:
        """Return a release, the commit that holds it, and whether it is merged.

        Raises:
            NotFound: it is neither on the protected branch nor on a branch of its own.
        """
        tag = standing.tag(name)
        if tag is not None and tag.release is not None and tag.commit is not None:
            return tag.release, tag.commit, True
        commit = self.catalog.introduced(grounds.tip, name)
        if commit is not None:
            release = self.catalog.release(self.catalog.at(commit), name)
            if release is not None:
                return release, commit, True
        found = self.preparer.on_branch(grounds, name)
        if found is not None:
            return found[1], found[0], False
        known = self.catalog.readable(grounds.snapshot, name.environment)[0]
        raise NotFound(
            f"There is no release {name}{nearest(name.version, known)}.",
            hint=f"`reconciler release create --to {name.environment} --version {name.version}` "
            "makes it.",
        )

    def refuse_unknown(self, grounds: Grounds, environment: Environment, version: str) -> None:
        """Refuse a release that is not made.

        Raises:
            NotFound: there is none of that version.
        """
        standing = self.judge.standing(grounds, environment)
        self.find(grounds, ReleaseName(environment.name, version), standing)

    def made(self, grounds: Grounds, name: ReleaseName) -> Draft:
        """Draft again a release that is made: what it would do now."""
        standing = self.judge.standing(grounds, grounds.release_only(name.environment))
        release, commit, _ = self.find(grounds, name, standing)
        drafter = self.preparer.drafter
        return drafter.made(grounds, standing.environment, standing.live, release, commit)

    def refuse_untagged(self, grounds: Grounds, name: ReleaseName) -> None:
        """Refuse to go on with a release that has no tag and is not live.

        Raises:
            NotFound: it has none; says how to make it.
        """
        tag = grounds.tag_name(name)
        live = self.judge.store.live(name.environment)
        if tag in grounds.tags or (live is not None and live.version == name.version):
            return
        raise NotFound(
            f"There is no tag {tag}.",
            hint=f"Run `reconciler release tag {name} --push` when its pull request is merged.",
        )

    def gates(
        self, grounds: Grounds, name: ReleaseName, at: datetime | None = None
    ) -> tuple[Judged, Standing]:
        """Judge the gates of a release that is made, tagged or not."""
        standing = self.judge.standing(grounds, grounds.release_only(name.environment))
        release, commit, _ = self.find(grounds, name, standing)
        loaded = self.catalog.content(self.catalog.at(commit), standing.environment)
        return self.keeper.judged(grounds, standing, release, loaded, at), standing

    def tag(self, grounds: Grounds, name: ReleaseName, message: str | None) -> tuple[Judged, str]:
        """Check everything that a release tag needs; return the gates, and the commit to tag.

        Raises:
            Held: it is not merged, does not fit, or can never be promoted.
            Conflict: there is an accepted tag of this name already.
        """
        judged, standing = self.gates(grounds, name)
        refuse_text(message or "")
        tag, live = grounds.tag_name(name), standing.live
        if live is not None and live.version == name.version and live.from_store:
            raise Conflict(f"{name} is live already: its tag is {live.tag or tag}.")
        _, commit, merged = self.find(grounds, name, standing)
        branch = grounds.pipeline.protected_branch
        if not merged:
            raise Held(
                f"{name} is not merged: {branch} does not hold its manifest.",
                hint=f"Merge its branch into {branch}, then tag it.",
            )
        here = standing.tag(name)
        if here is not None and here.judgement.accepted:
            raise Conflict(f"{name} has its tag {tag} already; it points to {commit[:12]}.")
        _, problem = checking.at_commit(self.catalog, grounds, standing.environment, name, commit)
        if problem is not None:
            raise Held(problem, hint=f"Make the release anew with a higher version than {name}.")
        for gate in judged.verdict.gates:
            if gate.name in _FINAL and gate.state is GateState.BLOCKED:
                raise Held(f"{name} can never be promoted: {gate.reason}.")
        return judged, commit

    def warning(self, grounds: Grounds, name: ReleaseName, code: str, subject: str) -> Message:
        """Return the warning of a release that is meant.

        Raises:
            NotFound: the release has no such warning; those that it has are named.
        """
        judged, _ = self.gates(grounds, name)
        found = [m for m in judged.plan.messages if m.severity is Severity.WARNING]
        for message in found:
            if message.code == code and str(message.subject).lower() == subject.lower():
                return message
        listed = ", ".join(f"{m.code} {m.subject}" for m in found) or "none"
        raise NotFound(f"{name} has no warning {code} {one_line(subject)}; warnings: {listed}.")
