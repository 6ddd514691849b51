"""`hivewp soak`: whether anything grows under load and restarts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from local.cli.measuring import measure


def soak_command(
    minutes: Annotated[float, typer.Option(min=0.1, help="how long the load lasts")] = 60.0,
    cycles: Annotated[int, typer.Option(min=0, help="restarts of instances, spread over the time")] = 500,
    instances: Annotated[int, typer.Option(min=1, max=190, help="how many numbers to pair")] = 20,
    out: Annotated[float, typer.Option(min=0.1, help="messages sent a second")] = 8.0,
    into: Annotated[float, typer.Option(min=0.1, help="messages received a second")] = 4.0,
    data: Annotated[Path | None, typer.Option(help="keep the stack's data and log in this new folder")] = None,
) -> None:
    """Load a stack of its own for long, restart its instances, print what grew as JSON. Progress goes to stderr."""
    from local.bench.soak import Plan, soak  # here, so that no other command waits for its imports

    plan = Plan(minutes, cycles, instances, out, into)
    measure(lambda folder: soak(plan, folder), data)
