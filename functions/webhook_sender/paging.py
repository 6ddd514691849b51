"""Pauses of jobs that go page by page (replay.py, catch_up/worker.py)."""

from __future__ import annotations

PAUSE_S = 1
"""Between pages, which leaves room for what happens meanwhile."""

LONGEST_PAUSE_S = 60


def pause_s(waited_s: float) -> int:
    """After which to look once more whether the page before was attempted, for which has been waited so long."""
    return min(max(PAUSE_S, int(waited_s / 2)), LONGEST_PAUSE_S)
