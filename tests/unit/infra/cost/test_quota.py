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
    a_wait = 20.03 * prices.LAMBDA_GB_S + 103 * prices.READ_UNIT + 4.3e-6
    assert day_of_waiting(STANDARD, HAS) == pytest.approx(500_000 * a_wait)
    assert 130 < day_of_waiting(STANDARD, HAS) < 150
    assert day_of_waiting(SCALE, HAS) == pytest.approx(10 * day_of_waiting(STANDARD, HAS))


def test_the_functions_concurrency_bounds_waiting() -> None:
    bounded = replace(HAS, api_at_once=200)
    assert waiting_calls(STANDARD, bounded) == STANDARD.quota_per_day
    assert waiting_calls(SCALE, bounded) == 200 * 86_400 / 20


def test_calls_wait_as_the_api_lets_them() -> None:
    assert {routes.LONGEST_WAIT_S, preference.LONGEST_WAIT_S} == {traffic.LONGEST_WAIT_S}
    assert waiting.LOG_PACE.longest_s == traffic.WAIT_LOOK_S
