"""Runs the local WhatsApp: `python -m local.whatsapp --port 3001 --proxy-port 3002 --data .hivewp/whatsapp`."""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

import uvloop

from local.whatsapp.server import Ports, Server, StartError
from shared.logs import log_json

log = logging.getLogger("local.whatsapp")


def main() -> None:
    arguments = _arguments()
    log_json("DEBUG" if arguments.debug else "INFO", "whatsapp")
    try:
        uvloop.run(_run(arguments.data, Ports(arguments.port, arguments.proxy_port)))
    except StartError as error:
        log.error("cannot start: %s", error)  # the trace would tell an operator nothing
        sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.whatsapp", description="A WhatsApp server on this machine")
    parser.add_argument("--port", type=int, default=3001, help="control HTTP; 0 picks a free one")
    parser.add_argument("--proxy-port", type=int, default=0, help="CONNECT proxy for clients; 0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps trust and state")
    parser.add_argument("--debug", action="store_true", help="log every stanza")
    return parser.parse_args()


async def _run(data: Path, ports: Ports) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = Server(data, ports)
    await server.start()
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    main()
