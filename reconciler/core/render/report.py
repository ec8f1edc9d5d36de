"""Delivery figures as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from reconciler.core.canonical import Json
from reconciler.core.releases.model import ReleaseType
from reconciler.core.render import wording
from reconciler.core.render.escape import prose
from reconciler.core.render.foreign import shown
from reconciler.core.render.json import FORMAT_VERSION, Answer
from reconciler.core.render.style import BOLD, PLAIN, Style
from reconciler.core.reporting import Figures, Report, Times

NONE = "-"
NO_ENVIRONMENT = "The pipeline has no release-only environment, so that there is nothing to count."
NO_DEBT = "No open hotfix debt."


def text(report: Report, style: Style = PLAIN) -> str:
    """Return a block for each environment, then open debt."""
    blocks = [style.paint(_title(report), BOLD)]
    for one in report.figures:
        lines = (f"  {label:<18}  {value}" for label, value in _rows(one).items())
        blocks.append("\n".join([style.paint(shown(one.environment), BOLD), *lines]))
    debts = [f"  ! {shown(debt)}" for debt in report.debts]
    end = "\n".join([style.paint("Open hotfix debt", BOLD), *debts]) if debts else NO_DEBT
    return "\n\n".join([*blocks, end if report.figures else NO_ENVIRONMENT])


def markdown(report: Report) -> str:
    """Return one table with a column for each environment, then open debt."""
    if not report.figures:
        return f"## {_title(report)}\n\n{NO_ENVIRONMENT}"
    columns = [_rows(one) for one in report.figures]
    head = " | ".join(["", *(prose(one.environment) for one in report.figures)]).strip()
    rows = (f"| {label} | {' | '.join(each[label] for each in columns)} |" for label in columns[0])
    table = "\n".join([f"| {head} |", f"|---|{'---|' * len(columns)}", *rows])
    debts = [f"- {prose(debt)}" for debt in report.debts]
    end = "\n".join(["### Open hotfix debt", "", *debts]) if debts else NO_DEBT
    return f"## {_title(report)}\n\n{table}\n\n{end}"


def answer(report: Report) -> Answer:
    """Return the answer of `report`: figures by environment; durations are seconds."""
    return {
        "formatVersion": FORMAT_VERSION,
        "reports": [_row(report, one) for one in report.figures],
        "debt": {"open": len(report.debts), "texts": [*report.debts]},
    }


def _title(report: Report) -> str:
    since = f" from {report.since}" if report.since else ""
    until = f" up to {report.until}" if report.until else ""
    return f"Delivery{since}{until}"


def _rows(one: Figures) -> Mapping[str, str]:
    counts = {kind.value: str(one.releases.get(kind.value, 0)) for kind in ReleaseType}
    return {
        "releases": str(one.total),
        **{f"  {kind}": count for kind, count in counts.items()},
        "out of cycle": f"{one.out_of_cycle}{_share(one.out_of_cycle_share)}",
        "deployments": NONE if one.deployments is None else str(one.deployments),
        "failed": NONE if one.failed is None else f"{one.failed}{_share(one.failure_rate)}",
        "lead time": _times(one.lead, "commit"),
        "time to restore": _restored(one),
    }


def _share(share: float | None) -> str:
    return "" if share is None else f" ({share:.0%})"


def _times(times: Times | None, noun: str) -> str:
    if times is None or times.median is None or times.p90 is None:
        return NONE
    count = wording.counted(times.count, noun)
    return f"{span(times.median)} median, {span(times.p90)} for 90% ({count})"


def _restored(one: Figures) -> str:
    still = f", {wording.counted(one.unrestored, 'outage')} not restored" if one.unrestored else ""
    return _times(one.restore, "outage") + still


def span(duration: timedelta) -> str:
    """Return a duration by its two largest units: `3d 4h`, `12m 5s`."""
    seconds = round(duration.total_seconds())
    parts = [("d", seconds // 86_400), ("h", seconds // 3600 % 24)]
    parts += [("m", seconds // 60 % 60), ("s", seconds % 60)]
    first = next((number for number, (_, count) in enumerate(parts) if count), 3)
    return " ".join(f"{count}{unit}" for unit, count in parts[first : first + 2] if count) or "0s"


def _row(report: Report, one: Figures) -> Json:
    return {
        "environment": one.environment,
        "since": report.since,
        "until": report.until,
        "fromStore": one.from_store,
        "releases": {kind.value: one.releases.get(kind.value, 0) for kind in ReleaseType},
        "total": one.total,
        "outOfCycle": {"count": one.out_of_cycle, "share": one.out_of_cycle_share},
        "deployments": one.deployments,
        "failed": one.failed,
        "failureRate": one.failure_rate,
        "leadTime": None if one.lead is None else _time_row(one.lead),
        "timeToRestore": None
        if one.restore is None
        else {**_time_row(one.restore), "unrestored": one.unrestored},
    }


def _time_row(times: Times) -> dict[str, Json]:
    return {"count": times.count, "median": _seconds(times.median), "p90": _seconds(times.p90)}


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else round(duration.total_seconds())
