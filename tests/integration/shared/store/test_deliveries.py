"""Deliveries on a real table: the first record of one, and why one is dead."""

from __future__ import annotations

from dataclasses import replace

from shared.clock import iso
from shared.models.dead_reason import DeadReason
from shared.models.webhook import Delivery, DeliveryState, delivery_id
from shared.store.database import Update
from shared.store.deliveries import TABLE, Deliveries
from tests.conftest import Deployment
from tests.fakes.clock import NOW

WAITING = Delivery(
    id=delivery_id("evt_1", "wh_a"),
    tenant="acme",
    webhook_id="wh_a",
    event_id="evt_1",
    event_type="message.received",
    state=DeliveryState.PENDING,
    created_at=iso(NOW),
)


async def test_what_is_recorded_first_stays_as_it_is(deployment: Deployment) -> None:
    deliveries = Deliveries(deployment.database)
    await deliveries.begin([WAITING], NOW)
    assert await deliveries.get("acme", "wh_a", WAITING.id) == WAITING
    delivered = replace(WAITING, state=DeliveryState.DELIVERED)
    await deliveries.save(delivered, NOW)
    others = [replace(WAITING, id=delivery_id(f"evt_{number}", "wh_a")) for number in (0, 2, 3)]
    await deliveries.save(replace(delivered, id=others[1].id), NOW)
    await deliveries.begin([others[0], WAITING, *others[1:]], NOW)
    assert await deliveries.get("acme", "wh_a", WAITING.id) == delivered
    stored = [await deliveries.get("acme", "wh_a", one.id) for one in others]
    assert stored == [others[0], replace(delivered, id=others[1].id), others[2]]


async def test_the_reason_of_a_dead_one_is_kept_and_an_unknown_one_passed_over(deployment: Deployment) -> None:
    deliveries = Deliveries(deployment.database)
    dead = replace(WAITING, state=DeliveryState.DEAD, reason=DeadReason.GONE)
    await deliveries.save(dead, NOW)
    assert await deliveries.get("acme", "wh_a", WAITING.id) == dead
    key = {"webhook": "acme#wh_a", "id": WAITING.id}
    await deployment.database.write(Update(TABLE, key, sets={"reason": "of a newer sender"}))
    assert await deliveries.get("acme", "wh_a", WAITING.id) == replace(dead, reason=None)
