"""What others write and read, from the library to whoever logs it; kept in the inbox until that is done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from google.protobuf.message import DecodeError

from session_host.whatsapp.events import Decoder
from session_host.whatsapp.inbox import Inbox
from session_host.whatsapp.port import OnSignal

_log = logging.getLogger(__name__)


class Conversation:
    """Of one session; `key` names it in logs."""

    def __init__(self, key: str, decoder: Decoder, on_signal: OnSignal, inbox: Inbox) -> None:
        self._key = key
        self._decoder = decoder
        self._on_signal = on_signal
        self._inbox = inbox

    async def tell_left(self) -> None:
        """Tells what was heard and told to nobody, most likely by a process before this one. Raises OSError."""
        left = await asyncio.to_thread(self._inbox.left)
        if left:
            _log.warning("%s: %d messages or receipts of an earlier session are told", self._key, len(left))
        for kept in left:
            self.tell(kept.kind, kept.data, kept.number)

    def tell(self, kind: int, data: bytes, number: int | None) -> None:
        """Tells an event that events.CONVERSATION names, unless it was told already."""
        if number is not None and not self._inbox.telling(number):
            return
        taken = self._taken(number)
        try:
            signal = self._decoder.conversation(kind, data)
        except DecodeError:
            _log.exception("%s: a message or receipt cannot be read", self._key)
            signal = None
        if signal:
            self._on_signal(replace(signal, taken=taken))
        else:
            taken()

    def _taken(self, number: int | None) -> Callable[[], None]:
        def taken() -> None:
            if number is not None:
                self._inbox.taken(number)

        return taken
