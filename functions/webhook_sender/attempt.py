"""Step 5: one POST to one endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from functions.webhook_sender.incoming import Work
from functions.webhook_sender.retry_after import retry_after
from functions.webhook_sender.services import Services
from functions.webhook_sender.sign import SigningFailed, signed_headers
from shared.clock import iso
from shared.egress import EgressError
from shared.models.webhook import Attempt, Cause, Webhook
from shared.queues.deliveries import DeliveryTask
from shared.tracing import Kind, Span
from shared.tracing.tracer import Attributes

_NO_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\t\n\r"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An attempt, and in how many seconds the endpoint wants to be called again, where it says so."""

    made: Attempt
    retry_after_s: float | None = None


async def attempt(work: Work, webhook: Webhook, services: Services) -> Outcome:
    """Calls the endpoint. Every failure of the endpoint is an Attempt with an error."""
    with services.tracer.span("deliver event", Kind.CLIENT, work.task.traceparent, _about(work, webhook)) as span:
        outcome = await _post(work, webhook, services, span.traceparent)
        _describe(span, outcome.made)
        return outcome


async def _post(work: Work, webhook: Webhook, services: Services, traceparent: str) -> Outcome:
    now = services.clock.unix()
    at, body, cause = iso(now), work.task.event.encode(), _cause(work.task)
    try:
        headers = signed_headers(webhook, work, body, services.vault, now, traceparent)
        answer = await services.client.post(webhook.url, body, headers)
    except SigningFailed as error:
        return Outcome(Attempt(at, 0, error=f"signing: {error}", cause=cause))
    except EgressError as error:
        return Outcome(Attempt(at, error.ms, error=f"{error.kind}: {error.detail}", cause=cause))
    made = Attempt(at, answer.ms, answer.status, response=kept_text(answer.body_start), cause=cause)
    return Outcome(made, retry_after(answer.status, answer.headers.get("retry-after"), services.clock.unix()))


def _cause(task: DeliveryTask) -> Cause | None:
    if task.forced:
        return Cause.REPLAY
    return Cause.RECOVERY if task.instead_of else None


def kept_text(body: bytes) -> str:
    """What is kept of an answer: control characters would take six times their room wherever it is shown as JSON."""
    return body.decode(errors="replace").translate(_NO_CONTROLS)


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
