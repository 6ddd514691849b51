"""The entry point in Lambda: `functions.api.handler.handler`, behind an API Gateway REST API as its proxy."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import AsyncExitStack
from functools import cache
from typing import Any

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from functions.api.app import create_app
from functions.api.mounted import Mounted
from functions.api.problems import MEDIA_TYPE
from functions.api.services import open_services
from shared.settings import Settings

TEXT_TYPES = [*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE, "image/svg+xml"]  # everything else goes out in base64


class Runtime:
    """One loop, one app and one set of clients for the life of the process."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)  # where Mangum looks for it
        self._stack = AsyncExitStack()
        services = self._loop.run_until_complete(self._stack.enter_async_context(open_services(settings)))
        self.handle = Mangum(Mounted(create_app(services)), lifespan="off", text_mime_types=TEXT_TYPES)

    def close(self) -> None:
        """Gives connections back; in Lambda the process just ends."""
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()
        asyncio.set_event_loop(None)


@cache
def runtime() -> Runtime:
    """The process's runtime, made at the first call."""
    settings = Settings.parse(os.environ)
    logging.getLogger().setLevel(settings.log_level)
    logging.getLogger("mangum").setLevel(logging.WARNING)  # the app has a line of its own for every call
    return Runtime(settings)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers one call."""
    return dict(runtime().handle(event, context))


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # there the start has a whole core, calls may have less
    runtime()
