"""How many endpoints may hear one instance, told by the patterns that they name instances by. Pure.

Of patterns with a `*` only what is before the first and after the last one matters: there is always a name that begins
as the longest beginning and ends as the longest end of some of them, with everything else in between. So to look at the
names that are written out, and at one name for each beginning and end, is to look at all that there could be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

_ANY = "*"
MOST_STEPS = 500_000  # a fraction of a second

Patterns = Collection[str]


def crowded(pattern: str, others: Sequence[Patterns], most: int) -> bool:
    """Whether there may be an instance that `pattern` and at least `most` of the others match.

    Also where that would take too long to find out, as it may of thousands of patterns that all overlap."""
    near = [found for one in others if (found := {its for its in one if _meet(its, pattern)})]
    if len(near) < most or _ANY not in pattern:
        return len(near) >= most
    widely = [(one, wide) for one in near if (wide := [its for its in one if _ANY in its])]
    names = _names(pattern, near)
    if len(names) * sum(1 + len(wide) for _, wide in widely) > MOST_STEPS:
        return True
    written_out = Counter(name for one in near for name in one)
    return any(written_out[name] + _hearers(name, widely) >= most for name in names)


def _names(pattern: str, near: Sequence[Patterns]) -> set[str]:
    """The names to look at: those written out, and those of the longest beginnings and ends, as patterns."""
    patterns = {its for one in near for its in one}
    ends = [_ends(its) for its in {pattern, *patterns} if _ANY in its]
    firsts, lasts = {first for first, _ in ends}, {last for _, last in ends}
    own_first, own_last = _ends(pattern)
    made = {
        f"{first}{_ANY}{last}"
        for first in firsts
        for last in lasts
        if first.startswith(own_first) and last.endswith(own_last)
    }
    return made | {its for its in patterns if _ANY not in its}


def _hearers(name: str, widely: Sequence[tuple[Patterns, Sequence[str]]]) -> int:
    """How many hear of the name without having it written out."""
    return sum(name not in one and any(_covers(its, name) for its in wide) for one, wide in widely)


def _covers(wide: str, name: str) -> bool:
    if _ANY not in name:
        return fnmatchcase(name, wide)
    first, last = _ends(wide)
    return name.startswith(first) and name.endswith(last)


def _meet(one: str, other: str) -> bool:
    """Whether there may be an instance that both match."""
    if _ANY not in one:
        return fnmatchcase(one, other)
    if _ANY not in other:
        return fnmatchcase(other, one)
    (first, last), (other_first, other_last) = _ends(one), _ends(other)
    begins = first.startswith(other_first) or other_first.startswith(first)
    return begins and (last.endswith(other_last) or other_last.endswith(last))


def _ends(wide: str) -> tuple[str, str]:
    return wide[: wide.index(_ANY)], wide[wide.rindex(_ANY) + 1 :]
