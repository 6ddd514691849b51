"""When partitions may be given away: not before others have processes standing by to take them over.

Sessions are served until their partition is drained, so the time that others need to get ready costs nothing.
"""

from __future__ import annotations


class Notice:
    """Given from the moment that partitions are first to be given away; it runs out after `patience_s`."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since: float | None = None

    def granted(self, wanted: int, standing_by: int, under_way: int, now: float) -> int:
        """How many of `wanted` partitions may go now.

        `standing_by`: processes of other hosts that wait for one. `under_way`: partitions that are being given away.
        """
        if wanted == 0:
            self._since = None
            return 0
        self._since = now if self._since is None else self._since
        if now - self._since >= self._patience_s:
            return wanted
        return max(0, min(wanted, standing_by - under_way))
