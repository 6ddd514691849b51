"""Messages out, asked for as a good customer does: with a key, and again under that key until there is an answer."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus

from local.chaos.client import Answer, Client
from local.chaos.shop import Shop

AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # the last one from then on: who repeats faster keeps a slow service slow
GIVE_UP_S = 120.0


@dataclass(slots=True)
class Ask:
    """One text that a shop wants to send. Accepted once `message_id` is known; `refused` is a status that says no.

    `state` is the message's last known one, with its error's code.
    """

    text: str
    shop: Shop
    to: str
    asked_at: float
    calls: int = 0
    message_id: str | None = None
    refused: int | None = None
    state: str | None = None
    error: str | None = None


class Outbound:
    """The asks of one drill."""

    def __init__(self, client: Client, shops: list[Shop], tag: str) -> None:
        self._client = client
        self._shops = shops
        self._tag = tag
        self.asks: list[Ask] = []

    async def send(self, number: int) -> None:
        """The n-th text, from the next shop to one of its customers."""
        shop = self._shops[number % len(self._shops)]
        to = shop.hearing[number // len(self._shops) % len(shop.hearing)]
        ask = Ask(f"{self._tag} out {number}", shop, to, time.time())
        self.asks.append(ask)
        while time.time() < ask.asked_at + GIVE_UP_S:
            ask.calls += 1
            if _settles(ask, await self._ask(ask)):
                return
            await asyncio.sleep(AGAIN_S[min(ask.calls, len(AGAIN_S)) - 1])

    async def _ask(self, ask: Ask) -> Answer | None:
        body = {"to": ask.to, "type": "text", "text": ask.text}
        headers = {"Idempotency-Key": ask.text}
        return await self._client.call("POST", f"/v1/instances/{ask.shop.id}/messages", body, **headers)


def _settles(ask: Ask, answer: Answer | None) -> bool:
    """Whether there is no reason to ask again; notes the answer."""
    if answer is None or answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= 500:
        return False
    if answer.status == HTTPStatus.ACCEPTED:
        ask.message_id = answer.body["id"]
    else:
        ask.refused = answer.status
    return True
