"""What waits for the end of a pause: it comes when that is over, and less often the longer pauses go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count

import pytest

from functions.webhook_sender.batch import process_batch
from shared.clock import iso
from shared.egress import EgressResponse
from shared.models.endpoint_health import EndpointHealth
from shared.models.webhook import DeliveryState
from shared.queues.deliveries import DeliveryTask
from tests.fakes.clock import NOW, FakeClock
from tests.fakes.webhooks import Fakes, a_record, a_task, a_webhook, an_event, fakes

STEP_S = 0.25


@dataclass
class Limited:
    """Takes so many a second, and asks to be left alone for a second by what is more."""

    a_second: int
    clock: FakeClock = field(default_factory=FakeClock)
    taken: dict[int, int] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        second = int(self.clock.now)
        if self.taken.get(second, 0) >= self.a_second:
            return EgressResponse(429, 3, b"", {"retry-after": "1"})
        self.taken[second] = self.taken.get(second, 0) + 1
        self.heard.append(json.loads(body)["id"])
        return EgressResponse(200, 3)


async def live(made: Fakes, tasks: list[DeliveryTask], seconds: float) -> None:
    """Works on what is due, ten at a time, and on what follows from it."""
    waiting = [(made.clock.now, task, made.clock.now) for task in tasks]
    until = made.clock.now + seconds
    while waiting and made.clock.now < until:
        due = [one for one in waiting if one[0] <= made.clock.now]
        waiting = [one for one in waiting if one[0] > made.clock.now]
        records = [a_record(task, sent_at=at, message_id=str(n)) for n, (_, task, at) in enumerate(due)]
        for start in range(0, len(records), 10):
            assert await process_batch(records[start : start + 10], made.services) == {"batchItemFailures": []}
        waiting += [(made.clock.now + delay_s, task, made.clock.now) for task, delay_s in made.tasks.tasks]
        made.tasks.tasks.clear()
        made.clock.now += STEP_S
    assert waiting == [], "not done in time"


async def test_a_burst_at_one_that_takes_five_a_second_is_put_off_a_few_times_each() -> None:
    receiver, spread = Limited(5), (number * 0.618 % 1 for number in count())
    made = fakes(a_webhook(), client=receiver, jitter=partial(next, spread))
    receiver.clock = made.clock
    await live(made, [a_task(an_event(number)) for number in range(150)], seconds=90)
    assert len(set(receiver.heard)) == len(receiver.heard) == 150
    assert made.records.saves < 150 * 10
    assert {one.state for one in made.records.found.values()} == {DeliveryState.DELIVERED}


@pytest.mark.parametrize("left_s", [0.05, 0.4, 1.0, 1.3, 20.45])
async def test_who_waits_for_the_end_of_a_pause_comes_once_and_then(left_s: float) -> None:
    made = fakes(a_webhook(health=EndpointHealth(paused_until=NOW + left_s)))
    await process_batch([a_record(a_task())], made.services)
    ((task, delay_s),) = made.tasks.tasks
    assert max(left_s, 1) <= delay_s < left_s + 1
    assert task.not_before == NOW + delay_s
    made.tasks.tasks.clear()
    made.clock.now += delay_s
    await process_batch([a_record(task)], made.services)
    assert (len(made.poster.calls), made.tasks.tasks) == (1, [])


async def test_one_that_has_waited_for_long_waits_half_as_long_again_at_most() -> None:
    made = fakes(a_webhook(health=EndpointHealth(paused_until=NOW + 101)), jitter=lambda: 1.0)
    delays = list[int]()
    made.clock.now = NOW + 100
    await process_batch([a_record(a_task(), sent_at=NOW)], made.services)
    for _ in range(3):
        ((task, delay_s),) = made.tasks.tasks
        delays.append(delay_s)
        made.tasks.tasks.clear()
        made.clock.now = task.not_before
        (row,) = made.endpoints.webhooks
        paused = EndpointHealth(paused_until=made.clock.now + 1)
        made.endpoints.webhooks = [replace(row, health=paused)]
        await process_batch([a_record(task, sent_at=made.clock.now)], made.services)
    assert delays == [51, 77, 115]
    assert made.records.of("wh_a").created_at == iso(NOW)


async def test_the_attempt_that_was_answered_so_comes_when_the_pause_is_over() -> None:
    made = fakes(a_webhook(), jitter=lambda: 0.3)
    made.poster.answers = {a_webhook().url: iter([EgressResponse(503, 3, b"", {"retry-after": "7"}), 200])}
    await process_batch([a_record(a_task())], made.services)
    ((task, delay_s),) = made.tasks.tasks
    made.tasks.tasks.clear()
    assert delay_s == 8
    made.clock.now += delay_s
    await process_batch([a_record(task)], made.services)
    assert (len(made.poster.calls), made.tasks.tasks) == (2, [])
