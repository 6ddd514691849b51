"""The receivers of docs/webhooks.md, run as they are printed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
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
    """How a receiver is kept and started, on a port; without a secret it does not start, or answers that it cannot."""

    block: str
    file: str
    command: tuple[str, ...]
    starts_bare: bool = False


LANGUAGES = (
    Language("python", "receiver.py", (sys.executable, "-W", "error", "{file}")),
    Language("js", "receiver.mjs", (str(NODE), "{file}")),
    Language("php", "receiver.php", (PHP or "", "-n", "-S", "127.0.0.1:{port}", "{file}"), starts_bare=True),
)


PHP_RECEIVER = LANGUAGES[2]
without_php = pytest.mark.skipif(not PHP, reason="php is not on this machine")


@dataclass(frozen=True, slots=True)
class Running:
    """A receiver that runs: its port, and what it prints."""

    port: int
    process: asyncio.subprocess.Process

    async def printed(self) -> str:
        """The next line about an event."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while "message.received" not in (line := (await self.process.stdout.readline()).decode()):
                assert line, "it has ended"
        return line


@pytest.fixture(params=LANGUAGES, ids=lambda language: language.block)
def language(request: pytest.FixtureRequest) -> Language:
    found: Language = request.param
    if not found.command[0]:
        pytest.skip(f"{found.block} is not on this machine")
    return found


@asynccontextmanager
async def running(language: Language, folder: Path, secret: str | None = SECRET) -> AsyncIterator[Running]:
    """The receiver of a language, as the page has it; one that refuses to start has ended."""
    blocks = re.findall(rf"^```{language.block}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (source,) = (block for block in blocks if language.file in block.partition("\n")[0])
    file, port = folder / language.file, free_port()
    file.write_text(source)
    env = {**os.environ, "PORT": str(port), "TMPDIR": str(folder)} | (
        {} if secret is None else {"WEBHOOK_SECRET": secret}
    )
    process = await asyncio.create_subprocess_exec(
        *(part.format(file=file, port=port) for part in language.command),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        await _listening(port, process)
        yield Running(port, process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(60):
        while process.returncode is None:
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


async def test_the_receiver_takes_what_is_ours_once_and_nothing_else(language: Language, tmp_path: Path) -> None:
    first, second, third = (an_event(number) for number in (1, 2, 3))
    async with running(language, tmp_path) as receiver, httpx.AsyncClient(timeout=60) as caller:

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


@pytest.mark.parametrize("secret", [None, "", "whsec_"])
async def test_without_its_secret_a_receiver_takes_nothing(
    language: Language, tmp_path: Path, secret: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBHOOK_SECRET", raising=False)
    event = an_event(1)
    signed = headers(event, SECRET)
    digest = hmac.new(b"", f"{event.id}.{signed['webhook-timestamp']}.{event.body()}".encode(), hashlib.sha256).digest()
    forged = {**signed, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
    async with running(language, tmp_path, secret) as receiver, httpx.AsyncClient(timeout=60) as caller:
        if not language.starts_bare:
            assert receiver.process.returncode, "it has ended with an error"
            return
        answer = await caller.post(f"http://127.0.0.1:{receiver.port}/", content=event.body().encode(), headers=forged)
        assert answer.status_code == 500


async def test_half_a_request_does_a_receiver_no_harm(language: Language, tmp_path: Path) -> None:
    event = an_event(1)
    async with running(language, tmp_path) as receiver, httpx.AsyncClient(timeout=60) as caller:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", receiver.port)
            writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf")
            writer.write_eof()
            async with asyncio.timeout(60):
                await reader.read()  # until it has closed this, too
            writer.close()
        url = f"http://127.0.0.1:{receiver.port}/"
        answer = await caller.post(url, content=event.body().encode(), headers=dict(headers(event, SECRET)))
        assert answer.status_code == 204
        assert " a 1 " in await receiver.printed()
        answer = await caller.post(url, content=event.body().encode(), headers=dict(headers(event, SECRET)))
        assert answer.status_code == 204, "it still runs"


@without_php
async def test_what_php_cannot_store_it_does_not_take(tmp_path: Path) -> None:
    event = an_event(1)
    in_its_place = tmp_path / "events"
    in_its_place.touch()
    async with running(PHP_RECEIVER, tmp_path) as receiver, httpx.AsyncClient(timeout=60) as caller:
        url = f"http://127.0.0.1:{receiver.port}/"

        async def post(given: Event) -> httpx.Response:
            return await caller.post(url, content=given.body().encode(), headers=dict(headers(given, SECRET)))

        refused = await post(event)
        assert (refused.status_code, refused.content) == (500, b""), "and it tells nothing of the machine"
        assert (await post(replace(event, id="../evt_1"))).status_code == 400
        in_its_place.unlink()
        assert (await post(event)).status_code == 204, "it was no repeat"
        assert " a 1 " in await receiver.printed()


@without_php
async def test_what_php_can_store_half_of_it_does_not_take(tmp_path: Path) -> None:
    event = an_event(1)
    full = replace(
        PHP_RECEIVER, command=("sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh", *PHP_RECEIVER.command)
    )
    async with running(full, tmp_path) as receiver, httpx.AsyncClient(timeout=60) as caller:
        for _ in range(2):
            url = f"http://127.0.0.1:{receiver.port}/"
            answer = await caller.post(url, content=event.body().encode(), headers=dict(headers(event, SECRET)))
            assert (answer.status_code, answer.content) == (500, b"")
    assert not list((tmp_path / "events").iterdir())
