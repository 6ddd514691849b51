"""What the commands that measure have in common: a folder, progress on stderr, a report on stdout."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import typer

from local.cli.errors import CommandError


def measure(run: Callable[[Path], Awaitable[dict[str, Any]]], data: Path | None) -> None:
    """Runs it in `data`, or in a folder that is removed afterwards, and prints its report. Raises CommandError."""
    from local.bench.target import BenchFailed  # here, so that no other command waits for its imports

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="hivewp-bench-") as temporary:
        try:
            report = asyncio.run(_run(run, (data or Path(temporary) / "data").resolve()))
        except (BenchFailed, TimeoutError) as error:
            raise CommandError(f"it could not be finished: {error}") from error
    typer.echo(json.dumps(report, indent=2))


async def _run(run: Callable[[Path], Awaitable[dict[str, Any]]], folder: Path) -> dict[str, Any]:
    return await run(folder)
