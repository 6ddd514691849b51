"""Records that stand for more than an event: jobs that go on page by page."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from functions.webhook_sender.services import Services
from shared.models.replay import Replay
from shared.queues.jobs import Job, decode


async def work_on(job: Job, record: Mapping[str, Any], services: Services) -> None:
    """A page of it. Raises StoreError and QueueError: our own faults."""
    if isinstance(job, Replay):
        receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
        await services.replayer.work_on(job, receives)
    else:
        await services.catch_up_worker.work_on(job)


def name_of(record: Mapping[str, Any]) -> str | None:
    """How the log calls a record's job; None where it is none."""
    job = None
    with suppress(ValueError):
        job = decode(record["body"])
    if job is None:
        return None
    kind = f"replay {job.id}" if isinstance(job, Replay) else "catch-up"
    return f"{kind} of {job.tenant} for {job.webhook_id}"
