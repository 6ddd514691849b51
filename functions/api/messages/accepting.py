"""How a message is accepted: stored first, then put on its partition's queue.

Dying between the two leaves a stored message that nobody sends. The caller, who got no answer, repeats the call with
its Idempotency-Key, and the command is queued then; it is queued under the message's id, so twice does no harm. Whoever
does not repeat it within minutes finds it `failed` (`not_queued`): the owner of its partition settles what was never
queued and frees the key, so that a later call with it makes a new message. It counts all the same: what the tenant's
quota of messages counts is what was stored and not taken back by the call itself.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from functions.api import problems
from functions.api.errors import RETRY_SOON
from functions.api.messages.schemas import TextMessage
from functions.api.problems import Problem
from functions.api.services import Services
from shared.clock import iso
from shared.ids import made_at, new_id
from shared.logs import note
from shared.metrics import MESSAGES_ACCEPTED
from shared.models.command import Command, CommandKind
from shared.models.instance import Instance
from shared.models.message import Message, MessageError, MessageState, OnUncertain, Step
from shared.queues.queue import QueueError
from shared.rate_limit_fields import Standing, refusal_fields
from shared.store.database import StoreError
from shared.store.message_quota import MessageQuota, MessageQuotaUsedUp, Place
from shared.store.messages import AlreadyAccepted, IdempotencyKey
from shared.tracing import current, within

log = logging.getLogger(__name__)

QUEUED_BY_THEN_S = 60.0  # well before anybody takes a message for one that was never queued
UNSENT = MessageError("queue_unavailable", "The message could not be queued and was not sent.")


async def accept(
    services: Services, instance: Instance, body: TextMessage, key: IdempotencyKey | None, quota: MessageQuota
) -> Message:
    """Stores and queues a message; one that was accepted under the same key before is given back. Raises Problem."""
    now = services.clock.unix()
    message = _message(instance, body, now)
    note(message=message.id)
    try:
        place = await services.messages.accept(message, now, key, quota)
    except AlreadyAccepted as earlier:
        before = await _accepted_before(services, instance, earlier, key)
        return before or await accept(services, instance, body, key, quota)
    except MessageQuotaUsedUp as used_up:
        raise _over_quota(used_up.standing) from used_up
    await _queue(services, instance, message, key, place)
    services.meter.add(MESSAGES_ACCEPTED)
    return message


async def check_quota(quota: MessageQuota) -> None:
    """Before anything is spent on a message. Raises Problem where the tenant has none left today."""
    try:
        await quota.check()
    except MessageQuotaUsedUp as used_up:
        raise _over_quota(used_up.standing) from used_up


async def _accepted_before(
    services: Services, instance: Instance, earlier: AlreadyAccepted, key: IdempotencyKey | None
) -> Message | None:
    """The message of the earlier call, queued now if it was not. None when it is being settled at this moment."""
    if key is not None and earlier.body_digest != key.body_digest:
        detail = "This Idempotency-Key was used for another message in the last 24 hours."
        raise Problem(problems.IDEMPOTENCY_KEY_REUSED, detail)
    note(message=earlier.message_id)
    message = await services.messages.get(str(instance.key), earlier.message_id)
    if message is None:  # a key and its message are stored together; somebody has cleaned up by hand
        detail = "The message of this Idempotency-Key is gone: use another key."
        raise Problem(problems.UNAVAILABLE, detail, headers=RETRY_SOON)
    if message.state is MessageState.ACCEPTED:
        now = services.clock.unix()
        if now - made_at(message.id) > QUEUED_BY_THEN_S and not await services.messages.accept_again(message, now):
            return None
        await _queue_again(services, instance, message)
    return as_accepted(message)


def as_accepted(message: Message) -> Message:
    """The message as it was first answered."""
    return replace(message, state=MessageState.ACCEPTED, timeline=message.timeline[:1], whatsapp_id=None, error=None)


def _over_quota(standing: Standing) -> Problem:
    detail = f"{standing.count:,} messages were accepted today: the count begins anew at midnight UTC."
    headers = refusal_fields(standing.full_in_s, standing)
    return Problem(problems.MESSAGE_QUOTA_EXCEEDED, detail, headers=headers, limit=standing.count)


async def _queue(
    services: Services, instance: Instance, message: Message, key: IdempotencyKey | None, place: Place | None
) -> None:
    try:
        await services.commands.send(instance.partition, _command(instance, message), message.id)
    except QueueError as error:
        log.warning("%s could not be queued: %s", message.id, error)
        if await _failed(services, message, key, place):
            detail = "The message could not be queued and was not sent: try again."
            raise Problem(problems.UNAVAILABLE, detail, headers=RETRY_SOON) from error


async def _queue_again(services: Services, instance: Instance, message: Message) -> None:
    """Leaves the message alone when it cannot be queued: an earlier call may have queued it, and answered so."""
    try:
        with within(message.traceparent):
            await services.commands.send(instance.partition, _command(instance, message), message.id)
    except QueueError as error:
        log.warning("%s could not be queued again: %s", message.id, error)
        detail = "The message could not be queued just now: try again with the same Idempotency-Key."
        raise Problem(problems.UNAVAILABLE, detail, headers=RETRY_SOON) from error


async def _failed(services: Services, message: Message, key: IdempotencyKey | None, place: Place | None) -> bool:
    """Fails the message, which does not count then. False when it did reach its session host, so that all is well."""
    at = iso(services.clock.unix())
    try:
        return await services.messages.settle_unsent(message, UNSENT, at, key.key if key else None, place)
    except StoreError as error:  # it stays `accepted`: the same call again, with its key, queues it
        log.warning("%s could not be failed: %s", message.id, error)
        return True


def _message(instance: Instance, body: TextMessage, now: float) -> Message:
    return Message(
        id=new_id("msg"),
        instance=str(instance.key),
        to=body.to,
        type=body.type,
        content=body.content(),
        state=MessageState.ACCEPTED,
        timeline=(Step(MessageState.ACCEPTED, iso(now)),),
        on_uncertain=OnUncertain(body.on_uncertain),
        typing_ms=body.typing_ms,
        deadline=now + body.ttl_s,
        traceparent=current(),
    )


def _command(instance: Instance, message: Message) -> Command:
    args = {
        "message_id": message.id,
        "to": message.to,
        "type": message.type,
        "content": message.content,
        "on_uncertain": message.on_uncertain,
        "typing_ms": message.typing_ms,
        "deadline": message.deadline,
    }
    return Command(new_id("cmd"), CommandKind.SEND, instance.key, args)
