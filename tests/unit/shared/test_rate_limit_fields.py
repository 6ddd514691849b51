from __future__ import annotations

from shared.limits import STANDARD, Limit, MethodClass, RateRule, until_midnight_s
from shared.rate_limit_fields import (
    calls_per_day,
    firewall_refusal_fields,
    messages_per_day,
    plan_policy,
    rate_limit_fields,
    refusal_fields,
    with_fields,
)


def test_limits_are_lists_of_what_is_allowed_and_of_what_is_left() -> None:
    assert rate_limit_fields(messages_per_day(20, 7, 90), calls_per_day(STANDARD, 400, 90)) == {
        "ratelimit-policy": '"messages-per-day";q=20;w=86400, "calls-per-day";q=500000;w=86400',
        "ratelimit": '"messages-per-day";r=7;t=90, "calls-per-day";r=400;t=90',
    }


def test_a_refusal_says_when_to_come_again() -> None:
    fields = refusal_fields(90, messages_per_day(20, 0, 90))
    assert (fields["retry-after"], fields["ratelimit"]) == ("90", '"messages-per-day";r=0;t=90')


def test_the_firewall_tells_its_rule_under_a_name_that_no_plan_has() -> None:
    assert firewall_refusal_fields(RateRule("messages", Limit(5000, 60), MethodClass.MESSAGES)) == {
        "retry-after": "60",
        "ratelimit-policy": '"firewall-messages";q=5000;w=60',
        "ratelimit": '"firewall-messages";r=0;t=60',
    }


def test_fields_join_what_an_answer_has_already() -> None:
    before = [(b"RateLimit-Policy", b'"own";q=1;w=2'), (b"x", b"y"), (b"ratelimit", b'"own";r=0;t=1')]
    after = with_fields(before, plan_policy(STANDARD, MethodClass.MESSAGES))
    assert after == [
        (b"x", b"y"),
        (b"ratelimit", b'"own";r=0;t=1'),
        (b"ratelimit-policy", b'"messages";q=500;w=60, "calls-per-day";q=500000;w=86400, "own";q=1;w=2'),
    ]


def test_a_day_is_one_of_utc_and_never_over_before_it_is() -> None:
    assert [until_midnight_s(at) for at in (0, 0.5, 86_399, 86_399.001, 86_400)] == [86_400, 86_400, 1, 1, 86_400]
