"""Moments that a run by chance seldom meets: a sender dies, or another comes, just then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.follow_up import EARLY_S
from functions.webhook_sender.ordered.enter import LEASE_S
from functions.webhook_sender.ordered.holds import Holds
from shared.models.chain import Chain
from shared.models.webhook import DeliveryState, Ordering
from shared.store.database import StoreUnavailable
from tests.fakes.clock import NOW
from tests.fakes.webhooks import Fakes, a_record, a_task, a_webhook, an_event, fakes

ORDERED = a_webhook(ordering=Ordering.INSTANCE)


class Died(BaseException):
    """The process is gone."""


class Death:
    """Comes once, at a step."""

    def __init__(self, step: str) -> None:
        self._step = step

    def __call__(self, step: str) -> None:
        if step == self._step:
            self._step = ""
            raise Died


def heard(sender: Fakes) -> list[int]:
    return [json.loads(body)["sequence"] for _, body, _ in sender.poster.calls]


async def work(sender: Fakes, number: int = 1, *, dies: bool = False, **message: Any) -> None:
    """Another process works on the message of an event."""
    record = a_record(a_task(an_event(number)), **message)
    answer = await process_batch([record], replace(sender.services, holds=Holds()))
    assert bool(answer["batchItemFailures"]) == dies


async def died_at(step: str, statuses: list[int], **changes: Any) -> Fakes:
    """A sender dies at a step; its message comes again when its lease has run out."""
    sender = fakes(ORDERED, trap=Death(step), **changes)
    sender.poster.answers = {ORDERED.url: iter(statuses)}
    sender.log.add(an_event(1))
    await work(sender, dies=True)
    sender.clock.now += LEASE_S + 1
    await work(sender, receives=2)
    return sender


async def test_who_comes_just_before_a_chain_is_let_go_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = fakes(ORDERED)
    release = sender.chains.release
    come: list[int] = []

    async def late(held: Chain, now: float, *, unheard: bool = False) -> Chain | None:
        if not come:
            come.append(2)
            sender.log.add(an_event(2))
            await work(sender, 2)
        return await release(held, now, unheard=unheard)

    monkeypatch.setattr(sender.chains, "release", late)
    sender.log.add(an_event(1))
    await work(sender)
    assert heard(sender) == [1, 2]


async def test_who_saw_a_chain_before_another_had_it_goes_by_what_that_one_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other came no further: its record was taken, and the answer to that was lost."""

    def trap(step: str) -> None:
        if lost and step == "after save":
            raise StoreUnavailable("no answer")

    lost = False
    sender = fakes(ORDERED, trap=trap)
    sender.log.add(an_event(1))
    await work(sender)
    sender.log.add(an_event(2))
    take, come = sender.chains.take, list[int]()

    async def late(seen: Chain, *given: Any) -> Chain | None:
        nonlocal lost
        if not come:
            come.append(2)
            lost = True
            await work(sender, 2, dies=True)
            lost = False
        return await take(seen, *given)

    monkeypatch.setattr(sender.chains, "take", late)
    await work(sender, 2, receives=2)
    assert heard(sender) == [1, 2]


async def test_what_is_recorded_as_delivered_is_not_delivered_again() -> None:
    sender = await died_at("before let go", [200])
    assert heard(sender) == [1]
    (chain,) = sender.chains.found.values()
    assert (chain.cursor, chain.unsettled) == (1, False)


async def test_a_failure_that_is_recorded_is_scheduled() -> None:
    sender = await died_at("before schedule", [500, 200])
    assert heard(sender) == [1, 1], "its attempt was due when the lease had run out"
    assert [one.state for one in sender.records.found.values()] == [DeliveryState.DELIVERED]


async def test_what_is_recorded_as_dead_is_buried() -> None:
    sender = await died_at("before bury", [500], schedule=())
    assert heard(sender) == [1]
    assert len(sender.dead.tasks) == 1


async def test_a_message_that_comes_again_too_soon_comes_once_more_after_the_lease() -> None:
    sender = fakes(ORDERED, trap=Death("before post"))
    sender.log.add(an_event(1))
    await work(sender, dies=True)
    await work(sender, receives=2)
    ((task, delay_s),) = sender.tasks.tasks
    assert (task.chained, task.not_before, delay_s) == (True, NOW + LEASE_S + EARLY_S, LEASE_S + EARLY_S)


async def test_a_lone_event_costs_three_calls_more() -> None:
    sender = fakes(ORDERED)
    sender.log.add(an_event(1))
    await work(sender)
    sender.log.add(an_event(2))
    before, gets = sender.chains.calls, sender.records.gets
    await work(sender, 2)
    assert sender.chains.calls - before == 3
    assert (heard(sender), sender.records.gets - gets) == ([1, 2], 0)
