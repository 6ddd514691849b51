"""One tenant's endpoints hang: what becomes of another tenant's deliveries, in a process whose time is skipped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.slots import Slots
from shared.egress import EgressResponse, EgressTimeout
from shared.models.endpoint_health import EndpointHealth
from tests.fakes.clock import NOW
from tests.fakes.loop import run
from tests.fakes.webhooks import Fakes, a_record, a_task, a_webhook, an_event, fakes

SLOW = EndpointHealth(slow_since=NOW, slow_until=NOW + 30)
HANGS_S = 10.0


class Receivers:
    """Those of `slowpoke` hang, for `quick_s` the others take; `begun` are the times of their attempts."""

    def __init__(self, answer_s: float = 0.05) -> None:
        self.answer_s = answer_s
        self.open = 0
        self.begun: list[float] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        if "hangs" in url:
            self.open += 1
            await asyncio.sleep(HANGS_S)
            self.open -= 1
            raise EgressTimeout("no answer within 10 s")
        self.begun.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.answer_s)
        return EgressResponse(200, 3)


def made(receivers: Receivers, hanging: int, health: EndpointHealth | None = None, **changes: Any) -> Fakes:
    health = health or EndpointHealth()
    bad = [a_webhook(f"hangs{number}", tenant="slowpoke", health=health) for number in range(hanging)]
    return fakes(*bad, a_webhook("good", health=health), client=receivers, **changes)


def for_hanging(events: int) -> list[dict[str, Any]]:
    return [a_record(a_task(an_event(n), tenant="slowpoke"), message_id=f"h{n}") for n in range(events)]


def on_slow_lane(name: str, tenant: str, number: int) -> dict[str, Any]:
    task = a_task(an_event(number), tenant=tenant, webhook_id=f"wh_{name}", moved_at=NOW)
    return a_record(task, message_id=f"{name}-{number}", lane=Lane.SLOW)


async def beside(sender: Fakes, hanging: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> float:
    """When the others are begun to be worked on, a moment after the hanging ones."""
    bad = asyncio.create_task(process_batch(hanging, sender.services))
    await asyncio.sleep(0.2)
    came_at = asyncio.get_running_loop().time()
    for record in others:
        await process_batch([record], sender.services)
    await bad
    return came_at


@pytest.mark.parametrize(("endpoints", "events", "places"), [(10, 4, 25), (10, 50, 25), (100, 4, 25), (3, 4, 2)])
def test_however_many_endpoints_of_a_tenant_hang_another_tenant_waits_for_a_second(
    endpoints: int, events: int, places: int
) -> None:
    receivers = Receivers()
    sender = made(receivers, endpoints, slots=Slots(places))
    came_at = run(beside(sender, for_hanging(events), [a_record(a_task(an_event(99)))]))
    assert receivers.begun[0] - came_at <= 1
    assert receivers.open == 0


def test_on_the_slow_lane_another_tenants_endpoint_has_a_turn_beside_ten_that_hang() -> None:
    receivers = Receivers(1.5)
    sender = made(receivers, 10, SLOW)
    hanging = [on_slow_lane(f"hangs{number}", "slowpoke", number) for number in range(10)]
    run(beside(sender, hanging, [on_slow_lane("good", "acme", number) for number in range(5)]))
    assert len(receivers.begun) == 5
    assert not [task for task, _ in sender.slow.tasks if task.tenant == "acme"]


def test_with_a_single_place_the_slow_lane_gives_it_back() -> None:
    receivers = Receivers()
    sender = made(receivers, 1, SLOW, slots=Slots(1))
    good = a_record(a_task(an_event(99), tenant="acme", webhook_id="wh_good", moved_at=NOW), lane=Lane.SLOW)
    came_at = run(beside(sender, [on_slow_lane("hangs0", "slowpoke", 1)], [good]))
    assert receivers.begun[0] - came_at <= 1


@pytest.mark.parametrize("answer_s", [0.4, 2.0])
def test_an_endpoint_that_never_answers_quickly_stays_slow(answer_s: float) -> None:
    sender = made(Receivers(answer_s), 0, SLOW)

    async def deliver() -> None:
        for number in range(40):
            await process_batch([on_slow_lane("good", "acme", number)], sender.services)

    run(deliver())
    assert len(sender.records.found) == 40
    (row,) = sender.endpoints.webhooks
    assert row.health == SLOW
    assert sender.health.journal == []
