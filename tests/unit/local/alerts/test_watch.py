"""Each change is told once, to every target, across failures and restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.alerts.send import Sender
from functions.alerts.targets import Kind, Target
from local.alerts.reading import Reading
from local.alerts.told import Told
from local.alerts.watch import Watch
from shared.alarms import catalog as alarms
from shared.egress import EgressResponse
from shared.store.database import StoreUnavailable
from tests.fakes.clock import FakeClock

SLACK, OTHER = Target(Kind.SLACK, "http://slack/"), Target(Kind.JSON, "http://other/")


class Receivers:
    """What each URL was sent; those in `broken` answer 500."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.got: list[tuple[str, dict[str, Any]]] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        if url in self.broken:
            return EgressResponse(500, 1)
        self.got.append((url, json.loads(body)))
        return EgressResponse(200, 1)


class Scene:
    """A watch over commands that nobody could carry out."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.receivers = folder, FakeClock(), Receivers()
        self.dead: float | None = 0.0
        self.start()

    def start(self) -> None:
        """A process begins: nothing is known but what is in the folder."""
        sender = Sender(self.receivers)
        self.watch = Watch("hivewp", self._read, sender, [SLACK, OTHER], Told(self.folder), self.clock)

    async def look(self, dead: float | None, times: int = 1) -> list[tuple[str, dict[str, Any]]]:
        """What was sent in some looks, half a minute apart; None: the store is away."""
        self.dead, self.receivers.got = dead, []
        for _ in range(times):
            await self.watch.look()
            self.clock.now += 30
        return self.receivers.got

    async def _read(self) -> Reading:
        if self.dead is None:
            raise StoreUnavailable("away")
        return Reading(self.clock.unix(), {alarms.COMMANDS_DEAD: self.dead, alarms.PARTITION_UNOWNED: 0.0}, {})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_a_change_is_told_once_each_way_in_the_words_of_the_function(scene: Scene) -> None:
    assert await scene.look(0, times=3) == []
    (slack, other) = await scene.look(2, times=4)
    assert slack[1]["text"].startswith("*ALARM hivewp: Commands were given up*\nWhat it means: ")
    assert "Now: 2; bad is &gt; 0 commands in a minute" in slack[1]["text"]
    assert (other[1]["alarm"], other[1]["state"], other[1]["value"]) == ("commands-dead", "ALARM", 2)
    (slack, other) = await scene.look(0, times=4)
    assert slack[1]["text"].startswith("*OK hivewp: Commands were given up (it is over)*\n")
    assert other[1]["state"] == "OK"


async def test_a_restart_tells_nothing_again(scene: Scene) -> None:
    await scene.look(2)
    scene.start()
    assert await scene.look(2, times=3) == []
    scene.start()
    assert len(await scene.look(0, times=3)) == 2, "that it is over, to both"


async def test_what_a_target_did_not_take_is_tried_again_for_it_alone(scene: Scene) -> None:
    scene.receivers.broken = {SLACK.url}
    assert [url for url, _ in await scene.look(2, times=2)] == [OTHER.url]
    scene.receivers.broken = set()
    ((url, _),) = await scene.look(2, times=2)
    assert url == SLACK.url


async def test_a_target_that_takes_nothing_keeps_nothing_from_the_others(scene: Scene) -> None:
    scene.receivers.broken = {SLACK.url}
    ((url, alarm),) = await scene.look(2, times=2)
    assert (url, alarm["state"]) == (OTHER.url, "ALARM")
    ((url, over),) = await scene.look(0, times=3)
    assert (url, over["state"]) == (OTHER.url, "OK")
    scene.start()
    scene.receivers.broken = set()
    assert await scene.look(0, times=3) == [], "it never heard of the alarm"


async def test_a_target_that_did_not_hear_that_it_is_over_is_told_later_and_across_a_restart(scene: Scene) -> None:
    await scene.look(2)
    scene.receivers.broken = {SLACK.url}
    assert [url for url, _ in await scene.look(0, times=3)] == [OTHER.url]
    scene.start()
    scene.receivers.broken = set()
    ((url, over),) = await scene.look(0, times=3)
    assert (url, over["text"].split(" ")[0]) == (SLACK.url, "*OK")


async def test_what_is_over_before_anybody_took_it_is_not_told(scene: Scene) -> None:
    scene.receivers.broken = {SLACK.url, OTHER.url}
    await scene.look(2)
    await scene.look(0, times=3)
    scene.receivers.broken = set()
    assert await scene.look(0, times=3) == []


async def test_a_store_that_is_away_changes_nothing_at_first(scene: Scene) -> None:
    await scene.look(2, times=2)
    assert await scene.look(None, times=4) == []
    got = await scene.look(None, times=4)
    assert {body["alarm"] for url, body in got if url == OTHER.url} == {"partition-unowned"}


@pytest.mark.parametrize("text", ["{", "[]", '{"on": ["commands-dead"]}'])
async def test_a_file_that_cannot_be_read_costs_one_word_more(scene: Scene, text: str) -> None:
    await scene.look(2)
    (scene.folder / "alerts.json").write_text(text)
    scene.start()
    assert len(await scene.look(2, times=2)) == 2
    kept = (scene.folder / "alerts.json").read_text()
    assert list(json.loads(kept)["on"].values()) == [["commands-dead"]] * 2
    assert "//" not in kept, "who knows a URL can write there"
