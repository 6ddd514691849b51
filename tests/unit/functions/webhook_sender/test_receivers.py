"""Receivers that misbehave, over real sockets, through the sender's own client: what is recorded of each.

Whatever a receiver does, it costs an attempt at most its time, and little memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from standardwebhooks import Webhook as Verifier

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.decide import SCHEDULE_S
from shared.clock import SystemClock, parse_iso
from shared.egress import EgressPolicy, GuardedClient
from shared.models.webhook import Delivery, DeliveryState
from tests.fakes.webhooks import SECRET, Fakes, a_record, a_task, a_webhook, fakes

TIMEOUT_S = 0.4
MUCH = 100_000_000
LITTLE = 16_000_000  # what the two ends of a socket hold at most, and more

Talk = Callable[["Caller"], Awaitable[None]]


@dataclass
class Caller:
    """The sender as a receiver sees it: what it asked, and how many bytes it took."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes = b""
    body: bytes = b""
    taken: int = 0

    async def listen(self) -> None:
        """Hears the request out."""
        self.head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in self.head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        self.body = await self.reader.readexactly(int(length.partition(b":")[2]))

    async def say(self, data: bytes) -> None:
        """Sends, as long as it is listened to."""
        self.writer.write(data)
        await self.writer.drain()
        self.taken += len(data)

    async def gone(self) -> None:
        """Waits until it has hung up."""
        await self.reader.read()


@dataclass
class Receiver:
    """What listens, and who called."""

    url: str = ""
    calls: list[Caller] = field(default_factory=list)


@asynccontextmanager
async def receiving(talk: Talk) -> AsyncIterator[Receiver]:
    """A receiver on loopback."""
    made, tasks = Receiver(), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        caller = Caller(reader, writer)
        made.calls.append(caller)
        try:
            await caller.listen()
            await talk(caller)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        yield made
        async with asyncio.timeout(10):
            await asyncio.gather(*(task for task in tasks if task))


def answers(status: int, *headers: str, body: str = "") -> Talk:
    """Answers at once."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", body]

    async def talk(caller: Caller) -> None:
        await caller.say("\r\n".join(lines).encode())
        await caller.gone()

    return talk


async def hangs(caller: Caller) -> None:
    await caller.gone()


async def closes(caller: Caller) -> None:
    """It has heard the request and says nothing."""


async def breaks_off(caller: Caller) -> None:
    await caller.say(b"HTTP/1.1 200 OK\r\nContent-Le")


def drips(begins: bytes) -> Talk:
    """After its beginning a byte at a time, for ever."""

    async def talk(caller: Caller) -> None:
        await caller.say(begins)
        while True:
            await caller.say(b"x")
            await asyncio.sleep(0.01)

    return talk


def pours(head: bytes, piece: bytes) -> Talk:
    """100 MB of it."""

    async def talk(caller: Caller) -> None:
        await caller.say(head)
        while caller.taken < MUCH:
            await caller.say(piece)

    return talk


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
TIMED_OUT = "timeout: no answer within 0.4 s"
BROKEN = "protocol: the connection broke before an answer"
NOT_HTTP = "protocol: the answer is not HTTP"
TOO_MUCH = "protocol: too much was sent before an answer"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
RETRIED = DeliveryState.RETRYING


@dataclass(frozen=True, slots=True)
class Case:
    """What a receiver does, and what is recorded."""

    name: str
    talk: Talk
    state: DeliveryState
    status: int | None = None
    error: str | None = None
    response: str | None = None
    next_in_s: float = SCHEDULE_S[0]


CASES = (
    Case("answers 200", answers(200, body="thanks"), DeliveryState.DELIVERED, 200, response="thanks"),
    Case("answers 500", answers(500, body="oops"), RETRIED, 500, response="oops"),
    Case("redirects inside", answers(302, "Location: http://169.254.169.254/"), RETRIED, 302, response=""),
    Case("redirects to itself", answers(307, "Location: /hook"), RETRIED, 307, response=""),
    Case("wants no more", answers(410), DeliveryState.DEAD, 410, response=""),
    Case("is busy", answers(429, "Retry-After: 120"), RETRIED, 429, response="", next_in_s=120),
    Case("is away for years", answers(503, "Retry-After: 99999999"), RETRIED, 503, response="", next_in_s=3600),
    Case("hangs", hangs, RETRIED, error=TIMED_OUT),
    Case("drips its head", drips(b"HTTP/1.1 200 OK\r\nX-A: "), RETRIED, error=TIMED_OUT),
    Case("closes early", closes, RETRIED, error=BROKEN),
    Case("closes in its head", breaks_off, RETRIED, error=BROKEN),
    Case("is no web server", pours(b"220 smtp ready\r\n", b"220 hello\r\n" * 5000), RETRIED, error=NOT_HTTP),
    Case("pours its head", pours(b"HTTP/1.1 200 OK\r\nX-A: ", b"x" * 65_536), RETRIED, error=NOT_HTTP),
    Case("pours headers", pours(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 8192), RETRIED, error=NOT_HTTP),
    Case("pours interim answers", pours(b"", b"HTTP/1.1 102 X\r\n\r\n" * 4096), RETRIED, error=TOO_MUCH),
    Case("pours hints", pours(b"", b"HTTP/1.1 103 X\r\nX-A: b\r\n\r\n" * 2048), RETRIED, error=TOO_MUCH),
    Case("pours a chunk's head", pours(CHUNKED + b"1;", b"x" * 65_536), DeliveryState.DELIVERED, 200, response=""),
    Case("pours its body", pours(HEAD, b"x" * 65_536), DeliveryState.DELIVERED, 200, response="x" * 1024),
)


@asynccontextmanager
async def sent_to(url: str) -> AsyncIterator[tuple[Fakes, Delivery]]:
    """An event sent to the URL, and what is recorded of it."""
    async with GuardedClient(EgressPolicy.local(), timeout=TIMEOUT_S) as client, asyncio.timeout(20):
        made = fakes(a_webhook(url=url), client=client, clock=SystemClock())
        assert await process_batch([a_record(a_task())], made.services) == {"batchItemFailures": []}
        yield made, made.records.of("wh_a")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_what_a_receiver_does_is_recorded(case: Case) -> None:
    async with receiving(case.talk) as receiver, sent_to(receiver.url) as (_, delivery):
        (attempt,) = delivery.attempts
        assert (delivery.state, attempt.status, attempt.error) == (case.state, case.status, case.error)
        assert attempt.response == case.response
        if case.state is RETRIED:
            assert delivery.next_attempt_at is not None
            due = parse_iso(delivery.next_attempt_at) - parse_iso(attempt.at)
            assert case.next_in_s <= round(due, 1) <= case.next_in_s + TIMEOUT_S + 5
        else:
            assert delivery.next_attempt_at is None
        (caller,) = receiver.calls  # no redirect was followed, and nothing sent twice
        assert caller.taken < LITTLE


async def test_a_status_counts_though_its_body_drips() -> None:
    talk = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    async with receiving(talk) as receiver, sent_to(receiver.url) as (_, delivery):
        assert delivery.state is DeliveryState.DELIVERED
        assert delivery.attempts[0].response is not None
        assert set(delivery.attempts[0].response) == {"x"}
        assert len(delivery.attempts[0].response) < 1000, "its time was over before it had all"


async def test_what_was_sent_is_what_the_public_verifier_takes() -> None:
    async with receiving(answers(204)) as receiver, sent_to(receiver.url):
        (caller,) = receiver.calls
        lines = [line.partition(": ") for line in caller.head.decode().split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        assert Verifier(SECRET).verify(caller.body, headers) == json.loads(a_task().event)
