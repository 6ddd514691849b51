"""What a nudge is to do, given its chain. Pure.

BEGIN  the first event of its instance for this endpoint
OURS   this sender has it already: an answer of the store was lost on the way
TAKE   there is something to deliver, and nobody is at it
KNOCK  somebody is at it, and is to look once more
DROP   somebody has seen to it, or a task that is still to come will
ALONE  it is not the chain's: it is delivered as to any endpoint
AGAIN  the endpoint was changed since this batch read it: the nudge comes once more, to a batch that reads it anew
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from typing import Any

from functions.webhook_sender.follow_up import EARLY_S
from functions.webhook_sender.incoming import Work
from functions.webhook_sender.lane import Lane
from shared.clock import iso, parse_iso
from shared.models.chain import Chain
from shared.models.webhook import Webhook
from shared.queues.deliveries import DeliveryTask

CHANGE_S = 60.0  # events so soon after a change may have been treated as before it: clocks are no further apart


class Turn(Enum):
    """See the module."""

    BEGIN = auto()
    OURS = auto()
    TAKE = auto()
    KNOCK = auto()
    DROP = auto()
    ALONE = auto()
    AGAIN = auto()


def turn(nudge: Work, webhook: Webhook, chain: Chain | None, now: float, holder: str) -> Turn:
    """The turn of a nudge; `holder` is its sender."""
    if chain is None:
        return _first(nudge, webhook)
    if chain.holder == holder:
        return Turn.OURS
    if is_overtaken(webhook, chain, now):
        return Turn.AGAIN
    alone = is_alone(nudge, webhook, chain)
    ahead = (nudge.sequence or 0) > chain.cursor and not alone
    passed = Turn.ALONE if alone else Turn.DROP
    if not webhook.active or _waits(chain, nudge, now):
        return passed
    if chain.held_at(now):
        again = nudge.receives > 1  # it may be the message of the holder, who has died
        return Turn.KNOCK if ahead or again else passed
    return Turn.TAKE if ahead or chain.unsettled else passed


def own_chain(found: Chain | None, webhook: Webhook) -> Chain | None:
    """The chain that was found, unless it is of an earlier endpoint by the same id."""
    return found if found and found.is_of(webhook.created_at) else None


def matched_since(webhook: Webhook) -> float:
    """Since when the endpoint asks for what it asks for (unix seconds)."""
    return parse_iso(webhook.created_at) if webhook.matched_since is None else webhook.matched_since


def is_overtaken(webhook: Webhook, chain: Chain, now: float) -> bool:
    """Whether the endpoint was just changed, and a sender that knows of it has been at the chain: it may have passed
    over what is still asked for by what this batch has read. No batch lasts longer than CHANGE_S."""
    return matched_since(webhook) < chain.asked_since > now - CHANGE_S


def at_a_change(work: Work, webhook: Webhook) -> bool:
    """Whether an event may have been delivered apart from its chain: it was noted before, or just as, that changed."""
    return webhook.matched_since is not None and work.noted_at < webhook.matched_since + CHANGE_S


def is_alone(nudge: Work, webhook: Webhook, chain: Chain) -> bool:
    """Whether a task's event is not the chain's. All others that the chain has passed are settled, or not wanted."""
    if nudge.task.chained:
        return False
    if is_before(nudge, webhook):
        return True
    one = nudge.task.webhook_id is not None  # a dead one revived, a replay that is tried again
    sequence, changed = nudge.sequence or 0, at_a_change(nudge, webhook)
    if sequence > chain.cursor:  # the chain is to pass over what was begun apart from it, and is asked for no longer
        return one and changed and not webhook.asks_for(nudge.event_type, nudge.instance)
    return one or changed or sequence <= chain.first


def is_before(nudge: Work, webhook: Webhook) -> bool:
    """Whether a task was on its way before the endpoint asked for what it asks for now."""
    return not nudge.task.chained and nudge.noted_at < matched_since(webhook)


def is_apart(nudge: Work, webhook: Webhook) -> bool:
    """Whether a task may turn out not to be the chain's: of one endpoint's also the attempt that follows from a replay,
    which comes while the holder is past its event and the stored cursor is not."""
    if nudge.task.chained:
        return False
    return nudge.task.webhook_id is not None or is_before(nudge, webhook) or at_a_change(nudge, webhook)


def onward(work: Work, webhook: Webhook, **changes: Any) -> DeliveryTask:
    """A task that stands for the rest of a chain, and for no attempt of its own."""
    task = work.task
    bare = DeliveryTask(task.tenant, task.event, webhook.id, chained=True, traceparent=task.traceparent)
    return replace(bare, **changes)


def _first(nudge: Work, webhook: Webhook) -> Turn:
    if is_before(nudge, webhook):
        return Turn.ALONE
    return Turn.BEGIN if webhook.active and not nudge.task.chained else Turn.DROP


def _waits(chain: Chain, nudge: Work, now: float) -> bool:
    """Whether the task that is waited for is still to come, and not this one. Of the slow lane it is any: they do not
    wait; where one of those came while the endpoint was disabled, it is the one that the change puts there."""
    if nudge.task.instead_of and iso(nudge.task.instead_of) == iso(chain.waits_until):
        return False
    return chain.waits_until - now > EARLY_S and not (chain.aside and (nudge.lane is Lane.SLOW or nudge.task.chained))
