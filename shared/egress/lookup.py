"""Names to addresses."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol


class Lookup(Protocol):
    """Resolves a host name."""

    async def addresses(self, host: str, port: int) -> list[str]:
        """Every address of `host` as text, in order of preference; OSError when there is none."""
        ...

    async def close(self) -> None: ...


class SystemLookup:
    """Asks the operating system, in threads of its own: slow name servers hold up nothing else in the process."""

    def __init__(self, threads: int = 25) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="egress-dns")

    async def addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        return list(dict.fromkeys(found))

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _getaddrinfo(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [str(address[0]) for *_, address in found]
