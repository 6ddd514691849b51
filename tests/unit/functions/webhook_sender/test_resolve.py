"""Which endpoints are read for a batch, and which of them hear of what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.ordered.turn import CHANGE_S
from shared.models.endpoint_health import EndpointHealth
from shared.models.event import EventType
from shared.models.instance import InstanceKey
from shared.models.made_for import endpoint_id
from shared.models.webhook import DeliveryState, Ordering, Webhook
from shared.queues.queue import QueueError
from shared.store.webhooks import FEW
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_record, a_task, a_webhook, an_event, fakes


def an_own_endpoint(instance: str) -> Webhook:
    name = endpoint_id(InstanceKey("acme", instance)).removeprefix("wh_")
    return a_webhook(name, instances=(instance,), made_for=instance)


def heard(made: Fakes) -> list[str]:
    return sorted(url for url, _, _ in made.poster.calls)


async def test_an_instances_own_endpoint_hears_its_events_and_no_others() -> None:
    own = [an_own_endpoint(f"shop-{number}") for number in range(20)]
    made = fakes(a_webhook("all"), *own)
    events = [replace(an_event(number), instance=f"shop-{number % 2}") for number in range(10)]
    batch = [a_record(a_task(event), message_id=event.id) for event in events]
    assert await process_batch(batch, made.services) == {"batchItemFailures": []}
    assert heard(made) == sorted([own[0].url] * 5 + [own[1].url] * 5 + ["http://all.test/"] * 10)
    assert made.endpoints.asked == ["acme"]
    assert {one.id for one in made.endpoints.answered} == {"wh_all", own[0].id, own[1].id}


async def test_retries_read_no_endpoint_but_theirs() -> None:
    own = [an_own_endpoint(f"shop-{number}") for number in range(3)]
    made = fakes(a_webhook("a"), a_webhook("b"), *own)
    tasks = [a_task(an_event(n), webhook_id=name) for n, name in enumerate(("wh_a", own[2].id, "wh_gone"))]
    await process_batch([a_record(task, message_id=str(n)) for n, task in enumerate(tasks)], made.services)
    assert heard(made) == sorted(["http://a.test/", own[2].url])
    assert {one.id for one in made.endpoints.answered} == {"wh_a", own[2].id}


@pytest.mark.parametrize(("instances", "hear"), [(2, 1), (FEW, 0)])
async def test_what_is_of_no_instance_is_heard_by_all_but_the_instances_own_of_a_large_tenant(
    instances: int, hear: int
) -> None:
    own = [an_own_endpoint(f"shop-{number}") for number in range(instances)]
    made = fakes(a_webhook("a"), *own)
    data = {"webhook_id": own[0].id}
    event = replace(an_event(event_type=EventType.WEBHOOK_FAILING), instance=None, sequence=None, data=data)
    beside = replace(an_event(7), instance=own[1].made_for)
    await process_batch([a_record(a_task(one), message_id=one.id) for one in (event, beside)], made.services)
    assert heard(made) == sorted(["http://a.test/"] * 2 + [own[1].url, *(one.url for one in own[1 : 1 + hear])])


CHANGES: dict[str, Callable[[Webhook], Webhook]] = {
    "events": lambda one: replace(one, events=("message.sent",), matched_since=NOW),
    "instances": lambda one: replace(one, instances=("shop-2",), matched_since=NOW - CHANGE_S + 1),
    "enabled": lambda one: replace(one, enabled=False),
    "ordering": lambda one: replace(one, events=("call",), ordering=Ordering.INSTANCE, matched_since=NOW),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("status", [500, 410])
async def test_what_was_recorded_follows_though_the_endpoint_was_changed_meanwhile(change: str, status: int) -> None:
    away = True

    def trap(step: str) -> None:
        if away and step in ("before schedule", "before bury"):
            raise QueueError("away")

    webhook = a_webhook()
    made = fakes(webhook, a_webhook("other", events=("call",)), trap=trap)
    made.poster.answers[webhook.url] = iter([status])
    assert (await process_batch([a_record(a_task())], made.services))["batchItemFailures"]
    away = False
    made.endpoints.webhooks[0] = CHANGES[change](made.endpoints.webhooks[0])
    assert await process_batch([a_record(a_task(), receives=2)], made.services) == {"batchItemFailures": []}
    found = made.records.of(webhook.id)
    ((task, _),) = made.dead.tasks if found.state is DeliveryState.DEAD else made.tasks.tasks
    assert (task.webhook_id, task.again) == (webhook.id, found.state is DeliveryState.DEAD)
    assert len(made.poster.calls) == 1


@pytest.mark.parametrize("change", CHANGES)
async def test_what_an_endpoint_never_heard_it_does_not_hear_for_coming_again(change: str) -> None:
    made = fakes(CHANGES[change](a_webhook()))
    assert await process_batch([a_record(a_task(), receives=2)], made.services) == {"batchItemFailures": []}
    assert (made.poster.calls, made.records.found, made.tasks.tasks) == ([], {}, [])


async def test_what_an_endpoint_has_in_order_waits_though_its_event_comes_again_while_that_is_disabled() -> None:
    made = fakes(a_webhook(ordering=Ordering.INSTANCE, health=EndpointHealth(slow_since=NOW, slow_until=NOW + 30)))
    await process_batch([a_record(a_task())], made.services)
    pending, slow = made.records.of("wh_a"), len(made.slow.tasks)
    assert (pending.state, slow) == (DeliveryState.PENDING, 1)
    made.endpoints.webhooks[0] = replace(made.endpoints.webhooks[0], enabled=False)
    assert await process_batch([a_record(a_task(), receives=2)], made.services) == {"batchItemFailures": []}
    assert (made.records.of("wh_a"), made.dead.tasks, len(made.slow.tasks)) == (pending, [], slow)


async def test_of_endpoints_that_were_not_changed_no_record_is_read() -> None:
    others = [a_webhook(f"other{number}", events=("call",), matched_since=NOW - 3600) for number in range(5)]
    made = fakes(a_webhook("a"), *others)
    await process_batch([a_record(a_task(), receives=2)], made.services)
    assert (heard(made), made.records.gets) == (["http://a.test/"], 1)
