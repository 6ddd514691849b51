"""`Prefer: wait` where a message's outcome takes long, or the store does not do well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import cast

import pytest

from functions.api.messages import settling
from functions.api.messages.settling import settled
from functions.api.services import Services
from shared.models.message import Message, MessageState
from shared.store.database import StoreUnavailable
from shared.store.waits import NoPlace

ACCEPTED = cast(Message, SimpleNamespace(instance="acme#shop-1", id="msg_1", state=MessageState.ACCEPTED))
SENT = cast(Message, SimpleNamespace(instance="acme#shop-1", id="msg_1", state=MessageState.SENT))


class Store:
    """The messages and the places of a test: its message is sent after some `looks`."""

    def __init__(self, looks: int = 0, look: Exception | None = None, place: Exception | None = None) -> None:
        self.places: list[str] = []
        self._looks, self._look, self._place = looks, look, place

    async def get(self, instance: str, message_id: str) -> Message:
        self._looks -= 1
        if self._look is not None:
            raise self._look
        return SENT if self._looks < 0 else ACCEPTED

    @asynccontextmanager
    async def place(self, tenant: str) -> AsyncIterator[None]:
        if self._place is not None:
            raise self._place
        self.places.append(tenant)
        yield


def services(store: Store) -> Services:
    clock = SimpleNamespace(monotonic=asyncio.get_running_loop().time)
    made = SimpleNamespace(messages=store, waits=store, clock=clock, stopping=asyncio.Event())
    return cast(Services, made)


async def test_an_outcome_that_comes_soon_costs_no_place() -> None:
    store = Store(looks=2)
    assert await settled(services(store), "acme", ACCEPTED, 20) == (SENT, True)
    assert store.places == []


async def test_one_that_takes_long_is_waited_for_in_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "FREE_S", 0.0)
    store = Store(looks=2)
    assert await settled(services(store), "acme", ACCEPTED, 20) == (SENT, True)
    assert store.places == ["acme"]


async def test_a_short_wait_that_is_over_was_honoured() -> None:
    store = Store(looks=1_000)
    assert await settled(services(store), "acme", ACCEPTED, 0.01) == (ACCEPTED, True)
    assert store.places == []


@pytest.mark.parametrize(
    "failing",
    [
        lambda: Store(looks=1_000, place=NoPlace("acme")),
        lambda: Store(looks=1_000, place=StoreUnavailable("gone")),
        lambda: Store(look=StoreUnavailable("gone")),
    ],
)
async def test_an_accepted_message_is_never_refused_for_its_wait(
    failing: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "FREE_S", 0.01)
    async with asyncio.timeout(10):
        assert await settled(services(failing()), "acme", ACCEPTED, 20) == (ACCEPTED, False)


async def test_a_process_that_stops_says_that_it_did_not_wait() -> None:
    store = Store(looks=1_000)
    stopping = services(store)
    stopping.stopping.set()
    assert await settled(stopping, "acme", ACCEPTED, 20) == (ACCEPTED, False)
    assert store.places == []
