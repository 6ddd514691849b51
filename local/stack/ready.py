"""Ways to see that a part is ready."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

from local.settings import LOOPBACK
from local.stack.part import Ready

ANSWER_S = 5.0


def answers_200(port: int, path: str) -> Ready:
    """Ready when a GET of `path` answers 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n".encode()

    async def ready() -> bool:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(ANSWER_S):
                return (await _first_line(port, request)).split(b" ")[1:2] == [b"200"]
        return False

    return ready


def all_there(folder: Path, patterns: Sequence[str]) -> Ready:
    """Ready when there is a file in `folder` for each of the patterns."""

    async def ready() -> bool:
        return all(any(folder.glob(pattern)) for pattern in patterns)  # noqa: ASYNC240 - a small local folder

    return ready


async def _first_line(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(request)
        return await reader.readline()
    finally:
        writer.close()
