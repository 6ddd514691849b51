"""The session host: `python -m session_host`. Settings come from the environment, see settings.py.

SIGTERM or SIGINT: everything is handed over, exit 0 within 60 s. Exit 1: a setting cannot be used, or an error.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from session_host.host.supervisor import supervise
from session_host.settings import HostSettings
from shared.logs import log_json
from shared.settings import BadSetting

WORKER = (sys.executable, "-m", "session_host.worker")


def main(worker_command: Sequence[str] = WORKER) -> None:
    """Runs until a signal says to stop."""
    try:
        settings = HostSettings.parse(os.environ)
    except BadSetting as error:
        sys.exit(f"session host: {error}")
    log_json(settings.deployment.log_level, "host")
    asyncio.run(_until_stopped(settings, worker_command))


async def _until_stopped(settings: HostSettings, worker_command: Sequence[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await supervise(settings, worker_command, os.environ, stop)


if __name__ == "__main__":
    main()
