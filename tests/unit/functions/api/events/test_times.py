"""Where a time is in a log, whatever has expired of it."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from functions.api.events.times import begins_at, ends_at
from shared.clock import iso
from shared.ids import first_id_at


@dataclass
class FakeLog:
    """Events by sequence, with the times of their noting: when they happened is no matter. It counts the looks."""

    times: dict[int, float]
    looks: int = 0

    async def after(self, instance: str, sequence: int, limit: int) -> list[str]:
        assert limit == 1
        self.looks += 1
        following = sorted(number for number in self.times if number > sequence)[:1]
        return [
            json.dumps(
                {"sequence": number, "id": first_id_at("evt", self.times[number]), "timestamp": iso(-number % 7)}
            )
            for number in following
        ]


@given(
    st.dictionaries(st.integers(1, 60), st.integers(0, 40)),
    st.integers(-1, 41),
    st.integers(0, 60),
    st.integers(0, 60),
)
async def test_the_bounds_are_those_of_the_time(found: dict[int, int], unix: int, after: int, more: int) -> None:
    times = dict(zip(sorted(found), map(float, sorted(found.values())), strict=True))
    through = after + more
    log = FakeLog(times)
    inside = {number: at for number, at in times.items() if after < number <= through}
    begins = await begins_at(log, "a#b", unix, after, through)
    ends = await ends_at(log, "a#b", unix, after, through)
    assert {n for n in inside if n > begins} == {n for n, at in inside.items() if at >= unix}
    assert {n for n in inside if n <= ends} == {n for n, at in inside.items() if at <= unix}


async def test_a_long_log_takes_few_looks() -> None:
    times = {number: float(number) for number in range(1, 20_001)}
    log = FakeLog(times)
    assert await begins_at(log, "a#b", 12_345.0, 0, 20_000) == bisect_left(sorted(times.values()), 12_345.0)
    assert log.looks <= 17
    log.looks = 0
    assert await begins_at(log, "a#b", 12_345.0, 15_000, 20_000) == 15_000
    assert log.looks == 1, "who pages on is past the time"
