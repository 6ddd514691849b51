"""Sends and what ends their session, in any order of events: they never meet, unless patience is at its end."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from session_host.worker.door import Door

PATIENT = 60.0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["send", "end"]), st.integers(0, 3), st.integers(0, 3)), max_size=20))
def test_no_session_ends_under_a_send_and_all_have_their_turn(steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(play(steps))


async def play(steps: list[tuple[str, int, int]]) -> None:
    door, sends_turn, ends_turn = Door(), asyncio.Lock(), asyncio.Lock()
    inside: list[str] = []
    done = 0

    async def pass_through(kind: str, before: int, meanwhile: int) -> None:
        nonlocal done
        await ticks(before)
        turn, doing = (sends_turn, door.through()) if kind == "send" else (ends_turn, door.shut(PATIENT))
        async with turn, doing:
            assert not inside
            inside.append(kind)
            await ticks(meanwhile)
            inside.remove(kind)
        done += 1

    async with asyncio.timeout(10):
        await asyncio.gather(*(pass_through(*step) for step in steps))
    assert done == len(steps)


async def test_a_send_that_does_not_end_is_not_waited_for_for_ever() -> None:
    door, never = Door(), asyncio.Event()

    async def send() -> None:
        async with door.through():
            await never.wait()

    sending = asyncio.create_task(send())
    await ticks(1)
    async with asyncio.timeout(10), door.shut(0.01):
        assert not sending.done()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def test_who_gives_up_waiting_opens_the_door_again() -> None:
    door = Door()

    async def end() -> None:
        async with door.shut(PATIENT):
            raise AssertionError("the send has not ended")

    async with door.through():
        ending = asyncio.create_task(end())
        await ticks(2)
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
    async with asyncio.timeout(10), door.through():
        assert ending.cancelled()


async def ticks(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
