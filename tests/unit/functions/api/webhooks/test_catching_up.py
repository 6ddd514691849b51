"""Wherever a call dies that lets go on what waits for an endpoint, the catch-up comes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from functions.api.services import Services
from functions.api.webhooks.catching_up import LATER_S, catching_up
from functions.webhook_sender.catch_up.worker import SETTLED_S
from shared.models.catch_up import CatchUp
from shared.queues.queue import QueueError
from tests.fakes.clock import NOW
from tests.fakes.webhooks import FakeCatchUps

JOB = CatchUp(tenant="acme", webhook_id="wh_a", at=NOW, until=NOW)


def services_of(queue: FakeCatchUps) -> Services:
    return cast(Services, SimpleNamespace(jobs=queue))


async def test_one_comes_at_once_and_one_later_which_finds_the_first_one_at_its_end() -> None:
    queue = FakeCatchUps()
    async with catching_up(services_of(queue), "acme", "wh_a", NOW):
        assert queue.jobs == [(JOB, LATER_S)]
    assert queue.jobs == [(JOB, LATER_S), (JOB, 0)]
    assert LATER_S > SETTLED_S


async def test_nothing_is_stored_where_it_cannot_be_put() -> None:
    def away(step: str) -> None:
        raise QueueError("away")

    with pytest.raises(QueueError):
        async with catching_up(services_of(FakeCatchUps(away)), "acme", "wh_a", NOW):
            raise AssertionError("stored")


async def test_what_is_stored_has_one_that_comes_though_the_second_cannot_be_put() -> None:
    queue = FakeCatchUps()

    def away(step: str) -> None:
        raise QueueError("away")

    async with catching_up(services_of(queue), "acme", "wh_a", NOW):
        queue.trap = away
    assert queue.jobs == [(JOB, LATER_S)]


async def test_what_is_not_stored_has_none_at_once() -> None:
    queue = FakeCatchUps()
    with pytest.raises(RuntimeError):
        async with catching_up(services_of(queue), "acme", "wh_a", NOW):
            raise RuntimeError("refused")
    assert queue.jobs == [(JOB, LATER_S)]
