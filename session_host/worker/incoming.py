"""What comes from WhatsApp about messages: new ones, and receipts of ours."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

from session_host.whatsapp.port import MessageReceived, ReceiptReceived
from session_host.worker.ledger import Ledger, Outdated
from session_host.worker.patience import until_available
from session_host.worker.recorder import receipt_entry, received_entry
from shared.clock import Clock
from shared.models.instance import InstanceKey
from shared.store.messages import Messages

logger = logging.getLogger(__name__)
T = TypeVar("T")

REMEMBERED = 2_000  # sent messages per instance whose receipts need no look-up
EARLY = 500
LOOKS = 3  # the index lags by a second at most, mostly; a receipt of a message that the phone sent is nobody's here


class Incoming:
    """The inbound side of one instance."""

    def __init__(self, key: InstanceKey, ledger: Ledger, messages: Messages, clock: Clock) -> None:
        self._key = key
        self._ledger = ledger
        self._messages = messages
        self._clock = clock
        self._sent: OrderedDict[str, str] = OrderedDict()
        self._early: OrderedDict[str, list[ReceiptReceived]] = OrderedDict()
        self._in_flight = 0
        self._looks: dict[str, int] = {}  # WhatsApp ids to be looked for, and how often that was done

    async def message(self, message: MessageReceived) -> None:
        """Logs a message; one that was logged before is passed over."""
        try:
            await self._ledger.record(received_entry(self._key, message, self._clock.unix()))
        except Outdated:
            logger.info("%s: a message came again", self._key)

    async def receipt(self, receipt: ReceiptReceived) -> None:
        """Moves our messages on; a receipt that comes before the message can be found is kept for `sent`."""
        for whatsapp_id in receipt.message_ids:
            if message_id := await self._known(whatsapp_id):
                await self._apply(message_id, whatsapp_id, receipt)
            else:
                self._early.setdefault(whatsapp_id, []).append(receipt)
                for forgotten in _bound(self._early, EARLY):
                    self._looks.pop(forgotten, None)

    async def look_again(self) -> None:
        """Looks for the messages of receipts that came early: a former owner may have sent them a moment ago."""
        if self._in_flight:
            return
        for whatsapp_id in list(self._looks):
            if message_id := await self._look_for(whatsapp_id):
                await self.sent(whatsapp_id, message_id)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """While a send is under way, receipts of unknown messages are most likely its own: they wait for its id."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            await self.look_again()

    def learn(self, whatsapp_id: str, message_id: str) -> None:
        """A message of ours has its WhatsApp id now."""
        self._sent[whatsapp_id] = message_id
        _bound(self._sent, REMEMBERED)

    async def sent(self, whatsapp_id: str, message_id: str) -> None:
        """It is recorded as sent: applies the receipts that came too early."""
        self._looks.pop(whatsapp_id, None)
        for receipt in self._early.pop(whatsapp_id, []):
            await self._apply(message_id, whatsapp_id, receipt)

    async def _known(self, whatsapp_id: str) -> str | None:
        if whatsapp_id in self._sent:
            return self._sent[whatsapp_id]
        first = whatsapp_id not in self._looks
        self._looks.setdefault(whatsapp_id, 0)
        if self._in_flight or not first:
            return None
        return await self._look_for(whatsapp_id) or self._sent.get(whatsapp_id)  # it may have been sent while we looked

    async def _look_for(self, whatsapp_id: str) -> str | None:
        """The message, or None; after some looks in vain, its receipts are forgotten."""
        found = await self._find(whatsapp_id)
        looks = self._looks.pop(whatsapp_id, LOOKS) + 1
        if found is None and looks < LOOKS:
            self._looks[whatsapp_id] = looks
        elif found is None:
            self._early.pop(whatsapp_id, None)
        return found

    async def _find(self, whatsapp_id: str) -> str | None:
        return await until_available(partial(self._messages.by_whatsapp_id, str(self._key), whatsapp_id))

    async def _apply(self, message_id: str, whatsapp_id: str, receipt: ReceiptReceived) -> None:
        try:
            now = self._clock.unix()
            await self._ledger.record(receipt_entry(self._key, message_id, whatsapp_id, receipt, now))
        except Outdated:
            logger.debug("%s: a receipt came again or late", self._key)


def _bound(kept: OrderedDict[str, T], most: int) -> list[str]:
    """Forgets the oldest beyond `most`; their names."""
    return [kept.popitem(last=False)[0] for _ in range(len(kept) - most)]
