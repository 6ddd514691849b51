"""`hivewp qr`: an instance's QR code in the terminal, for a real phone."""

from __future__ import annotations

import os
from typing import Annotated

import segno
import typer

from local.cli.codes import current_qr
from local.cli.running import Running


def qr(instance: Annotated[str, typer.Argument(help="the instance's id")]) -> None:
    """Show an instance's QR code: WhatsApp on a phone > Linked devices > Link a device."""
    code = current_qr(Running.find(os.environ), instance)
    segno.make(code, error="l", micro=False).terminal(compact=True)
