"""The public YAML suite as a table: what is read, what is refused, and each deviation argued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reconciler.adapters.manifests.composing import Composition, PureParser
from reconciler.adapters.manifests.yaml_files import read_value
from reconciler.core.canonical import canonical_numbers, dumps
from reconciler.core.errors import Invalid
from tests.shared_data import yaml_suite

TABLE = json.loads(Path(__file__).with_name("yaml_suite_deviations.json").read_text("utf-8"))
PURE = Composition(PureParser)
REFUSED = object()


def verdicts(groups: list[dict[str, Any]]) -> dict[str, str]:
    """Return what the table expects of each case that it lists."""
    return {case: group["expected"] for group in groups for case in group["cases"]}


DEVIATIONS = verdicts(TABLE["deviations"])
WITHOUT_LIBYAML = {**DEVIATIONS, **verdicts(TABLE["withoutLibyaml"])}
CASES = yaml_suite()


def read(case: str, using: Composition | None = None) -> Any:
    """Return the value of a case, or that it was refused."""
    try:
        return read_value(CASES[case]["yaml"].encode("utf-8", "surrogatepass"), using)
    except Invalid:
        return REFUSED


def suite_says(case: str) -> str:
    """Return what the suite expects of a case."""
    return "refuse" if CASES[case].get("mustFail") else "accept"


def verdict(value: Any) -> str:
    """Return whether a case was read or refused."""
    return "refuse" if value is REFUSED else "accept"


def test_cases_are_read_as_the_suite_says_or_the_table() -> None:
    """A case is read or refused as the suite says, unless the table lists it."""
    found = {case: verdict(read(case)) for case in CASES}
    assert found == {case: DEVIATIONS.get(case, suite_says(case)) for case in CASES}


def test_what_is_read_has_the_value_of_the_suite() -> None:
    """What is read of a valid case is the value that the suite gives as JSON."""
    valid = [case for case in CASES if "json" in CASES[case] and suite_says(case) == "accept"]
    found = {case: value for case in valid if (value := read(case)) is not REFUSED}
    wanted = {case: canonical_numbers(json.loads(CASES[case]["json"])) for case in found}
    assert {case: dumps(value) for case, value in found.items()} == {
        case: dumps(value) for case, value in wanted.items()
    }


def test_the_parser_in_python_gives_the_same_verdicts() -> None:
    """Without libyaml the same cases are read, except for what the table lists."""
    found = {case: verdict(read(case, PURE)) for case in CASES}
    assert found == {case: WITHOUT_LIBYAML.get(case, suite_says(case)) for case in CASES}


def test_the_parser_in_python_gives_the_same_values() -> None:
    """What both parsers read is one value."""
    values = {case: (read(case), read(case, PURE)) for case in CASES}
    both = {case: pair for case, pair in values.items() if REFUSED not in pair}
    assert {case: dumps(one) for case, (one, _) in both.items()} == {
        case: dumps(other) for case, (_, other) in both.items()
    }


def test_the_table_lists_deviations_only() -> None:
    """A case stands in the table once, with a reason, and only where the suite says otherwise."""
    listed = [case for group in TABLE["deviations"] for case in group["cases"]]
    assert len(listed) == len(set(listed))
    assert all(group["why"].endswith(".") for group in TABLE["deviations"])
    assert all(DEVIATIONS[case] != suite_says(case) for case in listed if CASES)
