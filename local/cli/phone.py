"""`hivewp phone`: the hands on the simulated phones of the local WhatsApp."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any

import typer

from local.cli.codes import current_qr, state_after_pairing
from local.cli.errors import CommandError
from local.cli.http import Answer
from local.cli.running import Running

SCANS = 3  # a code may be replaced by the next one while it is on its way to the phone

phone = typer.Typer(help="The simulated phones of the local WhatsApp.", no_args_is_help=True)

Instance = Annotated[str, typer.Argument(help="the instance's id")]
Number = Annotated[str, typer.Argument(help="the phone's number, with country code")]


@phone.command()
def scan(instance: Instance, number: Number) -> None:
    """Let a phone scan an instance's QR code: pairs them."""
    stack, digits = Running.find(os.environ), _digits(number)
    for left in reversed(range(SCANS)):
        answer = stack.phone("POST", digits, "scan", {"qr": current_qr(stack, instance)})
        if answer.status not in {404, 410} or not left:
            break
    _check(answer)
    state = state_after_pairing(stack, instance)["state"]
    typer.echo(f"{digits} has scanned the code of {instance}, which is {state}")


@phone.command()
def send(number: Number, to: Annotated[str, typer.Argument(help="the number it writes to")], text: str) -> None:
    """Let a phone's owner write a text to a number."""
    stack = Running.find(os.environ)
    answer = _check(stack.phone("POST", _digits(number), "messages", {"to": _digits(to), "text": text}))
    typer.echo(answer["id"])


@phone.command()
def inbox(number: Number) -> None:
    """Show what a phone has received, oldest first."""
    letters = _check(Running.find(os.environ).phone("GET", _digits(number), "inbox"))
    for letter in letters:
        typer.echo(f"{letter['at']}  {letter['from']}  {letter.get('text') or '(' + letter['type'] + ')'}")
    if not letters:
        typer.echo("nothing yet", err=True)


def _check(answer: Answer) -> Any:
    if answer.status >= 400:
        raise CommandError(answer.problem)
    return answer.body


def _digits(number: str) -> str:
    digits = re.sub(r"[\s().+-]", "", number)
    if not re.fullmatch(r"[0-9]{5,15}", digits):
        raise CommandError(f"{number!r} is not a phone number: country code and number, 5 to 15 digits")
    return digits
