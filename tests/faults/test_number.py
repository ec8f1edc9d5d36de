"""The number of points that the README names is one that the sweeps reach."""

from __future__ import annotations

import re

import pytest

from tests import project
from tests.faults.shops import Makers
from tests.faults.sweeping import failures, measured, swept


@pytest.mark.parametrize("page", ["README.md"])
def test_the_readme_names_a_number_that_is_reached(makers: Makers, page: str) -> None:
    """The largest sweeps alone try more points than the README says."""
    kinds = ("sqlite", "postgresql")
    tried = sum(len(swept(measured(makers, kind).points, kind)) for kind in kinds)
    tried += sum(len(failures(measured(makers, kind, every=True).points)) for kind in kinds)

    found = re.search(r"more than ([0-9,]+) points", project.read(page))

    assert found is not None, f"the README does not say: more than N points (N below {tried})"
    assert int(found[1].replace(",", "")) < tried
