"""The entry point in Lambda: `functions.api.handler.handler`, behind an API Gateway REST API as its proxy.

Lambda keeps a snapshot of the started process and makes others of it (SnapStart). What must not be in a snapshot are
open connections, since the other side forgets them, and a state of `random` that all copies would go on from. Nothing
else remembers anything before the first call; ids, nonces and secrets come from the system's own randomness.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from functools import cache
from importlib import import_module
from typing import Any

from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES

from functions.api.app import create_app
from functions.api.mounted import Mounted
from functions.api.numbers import national
from functions.api.problems import MEDIA_TYPE
from functions.api.services import Services, open_services
from shared.logs import log_json
from shared.queues.queue import QueueError
from shared.secrets import SecretUnreadable, with_secrets
from shared.settings import BadSetting, Settings, log_level

log = logging.getLogger(__name__)

FLUSH_S = 0.1  # the caller waits meanwhile; what takes longer goes out while the process is not frozen again
PAUSES_S = (1, 2, 4, 8, 15, 30)  # a minute in all; a start for a snapshot may take two
TEXT_TYPES = [*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE, "image/svg+xml"]  # everything else goes out in base64


class Runtime:
    """One loop, one app and one set of clients for the life of the process."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)  # where Mangum looks for it
        self._stack = AsyncExitStack()
        with ExitStack() as undo:
            undo.callback(self.close)
            self._services = self._loop.run_until_complete(self._open(env))
            self._answer = Mangum(Mounted(create_app(self._services)), lifespan="off", text_mime_types=TEXT_TYPES)
            undo.pop_all()

    def handle(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answers one call."""
        try:
            return dict(self._answer(event, context))
        finally:
            self._services.tracer.flush(FLUSH_S)

    async def _open(self, env: Mapping[str, str]) -> Services:
        settings = Settings.parse(await with_secrets(env))
        return await self._stack.enter_async_context(open_services(settings))

    def rest(self) -> None:
        """Lets go of connections; the next call opens them again."""
        self._loop.run_until_complete(self._services.rest())

    def close(self) -> None:
        """Gives connections back; in Lambda the process just ends."""
        self._loop.run_until_complete(self._stack.aclose())
        self._loop.close()
        asyncio.set_event_loop(None)


@cache
def runtime() -> Runtime:
    """The process's runtime, made at the first call."""
    return Runtime(os.environ)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers one call."""
    return runtime().handle(event, context)


def patient_runtime(sleep: Callable[[float], None] = time.sleep) -> Runtime:
    """The runtime for a snapshot, which is taken while the deployment goes on: IAM may need seconds to know the rights
    that the role was just given, and a start that fails would take the whole deployment back. Nobody waits for it."""
    for pause in PAUSES_S:
        try:
            return runtime()
        except (BadSetting, QueueError) as error:
            if isinstance(error, BadSetting) and not isinstance(error.__cause__, SecretUnreadable):
                raise  # the setting itself is wrong
            log.warning("the start is tried again in %d s: %s", pause, error)
        sleep(pause)
    return runtime()


def start() -> None:
    """Makes the runtime before the first call, and ready to be copied where a snapshot is about to be taken."""
    snapshot = os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"
    made = patient_runtime() if snapshot else runtime()
    if snapshot:
        national.load()  # it is part of the snapshot then
        hooks = import_module("snapshot_restore_py")  # Lambda's runtime has it
        hooks.register_before_snapshot(made.rest)
        hooks.register_after_restore(random.seed)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # there the start has a whole core, calls may have less
    log_json(log_level(os.environ), "api")
    start()
