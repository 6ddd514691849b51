"""The local WhatsApp in a process of its own, and real clients in theirs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

CLIENT = Path(__file__).with_name("client_process.py")
PATIENCE = 60.0
LINE_MAX = 1 << 20

Event = dict[str, Any]


class LocalWhatsApp:
    """One server and its folder; it may be stopped or killed, and started again on the same ports."""

    program: tuple[str, ...] = ("-m", "local.whatsapp")

    def __init__(self, data: Path) -> None:
        self.data = data
        self.control = 0
        self.proxy = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when the server is ready."""
        ports = self.data / "ports.json"
        ports.unlink(missing_ok=True)
        arguments = ["--port", str(self.control), "--proxy-port", str(self.proxy), "--data", str(self.data)]
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen([sys.executable, *self.program, *arguments], stderr=log)
        try:
            self._await_ports(ports, self.process)
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        listed = json.loads(ports.read_text())
        self.control, self.proxy = listed["control"], listed["proxy"]

    def _await_ports(self, ports: Path, process: subprocess.Popen[bytes]) -> None:
        patience = time.monotonic() + PATIENCE
        while not ports.exists():
            assert process.poll() is None, (self.data / "log").read_text()
            assert time.monotonic() < patience, "not ready in time"
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.send_signal(number)
        return process.wait(PATIENCE)

    async def call(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        """Status and JSON of a control call."""
        url = f"http://127.0.0.1:{self.control}{path}"
        sent = None if method == "GET" else body
        async with aiohttp.ClientSession() as session, session.request(method, url, json=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def ok(self, method: str, path: str, **body: Any) -> Any:
        status, answer = await self.call(method, path, **body)
        assert status == 200, answer
        return answer

    async def eventually(self, path: str, satisfied: Callable[[Any], bool]) -> Any:
        """Asks until the answer satisfies."""
        answer = None
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    answer = await self.ok("GET", path)
                    if satisfied(answer):
                        return answer
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise AssertionError(f"{path} stayed {answer}") from error

    async def inbox(self, number: str, text: str) -> Event:
        """The first letter with that text, once it is there."""

        def arrived(letters: list[Event]) -> bool:
            return any(letter["text"] == text for letter in letters)

        letters = await self.eventually(f"/phones/{number}/inbox", arrived)
        letter: Event = next(each for each in letters if each["text"] == text)
        return letter


class RealClient:
    """A neonize client; what it tells is kept until a test waits for it."""

    def __init__(self, server: LocalWhatsApp, number: str, database: Path) -> None:
        self.server = server
        self.number = number
        self.database = database
        self._events: list[Event] = []
        self._news = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._last_id = 0

    async def start(self) -> None:
        data, proxy = self.server.data, f"http://127.0.0.1:{self.server.proxy}"
        arguments = ["--root", str(data / "trust/root.pub"), "--proxy", proxy, "--database", str(self.database)]
        environment = {**os.environ, "SSL_CERT_FILE": str(data / "trust/ca.pem"), "NEONIZE_BOT_TAG": "off"}
        with self.database.with_suffix(".log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                CLIENT,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=environment,
                limit=LINE_MAX,
            )
        self._reader = asyncio.create_task(self._read())
        await self.event("Ready")

    async def pair(self) -> None:
        """Connects, has its code scanned by the phone of its number, and waits until it is connected."""
        await self.do("connect")
        code = (await self.event("QR"))["code"]
        await self.server.ok("POST", f"/phones/{self.number}/scan", qr=code)
        await self.event("Connected")

    async def connect(self) -> None:
        await self.do("connect")
        await self.event("Connected")

    async def do(self, what: str, **arguments: Any) -> Any:
        """What the client's call returns; raises ClientError when it raised."""
        self._last_id += 1
        line = json.dumps({"do": what, "id": self._last_id, **arguments})
        assert self._process
        assert self._process.stdin
        self._process.stdin.write(line.encode() + b"\n")
        wanted = self._last_id
        reply = await self._wait(lambda event: event.get("reply") == wanted, what)
        if "error" in reply:
            raise ClientError(reply["error"])
        return reply["result"]

    async def eventually(self, what: str, **arguments: Any) -> Any:
        """Like `do`, again and again while the call raises: what it needs is still on its way."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await self.do(what, **arguments)
                except ClientError:
                    await asyncio.sleep(0.05)

    async def event(self, name: str, **details: Any) -> Event:
        """The next event of that name with these details that no one has waited for yet."""

        def wanted(event: Event) -> bool:
            return event.get("event") == name and all(event.get(key) == value for key, value in details.items())

        return await self._wait(wanted, f"{name} {details}")

    def seen(self, name: str) -> list[Event]:
        """The events of that name that nobody has waited for."""
        return [event for event in self._events if event.get("event") == name]

    async def stop(self) -> None:
        if self._process is None or self._reader is None:
            return
        process, self._process = self._process, None
        assert process.stdin
        process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
        await self._reader

    async def _wait(self, wanted: Callable[[Event], bool], what: str) -> Event:
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                while not (found := next(filter(wanted, self._events), None)):
                    await self._news.wait()
                self._events.remove(found)
                return found
        except TimeoutError as error:
            raise AssertionError(f"{self.number}: no {what} among {self._events}") from error

    async def _read(self) -> None:
        assert self._process
        assert self._process.stdout
        async for line in self._process.stdout:
            if not line.startswith(b"{"):
                continue  # the library prints, too
            async with self._news:
                self._events.append(json.loads(line))
                self._news.notify_all()


async def both_ways(server: LocalWhatsApp, client: RealClient, phone: str, tag: str) -> None:
    """Three messages out and three in, each read on the other side."""
    for index in range(3):
        await client.do("send", to=phone, text=f"{tag} out {index}")
        await server.inbox(phone, f"{tag} out {index}")
        await server.ok("POST", f"/phones/{phone}/messages", to=client.number, text=f"{tag} in {index}")
        await client.event("Message", text=f"{tag} in {index}")


class ClientError(Exception):
    """The library's call raised."""
