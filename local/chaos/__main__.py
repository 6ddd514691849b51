"""`python -m local.chaos`: breaks a stack of its own in every way there is a drill for, and prints what came of it.

Exit code 0: every bound was kept. 1: one was not, or a drill could not be carried out. 2: wrong arguments. 130: it was
broken off by SIGINT or SIGTERM; its stack is stopped in order all the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local.chaos import table
from local.chaos.drill import Drill
from local.chaos.drills import BY_NAME, DRILLS
from local.chaos.perform import Result
from local.chaos.scale import FULL
from local.chaos.suite import Suite
from local.settings import ROOT

DOCUMENT = ROOT / "docs" / "reliability.md"
BROKEN_OFF = 130

logger = logging.getLogger("local.chaos")


def main() -> int:
    """Runs what the arguments ask for."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    drills = [BY_NAME[name] for name in arguments.only] if arguments.only else list(DRILLS)
    folder = (arguments.data or Path(tempfile.mkdtemp(prefix="hivewp-chaos-"))).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        results = asyncio.run(_run(drills, folder))
    except asyncio.CancelledError:
        return BROKEN_OFF
    if not arguments.only:
        table.write_into(DOCUMENT, "drills", table.drill_list(drills))
        table.write_into(DOCUMENT, "chaos", table.document(results, _about(time.monotonic() - began)))
    return _conclude(results, folder, keep=arguments.data is not None)


async def _run(drills: Sequence[Drill], folder: Path) -> list[Result]:
    results: list[Result] = []
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, this.cancel if this else loop.stop)
    _say(table.header())
    async for result in Suite(FULL, folder).run(drills):
        results.append(result)
        _say(table.row(result))
        _keep(results, folder)
        for line in table.faults([result]):
            logger.error("%s", line)
    return results


def _keep(results: Sequence[Result], folder: Path) -> None:
    """Also for who breaks the run off."""
    (folder / "report.json").write_text(json.dumps([result.as_json() for result in results], indent=2) + "\n")


def _conclude(results: Sequence[Result], folder: Path, *, keep: bool) -> int:
    broken = table.faults(results)
    for line in broken:
        _say(f"NOT KEPT  {line}")
    if broken or keep:
        _say(f"logs and report.json: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if broken else 0


def _about(seconds: float) -> str:
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    cores, python = os.cpu_count(), platform.python_version()
    return (
        f"{day}, commit {_commit()}, {cores} cores ({platform.machine()}), Python {python}, "
        f"{FULL.hosts} hosts, {FULL.partitions} partitions, {FULL.instances} instances, lease {FULL.lease_s} s; "
        f"{seconds / 60:.0f} minutes."
    )


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.chaos", description="Break the running product on purpose.")
    parser.add_argument(
        "--only", action="append", choices=sorted(BY_NAME), help="this drill; again for more; writes no document"
    )
    parser.add_argument("--data", type=Path, help="keep the stacks' data, logs and report.json in this folder")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
