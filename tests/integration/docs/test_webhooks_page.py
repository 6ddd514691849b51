"""The receivers of docs/webhooks.md, run as they are printed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from infra import NODE
from shared.ids import new_id
from shared.models.event import Event, EventType
from shared.signing import new_secret, sign
from tests.conftest import ROOT, free_port

PAGE = ROOT / "docs" / "webhooks.md"
SECRET, OLD, STRANGER = new_secret(), new_secret(), new_secret()
PHP = shutil.which("php")


@dataclass(frozen=True, slots=True)
class Language:
    """How a receiver is kept and started, on a port."""

    block: str
    file: str
    command: tuple[str, ...]


LANGUAGES = (
    Language("python", "receiver.py", (sys.executable, "-W", "error", "{file}")),
    Language("js", "receiver.mjs", (str(NODE), "{file}")),
    Language("php", "receiver.php", (PHP or "", "-n", "-S", "127.0.0.1:{port}", "{file}")),
)


@dataclass(frozen=True, slots=True)
class Running:
    """A receiver that runs: its port, and what it prints."""

    port: int
    process: asyncio.subprocess.Process

    async def printed(self) -> str:
        """The next line about an event."""
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while "message.received" not in (line := (await self.process.stdout.readline()).decode()):
                assert line, "it has ended"
        return line


@asynccontextmanager
async def running(language: Language, folder: Path) -> AsyncIterator[Running]:
    """The receiver of a language, as the page has it."""
    blocks = re.findall(rf"^```{language.block}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (source,) = (block for block in blocks if language.file in block.partition("\n")[0])
    file, port = folder / language.file, free_port()
    file.write_text(source)
    process = await asyncio.create_subprocess_exec(
        *(part.format(file=file, port=port) for part in language.command),
        env={**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port), "TMPDIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await _listening(port)
        yield Running(port, process)
    finally:
        process.kill()
        await process.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return


def an_event(number: int) -> Event:
    return Event(new_id("evt"), EventType.MESSAGE_RECEIVED, "2026-01-31T12:00:00.000Z", {"text": "olá"}, "a", number)


def headers(event: Event, *secrets: str, at: float | None = None) -> Mapping[str, str]:
    moment = int(time.time() if at is None else at)
    signature = sign(secrets, event.id, moment, event.body().encode())
    return {"webhook-id": event.id, "webhook-timestamp": str(moment), "webhook-signature": signature}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.block)
async def test_the_receiver_takes_what_is_ours_once_and_nothing_else(language: Language, tmp_path: Path) -> None:
    if not language.command[0]:
        pytest.skip(f"{language.block} is not on this machine")
    first, second, third = (an_event(number) for number in (1, 2, 3))
    async with running(language, tmp_path) as receiver, httpx.AsyncClient() as caller:

        async def post(event: Event, given: Mapping[str, str], body: str | None = None) -> int:
            content = (body or event.body()).encode()
            raw = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
            return (await caller.post(f"http://127.0.0.1:{receiver.port}/", content=content, headers=raw)).status_code

        good = headers(first, SECRET)
        assert await post(first, good, first.body().replace("olá", "ola")) == 401
        assert await post(first, headers(first, STRANGER)) == 401
        assert await post(first, headers(first, SECRET, at=time.time() - 400)) == 401
        assert await post(first, headers(first, SECRET, at=time.time() + 400)) == 401
        assert await post(first, {**good, "webhook-timestamp": "soon"}) == 401
        assert await post(first, {**good, "webhook-id": second.id}) == 401
        assert await post(first, {**good, "webhook-signature": "v1,é v1"}) == 401
        assert await post(first, {}) == 401
        assert await post(first, good) == 204
        assert await post(first, headers(first, SECRET, at=time.time() - 1)) == 204, "a repeat is taken"
        assert await post(second, headers(second, OLD, SECRET)) == 204, "during a rotation"
        assert await post(third, headers(third, SECRET, OLD)) == 204
        lines = [await receiver.printed() for _ in range(3)]
    assert [re.findall(r" a (\d) ", line) for line in lines] == [["1"], ["2"], ["3"]], "and not handled twice"
