"""A process with sessions in it, driven by JSON lines: `{"id": 1, "do": "send_text", "key": "shop-1", "with": [...]}`.

Its first argument is a session.Patience, the second how fast the library's keepalive goes (1 is its own pace).

Answers `{"reply": 1, "result": ...}` or `{"reply": 1, "error": [type, code, detail]}`; signals come as
`{"signal": "Connected", "key": "shop-1", ...}`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import struct
import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from session_host.whatsapp.environment import WhatsAppSettings
from session_host.whatsapp.library import library_path
from session_host.whatsapp.port import Account, MessageReceived, ReceiptReceived, Session, Signal, WhatsAppError
from session_host.whatsapp.setup import Patience
from session_host.whatsapp.trust import replace_data
from session_host.whatsapp.whatsapp import NeonizeWhatsApp


class HostProcess:
    def __init__(self, sink: int, patience: Patience) -> None:
        self._sink = sink
        self._whatsapp = NeonizeWhatsApp(WhatsAppSettings(), asyncio.get_running_loop(), patience)
        self._sessions: dict[str, Session] = {}
        self._deaf: set[str] = set()

    async def carry_out(self, line: dict[str, Any]) -> None:
        try:
            result = await getattr(self, "do_" + line["do"], self._call(line["do"]))(line["key"], *line["with"])
            self._tell({"reply": line["id"], "result": _plain(result)})
        except WhatsAppError as error:
            self._tell({"reply": line["id"], "error": [type(error).__name__, error.code, error.detail]})

    async def do_open(self, key: str, database: str, proxy_url: str | None) -> None:
        account = Account(key, Path(database), proxy_url)
        self._sessions[key] = self._whatsapp.session(account, lambda signal: self._signal(key, signal))
        await self._sessions[key].connect()

    async def do_leave(self, key: str) -> None:
        """From now on nothing that this session tells is taken."""
        self._deaf.add(key)

    async def do_close(self, _key: str) -> None:
        await self._whatsapp.close()

    async def do_collect(self, _key: str) -> int:
        return gc.collect()

    async def do_wear(self, _key: str) -> Any:
        return self._whatsapp.wear()

    def _call(self, name: str) -> Any:
        return lambda key, *arguments: getattr(self._sessions[key], name)(*arguments)

    def _signal(self, key: str, signal: Signal) -> None:
        if key not in self._deaf and isinstance(signal, MessageReceived | ReceiptReceived):
            signal.taken()
        fields = asdict(signal)
        fields.pop("taken", None)
        self._tell({"signal": type(signal).__name__, "key": key, **fields})

    def _tell(self, line: dict[str, Any]) -> None:
        os.write(self._sink, json.dumps(line).encode() + b"\n")


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def hurry_keepalive(times: int) -> None:
    """The library has four durations: for an answer, between two at least and at most, until it gives up."""
    durations = [seconds * 10**9 for seconds in (10, 20, 30, 180)]
    fast = struct.pack("<4q", *(duration // times for duration in durations))
    assert replace_data(library_path(), struct.pack("<4q", *durations), fast) == 1


async def main() -> None:
    source, sink = os.dup(0), os.dup(1)
    host = HostProcess(sink, Patience(**json.loads(sys.argv[1])))
    hurry_keepalive(int(sys.argv[2]))
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), os.fdopen(source, "rb", 0))
    tasks = set()
    while data := await lines.readline():
        tasks.add(loop.create_task(host.carry_out(json.loads(data))))
    os._exit(0)


asyncio.run(main())
