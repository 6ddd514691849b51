"""`hivewp bench`: what the product reaches on this machine."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from local.cli.errors import CommandError


def bench_command(
    instances: Annotated[int, typer.Option(min=1, max=190, help="how many numbers to pair")] = 100,
    rate: Annotated[float, typer.Option(min=0.1, help="messages a second, out and then in")] = 14.0,
    seconds: Annotated[float, typer.Option(min=5, help="how long to send; half of it is for receiving")] = 120.0,
    search: Annotated[bool, typer.Option(help="look for the highest rate that keeps the limits")] = True,
    data: Annotated[Path | None, typer.Option(help="keep the stack's data and log in this new folder")] = None,
) -> None:
    """Start a stack of its own, load it over HTTP, print a JSON report. Takes minutes; progress goes to stderr."""
    from local.bench.bench import Plan, bench  # here, so that no other command waits for its imports
    from local.bench.target import BenchFailed

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    plan = Plan(instances, rate, seconds, search)
    with tempfile.TemporaryDirectory(prefix="hivewp-bench-") as temporary:
        try:
            report = asyncio.run(bench(plan, (data or Path(temporary) / "data").resolve()))
        except (BenchFailed, TimeoutError) as error:
            raise CommandError(f"the benchmark could not be finished: {error}") from error
    typer.echo(json.dumps(report, indent=2))
