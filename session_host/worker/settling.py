"""How a message ends; without being sent as `failed` where WhatsApp cannot have seen it, else as `uncertain`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from session_host.worker.ledger import Ledger, Outdated
from session_host.worker.patience import until_available
from session_host.worker.recorder import message_entry
from shared.clock import Clock, iso
from shared.logs import bind
from shared.models.instance import InstanceKey
from shared.models.message import UNSENT, MessageError, MessageState, Step
from shared.store.messages import Messages, free_key
from shared.tracing import current, within

logger = logging.getLogger(__name__)

NOT_PAIRED = MessageError("not_paired", "The instance was unlinked before the message could be sent.")
INTERRUPTED = MessageError("interrupted", "The host stopped while the message was being sent.")
EXPIRED = MessageError("expired", "The message could not be sent within its ttl_s.")
NOT_QUEUED = MessageError("not_queued", "The message is not in the queue and was not sent: send it again.")
DELETED = MessageError("instance_deleted", "The instance was deleted before the message could be sent.")
SET_ASIDE = MessageError("internal_error", "A fault of ours kept the message from being sent; it was set aside.")


@dataclass(frozen=True, slots=True)
class Ended:
    """A message to be settled. `frees` is its idempotency key where another message may be sent under that."""

    key: InstanceKey
    message_id: str
    to: str
    type: str
    frees: str | None = None
    silent: bool = False  # without an event: the instance's log is another owner's


class Settling:
    """Settles messages. Nothing happens to one that has gone further meanwhile."""

    def __init__(self, ledger: Ledger, messages: Messages, clock: Clock) -> None:
        self._ledger = ledger
        self._messages = messages
        self._clock = clock

    async def fail(self, message: Ended, error: MessageError) -> bool:
        """It will not be sent. False when WhatsApp may have seen it, or it was settled before."""
        if await self.settle(message, MessageState.FAILED, error=error, only_from=UNSENT):
            return True
        if message.frees is None:
            return False
        return await self.settle(replace(message, frees=None), MessageState.FAILED, error=error, only_from=UNSENT)

    async def uncertain(self, message: Ended, error: MessageError = INTERRUPTED) -> bool:
        """Nobody knows whether it was sent. False when it was not being sent."""
        return await self.settle(message, MessageState.UNCERTAIN, error=error, only_from=(MessageState.SENDING,))

    async def give_up(self, message: Ended, error: MessageError) -> None:
        """It will not be sent, or not again."""
        if not await self.fail(message, error):
            await self.uncertain(message)

    async def give_up_by_id(
        self, key: InstanceKey, message_id: str, error: MessageError, *, silent: bool = False
    ) -> None:
        """The same for a message of which nothing but its id is known."""
        found = await until_available(partial(self._messages.get, str(key), message_id))
        if found is not None:
            with within(current() or found.traceparent):
                await self.give_up(Ended(key, message_id, found.to, found.type, silent=silent), error)

    async def settle(
        self,
        message: Ended,
        state: MessageState,
        *,
        whatsapp_id: str | None = None,
        error: MessageError | None = None,
        only_from: Sequence[MessageState] | None = None,
    ) -> bool:
        """Records how it ended. False when it was in none of the states `only_from`, or further already."""
        entry = message_entry(
            message.key,
            message.message_id,
            [Step(state, iso(self._clock.unix()))],
            to=message.to,
            whatsapp_id=whatsapp_id,
            error=error,
            about={"type": message.type},
            only_from=only_from,
        )
        if message.frees:
            entry = replace(
                entry, writes=(*entry.writes, free_key(str(message.key), message.frees, message.message_id))
            )
        try:
            await self._ledger.record(replace(entry, event=None) if message.silent else entry)
        except Outdated:
            return False
        with bind(tenant=message.key.tenant, instance=message.key.id, message=message.message_id):
            fields = {"type": message.type, "state": state, "code": error.code if error else None}
            logger.info("message", extra={"fields": fields})
        return True
