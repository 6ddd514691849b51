"""Whatever comes for endpoints of which one tenant's hang: the bounds are kept, and no other tenant waits for long."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.webhook_sender.lane import Lane
from functions.webhook_sender.pace import Pace
from functions.webhook_sender.slots import SILENT_PER_SLOT, NoSlot, Slot, Slots
from tests.fakes.loop import run


@dataclass(frozen=True)
class Coming:
    """An attempt that comes `after_s` after the one before; one of `slowpoke` hangs."""

    after_s: float
    tenant: str
    endpoint: str
    lane: Lane


comings = st.builds(
    Coming,
    st.sampled_from((0.0, 0.01, 0.5, 1.0)),
    st.sampled_from(("slowpoke", "slowpoke", "acme", "other")),
    st.sampled_from("abcdefgh"),
    st.sampled_from((Lane.FAST, Lane.FAST, Lane.SLOW)),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(comings, max_size=120), st.integers(3, 25), st.floats(0.01, 0.9))
def test_no_bound_is_passed_nobody_waits_who_could_begin_and_who_hangs_holds_up_others_for_a_second(
    coming: Sequence[Coming], bound: int, quick_s: float
) -> None:
    run(Play(bound, quick_s).run(coming))


class Play:
    """Attempts as they come; of each lane how many were begun, and how many of these are among the silent."""

    def __init__(self, bound: int, quick_s: float) -> None:
        self.slots = Slots(bound)
        self.slots.silent_changed = lambda lane, by: self.silent.update({lane: by})
        self.quick_s = quick_s
        self.begun, self.silent = Counter[Lane](), Counter[Lane]()
        self.here: Counter[str] = Counter()
        self.wanting: Counter[tuple[str, Lane]] = Counter()
        self.paces: set[Pace] = set()

    async def run(self, coming: Sequence[Coming]) -> None:
        tasks = []
        for one in coming:
            await asyncio.sleep(one.after_s)
            tasks.append(asyncio.create_task(self._attempt(one)))
            self._check()
        await asyncio.gather(*tasks)
        assert self.begun.total() == self.silent.total() == 0
        assert all(pace.idle for pace in self.paces)

    async def _attempt(self, one: Coming) -> None:
        loop, pace = asyncio.get_running_loop(), self.slots.pace((one.tenant, one.endpoint))
        came_at, first = loop.time(), not self.here[one.tenant]
        self.here[one.tenant] += 1
        self.paces.add(pace)
        self.wanting[one.tenant, one.lane] += 1
        try:
            async with self.slots.taken(pace, one.lane, None) as slot:
                self.wanting[one.tenant, one.lane] -= 1
                assert one.tenant == "slowpoke" or not first or loop.time() - came_at <= 1.001
                await self._answered(slot)
        except NoSlot:
            self.wanting[one.tenant, one.lane] -= 1
            assert one.lane is Lane.SLOW or one.tenant == "slowpoke" or not first
        self.here[one.tenant] -= 1
        self._check()

    async def _answered(self, slot: Slot) -> None:
        self.begun[slot.lane] += 1
        self._check()
        if slot.pace.key[0] == "slowpoke":
            await asyncio.sleep(1)
            slot.pace.told(slow=True)
            self.slots.fell_silent(slot)
            self._check()
            await asyncio.sleep(9)
            slot.pace.window.unanswered(10)
        else:
            await asyncio.sleep(self.quick_s)
            slot.pace.window.answered(self.quick_s)
        self.begun[slot.lane] -= 1

    def _check(self) -> None:
        bound = self.slots.bound
        running = sum(pace.running for pace in self.paces)
        placed = running - self.silent.total()
        slow, slow_bound = self.begun[Lane.SLOW] - self.silent[Lane.SLOW], max(1, bound * 2 // 5)
        assert placed <= bound
        assert slow <= slow_bound
        assert self.silent.total() <= bound * SILENT_PER_SLOT
        if placed < bound and running == self.begun.total():  # and nobody has a slot without knowing it yet
            busy = {pace.key[0] for pace in self.paces if pace.running}
            held_up = [lane for (tenant, lane), count in self.wanting.items() if count and tenant not in busy]
            assert all(lane is Lane.SLOW and slow == slow_bound for lane in held_up), "who has nothing running begins"
