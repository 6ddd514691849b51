"""A batch of SQS records. A record fails only by our own faults; then it alone comes again.

StoreError, QueueError  the store or a queue could not be reached
OutOfTime               too little time was left to begin an attempt
ValueError              the record is no task: it comes again until the queue gives it to the dead-letter queue
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from functions.webhook_sender.catch_up.begin import restart_abandoned
from functions.webhook_sender.deliver import deliver
from functions.webhook_sender.figures import count_event, count_lost
from functions.webhook_sender.follow_up import is_early, put_off
from functions.webhook_sender.incoming import Work, read
from functions.webhook_sender.jobs import name_of, work_on
from functions.webhook_sender.notices import resend_notices
from functions.webhook_sender.ordered.disperse import deliver_alone, disperse
from functions.webhook_sender.ordered.enter import deliver_in_order, deliver_replayed
from functions.webhook_sender.ordered.turn import at_a_change
from functions.webhook_sender.resolve import Resolver
from functions.webhook_sender.services import Services
from functions.webhook_sender.slots import OutOfTime
from shared.logs import bind
from shared.logs.context import Bound
from shared.models.webhook import Ordering, Webhook
from shared.queues.jobs import decode
from shared.queues.queue import QueueError
from shared.store.database import StoreError
from shared.tracing import trace_id_of

log = logging.getLogger(__name__)

Record = Mapping[str, Any]
_EXPECTED = (StoreError, QueueError, OutOfTime, ValueError)


def _ignore(_message_id: str) -> None: ...


async def process_batch(
    records: Sequence[Record],
    services: Services,
    *,
    begin_by: float | None = None,
    done: Callable[[str], None] = _ignore,
) -> dict[str, list[dict[str, str]]]:
    """Works on all records at once. `{"batchItemFailures": [{"itemIdentifier": ...}]}` names what must come again.

    No attempt begins after `begin_by` (the loop's time). `done` hears of each record that is settled, as it happens."""
    if services.auto_concurrency:
        await services.auto_concurrency.refresh()
    resolver = Resolver(services.endpoints, services.records)
    results = await asyncio.gather(
        *(_process(record, resolver, services, begin_by, done) for record in records), return_exceptions=True
    )
    failures = []
    for record, result in zip(records, results, strict=True):
        if result is not None:
            _tell(record, result)
            count_lost(record, services.meter, services.tally)
            failures.append({"itemIdentifier": record["messageId"]})
    await resend_notices(resolver.seen(), services)
    await restart_abandoned(resolver.seen(), services)
    await services.tally.hand_over()
    return {"batchItemFailures": failures}


async def _process(
    record: Record, resolver: Resolver, services: Services, begin_by: float | None, done: Callable[[str], None]
) -> None:
    if job := decode(record["body"]):
        await work_on(job, record, services)
        done(record["messageId"])
        return
    work = read(record)
    with _about(work):
        await _settle(work, resolver, services, begin_by)
    done(record["messageId"])
    count_event(work, services.meter, services.tally)  # not before: what comes again is counted when it is through


async def _settle(work: Work, resolver: Resolver, services: Services, begin_by: float | None) -> None:
    if is_early(work.task, services.clock.unix()):
        await put_off(work.task, services)
    else:
        await _deliver_to_all(work, resolver, services, begin_by)


async def _deliver_to_all(work: Work, resolver: Resolver, services: Services, begin_by: float | None) -> None:
    """Each endpoint on its own: a slow or failing one holds up no other's record."""
    webhooks = await resolver.resolve(work)
    deliveries = (_way_in(work, webhook)(work, webhook, services, begin_by) for webhook in webhooks)
    for result in await asyncio.gather(*deliveries, return_exceptions=True):
        if result is not None:
            raise result


def _way_in(work: Work, webhook: Webhook) -> Callable[[Work, Webhook, Services, float | None], Awaitable[None]]:
    """Only what has a place in the log can be in order."""
    if work.sequence is None:
        return deliver
    if webhook.ordering is Ordering.INSTANCE:
        return deliver_replayed if work.task.forced else deliver_in_order
    if work.task.chained:
        return disperse
    changed = webhook.matched_since and at_a_change(work, webhook) and not work.task.forced
    return deliver_alone if changed else deliver


def _tell(record: Record, error: BaseException) -> None:
    unexpected, kind = None if isinstance(error, _EXPECTED) else error, type(error).__name__
    if job := name_of(record):
        log.error("%s must come again: %s: %s", job, kind, error, exc_info=unexpected)
        return
    with _about_record(record):
        log.error("record %s must come again: %s", record["messageId"], kind, exc_info=unexpected)


def _about_record(record: Record) -> Bound:
    try:
        work = read(record)
    except ValueError:  # it is no task
        return bind()
    return _about(work)


def _about(work: Work) -> Bound:
    trace = trace_id_of(work.task.traceparent) if work.task.traceparent else None
    return bind(tenant=work.task.tenant, instance=work.instance, message=work.message_id, trace=trace)
