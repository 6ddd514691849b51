"""A receiver of webhooks: registers itself, prints what it gets, checks every signature, and removes itself."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import typer
from aiohttp import web

from local.cli.errors import CommandError
from local.cli.http import call
from local.cli.running import Running
from local.settings import LOOPBACK
from shared.signing import sign

TOLERANCE_S = 300.0


async def receive_events(stack: Running, events: list[str], count: int | None) -> None:
    """Prints events of these types, `count` of them or until it is cancelled. Raises CommandError."""
    receiver = _Receiver(count)
    async with served(receiver.hear) as url:
        webhook = await asyncio.to_thread(_api, stack, "POST", "/v1/webhooks", {"url": url, "events": events})
        receiver.secret = webhook["secret"]
        typer.echo(f"listening for {', '.join(events)} as {webhook['id']}; Ctrl-C ends", err=True)
        try:
            await receiver.done.wait()
        finally:
            await asyncio.to_thread(_api, stack, "DELETE", f"/v1/webhooks/{webhook['id']}")


@asynccontextmanager
async def served(hear: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Has what is posted to the URL heard, on a port of its own on loopback."""
    app = web.Application()
    app.router.add_post("/", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class _Receiver:
    def __init__(self, count: int | None) -> None:
        self.secret: str | None = None
        self.done = asyncio.Event()
        self._left = count

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.secret is None or not verified(self.secret, request.headers, body, time.time()):
            typer.echo("a delivery whose signature is wrong was refused", err=True)
            return web.Response(status=401)
        event = json.loads(body)
        about = " ".join(filter(None, [event["timestamp"], event["type"], event["instance"]]))
        typer.echo(f"{about} {json.dumps(event['data'], ensure_ascii=False)}")
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.done.set()
        return web.Response()


def verified(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether a delivery was signed with the secret, not long ago."""
    moment = headers.get("webhook-timestamp", "")
    if not moment.isdecimal() or abs(now - int(moment)) > TOLERANCE_S:
        return False
    expected = sign([secret], headers.get("webhook-id", ""), int(moment), body)
    return expected in headers.get("webhook-signature", "").split(" ")


def _api(stack: Running, method: str, path: str, body: Any = None) -> Any:
    answer = call(method, stack.api + path, body, {"x-api-key": stack.key})
    if answer.status >= 400:
        raise CommandError(answer.problem)
    return answer.body
