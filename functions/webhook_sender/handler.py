"""The entry point in Lambda: `functions.webhook_sender.handler.handler`, fed by SQS with ReportBatchItemFailures.

The steps are listed in the package's docstring."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

from functions.webhook_sender.batch import process_batch
from functions.webhook_sender.compose import open_services
from functions.webhook_sender.services import Services
from functions.webhook_sender.settings import MARGIN_S, SenderSettings
from shared.logs import log_json
from shared.secrets import with_secrets
from shared.settings import Settings, log_level

FLUSH_S = 1.0  # nobody waits, but the time is paid for


class Runtime:
    """One loop and one set of clients for the life of the process."""

    def __init__(self, env: Mapping[str, str]) -> None:
        sender = SenderSettings.parse(env)
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._reserve_s = sender.timeout_s + MARGIN_S
        self._services = self._runner.run(self._open(env, sender))

    async def _open(self, env: Mapping[str, str], sender: SenderSettings) -> Services:
        settings = Settings.parse(await with_secrets(env))
        return await self._stack.enter_async_context(open_services(settings, sender))

    def handle(self, event: dict[str, Any], left_s: float) -> dict[str, Any]:
        """Works on an event of Lambda, within the time that is left."""
        try:
            return self._runner.run(_handle(event, self._services, left_s - self._reserve_s))
        finally:
            self._services.tracer.flush(FLUSH_S)

    def close(self) -> None:
        """Gives connections back; in Lambda the process just ends."""
        self._runner.run(self._stack.aclose())
        self._runner.close()


async def _handle(event: dict[str, Any], services: Services, begin_within_s: float) -> dict[str, Any]:
    begin_by = asyncio.get_running_loop().time() + begin_within_s
    try:
        return dict(await process_batch(event["Records"], services, begin_by=begin_by))
    finally:
        services.meter.flush()


@cache
def runtime() -> Runtime:
    """The process's runtime, made at the first call."""
    return Runtime(os.environ)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Delivers the events of a batch and names the records that must come again."""
    return runtime().handle(event, context.get_remaining_time_in_millis() / 1000)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # there the start has a whole core, calls have a third of one
    log_json(log_level(os.environ), "webhook_sender")
    runtime()
