"""What a schema cannot say of one manifest: names twice, defaults, schedules, dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache

from reconciler.core.calendar import findings as calendar
from reconciler.core.canonical import Json
from reconciler.core.model import Kind
from reconciler.core.names import nearest, quoted
from reconciler.core.pointers import escaped
from reconciler.core.references import OPEN, Problem

Spec = Mapping[str, Json]

_FIELDS = ("minute", "hour", "day", "month", "weekday")


def problems(manifest: Mapping[str, Json]) -> list[Problem]:
    """Return what is wrong with a manifest that fits its schema."""
    check = _BY_KIND.get(manifest["kind"])
    return [] if check is None else list(check(manifest))


def _integration(manifest: Mapping[str, Json]) -> Iterator[Problem]:
    yield from _user_settings(manifest["spec"])


def _workflow(manifest: Mapping[str, Json]) -> Iterator[Problem]:
    spec = manifest["spec"]
    yield from _user_settings(spec)
    yield from _twice(spec.get("steps", ()), "name", "/spec/steps", "step")
    trigger = spec["trigger"]
    if "cron" in trigger or "timezone" in trigger:
        yield from _schedule(trigger)


# --- user settings ------------------------------------------------------------------------------


def _twice(items: Iterable[Spec], key: str, pointer: str, noun: str) -> Iterator[Problem]:
    seen = set()
    for index, item in enumerate(items):
        if item[key] in seen:
            text = f"the {noun} {quoted(item[key])} stands twice; give each its own name"
            yield Problem(f"{pointer}/{index}/{key}", text)
        seen.add(item[key])


def _user_settings(spec: Spec) -> Iterator[Problem]:
    settings = spec.get("userSettings")
    if not settings:
        return
    yield from _twice(settings, "name", "/spec/userSettings", "user setting")
    for index, setting in enumerate(settings):
        pointer = f"/spec/userSettings/{index}"
        yield from _options(setting, f"{pointer}/options")
        if "default" in setting:
            wrong = _default_problem(setting["type"], setting["default"], _values(setting))
            if wrong is not None:
                yield Problem(f"{pointer}/default", f"the default does not fit: {wrong}")


def _values(setting: Spec) -> list[str]:
    options = setting.get("options", ())
    return [option if isinstance(option, str) else option["value"] for option in options]


def _options(setting: Spec, pointer: str) -> Iterator[Problem]:
    seen = set()
    for index, value in enumerate(_values(setting)):
        if value in seen:
            yield Problem(f"{pointer}/{index}", f"the option {quoted(value)} stands twice")
        seen.add(value)


def _default_problem(kind: str, default: Json, options: list[str]) -> str | None:
    """Say why a default does not fit; the schema has checked text, number and boolean."""
    if kind == "enum" and default not in options:
        return f"{quoted(default)} is not one of its options{nearest(default, options)}"
    if kind == "email" and not _is_address(default):
        return f"{quoted(default)} is not an e-mail address"
    if kind == "url" and not default.startswith(("https://", "http://")):
        return f"{quoted(default)} is not a web address; it begins with https://"
    if kind == "fieldMapping" and not isinstance(default, dict):
        return "wanted a mapping from fields of the application to fields of the provider"
    return None


def _is_address(text: str) -> bool:
    name, _, host = text.rpartition("@")
    return bool(name and host) and "@" not in name and not any(c.isspace() for c in text)


# --- schedules ----------------------------------------------------------------------------------


def _schedule(trigger: Spec) -> Iterator[Problem]:
    cron, zone = trigger.get("cron"), trigger.get("timezone")
    if cron is not None and OPEN not in cron and (wrong := cron_problem(cron)) is not None:
        yield Problem("/spec/trigger/cron", wrong)
    if zone is not None and OPEN not in zone and (wrong := zone_problem(zone)) is not None:
        yield Problem("/spec/trigger/timezone", wrong)


@lru_cache(maxsize=1024)
def cron_problem(text: str) -> str | None:
    """Say why a text is no schedule, None when it is one that comes due."""
    from cronsim import CronSim, CronSimError

    count = len(text.split())
    if count != len(_FIELDS):
        return f"{quoted(text)} has {count} fields; a schedule has five: {', '.join(_FIELDS)}"
    try:
        # Any day will do: it only has to come due at some time.
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except (CronSimError, AssertionError, ValueError) as error:
        return f"{quoted(text)} is not a schedule: {str(error).lower() or 'it is not understood'}"
    except StopIteration:
        return f"{quoted(text)} never comes due"
    return None


@lru_cache(maxsize=1024)
def zone_problem(name: str) -> str | None:
    """Say why a text is no time zone, None when it is one."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        hint = nearest(name, available_timezones())
        return f"{quoted(name)} is not a time zone{hint}; write one such as Europe/Berlin"
    return None


# --- environments, pipelines, releases ----------------------------------------------------------


def _environment(manifest: Mapping[str, Json]) -> Iterator[Problem]:
    spec = manifest["spec"]
    yield from _literal(spec.get("values", {}), "/spec/values")
    known = spec.get("secrets", {})
    for name, app in spec.get("appConfiguration", {}).items():
        secret = app.get("clientSecret")
        if secret is not None and secret not in known:
            text = f"unknown secret {quoted(secret)}{nearest(secret, known)}; declare it in secrets"
            yield Problem(f"/spec/appConfiguration/{name}/clientSecret", text)
    for index, entry in enumerate(spec.get("notifications", ())):
        receiver = entry["to"]
        if "@" not in receiver and receiver not in known:
            text = (
                f"{quoted(receiver)} is neither a mail address nor a declared "
                f"secret{nearest(receiver, known)}; declare it in secrets"
            )
            yield Problem(f"/spec/notifications/{index}/to", text)
    yield from calendar.policy_findings(spec)


def _literal(value: Json, pointer: str) -> Iterator[Problem]:
    """Values are filled in once; what looks like a reference in them would stay as it is."""
    if isinstance(value, str) and OPEN in value:
        yield Problem(pointer, "values are literal; a reference ${{ }} cannot stand in one")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _literal(item, f"{pointer}/{escaped(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _literal(item, f"{pointer}/{index}")


def _pipeline(manifest: Mapping[str, Json]) -> Iterator[Problem]:
    spec = manifest["spec"]
    names = [{"name": name} for name in spec["environments"]]
    for problem in _twice(names, "name", "/spec/environments", "environment"):
        yield Problem(problem.pointer.removesuffix("/name"), problem.text)
    for name, role in spec.get("roles", {}).items():
        if "rotation" in role and _date(start := role["rotation"]["start"]) is None:
            text = f"{quoted(start)} is not a day of the calendar"
            yield Problem(f"/spec/roles/{name}/rotation/start", text)
    yield from calendar.calendar_findings(spec)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _release(manifest: Mapping[str, Json]) -> Iterator[Problem]:
    version, name = manifest["spec"]["version"], manifest["metadata"]["name"]
    if version != name:
        text = f"version is {quoted(version)} but metadata.name is {quoted(name)}; write one"
        yield Problem("/spec/version", text)


_BY_KIND: Mapping[str, Callable[[Mapping[str, Json]], Iterator[Problem]]] = {
    Kind.INTEGRATION: _integration,
    Kind.WORKFLOW: _workflow,
    Kind.ENVIRONMENT: _environment,
    Kind.PIPELINE: _pipeline,
    Kind.RELEASE: _release,
}
