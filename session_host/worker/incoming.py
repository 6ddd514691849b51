"""What comes from WhatsApp about messages: new ones, and receipts of ours."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from session_host.whatsapp.port import MessageReceived, ReceiptReceived
from session_host.worker.ledger import Ledger, Outdated
from session_host.worker.patience import until_available
from session_host.worker.recorder import receipt_entry, received_entry
from shared.clock import Clock
from shared.logs import bind
from shared.models.instance import InstanceKey
from shared.store.messages import Messages
from shared.tracing import within

logger = logging.getLogger(__name__)

REMEMBERED = 2_000  # sent messages per instance whose receipts need no look-up
EARLY = 500
EARLY_S = 6.0  # the index lags by a second at most, mostly; a receipt of a message that the phone sent is nobody's here


@dataclass(frozen=True, slots=True)
class Ours:
    """A message that we sent, and the trace of the call that it came by."""

    message_id: str
    traceparent: str | None = None


@dataclass(slots=True)
class _Told:
    """A receipt, and how many of its messages it still waits for; taken once that is none."""

    receipt: ReceiptReceived
    left: int

    def settle(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.receipt.taken()


class Incoming:
    """The inbound side of one instance."""

    def __init__(self, key: InstanceKey, ledger: Ledger, messages: Messages, clock: Clock) -> None:
        self._key = key
        self._ledger = ledger
        self._messages = messages
        self._clock = clock
        self._sent: OrderedDict[str, Ours] = OrderedDict()
        self._early: OrderedDict[str, list[_Told]] = OrderedDict()
        self._in_flight = 0
        self._since: dict[str, float] = {}  # WhatsApp ids to be looked for, and from when on that is done

    async def message(self, message: MessageReceived) -> None:
        """Logs a message; one that was logged before is passed over."""
        try:
            await self._ledger.record(received_entry(self._key, message, self._clock.unix()))
        except Outdated:
            logger.info("%s: a message came again", self._key)

    async def receipt(self, receipt: ReceiptReceived) -> None:
        """Moves our messages on; a receipt that comes before the message can be found is kept for `sent`.

        It is taken when it was applied or given up.
        """
        told = _Told(receipt, len(receipt.message_ids))
        if not told.left:
            receipt.taken()
        for whatsapp_id in receipt.message_ids:
            if ours := await self._known(whatsapp_id):
                await self._apply(ours, whatsapp_id, told)
            else:
                self._early.setdefault(whatsapp_id, []).append(told)
        while len(self._early) > EARLY:
            self._give_up(next(iter(self._early)))

    async def look_again(self) -> None:
        """Looks for the messages of receipts that came early: a former owner may have sent them a moment ago."""
        if self._in_flight:
            return
        for whatsapp_id in list(self._since):
            if ours := await self._look_for(whatsapp_id):
                await self.sent(whatsapp_id, ours)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """While a send is under way, receipts of unknown messages are most likely its own: they wait for its id."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            await self.look_again()

    def learn(self, whatsapp_id: str, ours: Ours) -> None:
        """A message of ours has its WhatsApp id now."""
        self._sent[whatsapp_id] = ours
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)

    async def sent(self, whatsapp_id: str, ours: Ours) -> None:
        """It is recorded as sent: applies the receipts that came too early."""
        self._since.pop(whatsapp_id, None)
        for told in self._early.pop(whatsapp_id, []):
            await self._apply(ours, whatsapp_id, told)

    async def _known(self, whatsapp_id: str) -> Ours | None:
        if whatsapp_id in self._sent:
            return self._sent[whatsapp_id]
        first = whatsapp_id not in self._since
        self._since.setdefault(whatsapp_id, self._clock.monotonic())
        if self._in_flight or not first:
            return None
        return await self._look_for(whatsapp_id) or self._sent.get(whatsapp_id)  # it may have been sent while we looked

    async def _look_for(self, whatsapp_id: str) -> Ours | None:
        """The message, or None; when it was looked for in vain for long, its receipts are given up."""
        began = self._clock.monotonic()
        found = await self._find(whatsapp_id)
        if found is not None:
            self._since.pop(whatsapp_id, None)
        elif began - self._since.get(whatsapp_id, began) >= EARLY_S:
            self._give_up(whatsapp_id)
        return found

    def _give_up(self, whatsapp_id: str) -> None:
        self._since.pop(whatsapp_id, None)
        for told in self._early.pop(whatsapp_id, []):
            told.settle()

    async def _find(self, whatsapp_id: str) -> Ours | None:
        """By the index, which has nothing but keys; what the message's trace is stands on its own item."""
        found = await until_available(partial(self._messages.by_whatsapp_id, str(self._key), whatsapp_id))
        if found is None:
            return None
        return Ours(found, await until_available(partial(self._messages.traceparent, str(self._key), found)))

    async def _apply(self, ours: Ours, whatsapp_id: str, told: _Told) -> None:
        try:
            entry = receipt_entry(self._key, ours.message_id, whatsapp_id, told.receipt, self._clock.unix())
            with within(ours.traceparent):
                await self._ledger.record(entry)
        except Outdated:
            with bind(message=ours.message_id):
                logger.debug("%s: a receipt came again or late", self._key)
        told.settle()
