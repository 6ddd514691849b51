"""Signals that come together: messages in a row are heard at once, all else in its order."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from session_host.whatsapp.port import Connected, MessageReceived, Person
from session_host.worker.connection import Heard
from session_host.worker.hearing import AT_ONCE, next_groups

ANNA = Person("4915550002@s.whatsapp.net", "4915550002")


def heard(number: int, *, is_message: bool) -> Heard:
    message = MessageReceived(f"M{number}", ANNA.jid, ANNA, 1_800_000_000.0, "text", "hi")
    return Heard(number, message if is_message else Connected(ANNA))


async def groups_of(signals: list[Heard]) -> list[list[list[Heard]]]:
    waiting: asyncio.Queue[Heard] = asyncio.Queue()
    for one in signals:
        waiting.put_nowait(one)
    found = []
    while not waiting.empty():
        found.append(await next_groups(waiting))
    return found


@given(st.lists(st.booleans(), max_size=3 * AT_ONCE))
def test_none_is_left_out_the_order_stays_and_only_messages_go_together(kinds: list[bool]) -> None:
    signals = [heard(number, is_message=kind) for number, kind in enumerate(kinds)]
    taken = asyncio.run(groups_of(signals))
    groups = [group for one in taken for group in one]
    assert [signal for group in groups for signal in group] == signals
    assert all(len(group) == 1 or all(kinds[one.generation] for one in group) for group in groups)
    assert all(sum(map(len, one)) <= AT_ONCE for one in taken)


async def test_a_burst_of_messages_is_one_group() -> None:
    burst = [heard(number, is_message=True) for number in range(10)]
    assert await groups_of(burst) == [[burst]]
