"""docs/original.md: every command in it exists, and its figures are those of the pages that they come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.chaos.drills import BY_NAME
from local.monitoring.judged import JUDGED
from shared.alarms import catalog
from shared.routes import ROUTES

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "original.md").read_text()
ROWS = [
    [cell.strip() for cell in line[1:-1].split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "shown by" not in line
]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
UNITS, NUMBER = "ms|MB|s|a second", r"\d+(?:[.,]\d+)*"
FIGURE = re.compile(rf"({NUMBER})\s({UNITS})\b")
OURS = re.compile(rf"\bthis\s(?:reaches|takes)\s({NUMBER})\s({UNITS})\b(?:,\s({NUMBER})\sof\sthem)?")
PROSE = PAGE[PAGE.index("\n## Where the original is ahead") :]
PAGES = {"make bench": "performance.md", "make chaos": "reliability.md"}


def exists(command: str) -> bool:
    """Whether a command can be typed, or a route called."""
    if found := re.fullmatch(r"(GET|POST) (/\S+)", command):
        return any((route.method, route.path) == found.groups() for route in ROUTES)
    found = re.fullmatch(r"make ([a-z]+)(?: ARGS=(?:\"--only ([a-z-]+)\"|(\S+)))?", command)
    if not found or found[1] not in TARGETS:
        return False
    if found[1] == "chaos":
        return found[2] in BY_NAME
    if not found[3]:
        return True
    path = ROOT / found[3]
    return path.is_file() or any(path.glob("test_*.py"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40] or row[1][:40])
def test_a_promise_has_what_became_of_it_and_a_command_that_is_there(row: list[str]) -> None:
    _, before, now, shown = row
    assert before
    assert now
    command = re.fullmatch(r"`([^`]+)`", shown)
    assert command, shown
    assert exists(command[1])


def test_every_promise_is_there() -> None:
    assert len(ROWS) >= 20
    assert not exists("make tea")
    assert not exists("make test ARGS=tests/none.py")
    assert not exists('make chaos ARGS="--only rain"')
    assert not exists("GET /v1/none")


def test_alarms_are_counted() -> None:
    said = re.search(r"these five and (\w+) more .*: all by CloudWatch, (\w+) of them on one machine", PAGE)
    assert said
    words = ("six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen")
    assert [words.index(word) + 6 for word in said.groups()] == [len(catalog.ALL) - 5, len(JUDGED)]


def figures_in(text: str) -> set[tuple[str, str]]:
    """Numbers with their units, which a table may have at the head of a column."""
    found, head = set(FIGURE.findall(text)), list[str]()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        head = (head or cells) if cells else []
        columns = ((re.search(rf", ({UNITS})$", title), cell) for title, cell in zip(head, cells, strict=False))
        found |= {(number, unit[1]) for unit, cell in columns if unit for number in re.findall(NUMBER, cell)}
    return found


@pytest.mark.parametrize("command", PAGES)
def test_measured_figures_are_those_of_their_page(command: str) -> None:
    measured = {figure for row in ROWS if command in row[3] for figure in FIGURE.findall(row[2])}
    assert measured
    assert measured - figures_in((ROOT / "docs" / PAGES[command]).read_text()) == set()


def test_those_of_the_prose_are_too() -> None:
    found = OURS.findall(PROSE)
    assert [unit for _, unit, _ in found] == ["a second", "ms"], "what this reaches, and what a message takes"
    measured = {(number, unit) for all_of_it, unit, part in found for number in (all_of_it, part) if number}
    assert measured - figures_in((ROOT / "docs" / "performance.md").read_text()) == set()


def test_a_figure_is_one_with_its_unit() -> None:
    found = figures_in("takes 14\nms or 1.5 s\n\n| what | longest, s |\n| --- | --- |\n| a 7 | 3.1, 4 |\n\n| b | 8 |\n")
    assert found == {("14", "ms"), ("1.5", "s"), ("3.1", "s"), ("4", "s")}
