"""IntegrationNeedsAppConfiguration: an enabled integration whose app is not configured here."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.layout import environment_file
from reconciler.core.messages.reading import pointer
from reconciler.core.messages.review import Message, Review, Severity, fingerprint
from reconciler.core.messages.words import listed
from reconciler.core.model import Entry, Kind

CODE = "IntegrationNeedsAppConfiguration"


def rule(review: Review) -> Iterator[Message]:
    """Yield one message for each integration that lacks keys, whether it changed or not."""
    for key, entry in review.desired.items():
        if key.kind == Kind.INTEGRATION and entry.facts.app_configuration:
            given = review.environment.app_configuration.get(key.name, {})
            # An empty text is no configuration: the provider would refuse it.
            missing = [name for name in entry.facts.app_configuration if not given.get(name)]
            if missing:
                yield _message(review, entry, sorted(missing))


def _message(review: Review, entry: Entry, missing: list[str]) -> Message:
    name, where = entry.key.name, review.environment.name
    return Message(
        code=CODE,
        severity=Severity.WARNING,
        subject=entry.key,
        text=(
            f"Nobody can connect {name} in {where}: its app configuration lacks {listed(missing)}."
        ),
        action=(
            f"Add to spec.appConfiguration in {environment_file(where)}: "
            f"`{name}: {{{', '.join(_line(name, key) for key in missing)}}}`"
            + (
                ", where clientSecret is the name of a secret."
                if "clientSecret" in missing
                else "."
            )
        ),
        fingerprint=fingerprint(CODE, entry.key, None, missing),
        pointer=pointer("requiredAppConfiguration"),
    )


def _line(integration: str, key: str) -> str:
    """Return the line to write; a client secret is given by the name of a secret."""
    if key == "clientSecret":
        return f"{key}: {integration.upper().replace('-', '_')}_CLIENT_SECRET"
    return f"{key}: …"
