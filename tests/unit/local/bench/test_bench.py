"""What can be chosen is what there is."""

from __future__ import annotations

from local.bench.bench import PARTS
from local.cli.bench import Part


def test_each_part_can_be_chosen() -> None:
    assert tuple(Part) == PARTS
