"""The concurrency window of one endpoint in this process: how many attempts at it may run at once. Pure.

It begins at START, so a burst to an unknown endpoint takes few slots only. Every answer within QUICK_S adds one (a slow
start), a slower one adds a fraction. A second of silence, or no answer at all, resets it to one; a 429 or 503 halves
it. The status is of no matter otherwise: a quick 500 holds up nobody. Quick answers in a row are counted apart: many
slow ones widen the window too. It is told what happened, and knows no time.
"""

from __future__ import annotations

from dataclasses import dataclass

START = 4
QUICK_S = 0.3
PROVEN = 8  # quick answers in a row: an endpoint that was slow is so no longer
_PRIOR_S = 0.1
_WEIGHT = 0.5


@dataclass(slots=True)
class Window:
    """`size`: how many at once, at least 1 and at most `most`; `answer_s`: how long answers took lately; `quick`: the
    last so many answers were quick, and asked for no less."""

    most: int
    size: float = START
    answer_s: float = _PRIOR_S
    quick: int = 0

    def __post_init__(self) -> None:
        self.size = min(self.size, self.most)

    @property
    def room(self) -> int:
        """The size as a number of attempts."""
        return int(self.size)

    @property
    def proven(self) -> bool:
        """Whether it has answered quickly often enough, without a slow one in between."""
        return self.quick >= PROVEN

    def answered(self, took_s: float, *, pushed_back: bool = False) -> None:
        """An attempt has got an answer; `pushed_back`: one that asks for less."""
        self._took(took_s)
        self.quick = self.quick + 1 if took_s <= QUICK_S and not pushed_back else 0
        if pushed_back:
            self.size = max(1.0, self.size / 2)
        else:
            self.size = min(self.most, self.size + (1.0 if took_s <= QUICK_S else 1.0 / self.size))

    def unanswered(self, took_s: float) -> None:
        """An attempt has ended without an answer, after this time. One that failed at once held up nobody."""
        if took_s <= QUICK_S:
            self.answered(took_s)
        else:
            self._took(took_s)
            self.size, self.quick = 1.0, 0

    def silent(self, for_s: float) -> None:
        """An attempt has had no answer for so long, and goes on."""
        self.answer_s = max(self.answer_s, for_s)
        self.size, self.quick = 1.0, 0

    def wait_s(self, ahead: int) -> float:
        """How long an attempt would wait behind so many others, about."""
        return (ahead + 1) * self.answer_s / self.size

    def _took(self, took_s: float) -> None:
        self.answer_s += _WEIGHT * (took_s - self.answer_s)
