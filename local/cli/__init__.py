"""The program `hivewp`: runs the stack, moves its simulated phones, issues API keys."""

from __future__ import annotations

import sys

import typer

from local.cli.bench import bench_command
from local.cli.crossing import crossing_command
from local.cli.errors import CommandError
from local.cli.keys import keys
from local.cli.listen import listen
from local.cli.phone import phone
from local.cli.qr import qr
from local.cli.soak import soak_command
from local.cli.up import up
from local.keys.errors import KeyProblem
from local.stack.keeper import PartFailed
from local.stack.lock import AlreadyRuns
from shared.settings import BadSetting

app = typer.Typer(
    help="HiveWP on one machine.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.command()(up)
app.command()(qr)
app.command()(listen)
app.command("bench")(bench_command)
app.command("soak")(soak_command)
app.command("crossing")(crossing_command)
app.add_typer(phone, name="phone")
app.add_typer(keys, name="keys")


def main() -> None:
    """The entry point. What a person can mend is told in one line, exit code 1."""
    try:
        app()
    except (AlreadyRuns, BadSetting, CommandError, KeyProblem, PartFailed) as error:
        sys.exit(f"hivewp: {error}")
