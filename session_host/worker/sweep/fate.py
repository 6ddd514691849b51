"""What becomes of a message that is neither sent nor given up.

    state       its command                                          what happens
    ----------  ---------------------------------------------------  ------------------------------------------------
    any unsent  (deadline passed)                                    failed `expired`
    any unsent  in hand                                              nothing: its runner brings it to its end
    any unsent  younger than LATEST_QUEUED_S                         nothing: the API may be about to queue it
    any unsent  not in the queue: a command of the same instance     failed `not_queued`, its idempotency key is freed
                that was queued LATEST_QUEUED_S after it came by
    any unsent  may wait behind others in hand                       nothing
    any unsent  may wait in the queue, nothing in hand               a trace is sent after it
    sending     in hand                                              nothing: its runner settles it
    sending     not in hand, on_uncertain: hold                      uncertain `interrupted`: its sender is fenced
    sending     not in hand, resend: deadline passed or not queued   uncertain `interrupted`
    sending     not in hand, resend, else                            as unsent: waits for its command, or a trace
    any unsent  (instance deleted)                                   failed `instance_deleted`
    sending     (instance deleted)                                   uncertain `interrupted`

Why `not_queued` is certain: an instance's messages are one group of a FIFO queue, so whatever was queued before a
command that came by came by before it. A trace is such a command, sent by the owner itself when no other tells. Such
a message was never queued because the API died between its two writes, before it answered, or its command was moved to
the dead-letter queue after a thousand receives. (A call that is repeated with its key later on queues the message once
more, and makes it as young as that.) Every write is conditional: a message that goes on meanwhile is left
alone, and a command that turns up after all finds its message settled and does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from shared.models.message import MessageState, OnUncertain
from shared.store.messages import Unsettled

LATEST_QUEUED_S = 120.0  # API Gateway ends a call after 29 s; the rest is for retries and clocks that run apart


class Fate(Enum):
    """What is to be done about a message."""

    KEEP = auto()
    TRACE = auto()
    EXPIRED = auto()
    NOT_QUEUED = auto()
    DELETED = auto()
    UNCERTAIN = auto()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the owner knows. Times in unix seconds; `received_until`: see Hand."""

    now: float
    in_hand: bool = False
    held_back: bool = False  # others of the instance's messages are in hand, so it may wait behind them
    received_until: float | None = None
    deleted: bool = False


def fate_of(message: Unsettled, facts: Facts) -> Fate:
    """What becomes of a message."""
    sending = message.state is MessageState.SENDING
    if facts.deleted:
        return Fate.UNCERTAIN if sending else Fate.DELETED
    if sending:
        return _of_sending(message, facts)
    if _expired(message, facts):
        return Fate.EXPIRED
    return _where(message, facts, lost=Fate.NOT_QUEUED)


def _of_sending(message: Unsettled, facts: Facts) -> Fate:
    if facts.in_hand:
        return Fate.KEEP
    if message.on_uncertain is OnUncertain.HOLD or _expired(message, facts):
        return Fate.UNCERTAIN
    return _where(message, facts, lost=Fate.UNCERTAIN)


def _where(message: Unsettled, facts: Facts, lost: Fate) -> Fate:
    """`lost` when its command is certain not to wait in the queue."""
    latest = message.accepted_at + LATEST_QUEUED_S
    if facts.in_hand or facts.now < latest:
        return Fate.KEEP
    if facts.received_until is not None and facts.received_until > latest:
        return lost
    return Fate.KEEP if facts.held_back else Fate.TRACE


def _expired(message: Unsettled, facts: Facts) -> bool:
    return message.deadline is not None and message.deadline <= facts.now
