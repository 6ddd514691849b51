"""The one thing that an instance holds of WhatsApp at a time: a pairing attempt, a session, or nothing.

Every signal carries the generation of what it came from: news of a former session must not change the state of its
successor, while a message that it received still counts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from session_host.whatsapp import store as session_store
from session_host.whatsapp.port import (
    Account,
    NotConnected,
    OnSignal,
    PairingAttempt,
    PairingDesk,
    Session,
    Signal,
    WhatsApp,
    WhatsAppError,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal and the generation it came from."""

    generation: int
    signal: Signal


class Connection:
    """An instance's hold on WhatsApp. `proxy_url` is asked anew each time and may raise SealBroken, EgressRefused."""

    def __init__(
        self,
        whatsapp: WhatsApp,
        desk: PairingDesk,
        key: str,
        store: Path,
        proxy_url: Callable[[], Awaitable[str | None]],
        hear: Callable[[Heard], None],
    ) -> None:
        self._whatsapp = whatsapp
        self._desk = desk
        self._key = key
        self._store = store
        self._proxy_url = proxy_url
        self._hear = hear
        self._generation = 0
        self._session: Session | None = None
        self._attempt: PairingAttempt | None = None

    @property
    def session(self) -> Session:
        """The open session. Raises NotConnected."""
        if self._session is None:
            raise NotConnected("not_connected", "the instance has no session")
        return self._session

    @property
    def attempt(self) -> PairingAttempt | None:
        """The pairing attempt under way."""
        return self._attempt

    async def pair(self) -> PairingAttempt:
        """Gives up what there is and begins to pair."""
        await self.release()
        account = await self._account()
        account.store.parent.mkdir(parents=True, exist_ok=True)
        self._attempt = await self._desk.begin(account, self._listener())
        return self._attempt

    async def connect(self) -> None:
        """Gives up what there is and opens a session."""
        await self.release()
        self._session = self._whatsapp.session(await self._account(), self._listener())
        await self._session.connect()

    async def release(self) -> None:
        """Closes the session or cancels the attempt; the device stays linked."""
        self._generation += 1
        session, self._session = self._session, None
        attempt, self._attempt = self._attempt, None
        if attempt:
            await attempt.cancel()
        if session:
            await session.stop()

    async def unlink(self) -> bool:
        """Unlinks the device at WhatsApp and erases its credentials; False when WhatsApp could not be told."""
        told = True
        if self._session:
            self._generation += 1  # what the unlinking itself causes is not news
            try:
                await self._session.logout()
            except WhatsAppError as error:
                told = False
                logger.warning("%s: could not be unlinked at WhatsApp: %s", self._key, error)
        await self.release()
        await self.erase()
        return told

    async def erase(self) -> None:
        """Removes the credentials from the disk."""
        await asyncio.to_thread(session_store.erase, self._store)

    def is_current(self, heard: Heard) -> bool:
        """Whether a signal comes from what the instance holds now."""
        return heard.generation == self._generation

    async def _account(self) -> Account:
        return Account(self._key, self._store, await self._proxy_url())

    def _listener(self) -> OnSignal:
        generation = self._generation
        return lambda signal: self._hear(Heard(generation, signal))
