"""For tests: a process with sessions (host_process.py), signals that can be waited for, and phones that scan."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from session_host.whatsapp.environment import WhatsAppSettings, environment
from session_host.whatsapp.pairing.desk import ProcessDesk
from session_host.whatsapp.port import Account, Paired, QrShown, Signal
from tests.integration.whatsapp.harness import LocalWhatsApp

PATIENCE = 60.0
PROGRAM = Path(__file__).with_name("host_process.py")

Line = dict[str, Any]
SomeSignal = TypeVar("SomeSignal")


class Refused(Exception):
    """The call raised a WhatsAppError: `kind`, `code`, `detail`."""

    def __init__(self, kind: str, code: str, detail: str) -> None:
        super().__init__(f"{kind} {code}: {detail}")
        self.kind, self.code, self.detail = kind, code, detail


class Signals:
    """An OnSignal that keeps what it hears until a test takes it."""

    def __init__(self) -> None:
        self.heard: list[Signal] = []
        self._queue: asyncio.Queue[Signal] = asyncio.Queue()

    def __call__(self, signal: Signal) -> None:
        self.heard.append(signal)
        self._queue.put_nowait(signal)

    async def next(self, kind: type[SomeSignal], patience: float = PATIENCE) -> SomeSignal:
        """The next signal of that kind; others before it are passed over."""
        try:
            async with asyncio.timeout(patience):
                while not isinstance(signal := await self._queue.get(), kind):
                    pass
                return signal
        except TimeoutError as error:
            raise AssertionError(f"no {kind.__name__} among {self.heard}") from error


class Host:
    """A process with sessions."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log
        self._news = asyncio.Condition()
        self._lines: list[Line] = []
        self._last_id = 0
        self._reader = asyncio.create_task(self._read())

    async def do(self, what: str, key: str = "", *arguments: Any) -> Any:
        """What the session's method gives; raises Refused for a WhatsAppError."""
        self._last_id += 1
        number = self._last_id
        assert self.process.stdin
        line = {"id": number, "do": what, "key": key, "with": arguments}
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        reply = await self._take(lambda each: each.get("reply") == number, what)
        if "error" in reply:
            raise Refused(*reply["error"])
        return reply["result"]

    async def connect(self, account: Account) -> Line:
        """Opens a session and gives its Connected."""
        await self.do("open", account.key, str(account.store), account.proxy_url)
        return await self.signal(account.key, "Connected")

    async def signal(self, key: str, signal: str, /, **details: Any) -> Line:
        """The next signal of that kind with these details that nobody has taken yet."""

        def wanted(line: Line) -> bool:
            fits = all(line.get(name) == value for name, value in details.items())
            return line.get("signal") == signal and line["key"] == key and fits

        return await self._take(wanted, f"{signal} {details} of {key}")

    def seen(self, kind: str) -> list[Line]:
        """Signals of that kind that nobody has taken."""
        return [line for line in self._lines if line.get("signal") == kind]

    async def end(self) -> int:
        """Ends the process; gives its exit status."""
        assert self.process.stdin
        self.process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            await self._reader
            return await self.process.wait()

    async def _take(self, wanted: Callable[[Line], bool], what: str) -> Line:
        def found() -> Line | None:
            return next(filter(wanted, self._lines), None)

        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(lambda: found() or self._reader.done())
        except TimeoutError as error:
            raise AssertionError(f"no {what} among {self._lines}") from error
        line = found()
        assert line, f"no {what}: the process ended, {self.log.read_text()[-2000:]}"
        self._lines.remove(line)
        return line

    async def _read(self) -> None:
        assert self.process.stdout
        try:
            async for data in self.process.stdout:
                async with self._news:
                    self._lines.append(json.loads(data))
                    self._news.notify_all()
        finally:
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: loop.create_task(self._wake()))

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()


def settings_for(server: LocalWhatsApp) -> WhatsAppSettings:
    return WhatsAppSettings(f"http://127.0.0.1:{server.proxy}", server.data / "trust")


@asynccontextmanager
async def host_for(
    server: LocalWhatsApp, folder: Path, *, keepalive: int = 1, **patience: float
) -> AsyncIterator[Host]:
    """A fresh process with no session yet; `patience` as in setup.Patience, `keepalive`: times faster than usual."""
    log = folder / "host.log"
    with log.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, PROGRAM, json.dumps(patience), str(keepalive)),
            env=environment(settings_for(server), {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=sink,
            limit=1 << 20,
        )
    host = Host(process, log)
    try:
        yield host
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await host._reader


async def scan(server: LocalWhatsApp, number: str, code: str) -> None:
    await server.ok("POST", f"/phones/{number}/scan", qr=code)


async def pair(desk: ProcessDesk, server: LocalWhatsApp, folder: Path, number: str) -> Account:
    """A paired account for the phone with that number, which is its key too, kept in `folder`."""
    account = Account(number, folder / f"{number}.db")
    signals = Signals()
    await desk.begin(account, signals)
    await scan(server, number, (await signals.next(QrShown)).code)
    assert (await signals.next(Paired)).phone == number
    return account


async def warm(server: LocalWhatsApp, account: Account, host: Host, customer: str) -> None:
    """Connects, sends, and waits until nothing is under way any more: a device that is new hears of two things by its
    phone, and asks for what it was told of. The server must have no other device that is connected."""
    before = (await server.ok("GET", "/stats"))["stanzas_sent"].get("message", 0)
    await host.connect(account)
    await host.do("send_text", account.key, customer, "warm")
    await host.signal(account.key, "ReceiptReceived", kind="delivered")
    seen = await server.eventually("/stats", lambda stats: stats["stanzas_sent"].get("message", 0) >= before + 2)
    async with asyncio.timeout(PATIENCE):
        while True:
            await asyncio.sleep(0.5)
            now = await server.ok("GET", "/stats")
            if not now["unsettled"] and all(now[name] == seen[name] for name in ("stanzas", "stanzas_sent")):
                return
            seen = now


@asynccontextmanager
async def mute_proxy() -> AsyncIterator[str]:
    """Accepts connections and says nothing."""
    writers: list[asyncio.StreamWriter] = []
    proxy = await asyncio.start_server(lambda _reader, writer: writers.append(writer), "127.0.0.1", 0)
    try:
        yield f"socks5://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    finally:
        proxy.close()
        for writer in writers:
            writer.close()
            with suppress(ConnectionError):  # its client may have gone first
                await writer.wait_closed()


@contextmanager
def short_lived_codes(folder: Path) -> Iterator[LocalWhatsApp]:
    """A local WhatsApp whose pairings expire after 20 s."""
    folder.mkdir()
    server = LocalWhatsApp(folder)
    command = [sys.executable, "-m", "tests.integration.session_host.whatsapp.short_lived_codes", "--port", "0"]
    with (folder / "log").open("ab") as log:
        server.process = subprocess.Popen([*command, "--data", str(folder)], stderr=log)
    try:
        ports = folder / "ports.json"
        while not ports.exists():
            assert server.process.poll() is None, (folder / "log").read_text()
            time.sleep(0.02)
        listed = json.loads(ports.read_text())
        server.control, server.proxy = listed["control"], listed["proxy"]
        yield server
    finally:
        server.stop()
