"""A delivery as it is recorded."""

from __future__ import annotations

from dataclasses import replace

from shared.clock import iso
from shared.models.webhook import Attempt, Delivery, DeliveryState

DELIVERED = Delivery(
    id="dlv_1_a",
    tenant="acme",
    webhook_id="wh_a",
    event_id="evt_1",
    event_type="message.received",
    state=DeliveryState.DELIVERED,
    created_at="",
)


def retrying(at: float, due: float) -> Delivery:
    """One that was attempted once, in vain, and is due then."""
    return replace(
        DELIVERED,
        state=DeliveryState.RETRYING,
        created_at=iso(at),
        attempts=(Attempt(iso(at), 1, 500),),
        next_attempt_at=iso(due),
        round=1,
    )
