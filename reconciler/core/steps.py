"""The steps of a deployment as data: what is shown is what runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step: its name in the journal and what it does, in words for people."""

    name: str
    does: str


STEPS: tuple[StepPlan, ...] = (
    StepPlan("check", "prechecks, before anyone is affected"),
    StepPlan("replan", "the plan is made again and compared with the reviewed one"),
    StepPlan("apply", "one transaction: what differs is written, what is gone is hidden"),
    StepPlan("verify", "read again; the difference must be empty"),
    StepPlan("record", "the deployment becomes the live one"),
)
