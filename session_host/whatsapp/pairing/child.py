"""What runs in a pairing process: attempts, begun and cancelled by lines that come in, told of by lines that go out."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import cast

from session_host.stderr import log_stream
from session_host.whatsapp import store
from session_host.whatsapp.environment import JOURNAL_VARIABLE, started_with
from session_host.whatsapp.gate import Gate
from session_host.whatsapp.library import load
from session_host.whatsapp.pairing.attempt import Attempt, Forms
from session_host.whatsapp.pairing.lines import Line, decode, encode
from session_host.whatsapp.port import WhatsAppError
from session_host.whatsapp.runtime import Runtime
from shared.logs import log_json

STARTING_S = 0.05  # making a store and writing the maps takes 10-20 ms; dialling is no longer part of it

_log = logging.getLogger(__name__)


def run() -> None:
    """Serves until the input ends. Never returns: threads of the library would keep the process alive."""
    host = os.environ.get("HIVEWP_HOST_ID")
    level = os.environ.get("HIVEWP_LOG_LEVEL") or "WARNING"
    log_json(level, "pairing", log_stream(os.environ), **({"host": host} if host else {}))
    logging.getLogger("session_host.whatsapp.library").addFilter(_unexpected)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it closes the input
    asyncio.run(_serve(os.dup(0), os.dup(1)))
    os._exit(0)


def _unexpected(record: logging.LogRecord) -> bool:
    """Passes what the library says, but for the failure that Attempt arranges for every new device."""
    return "Failed to reconnect after 515" not in record.getMessage()


async def _serve(source: int, sink: int) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(source, "rb", 0))
    child = Child(loop, lambda line: _write(sink, line))
    while data := await lines.readline():
        child.do(decode(data))
    os._exit(0)


def _write(sink: int, line: Line) -> None:
    """Lines are far shorter than a pipe's buffer, and the desk always reads."""
    try:
        os.write(sink, encode(line))
    except BrokenPipeError:
        os._exit(0)


class Child:
    """The attempts of this process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tell: Callable[[Line], None]) -> None:
        self._runtime = Runtime(loop, Gate())
        self._runtime.library = load(self._runtime)
        self._forms = Forms()
        self._journal = cast(store.Journal, started_with(JOURNAL_VARIABLE) or "wal")
        self._attempts: dict[int, Attempt] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._tell = tell

    def do(self, line: Line) -> None:
        """Carries out one line of the desk's."""
        number = int(line["id"])
        if line["do"] == "begin":
            self._begin(number, Path(line["store"]), line["proxy"])
        elif attempt := self._attempts.get(number):
            action = self._code(attempt, number, line["phone"]) if line["do"] == "code" else attempt.cancel()
            task = self._runtime.loop.create_task(action)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _begin(self, number: int, path: Path, proxy_url: str | None) -> None:
        attempt = Attempt(self._runtime, self._forms, lambda line: self._tell({"id": number, **line}), STARTING_S)
        self._attempts[number] = attempt
        database = store.database_name(path, self._journal)
        attempt.begin(database, proxy_url, may_hold_device=store.exists(path))

    async def _code(self, attempt: Attempt, number: int, phone: str) -> None:
        try:
            self._tell({"is": "code", "id": number, "code": await attempt.pair_code(phone)})
        except WhatsAppError as error:
            kind = type(error).__name__
            self._tell({"is": "refused", "id": number, "kind": kind, "code": error.code, "detail": error.detail})
