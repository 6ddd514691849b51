"""`python -m local.alerts`: watches the alarms of the stack on one machine, set up by its environment alone.

SIGTERM and SIGINT stop it within 12 s. Waits for the AWS of this machine as long as it is away. Exits 2 when a setting
cannot be used.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

import uvloop

from functions.alerts.handler import TIMEOUT_S
from functions.alerts.send import Sender
from functions.alerts.targets import Target
from functions.api.monitoring.deployment import Deployment
from functions.api.services import Services, open_services
from local.alerts.reading import read
from local.alerts.targets import SETTING, targets_of
from local.alerts.told import Told
from local.alerts.watch import Watch
from local.settings import data_folder
from local.webhooks.outage import Outage
from shared.egress import GuardedClient
from shared.logs import log_json
from shared.queues.queue import QueueError
from shared.settings import BadSetting, Settings


async def serve(settings: Settings, targets: Sequence[Target], told: Told, stopping: asyncio.Event) -> None:
    """Watches until `stopping` is set."""
    outage = Outage("AWS")
    while not stopping.is_set():
        async with AsyncExitStack() as stack:
            try:
                services = await stack.enter_async_context(open_services(settings, stopping))
            except QueueError as error:
                await asyncio.sleep(outage.failed(error))
                continue
            outage.over()
            sender = Sender(await stack.enter_async_context(GuardedClient(services.policy, timeout=TIMEOUT_S)))
            await watch_of(services, settings.aws.prefix, sender, targets, told).run(stopping)


def watch_of(services: Services, prefix: str, sender: Sender, targets: Sequence[Target], told: Told) -> Watch:
    """The watch over a deployment."""
    return Watch(prefix, partial(read, services, Deployment(services)), sender, targets, told, services.clock)


async def _until_signalled(settings: Settings, targets: Sequence[Target], told: Told) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await serve(settings, targets, told, stopping)


def main() -> int:
    """Runs the process."""
    try:
        settings, targets = Settings.parse(os.environ), targets_of(os.environ.get(SETTING, ""))
    except BadSetting as error:
        sys.stderr.write(f"{error}\n")
        return 2
    log_json(settings.log_level, "alerts")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signalled(settings, targets, Told(data_folder(os.environ))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
