"""What becomes of a command that cannot be carried out: kept for an operator, and its message or caller is told.

In this order, so that dying in between loses nothing: on the dead-letter queue, settled in the store, off the queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from session_host.until import until
from session_host.worker.context import Held, WorkerContext
from session_host.worker.faults import Fault, attempt, contained
from session_host.worker.results import NOT_CARRIED_OUT, leave_result
from session_host.worker.settling import SET_ASIDE, Settling
from shared.clock import iso
from shared.queues.commands import subject_of
from shared.queues.queue import MessageTooLarge, QueueError, Received

logger = logging.getLogger(__name__)

AGAIN_S = 1.0


async def carry_to_end(
    held: Held[Any], work: Callable[[], Awaitable[bool]], stopping: asyncio.Event, context: WorkerContext
) -> None:
    """Does a command's work, which gives back False when it is left to the next owner, and settles the command."""
    outcome = await attempt(f"{held.received.group}: command {held.received.dedup}", work, stopping)
    if isinstance(outcome, Fault):
        await bury(held, outcome, stopping, context)
    elif outcome:
        held.settle()
    else:
        held.give_back()


async def bury(held: Held[Any], fault: Fault, stopping: asyncio.Event, context: WorkerContext) -> None:
    """Gives a command up; it is given back instead when the worker stops before it could be kept."""
    received = held.received
    if not await _kept(received, fault, stopping, context):
        held.give_back()
        return
    logger.error("%s: command %s is given up after %d tries", received.group, received.dedup, fault.tries)
    await contained(f"{received.group}: telling of a dead command", _tell(received, context))
    held.settle()


async def _kept(received: Received, fault: Fault, stopping: asyncio.Event, context: WorkerContext) -> bool:
    while True:
        try:
            await context.dead.put(received, fault.error, fault.tries, iso(context.clock.unix()))
            return True
        except MessageTooLarge as error:
            logger.error("%s: a dead command could not be kept: %s", received.group, error)
            return True
        except QueueError as error:
            logger.warning("the dead-letter queue does not answer, trying again: %s", error)
        if await until(stopping, AGAIN_S):
            return False


async def _tell(received: Received, context: WorkerContext) -> None:
    subject = subject_of(received)
    if subject is None:
        return
    if subject.message_id:
        settling = Settling(context.ledger, context.messages, context.clock)
        await settling.give_up_by_id(subject.instance, subject.message_id, SET_ASIDE)
    elif subject.command_id:
        await leave_result(subject.command_id, NOT_CARRIED_OUT, context)
