from __future__ import annotations

from pathlib import Path

import pytest

from local.chaos import table
from local.chaos.drill import Bounds, Drill
from local.chaos.drills import DRILLS
from local.chaos.facts import Facts
from local.chaos.perform import Result
from local.chaos.reckoning import reckon
from local.chaos.scene import Scene
from local.settings import ROOT


async def act(_scene: Scene) -> None: ...


DRILL = Drill("trip", "it trips", act, Bounds(away_s=0))
TALLY = reckon(Facts([], [], {}, []))


def test_every_row_has_every_column() -> None:
    rows = [table.header().splitlines()[0], table.row(Result(DRILL, 1, TALLY, []))]
    rows.append(table.row(Result(DRILL, 1, None, ["could not be carried out"])))
    assert {row.count("|") for row in rows} == {len(table.COLUMNS) + 1}
    assert [row.split("|")[-2].strip() for row in rows] == ["kept", "yes", "no"]


def test_the_document_names_what_was_not_kept(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n{table.BEGIN.format('chaos')}\nold\n{table.END.format('chaos')}\nafter\n")
    table.write_into(document, "chaos", table.document([Result(DRILL, 1, TALLY, ["lost: 1"])], "today"))
    text = document.read_text()
    assert "trip: lost: 1" in text
    assert "today" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")


def test_a_document_without_a_place_for_it_is_refused_and_kept(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("text")
    with pytest.raises(table.NoMarkersError, match="chaos: begin"):
        table.write_into(document, "chaos", "table")
    assert document.read_text() == "text"


def test_the_projects_document_has_places_for_both() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    for name in ("drills", "chaos"):
        assert text.count(table.BEGIN.format(name)) == text.count(table.END.format(name)) == 1


def test_the_list_has_every_drill_once() -> None:
    assert len({drill.name for drill in DRILLS}) == len(DRILLS)
    assert len(table.drill_list(DRILLS).splitlines()) == len(DRILLS) + 2
