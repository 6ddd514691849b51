"""When a send may go into a chat that has just spoken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from session_host.whatsapp.port import Person
from session_host.worker.reply_pause import ReplyPause

CUSTOMER = Person("55@lid", phone="4915550002", lid="55@lid")


class Time:
    """A clock that moves only when somebody sleeps; `meanwhile` happens in the middle of the first sleep."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] | None = None

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds / 2
        if self.meanwhile:
            self.meanwhile()
        self.now += seconds / 2


def made(time: Time) -> ReplyPause:
    return ReplyPause(time, 0.3, 0.9, time.sleep)


async def test_a_chat_that_was_quiet_is_not_waited_for() -> None:
    time = Time()
    pause = made(time)
    await pause.before("4915550002")
    pause.heard(CUSTOMER)
    time.now += 0.31
    await pause.before("4915550002")
    assert time.slept == []


@pytest.mark.parametrize("to", ["4915550002", "+4915550002", "4915550002@s.whatsapp.net", "55@lid", "55:3@lid"])
async def test_a_reply_waits_for_what_is_left_whatever_the_chat_is_called(to: str) -> None:
    time = Time()
    pause = made(time)
    pause.heard(CUSTOMER)
    time.now += 0.1
    await pause.before(to)
    assert time.slept == [0.2]


async def test_other_chats_are_not_waited_for() -> None:
    time = Time()
    pause = made(time)
    pause.heard(CUSTOMER)
    await pause.before("4915550003")
    assert time.slept == []


async def test_one_who_writes_on_is_waited_for_again() -> None:
    time = Time()
    pause = made(time)
    pause.heard(CUSTOMER)
    time.meanwhile = lambda: pause.heard(CUSTOMER) if len(time.slept) == 1 else None
    await pause.before("4915550002")
    assert time.slept == [0.3, 0.15]


async def test_one_who_never_stops_is_not_waited_for_for_ever() -> None:
    time = Time()
    pause = made(time)
    pause.heard(CUSTOMER)
    time.meanwhile = lambda: pause.heard(CUSTOMER)
    await pause.before("4915550002")
    assert sum(time.slept) == pytest.approx(0.9, abs=0.01)


async def test_a_bad_recipient_is_left_to_the_send() -> None:
    time = Time()
    await made(time).before("somebody")
    assert time.slept == []
