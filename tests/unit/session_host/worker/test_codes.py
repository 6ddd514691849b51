"""The entry of a QR code: there for as long as the code is good, at most 30 s after its worker, gone when removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from session_host.worker.codes import ENTRY_S, RENEW_EVERY_S, Codes
from shared.models.instance import InstanceKey
from shared.store.cache import CacheKind
from shared.store.database import StoreUnavailable
from tests.fakes.clock import FakeClock

KEY = InstanceKey("acme", "shop-1")


class FakeCache:
    """The one entry, what was put in order, and a store that may be away or slow."""

    def __init__(self) -> None:
        self._entry: tuple[dict[str, Any], float] | None = None
        self.puts: list[tuple[str, float]] = []
        self.away = 0
        self.open = asyncio.Event()
        self.open.set()
        self.changed = asyncio.Event()

    async def put(self, kind: CacheKind, name: str, value: dict[str, Any], ttl_s: float) -> None:
        assert (kind, name) == (CacheKind.QR, str(KEY))
        self.changed.set()
        await self.open.wait()
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        self._entry = (value, ttl_s)
        self.puts.append((value["code"], ttl_s))

    def held(self) -> tuple[dict[str, Any], float] | None:
        """The entry and for how long it was put."""
        return self._entry

    async def delete(self, kind: CacheKind, name: str) -> None:
        assert (kind, name) == (CacheKind.QR, str(KEY))
        self._entry = None


class Bench:
    """Codes over the fakes; `tasks` are the renewals."""

    def __init__(self) -> None:
        self.cache, self.clock = FakeCache(), FakeClock()
        self.tasks: list[asyncio.Task[None]] = []
        self.codes = Codes(self.cache, KEY, self.clock, self._spawn, renew_every_s=0.001)  # type: ignore[arg-type]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def until(self, look: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not look():
                await asyncio.sleep(0.001)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    made.codes.end()
    async with asyncio.timeout(5):
        await asyncio.gather(*made.tasks)


def test_an_entry_is_renewed_well_before_it_ends() -> None:
    assert 2 * RENEW_EVERY_S <= ENTRY_S == 30


async def test_a_code_is_kept_for_as_long_as_it_is_good(bench: Bench) -> None:
    assert await bench.codes.show("2@next", 20) == bench.clock.now + 20
    assert bench.cache.held() == ({"code": "2@next", "expires_at": bench.clock.now + 20}, 20)
    assert bench.tasks == []


async def test_the_first_code_is_there_all_its_minute_and_no_entry_outlives_its_worker_by_more_than_30_s(
    bench: Bench,
) -> None:
    began = bench.clock.now
    assert await bench.codes.show("2@first", 60) == began + 60
    assert bench.cache.held() == ({"code": "2@first", "expires_at": began + 30}, 30)
    bench.clock.now = began + 50
    await bench.until(lambda: bench.cache.held() == ({"code": "2@first", "expires_at": began + 60}, 10))
    bench.clock.now = began + 60
    await asyncio.wait_for(bench.tasks[0], 5)  # no longer good, no longer renewed
    assert max(kept for _, kept in bench.cache.puts) == 30


async def test_the_next_code_takes_the_place_of_the_one_before(bench: Bench) -> None:
    await bench.codes.show("2@first", 60)
    await bench.codes.show("2@next", 20)
    await asyncio.wait_for(bench.tasks[0], 5)
    assert bench.cache.puts[-1] == ("2@next", 20)


async def test_a_removal_comes_after_the_renewal_that_is_under_way(bench: Bench) -> None:
    await bench.codes.show("2@first", 60)
    bench.cache.open.clear()
    bench.cache.changed.clear()
    await bench.cache.changed.wait()
    removing = asyncio.create_task(bench.codes.remove())
    await asyncio.sleep(0)
    bench.cache.open.set()
    await asyncio.wait_for(removing, 5)
    await asyncio.wait_for(bench.tasks[0], 5)
    assert bench.cache.held() is None


async def test_a_store_that_was_away_is_given_what_is_still_true(bench: Bench) -> None:
    bench.cache.away = 1
    await bench.codes.show("2@next", 20)
    assert bench.cache.puts == [("2@next", 20)]
