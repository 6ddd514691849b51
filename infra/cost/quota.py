"""What one key can cost in a day: its plan's quota, spent on calls that are answered at once or that wait."""

from __future__ import annotations

from infra.cost import prices, traffic
from infra.cost.template import Bought
from infra.cost.traffic import OTHER_CALL
from shared.limits import WAITS_AT_ONCE, Plan

DAY_S = 86_400
PLACE_WRITES = 2  # a call that waits is counted in and out (shared/store/waits.py)


def day_of_calls(plan: Plan, has: Bought) -> float:
    """Dollars for the whole quota, every call answered at once."""
    return plan.quota_per_day * _call(has, traffic.API_S, OTHER_CALL.reads)


def day_of_waiting(plan: Plan, has: Bought) -> float:
    """Dollars for a day in which every call waits for nothing as long as it may: `events?wait=20`."""
    looks = traffic.LONGEST_WAIT_S / traffic.WAIT_LOOK_S
    seconds = traffic.API_S + traffic.LONGEST_WAIT_S
    each = _call(has, seconds, OTHER_CALL.reads + looks) + PLACE_WRITES * prices.WRITE_UNIT
    return waiting_calls(plan, has) * each


def waiting_calls(plan: Plan, has: Bought) -> float:
    """How many such calls a day has: the quota's, or as many as a tenant or the API's function may have at once."""
    at_once = WAITS_AT_ONCE if has.api_at_once is None else min(has.api_at_once, WAITS_AT_ONCE)
    return min(plan.quota_per_day, at_once * DAY_S / traffic.LONGEST_WAIT_S)


def _call(has: Bought, seconds: float, reads: float) -> float:
    front = prices.REST_CALL + prices.WEB_ACL_CALL
    return front + prices.LAMBDA_CALL + has.api_gb * seconds * prices.LAMBDA_GB_S + reads * prices.READ_UNIT
