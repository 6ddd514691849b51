"""For tests: a session over a library that does only what the test lets it do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from session_host.whatsapp.events import CONNECTED, DEVICE, Decoder
from session_host.whatsapp.gate import Gate
from session_host.whatsapp.library import Library, Start, protobuf_module
from session_host.whatsapp.port import Account, Connected, Signal
from session_host.whatsapp.requests import Requests
from session_host.whatsapp.runtime import Runtime
from session_host.whatsapp.session import NeonizeSession
from session_host.whatsapp.setup import Patience, Setup

neonize: Any = protobuf_module("Neonize_pb2")


class ScriptedLibrary:
    """`calls` lists what was called, in order. A send blocks until `answer` is set; a run until `give_back`."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.started = threading.Event()
        self.sending = threading.Event()
        self.answer = threading.Event()
        self.give_back = threading.Event()
        self.on_disconnect: Callable[[], None] = lambda: None
        self.on_stop: Callable[[], None] = lambda: None
        self.client = b""
        self.error = ""
        self.refusal = ""

    def run(self, start: Start) -> str:
        self.calls.append("run")
        self.give_back.clear()
        self.client = start.client
        self.started.set()
        self.give_back.wait(20)
        return self.error

    def stop(self, client: bytes) -> None:
        self.calls.append("stop")
        self.on_stop()
        self.give_back.set()

    def set_proxy(self, client: bytes, url: str) -> str:
        self.calls.append("set_proxy")
        return ""

    def disconnect(self, client: bytes) -> None:
        self.calls.append("disconnect")
        self.on_disconnect()

    def send_message(self, client: bytes, to: bytes, message: bytes) -> bytes:
        self.calls.append("send_message")
        self.sending.set()
        self.answer.wait(20)
        answer = neonize.SendMessageReturnFunction(Error=self.refusal or None)
        answer.SendResponse.ID, answer.SendResponse.Timestamp = "3EB0", 1_700_000_000
        return bytes(answer.SerializePartialToString())

    def send_chat_presence(self, client: bytes, to: bytes, state: int) -> str:
        self.calls.append("send_chat_presence")
        return ""

    def logout(self, client: bytes) -> str:
        self.calls.append("logout")
        return ""


class Scene:
    def __init__(self, store: Path, patience: Patience, proxy_url: str | None = None) -> None:
        self.library = ScriptedLibrary()
        self.signals: list[Signal] = []
        self.runtime = Runtime(asyncio.get_running_loop(), Gate(settle=0))
        self.runtime.library = cast(Library, self.library)
        self.account = Account("shop-1", store, proxy_url)
        self.setup = Setup("wal", 5.0, patience)
        self.session = self.another(self._heard)
        self._news = asyncio.Event()

    def another(self, heard: Callable[[Signal], None]) -> NeonizeSession:
        """One more session of the same store."""
        return NeonizeSession(self.runtime, self.account, heard, (Decoder(), Requests()), self.setup)

    async def connecting(self) -> None:
        await self.session.connect()
        await asyncio.to_thread(self.library.started.wait, 5)

    def device(self) -> None:
        device = neonize.Device(JID=neonize.JID(User="4915550001", Server="s.whatsapp.net"))
        self.runtime.on_event(self.library.client, DEVICE, device.SerializePartialToString())

    async def connected(self) -> None:
        await self.connecting()
        self.device()
        self.runtime.on_event(self.library.client, CONNECTED, b"")
        await self.heard(Connected)

    async def heard(self, kind: type[Signal]) -> Signal:
        async with asyncio.timeout(5):
            while not (found := [each for each in self.signals if isinstance(each, kind)]):
                self._news.clear()
                await self._news.wait()
        return found[0]

    def _heard(self, signal: Signal) -> None:
        self.signals.append(signal)
        self._news.set()
