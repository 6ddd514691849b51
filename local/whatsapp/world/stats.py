"""Counters that `GET /stats` shows."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stats:
    """`received` and `sent` count stanzas by tag, `queries` client queries by namespace, type and child; `open_queries`
    are those without an answer yet, `unknown` those (and other stanzas) that nothing here understands."""

    received: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    queries: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    open_queries: int = 0
