"""The worker process: `python -m session_host.worker`, started by a session host for each partition it owns.

It loads everything, then waits for its orders (orders.py): the lease to work under, and until when it may live. From
then on a timer in the kernel (alarm.py) ends it unless the host keeps telling it that the lease goes on.

Exit codes: 0 drained, 3 another host owns the partition now, 1 anything else (the supervisor starts it again).
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import signal
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any

import uvloop

from session_host.board import Board
from session_host.settings import WorkerSettings
from session_host.stderr import log_stream
from session_host.whatsapp import open_pairing_desk, open_whatsapp
from session_host.worker import alarm
from session_host.worker.context import WorkerContext
from session_host.worker.ledger import Fenced, Ledger
from session_host.worker.orders import Orders
from session_host.worker.outbox import Outbox
from session_host.worker.patience import until_available
from session_host.worker.proxies import open_proxies
from session_host.worker.report import Reporter, say
from session_host.worker.suspects import WatchedWhatsApp
from session_host.worker.worker import Worker
from shared.aws import client
from shared.clock import SystemClock
from shared.logs import log_json, stamp
from shared.queues.dead import DeadCommands
from shared.queues.deliveries import DeliveryQueue
from shared.queues.names import COMMANDS_DEAD, DELIVERIES, commands_name, open_queue
from shared.queues.queue import Queue, QueueError
from shared.store.cache import Cache
from shared.store.cache_counts import FLUSH_EVERY_S
from shared.store.database import Database, StoreUnavailable
from shared.store.events import Events
from shared.store.instances import Instances
from shared.store.messages import Messages
from shared.store.partitions import Partitions
from shared.tracing.opening import open_tracer
from shared.vault import Vault

logger = logging.getLogger(__name__)

DRAINED, CRASHED, FENCED = 0, 1, 3
LAST_EVENTS_S = 10.0
LAST_WRITE_S = 2.0
LAST_SPANS_S = 0.5  # the next owner waits for this process to end
SERVICE = "hivewp-worker"
SWITCH_S = 0.0002  # Python's 5 ms is how long a message waits that is acknowledged and not yet on disk


async def run(settings: WorkerSettings) -> int:
    """Stands by, then owns the partition that it is given until it is told to stop; gives back the exit code."""
    host, channels = settings.host, settings.channels
    aws, clock, end = host.deployment.aws, SystemClock(), End(asyncio.get_running_loop())
    orders = Orders(channels.orders, settings.host_id, lambda until: alarm.arm(until, clock.monotonic))
    async with AsyncExitStack() as stack:
        library = open_whatsapp(host.whatsapp, asyncio.get_running_loop())
        tracer = open_tracer(host.deployment.tracing, SERVICE)
        database = Database(await stack.enter_async_context(client(aws, "dynamodb")), aws.prefix)
        sqs = await stack.enter_async_context(client(aws, "sqs"))
        partitions = Partitions(database, host.deployment.partitions)
        warming = asyncio.gather(
            _open(sqs, aws.prefix, DELIVERIES.name),
            _open(sqs, aws.prefix, COMMANDS_DEAD.name),
            until_available(partitions.leases),  # a client's first call takes longest
        )
        if not await end.first(warming):
            return end.code
        deliveries, dead, _ = warming.result()
        desk = open_pairing_desk(host.whatsapp)
        set_aside_what_is_loaded()
        say(channels.reports, {"warm": True})
        if not await end.first(orders.assigned):
            return end.code
        assignment = orders.assigned.result()
        lease, partition = assignment.lease, assignment.lease.partition
        stamp(partition=partition)
        whatsapp = WatchedWhatsApp(library, Board(channels.board), assignment, end.broken_by)
        pending, commands = await asyncio.gather(
            until_available(lambda: partitions.outbox(partition)), _open(sqs, aws.prefix, commands_name(partition))
        )
        outbox = Outbox(partition, DeliveryQueue(deliveries), pending)
        ledger = Ledger(database, lease, clock, outbox, tracer)
        reporter = Reporter(
            *(partition, channels.reports),
            states=lambda: worker.states(),
            wear=whatsapp.wear,
            oldest=lambda: worker.oldest(),
        )
        context = WorkerContext(
            host_id=settings.host_id,
            session_dir=host.session_dir,
            whatsapp=whatsapp,
            desk=desk,
            ledger=ledger,
            instances=Instances(database),
            messages=Messages(database),
            cache=Cache(database, clock),
            dead=DeadCommands(dead),
            vault=Vault.from_text(host.deployment.sealing_key),
            proxies=open_proxies(allow_local=host.deployment.allow_local_webhooks),
            clock=clock,
            uniform=random.SystemRandom().random,
            reported=reporter.changed,
            crashed=end.broken_by,
            tracer=tracer,
        )
        worker = Worker(partition, commands, context)
        recovering = _recover(outbox, Events(database))
        for work in (ledger.run(), outbox.run(), recovering, reporter.run(), _tell_counts(context.cache)):
            context.spawn(work)
        if await end.unless_broken(worker.start()):
            whatsapp.started()
            reporter.ready()
            await end.wait()
            await end.unless_broken(_drain(worker, ledger, outbox, context))
    return end.code


def set_aside_what_is_loaded() -> None:
    """Garbage is looked for among what comes after it alone. Going through all of it takes some 0.2 s, in which nothing
    else runs, and did so first of all while the sessions of the new partition had no service."""
    gc.collect()
    gc.freeze()


async def _open(sqs: Any, prefix: str, name: str) -> Queue:
    """A queue, once SQS answers."""

    async def look() -> Queue:
        try:
            return await open_queue(sqs, prefix, name)
        except QueueError as error:
            raise StoreUnavailable(str(error)) from error

    return await until_available(look)


async def _tell_counts(cache: Cache) -> None:
    while True:
        await asyncio.sleep(FLUSH_EVERY_S)
        await cache.flush()


async def _recover(outbox: Outbox, events: Events) -> None:
    if count := await outbox.recover(events):
        logger.info("%d events of a former owner were put on the delivery queue again", count)


async def _drain(worker: Worker, ledger: Ledger, outbox: Outbox, context: WorkerContext) -> None:
    await worker.drain()
    await ledger.flushed()
    with suppress(TimeoutError):  # a successor puts the rest on the queue
        await asyncio.wait_for(outbox.flushed(), LAST_EVENTS_S)
    with suppress(TimeoutError):  # the successor would look for what is there already, no more
        await asyncio.wait_for(ledger.close(), LAST_WRITE_S)
    with suppress(TimeoutError):
        await asyncio.wait_for(context.cache.flush(now=True), LAST_WRITE_S)
    await context.whatsapp.close()
    await context.desk.close()
    await asyncio.to_thread(context.tracer.close, LAST_SPANS_S)


class End:
    """How the worker ends: told to stop, or broken by a task that failed. `code` is the process's exit code."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.code = DRAINED
        self._stopped = asyncio.Event()
        self._broken = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def stop(self) -> None:
        """Somebody wants the worker to end in good order."""
        self._stopped.set()

    def broken_by(self, error: BaseException) -> None:
        """A task failed: whatever the worker still does would be built on sand."""
        if self._broken.is_set():
            return
        self.code = exit_code(error)
        self._broken.set()
        self._stopped.set()

    async def first(self, news: asyncio.Future[Any]) -> bool:
        """Waits for news; False when the worker is to end before."""
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({stopped, news}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        return news.done()

    async def wait(self) -> None:
        """Returns when the worker is to end."""
        await self._stopped.wait()

    async def unless_broken(self, work: Coroutine[Any, Any, None]) -> bool:
        """Does the work; False as soon as something else is broken."""
        task, broken = asyncio.create_task(work), asyncio.create_task(self._broken.wait())
        await asyncio.wait({task, broken}, return_when=asyncio.FIRST_COMPLETED)
        broken.cancel()
        if self._broken.is_set():
            task.cancel()
            return False
        await task
        return True


def exit_code(error: BaseException) -> int:
    """What the supervisor is told of an error; one that is no Fenced is logged."""
    if isinstance(error, Fenced):
        return FENCED
    logger.critical("the worker ends: %r", error, exc_info=error)
    return CRASHED


def main() -> None:
    """Runs the worker and ends the process at once: the library's threads would hold up a normal exit.

    What it leaves running (sockets, pairing processes) ends with the process group, which the supervisor kills.
    """
    alarm.unblock()
    sys.setswitchinterval(SWITCH_S)
    settings = WorkerSettings.parse(os.environ)
    log_json(settings.host.deployment.log_level, "worker", log_stream(os.environ), host=settings.host_id)
    code = CRASHED
    try:
        code = asyncio.Runner(loop_factory=uvloop.new_event_loop).run(run(settings))
    except Fenced:
        code = FENCED
    except Exception:
        logger.exception("the worker ends")
    finally:
        logging.shutdown()
        os._exit(code)


if __name__ == "__main__":
    main()
