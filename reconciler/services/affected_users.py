"""Whom a message concerns: asked of the platform for a plan, of the store for a deployment.

It must not know how rows are shown, nor how a plan is made.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.errors import NotFound, UsageError
from reconciler.core.messages import registry
from reconciler.core.messages.review import Message
from reconciler.core.model import Deployment, Phase, ResourceKey
from reconciler.core.names import nearest, quoted
from reconciler.core.releases.model import ReleaseName
from reconciler.ports import AffectedUser, StoreReader, UserReader

# Of these nothing came to the platform: who would be affected is a question to it still.
_NOTHING_DONE = (Phase.PENDING, Phase.ABORTED, Phase.ERRORED)


def refuse_unknown(code: str) -> None:
    """Refuse a code that the catalogue does not have.

    Raises:
        UsageError: with the nearest one.
    """
    try:
        registry.definition(code)
    except NotFound as error:
        raise UsageError(error.text) from error


def of_plan(
    reader: UserReader, messages: Sequence[Message], what: str, code: str, subject: str | None
) -> Iterator[AffectedUser]:
    """Stream whom the messages of a code in a plan concern, each row once; `what` names the plan.

    Raises:
        NotFound: the plan has no such message.
    """
    found = [message for message in messages if message.code == code]
    _refuse_absent(what, code, [message.code for message in messages])
    keys = _chosen([message.subject for message in found], what, code, subject)
    queries = [m.affected for m in found if m.affected is not None and m.subject in keys]
    if not queries:
        raise NotFound(f"{code} concerns no connected users in particular.")
    return _asked(reader, queries)


def deployment_of(store: StoreReader, release: ReleaseName) -> Deployment | None:
    """Return the deployment of a release: the live one, else the newest that was carried out."""
    found = [
        each
        for each in store.deployments(release.environment)
        if each.version == release.version and each.phase not in _NOTHING_DONE
    ]
    return next((each for each in found if each.live), next(iter(found), None))


def deployment_by_id(store: StoreReader, environment: str | None, wanted: str) -> Deployment:
    """Return the deployment of an id.

    Raises:
        NotFound: there is none, or it is another environment's.
    """
    for each in store.deployments(environment):
        if each.id == wanted:
            return each
    where = "" if environment is None else f" of {environment}"
    raise NotFound(
        f"There is no deployment {quoted(wanted)}{where}.",
        hint="`reconciler history` lists those there are.",
    )


def of_deployment(
    store: StoreReader, deployment: Deployment, code: str, subject: str | None
) -> Iterator[AffectedUser]:
    """Stream whom the messages of a code concerned when it was deployed, each row once.

    Raises:
        NotFound: it had no such message, or nobody was stored for it.
    """
    what = f"Deployment {deployment.id} of {_target(deployment)}"
    _refuse_absent(what, code, [message["code"] for message in deployment.messages])
    found = [(_subject(m), m) for m in deployment.messages if m["code"] == code]
    keys = _chosen([key for key, _ in found], what, code, subject)
    if all(message["affectedUsers"] is None for key, message in found if key in keys):
        _refuse_unstored(store, deployment, code)
    return _stored(store, deployment.id, code, keys)


def _subject(message: Mapping[str, Json]) -> ResourceKey:
    return ResourceKey(message["subject"]["kind"], message["subject"]["name"])


def _target(deployment: Deployment) -> str:
    version = deployment.version
    return deployment.environment + ("" if version is None else f"/{version}")


def _refuse_absent(what: str, code: str, there: Iterable[str]) -> None:
    codes = sorted(set(there))
    if code not in codes:
        told = f"it has {', '.join(codes)}" if codes else "it has no messages"
        raise NotFound(f"{what} has no message {code}; {told}.")


def _refuse_unstored(store: StoreReader, deployment: Deployment, code: str) -> None:
    if next(store.affected(deployment.id, code), None) is None:
        raise NotFound(
            f"No users were stored for {code} in deployment {deployment.id}: they could not be "
            "read then, or it concerns none in particular."
        )


def _chosen(
    found: Sequence[ResourceKey], what: str, code: str, subject: str | None
) -> frozenset[ResourceKey]:
    """Return the subject that is named `kind/name`, in any case; all where none is."""
    if subject is None:
        return frozenset(found)
    keys = frozenset(each for each in found if str(each).casefold() == subject.casefold())
    if not keys:
        names = sorted({str(each) for each in found})
        raise NotFound(
            f"{what} has {code} for {', '.join(names)}, "
            f"not for {quoted(subject)}{nearest(subject, names)}."
        )
    return keys


def _asked(reader: UserReader, queries: Iterable[AffectedQuery]) -> Iterator[AffectedUser]:
    """Yield the users of each integration and workflow, each once, with flat memory."""
    groups: defaultdict[tuple[str, str], list[AffectedQuery]] = defaultdict(list)
    for query in queries:
        groups[query.integration or "", getattr(query, "workflow", None) or ""].append(query)
    for _, group in sorted(groups.items()):
        streams = [reader.affected(query) for query in group]
        merged = heapq.merge(*streams, key=lambda row: row.user)
        yield from (row for row, _ in groupby(merged))


def _stored(
    store: StoreReader, deployment: str, code: str, keys: frozenset[ResourceKey]
) -> Iterator[AffectedUser]:
    """Yield the rows of each user, each once, with flat memory."""
    [only, *others] = keys
    rows = store.affected(deployment, code, None if others else only)
    users = (each.user for each in rows if each.subject in keys)
    for _, theirs in groupby(users, key=lambda row: row.user):
        yield from dict.fromkeys(theirs)
