"""`python -m local.api`: the API of the stack on one machine, set up by its environment alone.

shared/settings.py's variables, and HIVEWP_PORT (3000). SIGTERM and SIGINT stop it: calls that are being answered get
10 s, long polls end at once. Waits for the AWS of this machine as long as it is away. Exits 2 when a setting cannot be
used, 1 when the port is taken.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress

import uvloop

from functions.api.services import Services, open_services
from local.api.server import server_of
from shared.logs import log_json
from shared.queues.queue import QueueError
from shared.settings import BadSetting, Settings, whole_number

AGAIN_S = 0.5

log = logging.getLogger("local.api")


async def serve(settings: Settings, port: int) -> None:
    """Answers calls until it is told to stop."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        services = await _opened(stack, settings, stopping)
        if services is not None:
            log.info("listening on port %d", port)
            await stack.enter_async_context(services.tally.running())
            await server_of(services, port).serve()


async def _opened(stack: AsyncExitStack, settings: Settings, stopping: asyncio.Event) -> Services | None:
    """The services, once the local AWS has the queues; None when the process is to stop before that."""
    while not stopping.is_set():
        try:
            return await stack.enter_async_context(open_services(settings, stopping=stopping))
        except QueueError as error:
            log.warning("AWS does not answer yet: %s", error)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), AGAIN_S)
    return None


def main() -> int:
    """Runs the process."""
    try:
        settings, port = Settings.parse(os.environ), whole_number(os.environ, "HIVEWP_PORT", 3000, 1, 65535)
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log_json(settings.log_level, "api")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings, port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
