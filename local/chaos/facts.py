"""Everything that was seen of one drill, before it is judged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from local.chaos.endpoint import Heard
from local.chaos.inbound import Written
from local.chaos.outbound import Ask
from local.chaos.service import Span
from local.chaos.shop import Shop

SETTLED = frozenset({"sent", "delivered", "read", "failed", "uncertain"})
GONE_OUT = frozenset({"sent", "delivered", "read"})


@dataclass(slots=True)
class Facts:
    """`arrived`: how often the customers' phones got each text. `log`: each shop's events since `logged`.

    `outages`: when each shop was without service. `badly_signed`: deliveries that were refused for their signature.
    """

    asks: list[Ask]
    written: list[Written]
    logged: dict[Shop, int]
    hit: list[Shop]
    arrived: Counter[str] = field(default_factory=Counter)
    log: dict[Shop, list[dict[str, Any]]] = field(default_factory=dict)
    heard: dict[str, Heard] = field(default_factory=dict)
    outages: dict[Shop, list[Span]] = field(default_factory=dict)
    second_logins: int = 0
    badly_signed: int = 0

    @property
    def accepted(self) -> list[Ask]:
        """The asks that were answered with a message's id."""
        return [ask for ask in self.asks if ask.message_id is not None]

    def received(self) -> Counter[str]:
        """How often the event logs have each text."""
        return Counter(
            event["data"].get("text")
            for events in self.log.values()
            for event in events
            if event["type"] == "message.received"
        )

    def settled(self) -> bool:
        """Whether everything has come to the end that it should: nothing more is to be waited for."""
        received = self.received()
        return (
            all(ask.state in SETTLED for ask in self.accepted)
            and all(self.arrived[ask.text] for ask in self.accepted if ask.state in GONE_OUT)
            and all(received[one.text] for one in self.written)
            and all(event["id"] in self.heard for events in self.log.values() for event in events)
        )
