"""Writes down what the store must remember of tags: when each was seen, accepted, refused, gone.

What it tells is told once to a scheduled job. It must not know gates, nor deploy anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.core.forge.records import ForgeEvidence
from reconciler.core.model import Environment
from reconciler.core.releases import names, versions
from reconciler.core.releases.model import ReleaseName
from reconciler.core.releases.records import BEFORE_STORE, SeenTag, TagState, Trust
from reconciler.ports import Clock, Store
from reconciler.services.releases.judging.standing import JudgedTag, Standing
from reconciler.services.releases.reading.grounds import Grounds, who_keys
from reconciler.services.releases.reading.live import WAS_LIVE

SUPERSEDED = "a higher version is live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Remembers tags and the trusted commit of each environment."""

    store: Store
    clock: Clock
    actor: str

    def begin(self, grounds: Grounds, environment: Environment) -> tuple[str, ...]:
        """Remember tags never seen before, and trust the tip where no commit is trusted yet.

        Returns sentences: what is trusted from now on, and by whose word releases count.
        """
        self._see(grounds, environment)
        if self.store.trust(environment.name) is not None:
            return ()
        reason = "the protected branch's tip when this store first read it"
        self.trust(environment.name, grounds.tip, reason)
        keys = who_keys(grounds.chosen, environment.name)
        roles = "; ".join(
            f"{role}: {', '.join(who.members)}" for role, who in sorted(keys.roles.items())
        )
        branch, tip = grounds.pipeline.protected_branch, grounds.tip[:12]
        who = roles or "no roles"
        return (f"Trusting {branch} at {tip} for {environment.name} from now on ({who}).",)

    def keep(self, name: ReleaseName, evidence: Sequence[ForgeEvidence] | None) -> None:
        """Remember which reviews and checks of a release count now; None: nobody looked."""
        if evidence is not None:
            self.store.keep_forge_evidence(name.environment, name.version, evidence)

    def accept(self, standing: Standing) -> tuple[str, ...]:
        """Pin accepted tags to their objects.

        Returns what is worth telling of those that are accepted for the first time.
        """
        told = []
        for tag in standing.tags:
            if tag.judgement.accepted:
                is_new = tag.known is None or not tag.known.pinned
                if is_new and tag.judgement.notice is not None:
                    told.append(f"{tag.ref.name}: {tag.judgement.notice}")
                self.judge(tag, TagState.ACCEPTED, None, reported=True)
        return tuple(told)

    def follow(self, grounds: Grounds, standing: Standing) -> bool:
        """Trust the commit of the release that is live from now on; say whether that is news.

        Not before it is live: until then it is judged by the rules that were there before it, or a
        release that waits could drop the approvals that it waits for.
        """
        live, trusted = standing.live, standing.trusted
        if live is None or not live.from_store or live.tag is None or live.commit == trusted:
            return False
        git = grounds.workspace.git
        if trusted is not None and not (
            git.exists(live.commit) and git.is_ancestor(trusted, live.commit)
        ):
            return False
        self.trust(standing.environment.name, live.commit, f"{live.tag} is accepted and live")
        return True

    def judge(self, tag: JudgedTag, state: TagState, reason: str | None, *, reported: bool) -> None:
        """Write down what became of a tag."""
        self.store.judge_tag(tag.ref.name, tag.ref.oid, state, reason, reported=reported)

    def gone(self, grounds: Grounds, standing: Standing) -> tuple[str, ...]:
        """Return a sentence for each accepted tag that was deleted, once."""
        told = []
        for seen in standing.seen:
            if not seen.pinned or seen.deletion_reported or seen.name in grounds.tags:
                continue
            self.store.report_deleted(seen.name, seen.object_id)
            told.append(
                f"The accepted tag {seen.name} was deleted; that changes nothing, and only the "
                "same object may come back under this name."
            )
        return tuple(told)

    def supersede(self, standing: Standing) -> tuple[SeenTag, ...]:
        """Record accepted tags that a higher live version has overtaken, and return them."""
        live = standing.live
        if live is None or live.version is None:
            return ()
        deployments = self.store.deployments(standing.environment.name)
        ran = {d.version for d in deployments if d.phase in WAS_LIVE}
        found = []
        for seen in self.store.tags_seen(standing.environment.name):
            version = self.version(seen, standing)
            if version is None or seen.state is not TagState.ACCEPTED or version in ran:
                continue
            if not versions.higher(version, live.version):
                self.store.judge_tag(
                    seen.name, seen.object_id, TagState.SUPERSEDED, SUPERSEDED, reported=True
                )
                found.append(seen)
        return tuple(found)

    def history(self, grounds: Grounds, environment: str, version: str) -> None:
        """Record the tags below a version as history, where a store begins with what runs."""
        form = grounds.pipeline.tag_format
        for ref in grounds.tags.values():
            name = names.parse_tag(form, ref.name, [environment])
            if name is None or not versions.higher(version, name.version):
                continue
            self.store.judge_tag(
                ref.name, ref.oid, TagState.SUPERSEDED, BEFORE_STORE, reported=True
            )

    def _see(self, grounds: Grounds, environment: Environment) -> None:
        form, only = grounds.pipeline.tag_format, [environment.name]
        now = self.clock.now()
        known = {(s.name, s.object_id) for s in self.store.tags_seen(environment.name)}
        new = [
            SeenTag(name=ref.name, object_id=ref.oid, environment=environment.name, first_seen=now)
            for ref in grounds.tags.values()
            if (ref.name, ref.oid) not in known and names.is_release_matter(ref.name, form, only)
        ]
        if new:
            self.store.see_tags(new)

    def trust(self, environment: str, commit: str, reason: str) -> None:
        """Trust a commit of an environment from now on."""
        self.store.set_trust(
            Trust(
                environment=environment,
                commit=commit,
                since=self.clock.now(),
                by=self.actor,
                reason=reason,
            )
        )

    def version(self, seen: SeenTag, standing: Standing) -> str | None:
        """Return the version that a tag of the environment names, None for other tags."""
        form, where = standing.authority.tip.tag_format, standing.environment.name
        name = names.parse_tag(form, seen.name, [where])
        return None if name is None else name.version
