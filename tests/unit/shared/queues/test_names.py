"""What the queues are promised to do with what nobody can work on."""

from __future__ import annotations

import pytest

from shared.queues.names import all_queues

SPECS = {spec.name: spec for spec in all_queues(1)}


@pytest.mark.parametrize("name", ["deliveries", "deliveries-slow"])
def test_a_delivery_that_our_own_faults_keep_from_its_end_is_kept_for_two_weeks(name: str) -> None:
    spec = SPECS[name]
    assert (spec.dead, spec.max_receives) == ("deliveries-dead", 10)
    assert (spec.kept_s, SPECS["deliveries-dead"].kept_s) == (14 * 86_400, 14 * 86_400)
    assert SPECS["deliveries-dead"].dead is None
