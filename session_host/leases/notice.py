"""When partitions may be given away: not before others have processes standing by to take them over.

Sessions are served until their partition is drained, so the time that others need to get ready costs nothing. Few go
at once, so that each has the machines' cores for itself while its sessions are without service.
"""

from __future__ import annotations

ROUNDS = 8


class Notice:
    """`patience_s`: when nothing could be given away for so long, the rest goes whether anybody stands by or not."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since: float | None = None
        self._at_once = 0

    def granted(self, wanted: int, standing_by: int, under_way: int, now: float) -> int:
        """How many of `wanted` partitions may go now.

        `standing_by`: processes of other hosts that wait for one. `under_way`: partitions that nobody serves or that
        are being drained.
        """
        if wanted == 0:
            self._since = None
            return 0
        if self._since is None:
            self._since, self._at_once = now, -(-wanted // ROUNDS)
        if now - self._since >= self._patience_s:
            return wanted
        granted = max(0, min(wanted, standing_by - under_way, self._at_once - under_way))
        if granted:
            self._since = now
        return granted
