"""`hivewp crossing`: what is lost when both ends of a chat write at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from local.cli.measuring import measure


def crossing_command(
    seconds: Annotated[float, typer.Option(min=1, help="how long each run lasts")] = 60.0,
    pause: Annotated[list[int] | None, typer.Option(min=0, help="reply pauses to try, in ms [0 100 300 1000]")] = None,
    instances: Annotated[int, typer.Option(min=1, max=20, help="how many numbers to pair")] = 4,
    chats: Annotated[int, typer.Option(min=1, max=100, help="customers of each")] = 24,
    journal: Annotated[str, typer.Option(help="of the stores: wal, or truncate as on a network file system")] = "wal",
    guard: Annotated[bool, typer.Option(help="whether the stores refuse a counter that goes back")] = True,
) -> None:
    """Cross messages in chats through the real library, print what was lost as JSON. Takes minutes."""
    from local.bench.crossing import (
        DEFAULT_PAUSES_MS,
        Plan,
        crossing,
    )  # here, so that no other command waits for its imports

    if journal not in {"wal", "truncate"}:
        raise typer.BadParameter("wal or truncate", param_hint="--journal")
    plan = Plan(instances, chats, seconds, pauses_ms=pause or DEFAULT_PAUSES_MS, journal=journal, guarded=guard)

    async def run(folder: Path) -> dict[str, Any]:
        folder.mkdir(parents=True)  # noqa: ASYNC240 - nothing else is going on yet
        return await crossing(plan, folder)

    measure(run, data=None)
