"""When partitions may be given away: not before others have processes standing by to take them over.

Sessions are served until their partition is drained, so the time that others need to get ready costs nothing. Few go
at once, and the next ones when the sessions of the last are connected again, so that each has the machines' cores for
itself while its sessions are without service; nor do others then start processes for the partitions that follow.

A host that only shares waits for as long as it takes: one that cannot take over gets nothing. A host that leaves cannot
wait for ever:

    begun ...... GATHER x patience ....... PACE x patience ........... LATEST x patience
      one stands by for each,     a session that never connects       the rest goes, all at once
      or this long                holds nothing up beyond this

When nobody has stood by for the whole patience, they go as if somebody did. What goes last is still drained
within twice the patience.
"""

from __future__ import annotations

ROUNDS = 8
GATHER = 0.6  # of the patience
PACE = 1.4
LATEST = 1.7
SHARING_PATIENCE_S = 10.0
MOST_SETTLING_S = 5.0


class Notice:
    """`patience_s`: of a host that leaves; None: one that only shares. Begins with the first time that something is
    wanted.
    """

    def __init__(self, patience_s: float | None = None) -> None:
        self._patience_s = patience_s
        self._begun: float | None = None
        self._progress = 0.0
        self._at_once = 0
        self._settling_until = 0.0
        self._gathered = False
        self._anyway = False

    def granted(self, wanted: int, standing_by: int, under_way: int, now: float, settling: int = 0) -> int:
        """How many of `wanted` partitions may go now.

        `standing_by`: processes of other hosts that wait for one. `under_way`: partitions that nobody serves or that
        are being drained. `settling`: those given away whose sessions are not connected again.
        """
        if wanted == 0:
            self._begun = None
            return 0
        if self._begun is None:
            self._begun, self._progress, self._at_once = now, now, -(-wanted // ROUNDS)
            self._settling_until, self._gathered, self._anyway = now, False, False
        if self._is_late(self._begun, now):
            return wanted
        free = wanted if self._goes_anyway(now) else standing_by - under_way
        if not self._has_gathered(wanted, free, self._begun, now):
            return 0
        busy = under_way + (settling if now < self._settling_until else 0)
        granted = max(0, min(wanted, free, self._at_once - busy))
        if granted:
            self._progress = now
            self._settling_until = now + self._settling_s(wanted - granted, self._begun, now)
        return granted

    def _has_gathered(self, wanted: int, free: int, begun: float, now: float) -> bool:
        gathering = GATHER * (self._patience_s or SHARING_PATIENCE_S)
        self._gathered = self._gathered or free >= wanted or now - begun >= gathering
        return self._gathered

    def _settling_s(self, left: int, begun: float, now: float) -> float:
        """How long the next one waits for this one: each of those that are left has the same time."""
        if self._patience_s is None or not left:
            return MOST_SETTLING_S
        rounds = -(-left // self._at_once)
        return min(MOST_SETTLING_S, (begun + PACE * self._patience_s - now) / rounds)

    def _goes_anyway(self, now: float) -> bool:
        self._anyway = self._anyway or (self._patience_s is not None and now - self._progress >= self._patience_s)
        return self._anyway

    def _is_late(self, begun: float, now: float) -> bool:
        return self._patience_s is not None and now - begun >= LATEST * self._patience_s
