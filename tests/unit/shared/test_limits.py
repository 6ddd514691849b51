from __future__ import annotations

import base64
import json

import pytest

from shared.limits import (
    MAX_BODY_BYTES,
    MAX_EVENT_BYTES,
    PLANS,
    SCALE,
    STANDARD,
    Limit,
    MethodClass,
    Throttle,
    highest,
    method_class,
    method_throttle,
    plan_throttle,
    retry_after_s,
)
from shared.routes import ROUTES

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
        ("POST", "/monitoring/gc", OPERATIONS),
        ("GET", "/monitoring/metrics", QUERIES),
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
        assert plan.quota_per_day > plan.messages_per_day > max(limit.count for limit in plan.limits.values())


def test_api_gateway_gets_each_methods_own_bucket() -> None:
    instance = "/v1/instances/{instance_id}"
    assert method_throttle(STANDARD, "POST", f"{instance}/messages") == Throttle(8.333, 500)
    assert method_throttle(STANDARD, "DELETE", instance) == Throttle(0.333, 100)
    assert method_throttle(SCALE, "GET", instance) == Throttle(166.667, 10_000)


def test_a_key_may_use_all_classes_at_once() -> None:
    for plan in PLANS.values():
        whole = plan_throttle(plan)
        for route in ROUTES:
            one = method_throttle(plan, route.method, route.path)
            assert one.rate < whole.rate
            assert one.burst < whole.burst


def test_the_firewall_knows_the_highest_plan_and_the_gateway_when_to_come_again() -> None:
    assert {name: highest(name) for name in MethodClass} == SCALE.limits
    assert retry_after_s() == 3


def test_the_largest_body_reaches_the_function_with_all_headers_that_api_gateway_takes() -> None:
    media = base64.b64encode(b"\xff" * (MAX_BODY_BYTES * 3 // 4)).decode()
    body = json.dumps({"type": "image", "data": media})[:MAX_BODY_BYTES]
    headers = {"x": "h" * 10_240}
    event = {
        "headers": headers,
        "multiValueHeaders": {"x": [headers["x"]]},
        "requestContext": "c" * 4_096,
        "body": body,
    }
    assert len(body) == MAX_BODY_BYTES
    assert len(json.dumps(event)) < MAX_EVENT_BYTES
    event["body"] = body[:-750_000] + '"' * 750_000
    assert len(json.dumps(event)) < MAX_EVENT_BYTES
