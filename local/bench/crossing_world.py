"""What the crossing benchmark stands on: a local WhatsApp of its own, paired stores, and the bot's process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from local.bench.target import BenchFailed
from session_host.whatsapp import WhatsAppSettings, environment, open_pairing_desk
from session_host.whatsapp.port import Account, Paired, QrShown, Signal

READY_S = 30.0
LINE_MAX = 1 << 26  # a tally is one line


@dataclass(frozen=True, slots=True)
class World:
    """A running local WhatsApp. `settings` lead the library to it."""

    http: aiohttp.ClientSession
    settings: WhatsAppSettings
    folder: Path

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One control call. Raises BenchFailed."""
        async with self.http.request(method, path, json=body) as answer:
            if answer.status != 200:
                raise BenchFailed(f"{method} {path}: {answer.status} {await answer.text()}")
            return await answer.json()

    async def events(self) -> dict[str, int]:
        """The phones' counters."""
        counted: dict[str, int] = (await self.ask("GET", "/stats"))["events"]
        return counted


@asynccontextmanager
async def world_in(folder: Path) -> AsyncIterator[World]:
    """A local WhatsApp with its state in `folder`, which is there; stopped at the end."""
    command = (sys.executable, "-m", "local.whatsapp", "--port", "0", "--data", str(folder))
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stderr=log)
    try:
        ports = await _until_listening(folder, process)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{ports['control']}") as http:
            yield World(http, WhatsAppSettings(f"http://127.0.0.1:{ports['proxy']}", folder / "trust"), folder)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _until_listening(folder: Path, process: asyncio.subprocess.Process) -> dict[str, int]:
    async with asyncio.timeout(READY_S):
        while not (ports := _ports(folder)):
            if process.returncode is not None:
                raise BenchFailed("the local WhatsApp did not start")
            await asyncio.sleep(0.05)
    return ports


def _ports(folder: Path) -> dict[str, int]:
    try:
        ports: dict[str, int] = json.loads((folder / "ports.json").read_text())
    except FileNotFoundError:
        return {}
    return ports


async def pair(world: World, numbers: list[str]) -> dict[str, str]:
    """Links a device for each number; the stores by number."""
    desk = open_pairing_desk(world.settings)
    try:
        stores = {}
        for number in numbers:
            store, heard = world.folder / f"{number}.db", asyncio.Queue[Signal]()
            await desk.begin(Account(number, store), heard.put_nowait)
            async with asyncio.timeout(READY_S):
                while not isinstance(news := await heard.get(), Paired):
                    if isinstance(news, QrShown):
                        await world.ask("POST", f"/phones/{number}/scan", {"qr": news.code})
            stores[number] = str(store)
        return stores
    finally:
        await desk.close()


class BotProcess:
    """The process of crossing_bot.py."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, value: Any, patience_s: float) -> Any:
        """Tells it something, gives its answer. Raises BenchFailed when it is gone, or TimeoutError."""
        if self._process.stdin is None or self._process.stdout is None:
            raise BenchFailed("the bot has no pipes")
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        async with asyncio.timeout(patience_s):
            line = await self._process.stdout.readline()
        if not line:
            raise BenchFailed("the bot's process ended")
        return json.loads(line)


@asynccontextmanager
async def bot_process(world: World) -> AsyncIterator[BotProcess]:
    """A fresh process; killed at the end if it is still there."""
    with (world.folder / "bot.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local.bench.crossing_bot"),
            env=environment(world.settings, os.environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            limit=LINE_MAX,
        )
    try:
        yield BotProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
