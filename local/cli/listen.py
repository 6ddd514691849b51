"""`hivewp listen`: a webhook receiver in the terminal, so that events can be watched as they are delivered."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Annotated

import typer

from local.cli.running import Running


def listen(
    events: Annotated[str, typer.Option(help="which types, separated by commas; `*` matches any text")] = "*",
    count: Annotated[int | None, typer.Option(min=1, help="end after so many events")] = None,
) -> None:
    """Print every event as an endpoint on this machine gets it, its signature checked."""
    from local.cli.receiver import receive_events  # here, so that no other command waits for its imports

    with suppress(KeyboardInterrupt):
        asyncio.run(receive_events(Running.find(os.environ), events.split(","), count))
