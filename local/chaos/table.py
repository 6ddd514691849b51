"""The table of all drills, as the terminal and docs/reliability.md show it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from local.chaos.drill import Drill
from local.chaos.perform import Result
from local.chaos.reckoning import Tally

BEGIN = "<!-- {}: begin, written by make chaos -->"
END = "<!-- {}: end -->"
COLUMNS = (
    "drill",
    "accepted",
    "arrived",
    "duplicated",
    "uncertain",
    "failed",
    "lost",
    "written",
    "logged",
    "lost",
    "duplicated",
    "events",
    "not delivered",
    "gaps, repeats",
    "second logins",
    "interrupted",
    "longest, s",
    "median, s",
    "kept",
)


class NoMarkersError(Exception):
    """The document has no place for the table."""


def header() -> str:
    """The table's first two lines."""
    return _line(COLUMNS) + "\n" + _line(["---"] * len(COLUMNS))


def row(result: Result) -> str:
    """One drill's line."""
    cells = _cells(result.tally) if result.tally else ["-"] * (len(COLUMNS) - 2)
    return _line([result.drill.name, *cells, "yes" if not result.broken else "no"])


def faults(results: Sequence[Result]) -> list[str]:
    """A line for every bound that was not kept."""
    return [f"{result.drill.name}: {what}" for result in results for what in result.broken]


def document(results: Sequence[Result], about: str) -> str:
    """What stands between the markers: where and when, the table, and what was not kept."""
    lines = [about, "", header(), *map(row, results)]
    broken = faults(results)
    if broken:
        lines += ["", "Bounds that were not kept in this run:", "", *(f"* {line}" for line in broken)]
    return "\n".join(lines)


def drill_list(drills: Sequence[Drill]) -> str:
    """What every drill does and allows."""
    lines = [
        _line(
            (
                "drill",
                "what is done",
                "without service at most",
                "uncertain at most",
                "inbound lost at most",
                "may fail",
            )
        )
    ]
    lines.append(_line(["---"] * 6))
    for drill in drills:
        bounds = drill.bounds
        away = f"{bounds.away_s:g} s" if bounds.away_s else "nobody"
        few = ("1 per instance hit" if count else "0" for count in (bounds.uncertain, bounds.in_lost))
        lines.append(_line((drill.name, drill.title, away, *few, "yes" if bounds.failed else "no")))
    return "\n".join(lines)


def write_into(path: Path, name: str, text: str) -> None:
    """Puts the text between the markers of that name in a document. Raises NoMarkersError."""
    first, last = BEGIN.format(name), END.format(name)
    before, begin, rest = path.read_text().partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise NoMarkersError(f"{path} lacks the lines {first!r} and {last!r}")
    path.write_text(f"{before}{first}\n{text}\n{last}{after}")


def _cells(tally: Tally) -> list[str]:
    away = tally.away
    figures = (
        tally.accepted,
        tally.arrived,
        tally.duplicated,
        tally.uncertain,
        tally.failed,
        tally.lost,
        tally.written,
        tally.in_logged,
        tally.in_lost,
        tally.in_duplicated,
        tally.events,
        tally.webhooks_missing,
        f"{tally.gaps}, {tally.repeats}",
        tally.second_logins,
        away.instances,
        f"{away.longest:.1f}" if away.instances else "-",
        f"{away.median:.1f}" if away.instances else "-",
    )
    return [str(figure) for figure in figures]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
