"""`hivewp up`: the whole product on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Annotated

import typer

from local.cli.banner import banner
from local.settings import StackSettings
from local.stack.stack import run_stack


def up(
    live: Annotated[bool, typer.Option("--live", help="talk to WhatsApp itself, not to the built-in one")] = False,
) -> None:
    """Start everything; Ctrl-C stops it and keeps its state. Settings are environment variables, see the README."""
    environ = dict(os.environ) | ({"HIVEWP_WHATSAPP": "live"} if live else {})
    settings = StackSettings.parse(environ)
    say(f"starting HiveWP in {settings.data}")
    asyncio.run(run_stack(settings, environ, say, lambda plan: say("\n" + banner(plan) + "\n")))


def say(line: str) -> None:
    """Tells the person at the terminal, who may have closed it by now."""
    with contextlib.suppress(OSError):
        typer.echo(line)
