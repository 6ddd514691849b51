"""What attempts do to their endpoint, and who hears of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.health_cache import HealthCache
from functions.webhook_sender.health_rules import DAY_S, DISABLED_AFTER_S, NOTICE_S, WARNED_AFTER_S
from functions.webhook_sender.notices import RETOLD_S, site
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import Slots
from shared.clock import iso
from shared.egress import EgressResponse
from shared.models.endpoint_health import EndpointHealth, HealthState
from shared.models.event import EventType
from shared.models.webhook import DeliveryState
from shared.queues.queue import QueueError
from shared.store.database import StoreUnavailable
from shared.store.webhook_journal import EndpointChange
from tests.fakes.clock import NOW
from tests.fakes.webhooks import FakePoster, Fakes, a_record, a_task, a_webhook, an_event, fakes

BROKEN = a_webhook("broken", url="https://user:pw@broken.test/hook?token=secret#x")
OTHER = a_webhook("other")


def answering(status: int, health: EndpointHealth | None = None, headers: dict[str, str] | None = None) -> Fakes:
    """Two endpoints of a tenant, one of which always answers so."""
    made = fakes(replace(BROKEN, health=health or EndpointHealth()), OTHER)
    answer = EgressResponse(status, 3, b"", headers or {})
    made.poster.answers = {BROKEN.url: repeat(answer)}
    return made


async def event(made: Fakes, number: int = 1, **changes: Any) -> None:
    """An event comes, for the broken endpoint alone."""
    record = a_record(a_task(an_event(number), webhook_id="wh_broken", **changes), message_id=str(number))
    assert await process_batch([record], made.services) == {"batchItemFailures": []}


def a_process(made: Fakes) -> Services:
    """Another sender beside the others, which knows only what is stored."""
    return replace(made.services, health_cache=HealthCache(made.health, made.clock), slots=Slots(25))


async def event_at(process: Services, number: int) -> None:
    """An event comes to one of several senders, for the broken endpoint alone."""
    record = a_record(a_task(an_event(number), webhook_id="wh_broken"), message_id=str(number))
    assert await process_batch([record], process) == {"batchItemFailures": []}


async def due_at(made: Fakes, process: Services) -> None:
    """One of several senders takes all tasks that are due."""
    due = [put for put in made.tasks.tasks if put[0].not_before <= made.clock.now]
    made.tasks.tasks = [put for put in made.tasks.tasks if put not in due]
    records = [a_record(task, message_id=f"due-{number}") for number, (task, _) in enumerate(due)]
    assert await process_batch(records, process) == {"batchItemFailures": []}


def told(made: Fakes) -> list[dict[str, Any]]:
    """Events about endpoints that were put on the queue."""
    bodies = [json.loads(task.event) for task, _ in made.tasks.tasks if task.webhook_id is None]
    return [body for body in bodies if body["type"].startswith("webhook.")]


async def test_an_endpoint_that_does_well_costs_no_write() -> None:
    made = answering(200)
    for number in range(5):
        await event(made, number)
    assert (made.health.changes, made.records.saves, made.records.gets) == ([], 5, 0)


async def test_gone_disables_at_once_and_the_other_endpoints_hear_of_it() -> None:
    made = answering(410)
    await event(made)
    row = made.endpoints.webhooks[0]
    assert (row.health.state(NOW), row.enabled) == (HealthState.DISABLED, True)
    assert made.records.of("wh_broken").state is DeliveryState.DEAD
    assert [task.again for task, _ in made.dead.tasks] == [True]
    assert made.health.journal == [("wh_broken", EndpointChange.DISABLED, "gone: status 410")]
    (body,) = told(made)
    assert (body["type"], body["instance"], body["sequence"]) == ("webhook.disabled", None, None)
    assert body["data"]["webhook_id"] == "wh_broken"
    assert body["data"]["url"] == "https://broken.test"
    assert body["data"]["reason"].keys() == {"code", "detail", "action"}
    assert (body["data"]["reason"]["code"], body["data"]["last_error"]) == ("gone", "status 410")
    (task,) = [task for task, _ in made.tasks.tasks]
    await process_batch([a_record(task, message_id="told")], made.services)
    assert made.records.of("wh_other").state is DeliveryState.DELIVERED
    assert [url for url, _, _ in made.poster.calls] == [BROKEN.url, OTHER.url], "not told of itself"
    assert {"untold": "webhook.disabled"}.items() <= made.health.changes[0].items()
    assert row.health.untold is None, "it was told"


ASKING = [("webhook.*",), ("*",), ("message.sent", "webhook.failing", "webhook.disabled")]
NOT_ASKING = [("message.*",), ("webhook.test",), ()]


@pytest.mark.parametrize("events", [*ASKING, *NOT_ASKING], ids=lambda events: ", ".join(events) or "nothing")
@pytest.mark.parametrize("event_type", ["webhook.failing", "webhook.disabled"])
async def test_who_asks_for_it_hears_what_becomes_of_another_and_nobody_else(
    events: tuple[str, ...], event_type: str
) -> None:
    made = answering(500 if event_type == "webhook.failing" else 410, EndpointHealth(failing_since=NOW - 2 * 86_400))
    made.endpoints.webhooks[1] = replace(OTHER, events=events, instances=("shop-9",))
    made.endpoints.webhooks.append(a_webhook("strange", tenant="other"))
    await event(made, attempt=1)
    (task,) = [task for task, _ in made.tasks.tasks if task.webhook_id is None]
    await process_batch([a_record(task, message_id="told")], made.services)
    heard = [(url, json.loads(body)["type"]) for url, body, _ in made.poster.calls[1:]]
    assert heard == ([(OTHER.url, event_type)] if events in ASKING else [])


@pytest.mark.parametrize("headers", [{}, {"retry-after": "60"}], ids=["gone", "paused"])
async def test_what_the_url_before_answers_is_not_the_new_ones(headers: dict[str, str]) -> None:
    class Slow(FakePoster):
        async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
            answer = await super().post(url, body, headers)
            made.endpoints.webhooks[0] = replace(made.endpoints.webhooks[0], url=OTHER.url)  # its owner's PATCH
            return answer

    made = answering(503 if headers else 410, headers=headers)
    poster = Slow(made.poster.answers)
    made.services = replace(made.services, client=poster)
    await event(made)
    row = made.endpoints.webhooks[0]
    assert (row.health, told(made), made.health.journal) == (EndpointHealth(), [], [])
    assert made.services.health_cache.health(row) == EndpointHealth(), "nor does this process take it for that"
    await event(made, 2)
    assert [url for url, _, _ in poster.calls] == [BROKEN.url, OTHER.url]


async def test_what_waited_for_a_disabled_endpoint_is_dead_and_what_comes_is_not_for_it() -> None:
    made = answering(410)
    await event(made)
    await event(made, 2)
    await process_batch([a_record(a_task(an_event(3)), message_id="3")], made.services)
    assert [url for url, _, _ in made.poster.calls] == [BROKEN.url, OTHER.url]
    states = {one.event_id: one.state for (webhook, _), one in made.records.found.items() if webhook == "wh_broken"}
    assert states == {"evt_1": DeliveryState.DEAD, "evt_2": DeliveryState.DEAD}


async def test_of_25_senders_that_see_the_same_one_tells() -> None:
    made = answering(410)
    senders = [replace(made.services, health_cache=HealthCache(made.health, made.clock)) for _ in range(25)]
    records = [a_record(a_task(an_event(n), webhook_id="wh_broken"), message_id=str(n)) for n in range(25)]
    await asyncio.gather(*(process_batch([record], one) for record, one in zip(records, senders, strict=True)))
    assert len(told(made)) == 1
    assert len(made.health.journal) == 1


async def test_three_days_of_failures_disable_after_a_warning() -> None:
    made = answering(500)
    made.services = replace(made.services, schedule=(0.0,) * 9)
    for hours in range(0, 24 * 4, 6):
        made.clock.now = NOW + hours * 3600
        await event(made, hours, attempt=1)
    codes = [code for _, code, _ in made.health.journal]
    assert codes == [EndpointChange.FAILING, EndpointChange.WARNED, EndpointChange.DISABLED]
    assert [(body["type"], body["timestamp"]) for body in told(made)] == [
        ("webhook.failing", iso(NOW + WARNED_AFTER_S)),
        ("webhook.disabled", iso(NOW + DISABLED_AFTER_S)),
    ]
    assert {body["data"]["failing_since"] for body in told(made)} == {iso(NOW)}
    assert made.endpoints.webhooks[0].health.disabled_reason == "failing"


async def test_who_always_refuses_some_events_is_not_failing_while_others_are_delivered() -> None:
    made = answering(422)
    for second in range(0, 40, 2):
        made.clock.now = NOW + second
        due = [put for put in made.tasks.tasks if put[0].not_before <= made.clock.now]
        made.tasks.tasks = [put for put in made.tasks.tasks if put not in due]
        tasks = [task for task, _ in due] + [a_task(an_event(second), webhook_id="wh_broken")]
        await process_batch([a_record(task, message_id=str(n)) for n, task in enumerate(tasks)], made.services)
        made.poster.answers[BROKEN.url] = chain([200], repeat(422))
        made.clock.now += 0.5
        await event(made, 1000 + second)
    assert max(len(one.attempts) for one in made.records.found.values()) == 5
    assert (made.health.journal, made.health.changes) == ([], [])


async def test_who_delivers_nothing_between_two_attempts_is_failing() -> None:
    made = answering(200)
    await event(made)
    made.poster.answers[BROKEN.url] = repeat(500)
    made.clock.now += 1
    await event(made, 2)
    ((task, _),) = made.tasks.tasks
    made.clock.now += 1
    await process_batch([a_record(task)], made.services)
    assert made.endpoints.webhooks[0].health.failing_since == NOW + 2


async def test_what_another_process_delivered_meanwhile_counts_too() -> None:
    made = answering(422)
    here, elsewhere = a_process(made), a_process(made)
    for second in range(0, 40, 2):
        made.clock.now = NOW + second
        await event_at(here, 1000 + second)
        made.poster.answers[BROKEN.url] = chain([200], repeat(422))
        made.clock.now += 0.5
        await event_at(elsewhere, 1001 + second)
        made.clock.now += 0.5
        await due_at(made, here)
    assert max(len(one.attempts) for one in made.records.found.values()) == 5
    assert (made.health.journal, made.health.changes) == ([], [])
    assert made.records.looks == 20, "once for each event that is refused again, at most"


async def test_what_another_process_delivered_before_does_not_count() -> None:
    made = answering(200)
    here, elsewhere = a_process(made), a_process(made)
    for number in range(3):
        await event_at(elsewhere, number)
    made.poster.answers[BROKEN.url] = repeat(500)
    made.clock.now += 1
    for number in range(3, 6):
        await event_at(here, number)
    made.clock.now += 1
    await due_at(made, here)
    assert made.endpoints.webhooks[0].health.failing_since == NOW + 2
    looks = made.records.looks
    made.clock.now += 2
    await due_at(made, here)
    assert made.records.looks == looks, "what is known to fail is not looked up"
    assert max(len(one.attempts) for one in made.records.found.values()) == 3


async def test_where_nobody_says_what_was_delivered_nothing_is_concluded() -> None:
    def trap(step: str) -> None:
        if away and step == "before newest":
            raise StoreUnavailable("away")

    away = True
    made = fakes(BROKEN, OTHER, trap=trap)
    made.poster.answers = {BROKEN.url: repeat(500)}
    await event(made)
    made.clock.now += 1
    await due_at(made, made.services)
    assert made.health.changes == []
    assert len(made.records.of("wh_broken").attempts) == 2
    away = False
    made.clock.now += 5
    await due_at(made, made.services)
    assert made.endpoints.webhooks[0].health.failing_since == made.clock.now


async def test_the_warning_names_no_day_before_the_one_that_follows_it() -> None:
    made = answering(500, EndpointHealth(failing_since=NOW - 10 * DAY_S))
    await event(made, attempt=1)
    (body,) = told(made)
    assert body["type"] == "webhook.failing"
    assert iso(NOW + NOTICE_S) in body["data"]["reason"]["detail"]


async def test_a_success_ends_the_failing() -> None:
    made = answering(200, EndpointHealth(failing_since=NOW - 2 * DAY_S, warned_at=NOW - DAY_S, last_error="x"))
    await event(made)
    assert made.endpoints.webhooks[0].health.state(NOW) is HealthState.HEALTHY
    assert made.health.journal == [("wh_broken", EndpointChange.RECOVERED, None)]


async def test_whoever_dies_before_it_told_has_it_told_by_the_next_under_the_same_id() -> None:
    deaf = True

    def trap(step: str) -> None:
        if deaf and step == "before schedule":
            raise QueueError("away")

    made = fakes(BROKEN, OTHER, trap=trap)
    made.poster.answers = {BROKEN.url: repeat(410)}
    await event(made)
    assert told(made) == []
    deaf = False
    await event(made, 2)
    assert told(made) == [], "it may be telling right now"
    made.clock.now += RETOLD_S + 1
    await event(made, 3)
    await event(made, 4)
    (body,) = told(made)
    same = answering(410)
    await event(same)
    assert body == told(same)[0]


@pytest.mark.parametrize(("status", "asked", "due_s"), [(429, "120", 120), (503, "7200", 3600), (429, "1", 1)])
async def test_who_asks_to_be_left_alone_is_within_limits(status: int, asked: str, due_s: int) -> None:
    made = answering(status, headers={"retry-after": asked})
    await event(made)
    record = made.records.of("wh_broken")
    assert (record.state, record.next_attempt_at) == (DeliveryState.RETRYING, iso(NOW + due_s))
    pause_s = min(due_s, 900)
    assert made.endpoints.webhooks[0].health.paused_until == NOW + pause_s
    await event(made, 2)
    assert len(made.poster.calls) == 1, "what comes meanwhile waits"
    waiting = [one for one in made.records.found.values() if one.event_id == "evt_2"]
    assert [(one.state, one.next_attempt_at) for one in waiting] == [(DeliveryState.PENDING, iso(NOW + pause_s))]
    made.clock.now += pause_s
    await event(made, 3)
    assert len(made.poster.calls) == 2


async def test_a_test_that_is_answered_well_ends_a_pause() -> None:
    made = answering(429, headers={"retry-after": "600"})
    await event(made)
    made.poster.answers = {}
    test = a_task(an_event(2, EventType.WEBHOOK_TEST), webhook_id="wh_broken")
    elsewhere = replace(made.services, health_cache=HealthCache(made.health, made.clock))
    assert await process_batch([a_record(test, message_id="2")], elsewhere) == {"batchItemFailures": []}
    assert not made.endpoints.webhooks[0].health.paused_at(made.clock.now)
    await event(made, 3)
    assert [len(one.attempts) for one in made.records.found.values()] == [1, 1, 1], "who noted the pause knows too"


@pytest.mark.parametrize("status", [404, 500, 301])
async def test_other_failures_ask_for_nothing(status: int) -> None:
    made = answering(status, headers={"retry-after": "120"})
    await event(made)
    assert made.endpoints.webhooks[0].health.paused_until is None
    assert made.records.of("wh_broken").next_attempt_at == iso(NOW + 1)


async def test_a_store_that_does_not_take_it_holds_up_no_delivery() -> None:
    def trap(step: str) -> None:
        if step == "before health":
            raise StoreUnavailable("away")

    made = fakes(BROKEN, OTHER, trap=trap)
    made.poster.answers = {BROKEN.url: repeat(410)}
    await event(made)
    assert made.records.of("wh_broken").state is DeliveryState.DEAD
    assert told(made) == []


def test_urls_are_told_without_what_is_secret_in_them() -> None:
    assert site("https://u:p@shop.example:8443/a/b?key=1#f") == "https://shop.example:8443"
