"""Step 4: one POST to one endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from functions.webhook_sender.incoming import Work
from functions.webhook_sender.services import Services
from functions.webhook_sender.sign import SigningFailed, signed_headers
from shared.clock import iso
from shared.egress import EgressError
from shared.models.webhook import Attempt, Webhook
from shared.tracing import Kind, Span
from shared.tracing.tracer import Attributes


class OutOfTime(Exception):
    """No slot came free in the time that the batch has; the attempt was not begun."""


async def attempt(work: Work, webhook: Webhook, services: Services, begin_by: float | None) -> Attempt:
    """Calls the endpoint when a slot is free. Every failure of the endpoint is an Attempt with an error.

    Raises OutOfTime when the attempt could not begin by `begin_by` (the loop's time; None: whenever)."""
    async with _slot(services.slots, begin_by):
        with services.tracer.span("deliver event", Kind.CLIENT, work.task.traceparent, _about(work, webhook)) as span:
            made = await _post(work, webhook, services, span.traceparent)
            _describe(span, made)
            return made


async def _post(work: Work, webhook: Webhook, services: Services, traceparent: str) -> Attempt:
    now = services.clock.unix()
    at, body = iso(now), work.task.event.encode()
    try:
        headers = signed_headers(webhook, work, body, services.vault, now, traceparent)
        answer = await services.client.post(webhook.url, body, headers)
    except SigningFailed as error:
        return Attempt(at, 0, error=f"signing: {error}")
    except EgressError as error:
        return Attempt(at, error.ms, error=f"{error.kind}: {error.detail}")
    return Attempt(at, answer.ms, answer.status, response=answer.body_start.decode(errors="replace"))


def _about(work: Work, webhook: Webhook) -> Attributes:
    """What a span tells of an attempt: never the URL, which may hold a key."""
    about: dict[str, str | int] = {
        "http.request.method": "POST",
        "http.request.resend_count": work.task.attempt,
        "hivewp.tenant": work.task.tenant,
        "hivewp.webhook": webhook.id,
        "hivewp.event": work.event_id,
        "hivewp.event.type": work.event_type,
    }
    return about | {"hivewp.instance": work.instance} if work.instance else about


def _describe(span: Span, made: Attempt) -> None:
    if made.status is not None:
        span.note({"http.response.status_code": made.status})
    if made.status is None or made.status >= 300:
        span.failed(str(made.status or (made.error or "").partition(":")[0]))


@asynccontextmanager
async def _slot(slots: asyncio.Semaphore, begin_by: float | None) -> AsyncIterator[None]:
    if begin_by is not None and asyncio.get_running_loop().time() >= begin_by:
        raise OutOfTime("too late to begin")  # a free slot is taken without a look at the time
    try:
        async with asyncio.timeout_at(begin_by):
            await slots.acquire()
    except TimeoutError:
        raise OutOfTime("no slot came free in time") from None
    try:
        yield
    finally:
        slots.release()
