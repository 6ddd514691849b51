"""The worker process: `python -m session_host.worker`, started by a session host for each partition it owns.

Exit codes: 0 drained, 3 another host owns the partition now, 1 anything else (the supervisor starts it again).
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from contextlib import AsyncExitStack

import uvloop

from session_host.settings import WorkerSettings
from session_host.whatsapp import open_pairing_desk, open_whatsapp
from session_host.worker.context import WorkerContext
from session_host.worker.ledger import Fenced, Ledger
from session_host.worker.outbox import Outbox
from session_host.worker.patience import until_available
from session_host.worker.report import Reporter
from session_host.worker.worker import Worker
from shared.aws import client
from shared.clock import SystemClock
from shared.queues.deliveries import DeliveryQueue
from shared.queues.names import DELIVERIES, commands_name, open_queue
from shared.store.cache import Cache
from shared.store.database import Database
from shared.store.events import Events
from shared.store.instances import Instances
from shared.store.messages import Messages
from shared.store.partitions import Partitions
from shared.vault import Vault

logger = logging.getLogger(__name__)

DRAINED, CRASHED, FENCED = 0, 1, 3


async def run(settings: WorkerSettings) -> int:
    """Owns the partition until it is told to stop; gives back the exit code."""
    host = settings.host
    aws = host.deployment.aws
    lease, partition = settings.lease, settings.lease.partition
    clock = SystemClock()
    end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _end, end, DRAINED)

    def crashed(error: BaseException) -> None:
        if isinstance(error, Fenced):
            _end(end, FENCED)
        else:
            logger.critical("partition %d: %r", partition, error, exc_info=error)
            _end(end, CRASHED)

    async with AsyncExitStack() as stack:
        database = Database(await stack.enter_async_context(client(aws, "dynamodb")), aws.prefix)
        sqs = await stack.enter_async_context(client(aws, "sqs"))
        outbox = Outbox(partition, DeliveryQueue(await open_queue(sqs, aws.prefix, DELIVERIES.name)))
        commands = await open_queue(sqs, aws.prefix, commands_name(partition))
        ledger = Ledger(database, lease, clock, outbox)
        reporter = Reporter(partition, settings.report_fd, lambda: worker.states())
        context = WorkerContext(
            host_id=settings.host_id,
            session_dir=host.session_dir,
            whatsapp=open_whatsapp(host.whatsapp, asyncio.get_running_loop()),
            desk=open_pairing_desk(host.whatsapp),
            ledger=ledger,
            instances=Instances(database),
            messages=Messages(database),
            cache=Cache(database, clock),
            vault=Vault.from_text(host.deployment.sealing_key),
            clock=clock,
            uniform=random.SystemRandom().random,
            reported=reporter.changed,
            crashed=crashed,
        )
        worker = Worker(partition, commands, context)
        tasks = [context.spawn(work) for work in (ledger.run(), outbox.run(), reporter.run())]
        partitions = Partitions(database, host.deployment.partitions)
        pending = await until_available(lambda: partitions.outbox(partition))
        tasks.append(context.spawn(_recover(outbox, Events(database), pending)))
        await worker.start()
        reporter.ready()
        code = await end
        if code == DRAINED:
            await worker.drain()
            await ledger.flushed()
            await outbox.flushed()
            await context.whatsapp.close()
        await context.desk.close()
        for task in tasks:
            task.cancel()
    return code


async def _recover(outbox: Outbox, events: Events, pending: dict[str, int]) -> None:
    count = await until_available(lambda: outbox.recover(events, pending))
    if count:
        logger.info("%d events of a former owner were put on the delivery queue again", count)


def _end(end: asyncio.Future[int], code: int) -> None:
    if not end.done():
        end.set_result(code)


def main() -> None:
    """Runs the worker and ends the process at once: the library's threads would hold up a normal exit."""
    settings = WorkerSettings.parse(os.environ)
    logging.basicConfig(
        level=settings.host.deployment.log_level,
        format=f"%(asctime)s %(levelname)s worker-{settings.lease.partition} %(name)s %(message)s",
        stream=sys.stderr,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(run(settings))
        logging.shutdown()
        os._exit(code)


if __name__ == "__main__":
    main()
