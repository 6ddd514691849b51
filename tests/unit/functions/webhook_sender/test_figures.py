"""What the sender counts, as CloudWatch is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.webhook_sender.batch import process_batch
from shared.clock import iso
from shared.metrics import Meter
from shared.models.event import Event, EventType
from shared.models.webhook import Webhook
from shared.queues.deliveries import DeliveryTask
from shared.queues.queue import QueueError
from shared.reasons import reason
from tests.fakes.clock import NOW
from tests.fakes.webhooks import a_record, a_task, a_webhook, an_event, fakes

FAILED = {"WebhooksFailed": 1, "WebhooksDelivered": 0, "WebhookLatency": 3}  # 0: a share of nothing alarms nobody


async def told(
    *records: dict[str, Any], statuses: tuple[int, ...] = (200,), webhook: Webhook | None = None, **changes: Any
) -> dict[str, Any]:
    """The figures of one batch, at one endpoint that answers so."""
    lines: list[str] = []
    webhook = webhook or a_webhook()
    made = fakes(webhook, meter=Meter("hivewp-test", lines.append), **changes)
    made.poster.answers = {webhook.url: iter(statuses)}
    await process_batch(records, made.services)
    made.services.meter.flush()
    line: dict[str, Any] = json.loads("".join(lines)) if lines else {}
    return {name: value for name, value in line.items() if name not in {"_aws", "Deployment"}}


def state_event(code: str | None) -> DeliveryTask:
    why = reason(code) if code else None
    data = {"state": "failed"} | ({"reason": {"code": why.code, "detail": why.detail}} if why else {})
    return a_task(Event("evt_1", EventType.INSTANCE_STATE, iso(NOW), data, "shop-1", 1))


async def test_a_batch_is_summed() -> None:
    sent = [a_record(a_task(an_event(n, EventType.MESSAGE_SENT)), message_id=str(n)) for n in range(3)]
    failed = a_record(a_task(an_event(9, EventType.MESSAGE_FAILED)), message_id="f")
    figures = await told(*sent, failed, statuses=(200, 200, 500, 503))
    latencies = figures.pop("WebhookLatency")
    assert latencies == [3, 3, 3, 3]
    assert figures == {"MessagesSent": 3, "MessagesFailed": 1, "WebhooksDelivered": 2, "WebhooksFailed": 2}


@pytest.mark.parametrize(
    ("event_type", "name"),
    [
        (EventType.MESSAGE_RECEIVED, "MessagesReceived"),
        (EventType.MESSAGE_UNCERTAIN, "MessagesUncertain"),
    ],
)
async def test_what_events_announce_is_counted_though_nobody_wants_them(event_type: EventType, name: str) -> None:
    task = replace(a_task(an_event(1, event_type)), tenant="nobody")
    assert await told(a_record(task)) == {name: 1}


@pytest.mark.parametrize(
    "record",
    [
        a_record(a_task(webhook_id="wh_a", again=True)),
        a_record(a_task(webhook_id="wh_a", attempt=1)),
        a_record(a_task(webhook_id="wh_a", forced=True)),
    ],
    ids=["moved back", "a retry", "a replay"],
)
async def test_an_event_is_counted_once(record: dict[str, Any]) -> None:
    assert "MessagesReceived" not in await told(record)


async def test_what_may_have_been_put_on_the_queue_before_is_counted() -> None:
    assert (await told(a_record(a_task(again=True))))["MessagesReceived"] == 1


async def test_a_client_that_whatsapp_no_longer_accepts_is_counted() -> None:
    assert (await told(a_record(state_event("client_outdated"))))["ClientsOutdated"] == 1
    assert "ClientsOutdated" not in await told(a_record(state_event("connection_lost")))
    assert "ClientsOutdated" not in await told(a_record(state_event(None)))


async def test_a_delivery_without_attempts_left_is_dead() -> None:
    figures = await told(a_record(a_task(webhook_id="wh_a", attempt=9)), statuses=(500,))
    assert figures == {**FAILED, "DeliveriesDead": 1}


async def test_what_an_endpoint_wants_no_more_was_not_given_up() -> None:
    assert "DeliveriesDead" not in await told(a_record(a_task(webhook_id="wh_a", attempt=3)), statuses=(410,))
    disabled = a_webhook(enabled=False)
    assert "DeliveriesDead" not in await told(a_record(a_task(webhook_id="wh_a", attempt=3)), webhook=disabled)


@pytest.mark.parametrize(("receives", "given_up"), [(9, False), (10, True)])
async def test_what_the_queue_gives_up_is_given_up(receives: int, given_up: bool) -> None:
    figures = await told({**a_record(a_task(), receives=receives), "body": "no task"})
    assert figures == ({"DeliveriesDead": 1} if given_up else {})


async def test_an_attempt_counts_though_its_record_must_come_again() -> None:
    def trap(step: str) -> None:
        if step == "before schedule":
            raise QueueError(step)

    made = fakes(trap=trap)
    figures = await told(a_record(a_task()), statuses=(500,), tasks=made.tasks)
    assert figures == FAILED, "the event itself counts when its record is through"
    assert (await told(a_record(a_task(), receives=2)))["MessagesReceived"] == 1
