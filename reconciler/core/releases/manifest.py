"""Between a release and the content of its manifest; pure, and it must not know YAML."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.canonical import Json
from reconciler.core.model import API_VERSION, Kind, ResourceKey
from reconciler.core.releases.model import (
    Acknowledgement,
    Base,
    Release,
    ReleaseName,
    ReleaseType,
    Source,
)


def to_content(release: Release) -> dict[str, Json]:
    """Return the content of a release's manifest; it fits the schema and reads the same."""
    source, base = release.source, release.base
    return {
        "apiVersion": API_VERSION,
        "kind": Kind.RELEASE.value,
        "metadata": {"name": release.version},
        "spec": {
            "version": release.version,
            "environment": release.environment,
            "type": release.type.value,
            "source": {
                "environment": source.environment,
                "version": source.version,
                "commit": source.commit,
            },
            "base": base and {"version": base.version, "contentDigest": base.content_digest},
            "description": release.description,
            "contentDigest": release.content_digest,
            "planDigest": release.plan_digest,
            "catalogue": release.catalogue,
            "changes": [dict(change) for change in release.changes],
            "messages": [dict(message) for message in release.messages],
            "acknowledgements": [_acknowledged(each) for each in release.acknowledgements],
        },
    }


def from_content(content: Mapping[str, Json]) -> Release:
    """Return the release that a manifest which fits its schema describes."""
    spec = content["spec"]
    source, base = spec["source"], spec.get("base")
    return Release(
        name=ReleaseName(spec["environment"], spec["version"]),
        type=ReleaseType(spec["type"]),
        source=Source(
            environment=source["environment"],
            commit=source["commit"],
            version=source.get("version"),
        ),
        base=_base(base) if base else None,
        description=spec.get("description", ""),
        content_digest=spec["contentDigest"],
        plan_digest=spec.get("planDigest", ""),
        catalogue=str(spec.get("catalogue", "1")),
        changes=tuple(spec.get("changes", ())),
        messages=tuple(spec.get("messages", ())),
        acknowledgements=tuple(map(_acknowledgement, spec.get("acknowledgements", ()))),
    )


def _base(base: Mapping[str, Json]) -> Base:
    return Base(version=base.get("version"), content_digest=base.get("contentDigest") or "")


def _acknowledged(each: Acknowledgement) -> dict[str, Json]:
    content = {
        "code": each.code,
        "subject": {"kind": str(each.subject.kind), "name": each.subject.name},
        "fingerprint": each.fingerprint,
        "reason": each.reason,
    }
    return content if each.until is None else {**content, "until": each.until}


def _acknowledgement(content: Mapping[str, Json]) -> Acknowledgement:
    subject = content["subject"]
    return Acknowledgement(
        code=content["code"],
        subject=ResourceKey(subject["kind"], subject["name"]),
        fingerprint=content["fingerprint"],
        reason=content["reason"],
        until=content.get("until"),
    )
