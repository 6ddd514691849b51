"""/v1/instances/{instance_id}/messages."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from functions.api import problems
from functions.api.call import MESSAGE_ID, Call, Caller, InstanceId
from functions.api.documented import WITH_BODY, may_answer
from functions.api.messages.accepting import accept, check_quota
from functions.api.messages.idempotency import idempotency_key
from functions.api.messages.linked import LinkedInstances
from functions.api.messages.preference import time_left, wait_of
from functions.api.messages.schemas import ID, MessageView, TextMessage, message_view
from functions.api.messages.settling import settled
from functions.api.messages.validating import validated
from functions.api.middleware.waits import note_asking
from functions.api.problems import not_found
from shared.models.instance import Instance
from shared.rate_limit_fields import rate_limit_fields
from shared.store.messages import IdempotencyKey

router = APIRouter(prefix="/v1/instances/{instance_id}/messages", tags=["Messages"])

MessageId = Annotated[str, Path(pattern=MESSAGE_ID, description="The message's id.", examples=[ID])]
_REFUSED = (
    problems.NOT_FOUND,
    problems.NOT_PAIRED,
    problems.UNSUPPORTED_TYPE,
    problems.IDEMPOTENCY_KEY_REUSED,
    problems.INVALID_HEADER,
    problems.NUMBER_NOT_ON_WHATSAPP,
    problems.NOT_CONNECTED,
    problems.TOO_MANY_CHECKS,
    problems.MESSAGE_QUOTA_EXCEEDED,
    problems.COMMAND_FAILED,
    problems.NO_ANSWER,
)


@router.post("", status_code=202, responses=may_answer(*WITH_BODY, *_REFUSED))
async def send_message(
    call: Caller,
    request: Request,
    response: Response,
    instance_id: InstanceId,
    body: TextMessage,
    key: Annotated[
        str | None, Header(alias="idempotency-key", description="The same key and body make one message in 24 hours.")
    ] = None,
    prefer: Annotated[
        str | None,
        Header(
            description="`wait=N`: answer once it is sent or failed, after N (at most 20) seconds else; sooner, and "
            "without `Preference-Applied`, where as many of your calls wait as may."
        ),
    ] = None,
) -> MessageView:
    """Accepts a message. It is stored and queued when this answers; its state tells how far it has come."""
    clock = call.services.clock
    began, named = clock.monotonic(), idempotency_key(key, request.url.path, body)
    linked: LinkedInstances = request.app.state.linked
    quota = call.services.quotas.of(call.tenant, call.message_quota)
    instance, _ = await asyncio.gather(linked.get(call.key(instance_id)), quota.look())
    if body.check_number and not await _known(call, instance, named):
        await check_quota(quota)
        body = await validated(request.app.state.numbers, instance.key, body, partial(note_asking, request.scope))
    message = await accept(call.services, instance, body, named, quota)
    response.headers.update(rate_limit_fields(quota.standing()))
    response.headers["location"] = f"/v1/instances/{instance_id}/messages/{message.id}"
    wait = wait_of(prefer)
    if wait is not None:
        wait = time_left(wait, clock.monotonic() - began)
        message, waited = await settled(call.services, call.tenant, message, wait)
        if waited:
            response.headers["preference-applied"] = f"wait={wait}"
    return message_view(message)


@router.get("/{message_id}", responses=may_answer(problems.NOT_FOUND))
async def get_message(call: Caller, instance_id: InstanceId, message_id: MessageId) -> MessageView:
    """A message and its timeline; kept 30 days."""
    message = await call.services.messages.get(str(call.key(instance_id)), message_id)
    if message is None:
        raise not_found("message")
    return message_view(message)


async def _known(call: Call, instance: Instance, key: IdempotencyKey | None) -> bool:
    """Whether the key stands for a message already, which is answered whatever has become of its recipient since."""
    return key is not None and await call.services.messages.is_used(str(instance.key), key, call.services.clock.unix())
