"""What a pull request changes of the rules: read from both sides, by nobody obeyed here."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core import layout, rules
from reconciler.core.releases import trust
from reconciler.core.rules import RuleChange
from reconciler.ports import Snapshot
from reconciler.services.releases.reading.files import read_file
from reconciler.services.workspace import Chosen


def rule_changes(before: Chosen, after: Chosen) -> tuple[RuleChange, ...]:
    """Return what differs of pipeline, signers and environments; what is unreadable is a finding.

    Raises:
        RepositoryError: a file cannot be read.
    """
    return (*_pipeline(before, after), *_signers(before, after), *_environments(before, after))


def _pipeline(before: Chosen, after: Chosen) -> Iterator[RuleChange]:
    old, new = before.repository.pipeline, after.repository.pipeline
    if found := rules.changed(layout.PIPELINE, old.raw, new.raw):
        yield found


def _signers(before: Chosen, after: Chosen) -> Iterator[RuleChange]:
    old, new = (_text(each.snapshot, layout.SIGNERS) for each in (before, after))
    if old == new:
        return
    texts = tuple(trust.signer_differences(old, new)) or ("It is written in another way.",)
    yield RuleChange(file=layout.SIGNERS, texts=texts)


def _environments(before: Chosen, after: Chosen) -> Iterator[RuleChange]:
    old, new = (
        {one.name: one.raw for one in each.repository.environments} for each in (before, after)
    )
    for name in sorted({*old, *new}):
        file = layout.environment_file(name)
        if found := rules.changed(file, old.get(name), new.get(name)):
            yield found


def _text(snapshot: Snapshot, path: str) -> str:
    return (read_file(snapshot, path) or b"").decode("utf-8", "replace")
