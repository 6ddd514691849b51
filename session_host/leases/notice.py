"""When partitions may be given away: not before others have processes standing by to take them over.

Sessions are served until their partition is drained, so the time that others need to get ready costs nothing. Few go
at once, so that each has the machines' cores for itself while its sessions are without service.

A host that only shares waits for as long as it takes: one that cannot take over gets nothing. A host that leaves cannot
wait for ever.
"""

from __future__ import annotations

ROUNDS = 8


class Notice:
    """`patience_s`: when nothing could be given away for so long, or after twice that, the rest goes whether anybody
    stands by or not; None: it never does. Begins with the first time that something is wanted.
    """

    def __init__(self, patience_s: float | None = None) -> None:
        self._patience_s = patience_s
        self._begun: float | None = None
        self._progress = 0.0
        self._at_once = 0

    def granted(self, wanted: int, standing_by: int, under_way: int, now: float) -> int:
        """How many of `wanted` partitions may go now.

        `standing_by`: processes of other hosts that wait for one. `under_way`: partitions that nobody serves or that
        are being drained.
        """
        if wanted == 0:
            self._begun = None
            return 0
        if self._begun is None:
            self._begun, self._progress, self._at_once = now, now, -(-wanted // ROUNDS)
        if self._is_over(self._begun, now):
            return wanted
        granted = max(0, min(wanted, standing_by - under_way, self._at_once - under_way))
        if granted:
            self._progress = now
        return granted

    def _is_over(self, begun: float, now: float) -> bool:
        if self._patience_s is None:
            return False
        return now - self._progress >= self._patience_s or now - begun >= 2 * self._patience_s
