"""A message that a tenant asked us to send, and how far it has come.

    accepted -> queued -> sending -> sent -> delivered -> read
                     \\         \\-> uncertain (the outcome of an interrupted send is unknown)
                      \\-> failed (code)

States only move forward in RANK; a receipt that comes early or twice changes nothing that is further already.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class MessageState(StrEnum):
    """How far a message has come."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


RANK = {state: rank for rank, state in enumerate(MessageState)}
SETTLED = frozenset(
    {MessageState.SENT, MessageState.FAILED, MessageState.UNCERTAIN, MessageState.DELIVERED, MessageState.READ}
)
UNSENT = (MessageState.ACCEPTED, MessageState.QUEUED)  # WhatsApp cannot have seen it
UNSETTLED = (*UNSENT, MessageState.SENDING)


def earlier_than(state: MessageState) -> list[MessageState]:
    """The states from which a message may move into `state`."""
    return [other for other in MessageState if RANK[other] < RANK[state]]


class OnUncertain(StrEnum):
    """What to do with a send whose outcome is unknown after a crash."""

    HOLD = "hold"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a message's timeline."""

    state: MessageState
    at: str


@dataclass(frozen=True, slots=True)
class MessageError:
    """Why a message failed: a stable code and a text."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message and its story. `content` is what its type needs, `instance` the text form of InstanceKey.

    `idempotency_key` is the caller's name for the request, freed when the message is found never to have been queued.
    `attempt` names the last try to send it, so that whoever tried knows its own mark. `traceparent`: the trace of the
    call that it came by, which all that becomes of it goes on with.
    """

    id: str
    instance: str
    to: str
    type: str
    content: dict[str, Any]
    state: MessageState
    timeline: tuple[Step, ...]
    whatsapp_id: str | None = None
    error: MessageError | None = None
    on_uncertain: OnUncertain = OnUncertain.HOLD
    typing_ms: int = 0
    deadline: float | None = None
    attempt: str | None = None
    idempotency_key: str | None = None
    traceparent: str | None = None
