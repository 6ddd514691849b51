"""From the queue to a receiver and into the record, through the loop that runs on one machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from standardwebhooks import Webhook as Verifier

from functions.webhook_sender.decide import SCHEDULE_S
from functions.webhook_sender.settings import SenderSettings
from local.webhooks.__main__ import serve
from shared.models.webhook import DeliveryState, delivery_id
from shared.queues.deliveries import DeliveryQueue, DeliveryTask, decode
from tests.integration.functions.webhook_sender.conftest import SECRET, Sending, an_event, listening


@asynccontextmanager
async def serving(
    sending: Sending, schedule: tuple[float, ...] = SCHEDULE_S, timeout_s: float = 10
) -> AsyncIterator[None]:
    """The loop in this process."""
    stopping = asyncio.Event()
    task = asyncio.create_task(serve(sending.settings, SenderSettings(timeout_s=timeout_s), stopping, schedule))
    try:
        yield
    finally:
        stopping.set()
        await task


async def test_an_event_arrives_signed_and_is_recorded(sending: Sending) -> None:
    event = an_event()
    async with serving(sending):
        await sending.put([event])
        await sending.receiver.times(1)
        await sending.settled()
    ((_, body, headers),) = sending.receiver.got
    assert body == event.body().encode()
    assert Verifier(SECRET).verify(body, headers)["id"] == headers["webhook-id"] == event.id
    record = await sending.delivery(event)
    assert record is not None
    assert (record.state, record.instance, record.sequence) == (DeliveryState.DELIVERED, "shop-1", 1)
    assert [(attempt.status, attempt.response) for attempt in record.attempts] == [(200, "noted")]


async def test_many_events_arrive_once_each(sending: Sending) -> None:
    events = [an_event(number) for number in range(120)]
    async with serving(sending):
        await sending.put(events)
        await sending.receiver.times(len(events))
        await sending.settled()
    assert sorted(headers["webhook-id"] for _, _, headers in sending.receiver.got) == [event.id for event in events]
    records = await asyncio.gather(*(sending.delivery(event) for event in events))
    assert {record.state for record in records if record} == {DeliveryState.DELIVERED}


async def test_a_failed_attempt_comes_back_after_its_delay(sending: Sending) -> None:
    sending.receiver.statuses = [500]
    event = an_event()
    async with serving(sending):
        await sending.put([event])
        await sending.receiver.times(1)
        sending.receiver.hold.clear()  # the second answer waits until the first is seen
        assert (await sending.recorded(event)).state is DeliveryState.RETRYING
        sending.receiver.hold.set()
        await sending.receiver.times(2)
        await sending.settled()
    (first, _, one), (second, _, other) = sending.receiver.got
    assert second - first >= 0.9  # scheduled for 1 s later
    assert one["webhook-id"] == other["webhook-id"]
    assert int(other["webhook-timestamp"]) > int(one["webhook-timestamp"])
    record = await sending.delivery(event)
    assert record is not None
    assert [attempt.status for attempt in record.attempts] == [500, 200]


async def test_the_last_failure_ends_on_the_dead_letter_queue_and_can_be_moved_back(sending: Sending) -> None:
    sending.receiver.statuses = [500, 503]
    event = an_event()
    async with serving(sending, schedule=(1.0,)):
        await sending.put([event])
        await sending.receiver.times(2)
        (buried,) = await sending.dead.receive(wait_s=20)
        record = await sending.delivery(event)
        assert record is not None
        assert (record.state, len(record.attempts)) == (DeliveryState.DEAD, 2)
        await DeliveryQueue(sending.queue).put([decode(buried.body)])
        await sending.receiver.times(3)
        await sending.settled()
    record = await sending.delivery(event)
    assert record is not None
    assert record.state is DeliveryState.DELIVERED


async def test_what_was_delivered_is_dropped_when_it_may_come_again_and_delivered_when_it_is_replayed(
    sending: Sending,
) -> None:
    event, queue = an_event(), DeliveryQueue(sending.queue)
    async with serving(sending):
        await sending.put([event])
        await sending.receiver.times(1)
        await sending.settled()
        await queue.put([DeliveryTask("acme", event.body(), again=True)])
        await sending.settled()
        assert len(sending.receiver.got) == 1
        await queue.put([DeliveryTask("acme", event.body(), webhook_id="wh_a", forced=True)])
        await sending.receiver.times(2)
        await sending.settled()
    record = await sending.delivery(event)
    assert record is not None
    assert (record.state, len(record.attempts)) == (DeliveryState.DELIVERED, 2)


async def test_no_event_of_one_tenant_waits_for_another_s_endpoint_that_hangs(sending: Sending) -> None:
    """The other's events came first, more of them than there are places, and not one of its calls ends meanwhile."""
    called, let_go = asyncio.Event(), asyncio.Event()

    async def hang(request: web.BaseRequest) -> web.Response:
        called.set()
        await let_go.wait()
        return web.Response()

    async with listening(hang) as url:
        await sending.add_endpoint("slowpoke", "wh_slow", url)
        before = [an_event(number) for number in range(60)]
        after = [an_event(number) for number in range(60)]
        await sending.put(before, "slowpoke")
        async with serving(sending, timeout_s=30):
            await called.wait()
            await sending.put(after)
            await sending.receiver.times(len(after))
            ended = [await sending.deliveries.get("slowpoke", "wh_slow", delivery_id(e.id, "wh_slow")) for e in before]
            assert not [one for one in ended if one and one.attempts]
            let_go.set()
