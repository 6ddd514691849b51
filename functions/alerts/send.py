"""A message to every target, each on its own.

NotSent  some targets did not take it. The others did, and a Sender remembers that: sent once more, in the same
         process, the message goes only to those that have not got it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol

from functions.alerts.targets import Target, body_for
from functions.alerts.text import Message
from shared.egress import EgressError, EgressResponse

log = logging.getLogger(__name__)

HEADERS = {"content-type": "application/json", "user-agent": "HiveWP"}
REMEMBERED = 1_000


class NotSent(Exception):
    """Not every target took a message."""


class Poster(Protocol):
    """The guarded way out."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        """One attempt. Raises EgressError."""


class Sender:
    """Sends messages, each named by an id that stays the same when it is tried again."""

    def __init__(self, client: Poster) -> None:
        self._client = client
        self._taken: OrderedDict[tuple[str, Target], None] = OrderedDict()

    async def send(self, message_id: str, message: Message, targets: Sequence[Target]) -> None:
        """To all targets side by side. Raises NotSent after all were tried."""
        open_ones = [target for target in targets if (message_id, target) not in self._taken]
        sent = await asyncio.gather(*(self._send(message, target) for target in open_ones))
        for target, taken in zip(open_ones, sent, strict=True):
            if taken:
                self._remember(message_id, target)
        if not all(sent):
            raise NotSent(f"{sent.count(False)} of {len(targets)} targets did not take {message_id}")

    async def _send(self, message: Message, target: Target) -> bool:
        try:
            answer = await self._client.post(target.url, body_for(target.kind, message), HEADERS)
        except EgressError as error:
            log.error("the %s target cannot be reached: %s", target.kind, error.kind)
            return False
        if not 200 <= answer.status < 300:
            log.error("the %s target answered %d", target.kind, answer.status)
            return False
        return True

    def _remember(self, message_id: str, target: Target) -> None:
        self._taken[message_id, target] = None
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)
