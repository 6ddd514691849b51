"""Waits for what comes when an instance is paired."""

from __future__ import annotations

import time
from typing import Any

from local.cli.errors import CommandError
from local.cli.running import Running

PAUSE_S = 0.25


def current_qr(stack: Running, instance: str, wait_s: float = 30) -> str:
    """The text of an instance's QR code, waited for while it is on its way. Raises CommandError."""
    deadline = time.monotonic() + wait_s
    while True:
        answer = stack.instance(instance, "/qr")
        if answer.status == 200:
            return str(answer.body["code"])
        not_ready = answer.status == 404 and answer.body and answer.body.get("type") == "qr-not-ready"
        if not not_ready or time.monotonic() > deadline:
            raise CommandError(f"{instance}: {answer.problem}")
        time.sleep(PAUSE_S)


def state_after_pairing(stack: Running, instance: str, wait_s: float = 15) -> dict[str, Any]:
    """The instance, once it is connected or has been given the time for it. Raises CommandError."""
    deadline = time.monotonic() + wait_s
    while True:
        answer = stack.instance(instance)
        if answer.status != 200:
            raise CommandError(f"{instance}: {answer.problem}")
        found: dict[str, Any] = answer.body
        if found["state"] == "connected" or time.monotonic() > deadline:
            return found
        time.sleep(PAUSE_S)
