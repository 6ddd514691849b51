"""Who has a store open in this process: one client at a time, so that there are never two sockets of one device.

WhatsApp would end the older of two sockets as `replaced`, and whoever hears that must not reconnect.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from weakref import WeakValueDictionary

from session_host.whatsapp import store
from session_host.whatsapp.client import Client
from session_host.whatsapp.inbox import Inbox


class Occupancy:
    """The stores of this process. All on the loop's thread."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()
        self._inboxes: WeakValueDictionary[Path, Inbox] = WeakValueDictionary()
        self._releases: set[asyncio.Task[None]] = set()
        self._full: set[Path] = set()

    async def enter(self, path: Path, client: Client, patience: float) -> bool:
        """Gives `client` the store, until it is closed. False: an earlier client did not let go in time."""
        lock = self._locks.setdefault(path, asyncio.Lock())
        try:
            async with asyncio.timeout(patience):
                await lock.acquire()
        except TimeoutError:
            return False
        release = asyncio.get_running_loop().create_task(_release(lock, client))
        self._releases.add(release)
        release.add_done_callback(self._releases.discard)
        return True

    def inbox(self, path: Path) -> Inbox:
        """The store's inbox, the same one for as long as anybody uses it."""
        if (inbox := self._inboxes.get(path)) is None:
            self._inboxes[path] = inbox = Inbox(path)
        return inbox

    def filled(self, path: Path) -> None:
        """The store could not be written."""
        self._full.add(path)

    async def has_room(self, path: Path) -> bool:
        """Whether a store that could not be written can be written again; of others that is taken for granted."""
        if path in self._full and await asyncio.to_thread(store.has_room, path):
            self._full.discard(path)
        return path not in self._full


async def _release(lock: asyncio.Lock, client: Client) -> None:
    await client.closed.wait()
    lock.release()
