"""The AWS of this machine: MiniStack, with its state saved while it runs. A script for MiniStack's own environment.

    .venv-ministack/bin/python -P local/aws.py      (settings: MiniStack's own variables, see local/stack/parts.py)

MiniStack keeps everything in memory and saves it when it is stopped gracefully. Killed, it would forget every instance,
so here a forked child, which sees the memory as it was at one moment, saves it every few seconds while the parent goes
on serving. What was written since the last save, 5 s or a little more, is lost with a kill or a power cut; a graceful
stop loses nothing.

Its search for garbage would stop the world for 0.4 s and more once some ten thousand messages are in memory: what a
full search has found alive is set aside, so the next one looks at what has come since.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core.persistence import save_all

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger("local.aws")

SAVE_EVERY_S = float(os.environ.get("HIVEWP_AWS_SAVE_S", "5"))
SAVE_SHARE = 0.05  # of a core, at most: large states are saved less often
READS = (b"Get", b"BatchGet", b"Query", b"Scan", b"List", b"Describe", b"Receive", b"Head")


class Saver:
    """Saves the state from time to time, in a child, when there were writes."""

    def __init__(self) -> None:
        self.changed = False
        self._child: int | None = None

    async def run(self) -> None:
        """Saves until cancelled."""
        pause = SAVE_EVERY_S
        while True:
            await asyncio.sleep(pause)
            if self.changed:
                self.changed = False
                pause = max(SAVE_EVERY_S, await self._save() / SAVE_SHARE)

    def stop(self) -> None:
        """Ends a save under way: the last one is the parent's, and both write the same files."""
        if self._child is not None:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._child = None

    async def _save(self) -> float:
        began = time.monotonic()
        self._child = os.fork()
        if self._child == 0:
            _save_and_exit()
        while not _has_ended(self._child):  # noqa: ASYNC110 - a child's end sets no event
            await asyncio.sleep(0.05)
        self._child = None
        return time.monotonic() - began


def _has_ended(child: int) -> bool:
    return os.waitpid(child, os.WNOHANG) != (0, 0)


def _save_and_exit() -> None:
    """The child's whole life. It leaves without the parent's clean-up, whatever happens."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.nice(10)
        logging.disable(logging.INFO)
        save_all(ministack._build_persistence_save_dict())
    finally:
        os._exit(0)


class SavingApp:
    """MiniStack's ASGI app, watched for writes and for the end."""

    def __init__(self, saver: Saver) -> None:
        self._saver = saver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if _writes(scope):
            self._saver.changed = True
        await ministack.app(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        saving = asyncio.create_task(self._saver.run())

        async def receive_first() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                saving.cancel()
                self._saver.stop()
            return message

        await ministack.app(scope, receive_first, send)


def _writes(scope: Scope) -> bool:
    """Whether a request may change something. AWS's JSON protocols name the operation in x-amz-target."""
    target: bytes = next((value for name, value in scope.get("headers", []) if name == b"x-amz-target"), b"")
    if target:
        return not target.rpartition(b".")[2].startswith(READS)
    return scope.get("method") not in {"GET", "HEAD"}


def _log_json() -> None:
    """As all other parts do; ours cannot be imported before it is known where we are."""
    sys.path.append(str(Path(__file__).parent.parent))
    importlib.import_module("shared.logs").log_json(ministack.LOG_LEVEL, "aws")


def _set_aside(phase: str, info: dict[str, int]) -> None:
    """After each full search for garbage."""
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()


def main() -> None:
    """Serves until SIGTERM or SIGINT."""
    config = Config()
    config.bind = [f"{os.environ.get('BIND_HOST', '127.0.0.1')}:{os.environ['HIVEWP_AWS_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1.0  # every client has been stopped by then
    config.errorlog = logging.getLogger("hypercorn.error")  # or it would write lines of its own form
    _log_json()
    gc.callbacks.append(_set_aside)
    asyncio.run(serve(SavingApp(Saver()), config))


if __name__ == "__main__":
    main()
