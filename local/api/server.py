"""uvicorn, told to stop in a way that ends long polls at once."""

from __future__ import annotations

import asyncio
from types import FrameType

import uvicorn

from functions.api.app import create_app
from functions.api.services import Services
from local.gateway import Gateway
from local.settings import LOOPBACK

GRACE_S = 10  # for calls that are being answered
KEEP_ALIVE_S = 75


class Server(uvicorn.Server):
    """Sets `stopping` as soon as a signal comes: calls that wait for something answer with what there is.

    uvicorn raises the signal once more when it is done; a handler of the loop must be there to take it."""

    def __init__(self, config: uvicorn.Config, stopping: asyncio.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._stopping.set()


def server_of(services: Services, port: int) -> Server:
    """The server of an API; `serve()` runs it until SIGTERM or SIGINT."""
    gateway = Gateway(create_app(services), services.keys, services.clock.monotonic, services.clock.unix)
    config = uvicorn.Config(
        gateway,
        host=LOOPBACK,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    return Server(config, services.stopping)
