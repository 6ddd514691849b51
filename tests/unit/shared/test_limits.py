from __future__ import annotations

import pytest

from shared.limits import PLANS, SCALE, STANDARD, Limit, MethodClass, method_class

MESSAGES, OPERATIONS, QUERIES = MethodClass.MESSAGES, MethodClass.INSTANCE_OPERATIONS, MethodClass.QUERIES


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/instances/shop-1/messages", MESSAGES),
        ("POST", "/v1/instances/a@b.c/messages/", MESSAGES),
        ("GET", "/v1/instances/shop-1/messages/msg_1", QUERIES),
        ("POST", "/v1/instances", OPERATIONS),
        ("PATCH", "/v1/instances/shop-1", OPERATIONS),
        ("DELETE", "/v1/instances/shop-1", OPERATIONS),
        ("DELETE", "/v1/instances/messages", OPERATIONS),
        ("POST", "/v1/instances/shop-1/pair-code", OPERATIONS),
        ("POST", "/v1/instances/shop-1/restart", OPERATIONS),
        ("POST", "/v1/instances/shop-1/logout", OPERATIONS),
        ("POST", "/v1/instances/shop-1/numbers/check", QUERIES),
        ("GET", "/v1/instances", QUERIES),
        ("GET", "/v1/instances/shop-1/qr", QUERIES),
        ("HEAD", "/v1/instances/shop-1", QUERIES),
        ("POST", "/v1/webhooks", QUERIES),
        ("POST", "/v1/deliveries/dlv_1/replay", QUERIES),
        ("POST", "/monitoring/gc", QUERIES),
        ("POST", "/v1/instancesque", QUERIES),
    ],
)
def test_what_a_call_counts_as(method: str, path: str, expected: MethodClass) -> None:
    assert method_class(method, path) is expected


def test_standard_has_the_published_numbers_and_scale_ten_times_those() -> None:
    assert STANDARD.limits == {MESSAGES: Limit(500, 60), OPERATIONS: Limit(100, 300), QUERIES: Limit(1000, 60)}
    assert SCALE.limits == {MESSAGES: Limit(5000, 60), OPERATIONS: Limit(1000, 300), QUERIES: Limit(10000, 60)}


def test_every_plan_limits_every_class() -> None:
    assert set(PLANS) == {"standard", "scale"}
    for name, plan in PLANS.items():
        assert plan.name == name
        assert set(plan.limits) == set(MethodClass)
