"""Judges the tags of an environment: which releases are accepted, who approved, what is held.

It collects what `core/releases` decides on; the rules stand there. It writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.core.commits import TagRef
from reconciler.core.model import Environment
from reconciler.core.releases import acceptance, names, versions
from reconciler.core.releases.acceptance import SignatureFinding, TagEvidence
from reconciler.core.releases.model import Release, ReleaseName, ReleaseType
from reconciler.core.releases.records import BEFORE_STORE, SeenTag
from reconciler.core.releases.tags import TagObject
from reconciler.core.releases.trust import RELEASE_MANAGER, Authority, combine
from reconciler.ports import Clock, SignatureVerifier, StoreReader
from reconciler.services.releases.judging import checking
from reconciler.services.releases.judging.standing import JudgedTag, Standing
from reconciler.services.releases.reading.catalog import Catalog
from reconciler.services.releases.reading.grounds import Grounds, who_keys
from reconciler.services.releases.reading.live import WAS_LIVE, Live, recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class TagJudge:
    """Judges tags by git, keys and the store's memory."""

    catalog: Catalog
    store: StoreReader
    signatures: SignatureVerifier
    clock: Clock

    def standing(self, grounds: Grounds, environment: Environment) -> Standing:
        """Return how an environment's releases stand.

        Raises:
            Conflict: the protected branch was rewritten: the trusted commit, or what is live, is
                no longer part of it.
        """
        authority, trusted = self.authority(grounds, environment)
        seen = tuple(self.store.tags_seen(environment.name))
        standing = Standing(
            environment=environment,
            authority=authority,
            trusted=trusted,
            live=recorded(self.store.live(environment.name)),
            pinned={tag.name: tag.object_id for tag in seen if tag.pinned},
            seen=seen,
        )
        if standing.live is not None and not self._is_settled(environment.name, standing.live):
            checking.refuse_rewritten(grounds, standing.live.commit, "what is live in", environment)
        standing = replace(standing, tags=self._release_tags(grounds, standing))
        unknown = standing.live is None and self.store.trust(environment.name) is None
        if unknown and standing.newest is not None:
            # This store never looked after the environment: another one promotes it.
            return replace(standing, live=_taken_for_live(standing.newest))
        return standing

    def _is_settled(self, environment: str, live: Live) -> bool:
        """Say whether trust came after what is live: then the trusted commit is what must be there.

        It is what is live itself, or what an operator accepted since, be it on a rewritten branch.
        """
        known = self.store.trust(environment)
        return known is not None and live.since is not None and live.since < known.since

    def authority(self, grounds: Grounds, environment: Environment) -> tuple[Authority, str | None]:
        """Return who may release to an environment, and the trusted commit where there is one."""
        known = self.store.trust(environment.name)
        commit = None if known is None else known.commit
        about = (environment.name, commit)
        if about not in grounds.authorities:
            grounds.authorities[about] = self._authority(grounds, environment, commit)
        return grounds.authorities[about], commit

    def _authority(
        self, grounds: Grounds, environment: Environment, trusted: str | None
    ) -> Authority:
        name = environment.name
        tip = who_keys(grounds.chosen, name)
        if trusted is None or trusted == grounds.tip:
            return combine(tip, tip)
        checking.refuse_rewritten(grounds, trusted, "the trusted commit of", environment)
        return combine(who_keys(self.catalog.chosen(trusted), name), tip)

    def tag(self, grounds: Grounds, standing: Standing, name: ReleaseName) -> JudgedTag | None:
        """Return the tag of a release, judged as it was then where it is history by now."""
        ref = grounds.tags.get(grounds.tag_name(name))
        known = standing.tag(name)
        is_live = standing.live is not None and standing.live.version == name.version
        if ref is None or (known is not None and not is_live):
            return known
        pair = (ref.name, ref.oid)
        seen = next((tag for tag in standing.seen if (tag.name, tag.object_id) == pair), None)
        return self._judged(grounds, replace(standing, live=None), name, ref, seen)

    def signature(self, authority: Authority, tag: TagObject, first_seen: str) -> SignatureFinding:
        """Verify a tag's signature by the keys of both commits, as they were when it came."""
        if tag.signature is None or tag.signature_format != "ssh":
            return SignatureFinding(signed=tag.signature is not None, format=tag.signature_format)
        where = authority.tip.environment
        principals: Iterable[str] = sorted(
            {who for role in authority.roles(where) for who in authority.members(role, where)}
        )
        who = None
        for text in authority.signers:
            answer = self.signatures.verify(
                tag.payload,
                tag.signature,
                allowed_signers=text,
                principals=principals,
                at=first_seen,
            )
            if answer.principal is None:
                return SignatureFinding(signed=True, format="ssh", reason=answer.reason)
            who = answer.principal
            principals = [who]
        return SignatureFinding(signed=True, format="ssh", principal=who)

    def _release_tags(self, grounds: Grounds, standing: Standing) -> tuple[JudgedTag, ...]:
        environment = standing.environment.name
        form = grounds.pipeline.tag_format
        named = [
            (name, ref)
            for ref in grounds.tags.values()
            if (name := names.parse_tag(form, ref.name, [environment])) is not None
        ]
        known = {(tag.name, tag.object_id): tag for tag in standing.seen}
        matters = [(name, ref) for name, ref in named if self._matters(standing, name, ref, known)]
        matters.sort(key=lambda pair: versions.precedence(pair[0].version))
        grounds.read([ref for _, ref in matters])
        return tuple(
            self._judged(grounds, standing, name, ref, known.get((ref.name, ref.oid)))
            for name, ref in matters
        )

    def _matters(
        self,
        standing: Standing,
        name: ReleaseName,
        ref: TagRef,
        known: Mapping[tuple[str, str], SeenTag],
    ) -> bool:
        """Say whether a tag is more than history that is as it was."""
        if standing.pinned.get(ref.name, ref.oid) != ref.oid or standing.is_above(name):
            return True
        before = known.get((ref.name, ref.oid))
        return before is None or not (before.pinned or before.state == "superseded")

    def _judged(
        self,
        grounds: Grounds,
        standing: Standing,
        name: ReleaseName,
        ref: TagRef,
        known: SeenTag | None,
    ) -> JudgedTag:
        evidence = self.evidence(grounds, standing, ref, name, (RELEASE_MANAGER,))
        judged = JudgedTag(
            name=name, ref=ref, evidence=evidence, judgement=acceptance.judge(evidence), known=known
        )
        tag = evidence.tag
        if not isinstance(tag, TagObject) or tag.target_kind != "commit":
            return judged
        git = grounds.workspace.git
        on_protected = git.is_ancestor(tag.target, grounds.tip)
        release, problem = None, None
        if on_protected:
            release, problem = checking.at_commit(
                self.catalog, grounds, standing.environment, name, tag.target
            )
            problem = problem or self._never_live(grounds, standing, release)
        evidence = replace(
            evidence,
            on_protected=on_protected,
            manifest_problem=problem,
            live=None if standing.live is None else standing.live.version,
            pinned=standing.pinned.get(ref.name),
        )
        return replace(
            judged,
            evidence=evidence,
            judgement=acceptance.judge(evidence),
            commit=tag.target,
            release=release,
        )

    def _never_live(
        self, grounds: Grounds, standing: Standing, release: Release | None
    ) -> str | None:
        """Say why a rollback brings back what never ran, where this store can know."""
        where = standing.environment.name
        if release is None or release.type is not ReleaseType.ROLLBACK:
            return None
        if self.store.trust(where) is None:
            return None
        form = grounds.pipeline.tag_format
        lived = {d.version for d in self.store.deployments(where) if d.phase in WAS_LIVE}
        for seen in standing.seen:
            before = names.parse_tag(form, seen.name, [where])
            if before is not None and seen.reason == BEFORE_STORE:
                lived.add(before.version)
        return checking.never_live(where, release.source.version, lived)

    def evidence(
        self,
        grounds: Grounds,
        standing: Standing,
        ref: TagRef,
        name: ReleaseName,
        roles: Iterable[str],
    ) -> TagEvidence:
        """Return what object and signature of a tag tell."""
        authority = standing.authority
        tag = grounds.tag_object(ref)
        finding = SignatureFinding()
        if isinstance(tag, TagObject):
            about = (standing.environment.name, standing.trusted, ref)
            if about not in grounds.signatures:
                seen = {(s.name, s.object_id): s.first_seen for s in standing.seen}
                first_seen = seen.get((ref.name, ref.oid)) or self.clock.now()
                grounds.signatures[about] = self.signature(authority, tag, first_seen)
            finding = grounds.signatures[about]
            finding = acceptance.counted(finding, authority, roles, standing.environment.name)
        return TagEvidence(
            name=ref.name,
            oid=ref.oid,
            kind=ref.kind,
            tag=tag,
            release=name,
            signature=finding,
            signature_required=authority.signature_required,
            problems=authority.problems,
            pinned=standing.pinned.get(ref.name),
            protected_branch=grounds.pipeline.protected_branch,
        )


def _taken_for_live(tag: JudgedTag) -> Live | None:
    """Take the newest accepted tag for what is live, where the store knows nothing."""
    if tag.commit is None or tag.release is None:
        return None
    return Live(
        commit=tag.commit,
        content_digest=tag.release.content_digest,
        version=tag.name.version,
        tag=tag.ref.name,
        type=tag.release.type.value,
        from_store=False,
    )
