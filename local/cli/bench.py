"""`hivewp bench`: what the product reaches on this machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from local.cli.measuring import measure


class Part(StrEnum):
    """What `--only` takes: PARTS of local/bench/bench.py, whose imports no other command should wait for."""

    IDLE = "idle"
    SENDING = "sending"
    INBOUND = "inbound"
    WEBHOOKS = "webhooks"
    OUTAGE = "outage"
    BURST = "burst"
    MONITORING = "monitoring"
    NUMBERS = "numbers"
    HIGHEST = "highest"
    OVERHEAD = "overhead"


def bench_command(
    only: Annotated[list[Part] | None, typer.Option(help="measure this part; may be given again [all]")] = None,
    instances: Annotated[int, typer.Option(min=1, max=190, help="how many numbers to pair")] = 100,
    rate: Annotated[float, typer.Option(min=0.1, help="messages a second, out and then in")] = 14.0,
    seconds: Annotated[float, typer.Option(min=5, help="how long to send; half of it is for receiving")] = 120.0,
    search: Annotated[bool, typer.Option(help="look for the highest rate that keeps the limits")] = True,
    data: Annotated[Path | None, typer.Option(help="keep the stack's data and log in this new folder")] = None,
) -> None:
    """Start a stack of its own, load it over HTTP, print a JSON report. Takes minutes; progress goes to stderr."""
    from local.bench.bench import Plan, bench  # here, so that no other command waits for its imports

    wanted = frozenset(only or Part) - (frozenset() if search else {Part.HIGHEST})
    if not wanted:
        raise typer.BadParameter("nothing is left to measure", param_hint="--no-search")
    plan = Plan(instances, rate, seconds, frozenset(part.value for part in wanted))
    measure(lambda folder: bench(plan, folder), data)
