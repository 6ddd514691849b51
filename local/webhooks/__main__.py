"""`python -m local.webhooks`: the webhook sender of the stack on one machine, set up by its environment alone.

SIGTERM and SIGINT stop it within 12 s: it takes no more, finishes what is in hand, and exits 0. Waits for the AWS of
this machine as long as it is away. Exits 2 when a setting cannot be used.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import uvloop

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.compose import open_services
from functions.webhook_sender.decide import SCHEDULE_S
from functions.webhook_sender.lane import Lane
from functions.webhook_sender.services import Services
from functions.webhook_sender.settings import SenderSettings
from local.webhooks.outage import Outage
from local.webhooks.source import GATHER_S, VISIBILITY_S, EventSource
from shared.aws import client
from shared.logs import log_json
from shared.queues.names import DELIVERIES, DELIVERIES_SLOW, open_queue
from shared.queues.queue import QueueError
from shared.settings import BadSetting, Settings

MARGIN_S = 5.0  # to record and schedule after the last attempt
GATHER_SLOW_S = 0.5  # what is put back comes singly, and waits for seconds anyway

log = logging.getLogger("local.webhooks")


async def serve(
    settings: Settings, sender: SenderSettings, stopping: asyncio.Event, schedule: tuple[float, ...] = SCHEDULE_S
) -> None:
    """Delivers events until `stopping` is set."""
    async with AsyncExitStack() as stack:
        sources = await _opened(stack, partial(_open, stack, settings, sender, schedule), stopping)
        if sources:
            log.info("delivering events, %d at once", sender.concurrency)
            await asyncio.gather(*(source.run(stopping) for source in sources))


async def _opened(
    stack: AsyncExitStack, opening: Callable[[], Awaitable[list[EventSource]]], stopping: asyncio.Event
) -> list[EventSource]:
    outage = Outage("AWS")
    while not stopping.is_set():
        try:
            sources = await opening()
        except QueueError as error:
            await stack.aclose()
            await asyncio.sleep(outage.failed(error))
        else:
            outage.over()
            return sources
    return []


async def _open(
    stack: AsyncExitStack, settings: Settings, sender: SenderSettings, schedule: tuple[float, ...]
) -> list[EventSource]:
    """A source for each lane: what waits on the one takes no place of the other. In hand are more than are attempted,
    for those of an endpoint without room wait for a moment; and those that have fallen silent do not count."""
    prefix = settings.aws.prefix
    services = await stack.enter_async_context(open_services(settings, sender, schedule))
    await stack.enter_async_context(services.tally.running())
    sqs = await stack.enter_async_context(client(settings.aws, "sqs"))
    handler = partial(_handle, services, VISIBILITY_S - sender.timeout_s - MARGIN_S)
    sources = {
        lane: EventSource(
            await open_queue(sqs, prefix, queue.name), handler, places, f"{prefix}-{queue.name}", gather_s
        )
        for lane, queue, places, gather_s in (
            (Lane.FAST, DELIVERIES, 2 * sender.concurrency, GATHER_S),
            (Lane.SLOW, DELIVERIES_SLOW, sender.concurrency, GATHER_SLOW_S),
        )
    }
    services.slots.silent_changed = lambda lane, by: sources[lane].widen(by)
    return list(sources.values())


async def _handle(
    services: Services, within_s: float, records: Sequence[dict[str, Any]], done: Callable[[str], None]
) -> dict[str, list[dict[str, str]]]:
    begin_by = asyncio.get_running_loop().time() + within_s
    try:
        return await process_batch(records, services, begin_by=begin_by, done=done)
    finally:
        services.meter.flush()


async def _until_signalled(settings: Settings, sender: SenderSettings) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await serve(settings, sender, stopping)


def main() -> int:
    """Runs the process."""
    try:
        settings, sender = Settings.parse(os.environ), SenderSettings.parse(os.environ)
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log_json(settings.log_level, "webhook_sender")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signalled(settings, sender))
    return 0


if __name__ == "__main__":
    sys.exit(main())
