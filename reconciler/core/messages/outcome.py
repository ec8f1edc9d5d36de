"""Messages that no review can find: a deployment, a platform or the history of releases tells them.

They share the registry's severities, so that an error is an error wherever it is made.
"""

from __future__ import annotations

from reconciler.core.affected import AffectedQuery
from reconciler.core.canonical import Json
from reconciler.core.messages.registry import definition
from reconciler.core.messages.review import Message, fingerprint
from reconciler.core.model import ResourceKey


def arisen(
    code: str,
    subject: ResourceKey,
    *,
    text: str,
    action: str,
    cause: Json = None,
    affected: AffectedQuery | None = None,
    from_git: bool = False,
) -> Message:
    """Return a message of a registered code; `cause` is what its fingerprint depends on.

    Raises:
        NotFound: the code is not in the catalogue.
    """
    return Message(
        code=code,
        severity=definition(code).severities[0],
        subject=subject,
        text=text,
        action=action,
        fingerprint=fingerprint(code, subject, None, cause),
        affected=affected,
        from_git=from_git,
    )
