"""Reading what is sought among what is not, in bounded steps: what a filter leaves out is read and paid for too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.store.database import Condition, Database, Values

LOOKED_AT = 500  # items in a query; it ends at 1 MB as well
QUERIES = 4


async def sift(
    database: Database,
    table: str,
    where: Condition,
    keep: Condition | None,
    *,
    key: Sequence[str],
    most: int,
    start: Values | None = None,
    ascending: bool = True,
) -> tuple[list[Values], Values | None]:
    """Up to `most` items of a partition for which `keep` holds, and the key to continue from (None: no more).

    After 2,000 items it gives what it has found, which may be nothing though there is more."""
    found: list[Values] = []
    for _ in range(QUERIES):
        page, start = await database.query(
            table,
            where,
            limit=LOOKED_AT if keep else most,
            start=start,
            ascending=ascending,
            consistent=True,
            keep=keep,
        )
        found += page
        if start is None or keep is None or len(found) >= most:
            break
    if len(found) > most:
        return found[:most], {name: found[most - 1][name] for name in key}
    return found, start


def one_of(**sought: Sequence[Any]) -> Condition | None:
    """The condition that each named attribute has one of its values; names without values ask for nothing."""
    named = {name: list(dict.fromkeys(values)) for name, values in sought.items() if values}
    if not named:
        return None
    parts: list[str] = []
    names: dict[str, str] = {}
    given: Values = {}
    for at, (name, values) in enumerate(named.items()):
        places = [f"k{at}v{place}" for place in range(len(values))]
        names[f"k{at}"] = name
        given |= dict(zip(places, values, strict=True))
        parts.append(f"#k{at} IN ({', '.join(f':{place}' for place in places)})")
    return Condition(" AND ".join(parts), names, given)
