"""The orders of the supervisor, as they come: the first gives the worker its work, all others more time.

They are read by the event loop. A loop that hangs for as long as a lease lasts therefore ends the process, rightly.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

from session_host.orders import Assignment, BadOrder, Order, decode

logger = logging.getLogger(__name__)

READ_BYTES = 1 << 16


class Orders:
    """Reads the pipe `descriptor`; `extend` is called with each moment until which the worker may live."""

    def __init__(self, descriptor: int, host_id: str, extend: Callable[[float], None]) -> None:
        self._descriptor = descriptor
        self._host_id = host_id
        self._extend = extend
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self.assigned: asyncio.Future[Assignment] = self._loop.create_future()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def _read(self) -> None:
        *lines, self._rest = (self._rest + self._waiting()).split(b"\n")
        orders = [order for line in lines if (order := self._decode(line))]
        if orders:  # only the last moment counts: the first ones may be past when a start took long
            self._extend(max(order.until for order in orders))
        for order in orders:
            if isinstance(order, Assignment) and not self.assigned.done():
                self.assigned.set_result(order)

    def _waiting(self) -> bytes:
        """All that can be read now."""
        data = b""
        try:
            while more := os.read(self._descriptor, READ_BYTES):
                data += more
        except BlockingIOError:
            return data
        self._loop.remove_reader(self._descriptor)  # the supervisor is gone, and this process with it in a moment
        return data

    def _decode(self, line: bytes) -> Order | None:
        try:
            return decode(line, self._host_id)
        except BadOrder as error:
            logger.error("%s", error)
            return None
