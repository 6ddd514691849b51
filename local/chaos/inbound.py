"""Messages in: phones write to the shops' numbers."""

from __future__ import annotations

from dataclasses import dataclass

from local.bench.target import Target
from local.chaos.shop import Shop


@dataclass(frozen=True, slots=True)
class Written:
    """A text that the WhatsApp has taken from a phone."""

    text: str
    shop: Shop
    id: str


class Inbound:
    """What phones wrote in one drill. To shops in `left_out` they do not write: WhatsApp would not keep it for them."""

    def __init__(self, target: Target, shops: list[Shop], tag: str) -> None:
        self._target = target
        self._shops = shops
        self._tag = tag
        self.left_out: set[Shop] = set()
        self.written: list[Written] = []

    async def write(self, number: int) -> None:
        """The n-th text, to the next shop from one of its customers."""
        shop = self._shops[number % len(self._shops)]
        if shop in self.left_out:
            return
        sender = shop.writing[number // len(self._shops) % len(shop.writing)]
        body = {"to": shop.number, "text": f"{self._tag} in {number}"}
        answer = await self._target.phone("POST", f"/phones/{sender}/messages", body)
        self.written.append(Written(body["text"], shop, answer["id"]))
