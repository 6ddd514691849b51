"""A message's way out, one at a time per instance and in order.

    accepted/queued --(marked before the call)--> sending --> sent | failed | uncertain

The mark comes first, so a command found again after a crash tells: before `sending` it is safe to send, in `sending`
the outcome is unknown, and after it there is nothing left to do.

found in `sending`      by this very attempt   sent: the mark was written, its answer was lost
                        on_uncertain: hold     uncertain (interrupted)
                        on_uncertain: resend   marked once more and sent; uncertain once three sends in a row ended so

The timeline counts for `resend`: it outlives whoever dies of the message.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

from session_host.whatsapp.port import NotConnected, OutcomeUnknown, Rejected, Sent, Session
from session_host.worker.door import Door
from session_host.worker.entry import Entry
from session_host.worker.faults import MOST_TRIES, Fault, Poisoned
from session_host.worker.incoming import Incoming, Ours
from session_host.worker.ledger import Ledger, Outdated
from session_host.worker.patience import until_available
from session_host.worker.recorder import message_entry
from session_host.worker.settling import EXPIRED, Ended, Settling
from shared.clock import Clock, iso
from shared.ids import new_id
from shared.models.instance import InstanceKey
from shared.models.message import MessageError, MessageState, OnUncertain, Step
from shared.queues.queue import Received
from shared.store.database import Condition, Update
from shared.store.messages import TABLE, Messages
from shared.tracing import PASS_ON, Kind, Tracer

logger = logging.getLogger(__name__)

SHY_AFTER = 2  # receives: what came again more often may have cost its owners their lives before it was marked


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """What a SEND command asks for. `queued_at` and `deadline` in unix seconds.

    `plainly`: without a typing indicator, the only thing that could go wrong with it before it is marked.
    """

    message_id: str
    to: str
    type: str
    content: dict[str, Any]
    on_uncertain: OnUncertain
    typing_ms: int
    deadline: float | None
    queued_at: float
    plainly: bool = False
    traceparent: str | None = None

    @classmethod
    def of(cls, args: dict[str, Any], received: Received) -> OutgoingMessage:
        """The message of a command's args. Raises ValueError when this version cannot send it."""
        if args.get("type") != "text" or "text" not in args.get("content", {}):
            raise ValueError(f"messages of type {args.get('type')} cannot be sent")
        return cls(
            args["message_id"],
            args["to"],
            args["type"],
            args["content"],
            OnUncertain(args.get("on_uncertain") or OnUncertain.HOLD),
            args.get("typing_ms") or 0,
            args.get("deadline"),
            received.sent_at,
            received.receives > SHY_AFTER,
            received.traceparent,
        )


class Outgoing:
    """The outbound side of one instance. `session` raises NotConnected while there is none."""

    def __init__(
        self,
        key: InstanceKey,
        ledger: Ledger,
        messages: Messages,
        incoming: Incoming,
        clock: Clock,
        session: Callable[[], Session],
        pace: Callable[[OutgoingMessage], Awaitable[None]],
        door: Door,
        tracer: Tracer = PASS_ON,
    ) -> None:
        self._key = key
        self._ledger = ledger
        self._messages = messages
        self._incoming = incoming
        self._clock = clock
        self._session = session
        self._pace = pace
        self._door = door
        self._tracer = tracer
        self._settling = Settling(ledger, messages, clock)

    async def send(self, message: OutgoingMessage) -> None:
        """Brings a message to a settled state. Raises NotConnected when nothing was sent, then it is queued still."""
        if message.deadline is not None and message.deadline <= self._clock.unix():
            await self.give_up(message, EXPIRED)
            return
        self._session()  # without one there is nothing to pace
        await self._pace(message)
        async with self._door.through():
            session = self._session()
            if await self._mark_sending(message):
                async with self._incoming.sending():
                    await self._send(session, message)

    async def _send(self, session: Session, message: OutgoingMessage) -> None:
        ended = self._ended(message)
        try:
            with self._tracer.span("send message", Kind.CLIENT, attributes=self._about(message)):
                sent = await session.send_text(message.to, message.content["text"])
        except NotConnected:
            await self._back_to_queue(message)
            raise
        except Rejected as refusal:
            error = MessageError(refusal.code, refusal.detail)
            await self._settling.settle(ended, MessageState.FAILED, error=error)
        except OutcomeUnknown as unknown:
            logger.warning("%s: %s: the outcome is unknown: %s", self._key, message.message_id, unknown)
            error = MessageError(unknown.code, unknown.detail)
            await self._settling.settle(ended, MessageState.UNCERTAIN, error=error)
        else:
            await self._sent(message, sent)

    async def give_up(self, message: OutgoingMessage, error: MessageError) -> None:
        """The message will not be sent; one that a former owner may have sent is uncertain, not failed."""
        await self._settling.give_up(self._ended(message), error)

    async def wait_queued(self, message: OutgoingMessage) -> None:
        """Lets the message's reader see that it waits for the instance to connect."""
        step = Step(MessageState.QUEUED, iso(message.queued_at))
        await self._try(message_entry(self._key, message.message_id, [step]))

    async def _mark_sending(self, message: OutgoingMessage) -> bool:
        """False when there is nothing to send: it has gone further, or was interrupted and is held."""
        now = iso(self._clock.unix())
        stored = [Step(MessageState.QUEUED, iso(message.queued_at)), Step(MessageState.SENDING, now)]
        attempt = new_id("try")
        if await self._try(message_entry(self._key, message.message_id, stored, attempt=attempt)):
            return True
        found = await until_available(partial(self._messages.get, str(self._key), message.message_id))
        if found is None or found.state is not MessageState.SENDING:
            return False
        if found.attempt == attempt:
            return True
        if message.on_uncertain is OnUncertain.RESEND:
            return await self._mark_again(message, interrupted(found.timeline))
        await self._settling.uncertain(self._ended(message))
        return False

    async def _mark_again(self, message: OutgoingMessage, interruptions: int) -> bool:
        if interruptions >= MOST_TRIES:
            raise Poisoned(Fault("its sending was interrupted each time", interruptions))
        again = [Step(MessageState.SENDING, iso(self._clock.unix()))]
        return await self._try(message_entry(self._key, message.message_id, again, only_from=(MessageState.SENDING,)))

    async def _sent(self, message: OutgoingMessage, sent: Sent) -> None:
        ours = Ours(message.message_id, message.traceparent)
        self._incoming.learn(sent.whatsapp_id, ours)  # the receipts may be here before this is recorded
        await self._settling.settle(self._ended(message), MessageState.SENT, whatsapp_id=sent.whatsapp_id)
        await self._incoming.sent(sent.whatsapp_id, ours)

    def _about(self, message: OutgoingMessage) -> dict[str, str]:
        """What a span tells of a message: never to whom it goes, nor what it says."""
        named = {"hivewp.tenant": self._key.tenant, "hivewp.instance": self._key.id}
        return named | {"hivewp.message": message.message_id, "hivewp.message.type": message.type}

    def _ended(self, message: OutgoingMessage) -> Ended:
        return Ended(self._key, message.message_id, message.to, message.type)

    async def _back_to_queue(self, message: OutgoingMessage) -> None:
        """The one step back that is allowed: WhatsApp never saw it."""
        sending = Condition("#st = :st", {"st": "state"}, {"st": MessageState.SENDING})
        step = {"state": MessageState.QUEUED, "at": iso(self._clock.unix())}
        key = {"instance": str(self._key), "id": message.message_id}
        update = Update(
            TABLE, key, sets={"state": MessageState.QUEUED}, appends={"timeline": [step]}, condition=sending
        )
        await self._try(Entry(self._key, (update,)))

    async def _try(self, entry: Entry) -> bool:
        try:
            await self._ledger.record(entry)
        except Outdated:
            return False
        return True


def interrupted(timeline: Sequence[Step]) -> int:
    """How many sends in a row were marked and never came to an end."""
    return sum(1 for _ in takewhile(lambda step: step.state is MessageState.SENDING, reversed(timeline)))
