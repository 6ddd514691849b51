"""`hivewp keys`: API keys."""

from __future__ import annotations

import os

import typer

from local.cli.running import Running

keys = typer.Typer(help="API keys.", no_args_is_help=True)


@keys.callback()
def about() -> None:
    """API keys."""


@keys.command()
def show() -> None:
    """Print the local tenant's key."""
    typer.echo(Running.find(os.environ).key)
