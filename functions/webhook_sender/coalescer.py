"""Coalesces writes that are made at the same time into one call: calls to AWS are most of what a delivery costs.

A lone item is written at once; items that arrive during a write share the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Entry(Generic[T]):
    item: T
    written: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Coalescer(Generic[T]):
    """Writes items by `write`, up to `most` in a group, of those with the same `key` one.

    `write` gives back what each of them failed with, None where it is written; what it raises is everyone's."""

    def __init__(
        self,
        write: Callable[[list[T]], Awaitable[Sequence[BaseException | None]]],
        most: int,
        key: Callable[[T], Hashable] = id,
    ) -> None:
        self._write = write
        self._most = most
        self._key = key
        self._waiting: list[_Entry[T]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Returns when it is written. Raises what its write failed with."""
        entry = _Entry(item)
        self._waiting.append(entry)
        if self._writer is None:
            self._writer = asyncio.create_task(self._work())
        await entry.written

    async def _work(self) -> None:
        try:
            while group := self._next_group():
                await self._write_group(group)
        finally:
            self._writer = None

    async def _write_group(self, group: list[_Entry[T]]) -> None:
        (found,) = await asyncio.gather(self._write([entry.item for entry in group]), return_exceptions=True)
        results = [found] * len(group) if isinstance(found, BaseException) else found
        for entry, result in zip(group, results, strict=True):
            if entry.written.done():
                continue  # who waited for it was cancelled
            if result is None:
                entry.written.set_result(None)
            else:
                entry.written.set_exception(result)

    def _next_group(self) -> list[_Entry[T]]:
        group: dict[Hashable, _Entry[T]] = {}
        later: list[_Entry[T]] = []
        for entry in self._waiting:
            key = self._key(entry.item)
            if key in group or len(group) == self._most:
                later.append(entry)
            else:
                group[key] = entry
        self._waiting = later
        return list(group.values())
