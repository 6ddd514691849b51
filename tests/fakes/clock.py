"""Time for tests."""

from __future__ import annotations

NOW = 1_800_000_000.0


class FakeClock:
    """Time stands still until it is set."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def unix(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now
