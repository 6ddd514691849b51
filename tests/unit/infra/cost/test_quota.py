"""What one key can cost, checked by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.api import waiting
from functions.api.events import routes
from functions.api.messages import preference
from infra.cost import prices, traffic
from infra.cost.quota import day_of_calls, day_of_waiting, waiting_calls
from shared.limits import SCALE, STANDARD
from tests.unit.infra.cost.test_bill import HAS


def test_a_quota_of_quick_calls_is_cheap_and_one_of_waiting_calls_is_not() -> None:
    assert day_of_calls(STANDARD, HAS) == pytest.approx(2.54, abs=0.01)
    a_wait = 20.03 * prices.LAMBDA_GB_S + 103 * prices.READ_UNIT + 2 * prices.WRITE_UNIT + 4.3e-6
    assert day_of_waiting(STANDARD, HAS) == pytest.approx(500_000 * a_wait)
    assert 130 < day_of_waiting(STANDARD, HAS) < 150
    assert day_of_waiting(SCALE, HAS) == pytest.approx(150 * 86_400 / 20 * a_wait)


@pytest.mark.parametrize(("api_at_once", "at_once"), [(None, 150), (500, 150), (120, 120)])
def test_a_tenants_places_and_the_functions_concurrency_bound_waiting(api_at_once: int | None, at_once: int) -> None:
    bounded = replace(HAS, api_at_once=api_at_once)
    assert waiting_calls(STANDARD, bounded) == STANDARD.quota_per_day
    assert waiting_calls(SCALE, bounded) == at_once * 86_400 / 20


def test_calls_wait_as_the_api_lets_them() -> None:
    assert {routes.LONGEST_WAIT_S, preference.LONGEST_WAIT_S} == {traffic.LONGEST_WAIT_S}
    assert waiting.LOG_PACE.longest_s == traffic.WAIT_LOOK_S
