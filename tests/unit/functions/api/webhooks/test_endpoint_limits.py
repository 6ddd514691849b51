"""How much a tenant's endpoints may name in all."""

from __future__ import annotations

from dataclasses import replace

from functions.api.webhooks.endpoint_limits import MOST, MOST_OF_ONE, MOST_PATTERNS, asks_more, refusal
from shared.models.webhook import Webhook
from tests.fakes.webhooks import a_webhook


def naming(count: int, name: str) -> Webhook:
    """With `count` names in all."""
    return a_webhook(name, instances=tuple(f"{name}-{at}" for at in range(count - 1)))


def test_the_last_that_there_is_room_for() -> None:
    others = [naming(100, f"group-{number}") for number in range(MOST_PATTERNS // 100 - 1)]
    assert refusal(naming(100, "last"), None, others) is None
    assert f"more than {MOST_PATTERNS} " in (refusal(naming(101, "last"), None, others) or "")
    assert f"{MOST} webhooks" in (refusal(a_webhook(), None, [a_webhook()] * MOST) or "")
    assert "'*'" in (refusal(a_webhook(), None, [a_webhook()] * MOST_OF_ONE) or "")


def test_who_names_no_more_than_before_always_has_room() -> None:
    others = [naming(MOST_PATTERNS + 100, "from before there was a bound")]
    before = naming(10, "ours")
    other_events = replace(before, events=("message.sent",))
    assert not asks_more(other_events, before)
    other_names = replace(before, instances=(*before.instances[1:], "another"))
    assert asks_more(other_names, before), "they may be too many for one instance"
    assert refusal(other_names, before, others) is None
    more_events = replace(before, events=("message.sent", "message.read"))
    assert asks_more(more_events, before)
    assert refusal(more_events, before, others) is not None
