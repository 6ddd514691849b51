"""How many endpoints may hear one instance, told by the patterns that they name instances by. Pure.

Of patterns with a `*` only what is before the first and after the last one matters: there is always a name that begins
as the longest beginning and ends as the longest end of some of them, with everything else in between. So to look at the
names that are written out, and at one name for each beginning and end, is to look at all that there could be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import product

from shared.models.patterns import ANY, any_matches, matches

MOST_STEPS = 200_000  # a fraction of a second

Patterns = Collection[str]


def exceeds_fan_out(pattern: str, others: Sequence[Patterns], most: int, most_steps: int = MOST_STEPS) -> bool:
    """Whether there may be an instance that `pattern` and at least `most` of the others match.

    Also where that would take too long to find out, as it may of hundreds of patterns that all overlap."""
    if ANY not in pattern:
        return sum(any_matches(one, pattern) for one in others) >= most
    near = [found for one in others if (found := {its for its in one if _meet(its, pattern)})]
    if len(near) < most:
        return False
    widely = [(one, wide) for one in near if (wide := [its for its in one if ANY in its])]
    names = _Names(pattern, near)
    if names.count * sum(1 + len(wide) for _, wide in widely) > most_steps:
        return True
    written_out = Counter(name for one in near for name in one)
    return any(written_out[name] + _hearers(name, widely) >= most for name in names)


class _Names:
    """The names to look at: those written out, and those of the longest beginnings and ends, as patterns."""

    def __init__(self, pattern: str, near: Sequence[Patterns]) -> None:
        patterns = {its for one in near for its in one}
        ends = [_ends(its) for its in {pattern, *patterns} if ANY in its]
        own_first, own_last = _ends(pattern)
        self._firsts = {first for first, _ in ends if first.startswith(own_first)}
        self._lasts = {last for _, last in ends if last.endswith(own_last)}
        self._written_out = [its for its in patterns if ANY not in its]

    @property
    def count(self) -> int:
        """How many there are, told before they are made."""
        return len(self._firsts) * len(self._lasts) + len(self._written_out)

    def __iter__(self) -> Iterator[str]:
        yield from self._written_out
        for first, last in product(self._firsts, self._lasts):
            yield f"{first}{ANY}{last}"


def _hearers(name: str, widely: Sequence[tuple[Patterns, Sequence[str]]]) -> int:
    """How many hear of the name without having it written out."""
    return sum(name not in one and any(_covers(its, name) for its in wide) for one, wide in widely)


def _covers(wide: str, name: str) -> bool:
    if ANY not in name:
        return matches(wide, name)
    first, last = _ends(wide)
    return name.startswith(first) and name.endswith(last)


def _meet(one: str, other: str) -> bool:
    """Whether there may be an instance that both match."""
    if ANY not in one:
        return matches(other, one)
    if ANY not in other:
        return matches(one, other)
    (first, last), (other_first, other_last) = _ends(one), _ends(other)
    begins = first.startswith(other_first) or other_first.startswith(first)
    return begins and (last.endswith(other_last) or other_last.endswith(last))


def _ends(wide: str) -> tuple[str, str]:
    return wide[: wide.index(ANY)], wide[wide.rindex(ANY) + 1 :]
