"""The gaps and the typing indicator of an instance's sends."""

from __future__ import annotations

from pathlib import Path

from session_host.whatsapp.port import Account, Connected, Person, Rejected, Session
from session_host.worker.outgoing import OutgoingMessage
from session_host.worker.pacing import Pace
from shared.models.instance import Pacing
from shared.models.message import OnUncertain
from tests.fakes.whatsapp import FakeSession, FakeWhatsApp


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def message(text: str = "hello", typing_ms: int = 0) -> OutgoingMessage:
    return OutgoingMessage("msg_1", "4915550002", "text", {"text": text}, OnUncertain.HOLD, typing_ms, None, 0.0)


def connected_session() -> FakeSession:
    session = FakeWhatsApp().session(Account("a", Path("/nowhere")), lambda _signal: None)
    session.signal(Connected(Person("1@s.whatsapp.net")))
    return session


def pace(time: Time, pacing: Pacing, session: Session) -> Pace:
    return Pace(time, lambda: pacing, lambda: session, lambda: 0.5, time.sleep)


async def test_without_pacing_nothing_waits() -> None:
    time = Time()
    turn = pace(time, Pacing(), connected_session())
    await turn(message())
    await turn(message())
    assert time.slept == []


async def test_the_gap_counts_from_the_last_message_and_jitters() -> None:
    time = Time()
    turn = pace(time, Pacing(min_gap_ms=1000, jitter_ms=400), connected_session())
    await turn(message())
    time.now += 0.5
    await turn(message())
    assert time.slept == [0.7]


async def test_typing_is_shown_for_the_asked_or_a_human_time() -> None:
    time, session = Time(), connected_session()
    await pace(time, Pacing(), session)(message(typing_ms=1500))
    await pace(time, Pacing(typing=True), session)(message("x" * 1000))
    assert time.slept == [1.5, 5.0]
    assert session.typed == [("4915550002", True)] * 2


async def test_a_refused_typing_indicator_does_not_stop_the_message() -> None:
    time, session = Time(), connected_session()
    session.script.fail_next(Rejected("not-acceptable", "no push name yet"))
    await pace(time, Pacing(), session)(message(typing_ms=1500))
    assert time.slept == []
