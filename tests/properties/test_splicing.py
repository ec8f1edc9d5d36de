"""What holds for every member that is put from one file into another."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.manifests.splicing import with_member
from reconciler.adapters.manifests.writing import YamlWriter
from reconciler.adapters.manifests.yaml_files import read_value
from reconciler.core import canonical

TEXTS = st.text(st.sampled_from(list("an:-?[]{},#&*!|>'\"% \n019.é😀")), max_size=8)
VALUES = st.recursive(
    TEXTS | st.integers(-9, 9) | st.booleans() | st.none(),
    lambda of: st.lists(of, max_size=3) | st.dictionaries(TEXTS, of, max_size=3),
    max_leaves=8,
)
SPECS = st.dictionaries(st.sampled_from(["mode", "platform", "values"]), VALUES, min_size=1)


def written(value: Any, style: str) -> bytes:
    """Return a file of a value: as the program writes it, indented deeper, or in braces."""
    block: bytes = YamlWriter().write({"kind": "Environment", "spec": value, "z": 1})
    if style == "flow":
        return json.dumps(read_value(block), ensure_ascii=False).encode()
    return block.replace(b"\n", b"\r\n") if style == "crlf" else block


@settings(max_examples=300)
@given(SPECS, SPECS, *[st.sampled_from(["block", "flow", "crlf"])] * 2)
def test_the_member_is_the_donors_and_the_rest_is_as_it_was(
    data: dict[str, Any], donor: dict[str, Any], style: str, other: str
) -> None:
    """Whatever the two files look like, the value is right and nothing else changed."""
    made = with_member(written(data, style), written(donor, other), "/spec/values")
    wanted = {name: value for name, value in data.items() if name != "values"}
    if "values" in donor:
        wanted["values"] = donor["values"]

    assert made is not None or (wanted == {} and style != "flow")
    if made is not None:
        found = read_value(made)
        assert canonical.dumps(found) == canonical.dumps(
            {"kind": "Environment", "spec": wanted, "z": 1}
        )
