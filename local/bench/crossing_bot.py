"""The instances' side of the crossing benchmark: sessions of the real library in a process of its own.

Told by JSON lines, each answered by one: a Script to begin by (answered when all are connected), then `"stop"`
(answered by a Tally, once everything that waits has been sent). It must be started with the library's environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.bench.crossing_pause import Pause
from session_host.whatsapp.environment import WhatsAppSettings
from session_host.whatsapp.inbox import TIDY_S
from session_host.whatsapp.port import (
    Account,
    Connected,
    MessageReceived,
    ReceiptReceived,
    Session,
    Signal,
    WhatsAppError,
)
from session_host.whatsapp.whatsapp import NeonizeWhatsApp
from shared.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Script:
    """What the bot does.

    `accounts`: number -> store. `chats`: number -> the customers it talks to. `every_s`: it writes to each customer at
    random times, that far apart on average; None: it answers each text. `pause_s`: see Pause. `guarded`: whether
    the chain guard is put into the stores.
    """

    accounts: dict[str, str]
    chats: dict[str, list[str]]
    journal: Any
    every_s: float | None
    pause_s: float
    guarded: bool


@dataclass(slots=True)
class Tally:
    """What it sent and heard: texts; `overlapped` counts sends during which a text of the same chat came."""

    sent: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    refused: int = 0
    overlapped: int = 0


class Bot:
    """One instance: sends one at a time, in order, as a runner does."""

    def __init__(self, number: str, script: Script, tally: Tally) -> None:
        self._number = number
        self._script = script
        self._tally = tally
        self._outbox: asyncio.Queue[tuple[str, str] | None] = asyncio.Queue()
        self._pause = Pause(SystemClock(), script.pause_s, asyncio.sleep)
        self._sending_to: str | None = None
        self._writers: list[asyncio.Task[None]] = []
        self.connected = asyncio.Event()

    def hear(self, signal: Signal) -> None:
        match signal:
            case Connected():
                self.connected.set()
            case ReceiptReceived() as receipt:
                receipt.taken()
            case MessageReceived(text=str(text), sender=sender) as message:
                message.taken()
                self._tally.heard.append(text)
                self._tally.overlapped += sender.phone == self._sending_to
                self._pause.heard(sender.phone)
                if self._script.every_s is None and sender.phone:
                    self._outbox.put_nowait((sender.phone, f"re {text}"))

    def begin(self, session: Session) -> None:
        self._writers = [asyncio.create_task(self._send(session))]
        if self._script.every_s is not None:
            chats = self._script.chats[self._number]
            self._writers += [asyncio.create_task(self._write(chat, self._script.every_s)) for chat in chats]

    async def end(self) -> None:
        for writer in self._writers[1:]:
            writer.cancel()
        self._outbox.put_nowait(None)
        await self._writers[0]

    async def _write(self, chat: str, every_s: float) -> None:
        count = 0
        while True:
            await asyncio.sleep(random.expovariate(1 / every_s))
            self._outbox.put_nowait((chat, f"out {self._number} {chat} {count}"))
            count += 1

    async def _send(self, session: Session) -> None:
        while (next_one := await self._outbox.get()) is not None:
            to, text = next_one
            await self._pause.before(to)
            self._sending_to = to
            try:
                await session.send_text(to, text)
                self._tally.sent.append(text)
            except WhatsAppError:
                self._tally.refused += 1
            self._sending_to = None


async def perform(script: Script, tell: Callable[[Any], None], stop: Callable[[], Awaitable[Any]]) -> None:
    """Connects all, begins, ends when told so."""
    settings = WhatsAppSettings(journal=script.journal)
    whatsapp = NeonizeWhatsApp(settings, asyncio.get_running_loop(), guarded=script.guarded)
    tally = Tally()
    bots = []
    for number, store in script.accounts.items():
        bot = Bot(number, script, tally)
        session = whatsapp.session(Account(number, Path(store)), bot.hear)
        await session.connect()
        await bot.connected.wait()
        bots.append((bot, session))
    tell("ready")
    for bot, session in bots:
        bot.begin(session)
    await stop()
    await asyncio.gather(*(bot.end() for bot, _ in bots))
    await whatsapp.close()
    await asyncio.sleep(2 * TIDY_S)  # or the next process would be told again what this one heard last
    tell(asdict(tally))


async def main() -> None:
    source, sink = os.dup(0), os.dup(1)
    lines = asyncio.StreamReader(limit=1 << 20)
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(source, "rb", 0))

    def tell(value: Any) -> None:
        with os.fdopen(os.dup(sink), "wb") as pipe:
            pipe.write(json.dumps(value).encode() + b"\n")

    await perform(Script(**json.loads(await lines.readline())), tell, lines.readline)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
