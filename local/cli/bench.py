"""`hivewp bench`: what the product reaches on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from local.cli.measuring import measure


def bench_command(
    instances: Annotated[int, typer.Option(min=1, max=190, help="how many numbers to pair")] = 100,
    rate: Annotated[float, typer.Option(min=0.1, help="messages a second, out and then in")] = 14.0,
    seconds: Annotated[float, typer.Option(min=5, help="how long to send; half of it is for receiving")] = 120.0,
    search: Annotated[bool, typer.Option(help="look for the highest rate that keeps the limits")] = True,
    data: Annotated[Path | None, typer.Option(help="keep the stack's data and log in this new folder")] = None,
) -> None:
    """Start a stack of its own, load it over HTTP, print a JSON report. Takes minutes; progress goes to stderr."""
    from local.bench.bench import Plan, bench  # here, so that no other command waits for its imports

    plan = Plan(instances, rate, seconds, search)
    measure(lambda folder: bench(plan, folder), data)
