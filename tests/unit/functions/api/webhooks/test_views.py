"""A delivery as its owner sees it."""

from __future__ import annotations

from dataclasses import replace

from functions.api.webhooks.views import delivery_view
from shared.models.webhook import Attempt, Cause, DeliveryState
from tests.fakes.deliveries import DELIVERED

DELIVERY = replace(
    DELIVERED,
    state=DeliveryState.RETRYING,
    created_at="a",
    attempts=(
        Attempt("a", 1, 200),
        Attempt("b", 2, 500, cause=Cause.REPLAY),
        Attempt("c", 3, 500, cause=Cause.RECOVERY),
    ),
)


def test_when_it_was_delivered_is_told() -> None:
    assert "delivered_at" not in delivery_view(DELIVERY).model_dump()
    assert delivery_view(replace(DELIVERY, delivered_at="a")).model_dump()["delivered_at"] == "a"


def test_an_attempt_tells_why_it_was_made_unless_by_the_schedule() -> None:
    attempts = delivery_view(DELIVERY).model_dump(mode="json")["attempts"]
    assert [one.get("cause", "absent") for one in attempts] == ["absent", "replay", "recovery"]
