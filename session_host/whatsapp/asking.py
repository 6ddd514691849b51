"""Calls on a client whose answers may never come: because the session is over, or after a deadline of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from session_host.whatsapp.client import Client
from session_host.whatsapp.port import NotConnected, OutcomeUnknown


class Asking:
    """`open`: whether the session is connected. `over`: set once the session is, for good; `grace_s` is what a call
    under way gets then to end by itself."""

    def __init__(self, client: Client, answer_s: float) -> None:
        self.open = False
        self.over = asyncio.Event()
        self.grace_s = 0.0
        self._client = client
        self._answer_s = answer_s

    async def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the library's function gives. Raises NotConnected, or OutcomeUnknown with code `stopped` or `timeout`,
        and then the call goes on for itself."""
        if not self.open:
            raise NotConnected("not_connected", "the session is not connected")
        call = asyncio.ensure_future(self._client.call(function, *arguments))
        over = asyncio.ensure_future(self.over.wait())
        try:
            await asyncio.wait({call, over}, timeout=self._answer_s, return_when=asyncio.FIRST_COMPLETED)
            if self.grace_s and not call.done():
                await asyncio.wait({call}, timeout=self.grace_s)
            if call.done():
                return call.result()
            raise OutcomeUnknown("stopped" if over.done() else "timeout", "WhatsApp's answer did not come")
        finally:
            over.cancel()
            call.add_done_callback(_ignore_late_answer)


def _ignore_late_answer(call: asyncio.Future[Any]) -> None:
    """An answer that nobody waits for any more is only looked at, so that its error is not reported as forgotten."""
    if not call.cancelled():
        call.exception()
