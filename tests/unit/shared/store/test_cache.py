"""What the cache keeps, for how long, what it counts, and how many calls that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from shared.store.cache import Cache, CacheKind
from shared.store.cache_counts import FLUSH_EVERY_S
from shared.store.cache_memory import REMEMBERED_S, CacheMemory
from shared.store.database import Database, StoreUnavailable, Values
from tests.fakes.table import FakeTable

NUMBERS, QR = CacheKind.NUMBERS, CacheKind.QR
KNOWN = {"jid": "15550001@s.whatsapp.net"}


@dataclass
class Time:
    now: float = 1_800_000_000.0

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - 1_700_000_000.0


class Processes:
    """Caches of several processes over one table."""

    def __init__(self) -> None:
        self.table = FakeTable()
        self.time = Time()

    def another(self) -> Cache:
        return Cache(cast(Database, self.table), self.time)


@pytest.fixture
def processes() -> Processes:
    return Processes()


async def test_what_one_process_puts_another_finds_until_it_expires(processes: Processes) -> None:
    one, other = processes.another(), processes.another()
    await one.put_many(NUMBERS, {"acme#1": (KNOWN, 100), "acme#2": ({"jid": None}, 50)})
    assert await other.get_many(NUMBERS, ["acme#1", "acme#2", "acme#3", "acme#1"]) == {
        "acme#1": KNOWN,
        "acme#2": {"jid": None},
    }
    processes.time.now += 50
    for cache in (one, other):
        assert await cache.get_many(NUMBERS, ["acme#1", "acme#2"]) == {"acme#1": KNOWN}
    assert await one.get(NUMBERS, "acme#2") is None
    processes.time.now += 50
    assert await one.get(NUMBERS, "acme#1") is None


async def test_the_same_question_costs_no_call_for_some_seconds(processes: Processes) -> None:
    cache = processes.another()
    await cache.put_many(NUMBERS, {f"acme#{number}": (KNOWN, 3600.0) for number in range(60)})
    assert processes.table.calls == {"put_many": 3}
    names = [f"acme#{number}" for number in range(60)]
    assert len(await cache.get_many(NUMBERS, names)) == 60
    assert processes.table.calls == {"put_many": 3}
    processes.time.now += REMEMBERED_S
    for _ in range(3):
        assert len(await cache.get_many(NUMBERS, names)) == 60
    assert processes.table.calls == {"put_many": 3, "get_many": 1}


async def test_a_code_is_never_remembered_since_others_replace_it(processes: Processes) -> None:
    one, other = processes.another(), processes.another()
    await one.put(QR, "acme#shop-1", {"code": "a"}, 30)
    assert await other.get(QR, "acme#shop-1") == {"code": "a"}
    await one.put(QR, "acme#shop-1", {"code": "b"}, 30)
    assert await other.get(QR, "acme#shop-1") == {"code": "b"}
    await one.delete(QR, "acme#shop-1")
    assert await other.get(QR, "acme#shop-1") is None


async def test_clearing_takes_one_kind_of_one_tenant(processes: Processes) -> None:
    cache = processes.another()
    await cache.put_many(NUMBERS, {"acme#1": (KNOWN, 100), "acme#2": (KNOWN, 100), "rival#1": (KNOWN, 100)})
    await cache.put(QR, "acme#shop-1", {"code": "a"}, 30)
    await cache.put(CacheKind.RESULT, "cmd_1", {"ok": True}, 60)
    assert await cache.clear([NUMBERS], "acme") == 2
    assert await cache.get_many(NUMBERS, ["acme#1", "acme#2", "rival#1"]) == {"rival#1": KNOWN}
    assert await cache.get(QR, "acme#shop-1") is not None
    assert await cache.get(CacheKind.RESULT, "cmd_1") is not None
    assert await cache.clear([NUMBERS], "acme") == 0


async def test_clearing_two_kinds_reads_the_table_once_and_goes_on_where_it_broke_off(processes: Processes) -> None:
    cache = processes.another()
    await cache.put_many(NUMBERS, {f"acme#{number}": (KNOWN, 100) for number in range(5)})
    await cache.put(QR, "acme#shop-1", {"code": "a"}, 30)
    await cache.put(QR, "rival#shop-1", {"code": "b"}, 30)
    processes.table.fails_at["delete_many"] = 3
    with pytest.raises(StoreUnavailable):
        await cache.clear([NUMBERS, QR], "acme")
    assert processes.table.calls["scan"] == 1
    assert await cache.clear([NUMBERS, QR], "acme") == 2, "four were gone already"
    assert await cache.get(QR, "rival#shop-1") == {"code": "b"}
    assert await processes.another().get_many(NUMBERS, [f"acme#{number}" for number in range(5)]) == {}


async def test_the_memory_is_bounded_and_the_longest_unused_goes_first() -> None:
    memory = CacheMemory(time := Time(), bound=2)
    for key in ("a", "b"):
        memory.note(key, {"is": key}, time.unix() + 100)
    assert memory.get("a") == {"is": "a"}
    memory.note("c", {}, time.unix() + 100)
    assert (len(memory), memory.get("b"), memory.get("a")) == (2, None, {"is": "a"})


async def test_hits_misses_expiries_and_writes_are_counted_over_all_processes(processes: Processes) -> None:
    one, other = processes.another(), processes.another()
    await one.put_many(NUMBERS, {"acme#1": (KNOWN, 100), "acme#2": (KNOWN, 50)})
    await one.get_many(NUMBERS, ["acme#1", "acme#3"])
    await one.get(NUMBERS, "acme#1", counted=False)
    processes.time.now += 60
    await other.get_many(NUMBERS, ["acme#1", "acme#2"])
    await other.get(QR, "acme#shop-1")
    await other.get(CacheKind.RESULT, "cmd_1")
    await one.flush()
    await other.flush()
    expected = {
        "numbers": {"hits": 2, "misses": 2, "expired": 1, "writes": 2},
        "qr": {"hits": 0, "misses": 1, "expired": 0, "writes": 0},
    }
    assert await processes.another().counted() == expected


async def test_counts_are_handed_over_seldom_and_only_when_there_are_any(processes: Processes) -> None:
    cache = processes.another()
    await cache.flush()
    assert processes.table.calls["write"] == 0
    for _ in range(10):
        await cache.get(NUMBERS, "acme#1")
        await cache.flush()
    assert processes.table.calls["write"] == 1
    assert (await cache.counted())["numbers"]["misses"] == 10, "what is pending is handed over first"
    processes.time.now += FLUSH_EVERY_S
    await cache.flush()
    await cache.get(NUMBERS, "acme#1")
    await cache.flush(now=True)
    assert processes.table.calls["write"] == 3
    assert (await processes.another().counted())["numbers"]["misses"] == 11


class Late(FakeTable):
    """A table whose reads are behind unless they are consistent."""

    async def get(self, table: str, key: Values, *, consistent: bool = True) -> Values | None:
        return await super().get(table, key) if consistent else None


async def test_counts_never_go_back_whichever_process_tells_them() -> None:
    processes = Processes()
    processes.table = Late()
    one, other = processes.another(), processes.another()
    told = []
    for cache in (one, other, one, one, other):
        await one.get(NUMBERS, "acme#1")
        told.append((await cache.counted())["numbers"]["misses"])
    assert told == [1, 1, 3, 4, 4]
    processes.table.fails = [StoreUnavailable("away")]
    assert (await one.counted())["numbers"]["misses"] == 4, "what was not taken waits"
    assert (await one.counted())["numbers"]["misses"] == 5


async def test_counts_that_were_not_taken_wait(processes: Processes) -> None:
    cache = processes.another()
    await cache.get(NUMBERS, "acme#1")
    processes.table.fails = [StoreUnavailable("away")]
    await cache.flush()
    await cache.flush(now=True)
    assert (await processes.another().counted())["numbers"]["misses"] == 1
