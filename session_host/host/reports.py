"""What a worker says through its pipe: one JSON object a line.

    {"warm": true}                                      all is loaded, it stands by for its work
    {"ready": true}                                     it has taken up the sessions of its partition
    {"partition": 0, "pid": 17, "states": {"connected": 3}, "memory": 1, "threads": 1, "descriptors": 1,
     "ended": 3, "stuck": 0, "oldest_command": 0, "ready": true}

The last whenever something in it changed, at most four times a second, and every 10 s; memory in bytes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator
from dataclasses import fields
from typing import Any

from shared.models.host import WorkerReport

MAX_LINE = 1 << 16

_log = logging.getLogger(__name__)
_NUMBERS = {field.name for field in fields(WorkerReport)} - {"states", "ready"}


class Warm:
    """The process has loaded everything and stands by."""


class Ready:
    """The worker has taken up its sessions."""


Said = WorkerReport | Ready | Warm


async def read_reports(descriptor: int) -> AsyncGenerator[Said, None]:
    """What is said until nobody can say more. Closes the descriptor."""
    reader = asyncio.StreamReader(limit=MAX_LINE)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        while line := await _line(reader):
            said = parse_report(line)
            if said is not None:
                yield said
    finally:
        transport.close()


def parse_report(line: bytes) -> Said | None:
    """What a line says. None: nothing that a worker should, which is noted in the log."""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if said == {"ready": True}:
        return Ready()
    if said == {"warm": True}:
        return Warm()
    if not _is_report(said):
        _log.warning("A worker wrote a line that is no report (%d bytes)", len(line))
        return None
    return WorkerReport(**{name: said[name] for name in (*_NUMBERS, "states")}, ready=said.get("ready", True))


def _is_report(said: Any) -> bool:
    if (
        not isinstance(said, dict)
        or not isinstance(said.get("states"), dict)
        or not isinstance(said.get("ready", True), bool)
    ):
        return False
    numbers = [*(said.get(name) for name in _NUMBERS), *said["states"].values()]
    return all(type(number) is int for number in numbers)


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line, empty at the end. One that is too long comes in pieces, which are no reports."""
    try:
        return await reader.readuntil()
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await reader.read(max(1, overrun.consumed))
