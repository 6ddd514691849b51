"""Attempts at real receivers on loopback, through the real guarded client."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Verifier

from functions.webhook_sender.attempt import attempt
from shared.clock import SystemClock
from shared.egress import EgressPolicy, GuardedClient
from shared.models.webhook import Attempt
from tests.fakes.talking import Talk, talking
from tests.fakes.webhooks import SECRET, a_task, a_webhook, a_work, fakes


def answering(text: str) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text.encode())
        await writer.drain()

    return talk


async def call(url: str, policy: EgressPolicy | None = None, timeout: float = 10) -> Attempt:
    async with GuardedClient(policy or EgressPolicy.local(), timeout=timeout) as client:
        made = fakes(client=client)
        return (await attempt(a_work(), replace(a_webhook(), url=url), made.services)).made


async def test_what_arrives_is_the_task_s_event_byte_for_byte_and_verifies() -> None:
    got: list[tuple[bytes, dict[str, str]]] = []

    async def take(request: web.BaseRequest) -> web.Response:
        got.append((await request.read(), dict(request.headers)))
        return web.Response(status=202, text="danke")

    runner = web.ServerRunner(web.Server(take))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert isinstance(site._server, asyncio.Server)
    port = site._server.sockets[0].getsockname()[1]
    async with GuardedClient(EgressPolicy.local()) as client:
        made = fakes(client=client, clock=SystemClock())
        webhook = a_webhook(url=f"http://127.0.0.1:{port}/", headers={"X-Shop": "7"})
        outcome = (await attempt(a_work(), webhook, made.services)).made
    await runner.cleanup()
    ((body, headers),) = got
    assert body == a_task().event.encode()
    assert Verifier(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
    assert headers["X-Shop"] == "7"
    assert (outcome.status, outcome.response, outcome.error) == (202, "danke", None)


@pytest.mark.parametrize("status", [200, 204, 307, 404, 410, 429, 500, 503])
async def test_any_status_is_noted_and_no_redirect_followed(status: int) -> None:
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:9/\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"
    async with talking(answering(head)) as url:
        outcome = await call(url)
    assert (outcome.status, outcome.error) == (status, None)


async def test_a_receiver_that_hangs_is_given_up() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(hang) as url:
        outcome = await call(url, timeout=0.4)
    assert (outcome.status, outcome.error) == (None, "timeout: no answer within 0.4 s")


async def test_a_receiver_that_drips_its_head_is_given_up() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with talking(drip) as url:
        outcome = await call(url, timeout=0.4)
    assert (outcome.status, outcome.error) == (None, "timeout: no answer within 0.4 s")


async def test_a_receiver_that_closes_early_is_a_broken_connection() -> None:
    async with talking(answering("")) as url:
        outcome = await call(url)
    assert (outcome.status, outcome.error) == (None, "protocol: the connection broke before an answer")


async def test_a_huge_answer_is_kept_up_to_its_first_kilobyte() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Oops\r\n\r\n")
        while True:
            writer.write(b"\xff" + b"x" * 65_535)
            await writer.drain()

    async with talking(pour) as url:
        outcome = await call(url)
    assert outcome.status == 500
    assert outcome.response == "\N{REPLACEMENT CHARACTER}" + "x" * 1023


async def test_control_characters_of_an_answer_are_not_kept() -> None:
    async with talking(answering("HTTP/1.1 500 X\r\n\r\na\tb\r\nc\x00\x1b[31m\x1f\x7f\xe9")) as url:
        outcome = await call(url)
    assert outcome.response == "a\tb\r\nc\ufffd\ufffd[31m\ufffd\x7f\xe9"


async def test_nobody_there_and_not_permitted_are_told_apart() -> None:
    async with talking(answering("")) as url:
        inside = await call(url, EgressPolicy.production())
    gone = await call(url)
    assert inside.error is not None
    assert inside.error.startswith("refused: the URL must start with https://")
    assert gone.error is not None
    assert gone.error.startswith("connect: no connection")
