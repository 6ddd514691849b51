"""Patterns of names, where `*` stands for anything, also for nothing: `message.*`, `shop-1`, `*`. Pure.

What a name costs rises with the pattern's length alone, however many `*` there are and whatever the name is.
"""

from __future__ import annotations

from collections.abc import Collection

ANY = "*"


def matches(pattern: str, name: str) -> bool:
    """Whether the pattern stands for the name."""
    if ANY not in pattern:
        return pattern == name
    first, *middle, last = pattern.split(ANY)
    if len(first) + len(last) > len(name) or not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:  # each as early as it may be: what follows has the most room then
        at = name.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def any_matches(patterns: Collection[str], name: str) -> bool:
    """Whether one of the patterns stands for the name. Names that are written out are looked at together."""
    return name in patterns or any(ANY in pattern and matches(pattern, name) for pattern in patterns)
