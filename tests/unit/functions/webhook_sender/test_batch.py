"""Batches: which records fail, and that nothing waits for a slow neighbour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.slots import Slots
from shared.egress import EgressResponse
from shared.models.event import EventType
from shared.queues.queue import QueueError
from shared.store.database import StoreUnavailable
from tests.fakes.clock import NOW
from tests.fakes.webhooks import a_record, a_task, a_webhook, an_event, fakes


@dataclass
class Gate:
    """A way out on which calls to `slow` wait until `open` is set; notes how many calls wait at once."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0
    most: int = 0

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        if "slow" in url:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await self.open.wait()
            self.waiting -= 1
        else:
            self.answered.set()
        return EgressResponse(200, 1)


async def until(condition: Callable[[], bool]) -> None:
    """Gives way until it holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("never came true")


def failures(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


async def test_every_endpoint_that_wants_an_event_hears_it_and_no_other() -> None:
    made = fakes(
        a_webhook("all"),
        a_webhook("sent", events=("message.sent",)),
        a_webhook("other", instances=("bar-*",)),
        a_webhook("off", enabled=False),
        a_webhook("wild", events=("message.*",), instances=("shop-*",)),
        a_webhook("foreign", tenant="rival"),
    )
    answer = await process_batch([a_record(a_task())], made.services)
    assert failures(answer) == []
    assert sorted(url for url, _, _ in made.poster.calls) == ["http://all.test/", "http://wild.test/"]


async def test_a_task_for_one_endpoint_goes_there_whatever_it_subscribed_to() -> None:
    made = fakes(a_webhook("a", events=("call.*",)), a_webhook("b"))
    test = a_task(an_event(event_type=EventType.WEBHOOK_TEST), webhook_id="wh_a")
    await process_batch([a_record(test), a_record(replace(test, webhook_id="wh_gone"))], made.services)
    assert [url for url, _, _ in made.poster.calls] == ["http://a.test/"]


async def test_a_tenants_endpoints_are_read_once_a_batch_and_anew_in_the_next() -> None:
    made = fakes(a_webhook("a"), a_webhook("b", tenant="rival"))
    batch = [a_record(a_task(an_event(n)), message_id=str(n)) for n in range(5)]
    batch += [a_record(replace(a_task(), tenant="rival"), message_id="r")]
    await process_batch(batch, made.services)
    assert sorted(made.endpoints.asked) == ["acme", "rival"]
    made.endpoints.webhooks.append(a_webhook("new"))
    await process_batch([a_record(a_task())], made.services)
    assert "http://new.test/" in [url for url, _, _ in made.poster.calls]


async def test_a_slow_endpoint_holds_up_no_other_record() -> None:
    gate, heard = Gate(), list[str]()
    made = fakes(a_webhook("slow"), a_webhook("quick"), a_webhook("b", tenant="rival"), client=gate)
    batch = [a_record(a_task(), message_id="both"), a_record(replace(a_task(), tenant="rival"), message_id="other")]
    running = asyncio.create_task(process_batch(batch, made.services, done=heard.append))
    await until(lambda: made.records.saves == 2 and bool(heard))
    assert {one.webhook_id for one in made.records.found.values()} == {"wh_quick", "wh_b"}
    assert heard == ["other"]
    gate.open.set()
    assert failures(await running) == []
    assert heard == ["other", "both"]


async def test_no_more_attempts_at_once_than_there_are_slots() -> None:
    gate = Gate()
    made = fakes(a_webhook("slow"), client=gate, slots=Slots(3))
    batch = [a_record(a_task(an_event(n)), message_id=str(n)) for n in range(10)]
    running = asyncio.create_task(process_batch(batch, made.services))
    await until(lambda: gate.waiting == 3)
    gate.open.set()
    await running
    assert gate.most == 3
    assert made.records.saves == 10


async def test_what_cannot_begin_in_time_comes_again_and_was_not_sent() -> None:
    gate = Gate()
    made = fakes(a_webhook("slow"), client=gate, slots=Slots(1))
    first, *others = [a_record(a_task(an_event(n)), message_id=str(n)) for n in range(3)]
    running = asyncio.create_task(process_batch([first], made.services))
    await until(lambda: gate.waiting == 1)
    by = asyncio.get_running_loop().time()
    late = await process_batch(others, made.services, begin_by=by)
    waited = await process_batch(others, made.services, begin_by=by + 0.05)
    assert [failures(late), failures(waited)] == [["1", "2"]] * 2
    gate.open.set()
    assert failures(await running) == []
    assert (gate.most, made.records.saves) == (1, 1)


async def test_a_task_before_its_time_is_put_off_without_an_attempt() -> None:
    made = fakes(a_webhook())
    early = a_task(webhook_id="wh_a", attempt=6, not_before=NOW + 6000)
    assert failures(await process_batch([a_record(early)], made.services)) == []
    assert made.tasks.tasks == [(early, 900)]
    assert (made.poster.calls, made.endpoints.asked) == ([], [])


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("before resolve", StoreUnavailable("away")),
        ("before save", StoreUnavailable("away")),
        ("before schedule", QueueError("away")),
        ("before post", RuntimeError("a bug")),
    ],
)
async def test_only_the_record_that_met_our_fault_fails(step: str, fault: Exception) -> None:
    faults = [fault]

    def trap(at: str) -> None:
        if at == step and faults:
            raise faults.pop()

    heard: list[str] = []
    made = fakes(a_webhook("a"), a_webhook("b", tenant="rival"), trap=trap)
    made.poster.answers = {"http://a.test/": iter([500]), "http://b.test/": iter([500])}
    batch = [a_record(a_task(), message_id="one"), a_record(replace(a_task(), tenant="rival"), message_id="two")]
    answer = await process_batch(batch, made.services, done=heard.append)
    assert len(failures(answer)) == 1
    assert sorted(failures(answer) + heard) == ["one", "two"]


async def test_our_fault_at_one_endpoint_leaves_the_others_as_they_are() -> None:
    def trap(at: str) -> None:
        if at == "before save" and made.records.saves == 1:
            raise StoreUnavailable("away")

    made = fakes(a_webhook("a"), a_webhook("b"), trap=trap)
    assert failures(await process_batch([a_record(a_task())], made.services)) == ["m1"]
    made.records.trap = lambda at: None
    assert failures(await process_batch([a_record(a_task(), receives=2)], made.services)) == []
    urls = [url for url, _, _ in made.poster.calls]
    assert sorted(urls) in (
        ["http://a.test/", "http://b.test/", "http://b.test/"],
        ["http://a.test/", "http://a.test/", "http://b.test/"],
    )
    assert len(made.records.found) == 2


async def test_what_is_no_task_comes_again_until_the_queue_buries_it(caplog: pytest.LogCaptureFixture) -> None:
    made = fakes(a_webhook())
    broken = {"messageId": "broken", "body": "secret text", "attributes": {}}
    with caplog.at_level(logging.INFO):
        answer = await process_batch([broken, a_record(a_task())], made.services)
    assert failures(answer) == ["broken"]
    assert made.records.saves == 1
    assert "secret text" not in caplog.text


async def test_the_log_tells_of_failures_without_what_was_written(caplog: pytest.LogCaptureFixture) -> None:
    made = fakes(a_webhook())
    made.poster.answers = {"http://a.test/": iter([500])}
    with caplog.at_level(logging.INFO):
        await process_batch([a_record(a_task())], made.services)
    (line,) = [record.__dict__["fields"] for record in caplog.records if "fields" in record.__dict__]
    assert (line["delivery"], line["attempt"], line["state"], line["status"]) == ("dlv_1_a", 0, "retrying", 500)
    assert "olá" not in f"{caplog.text} {line}"
    assert "a.test" not in f"{caplog.text} {line}"
