"""Replays of a time over HTTP: asked for, looked at, stopped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.clock import iso
from shared.ids import first_id_at, new_id
from shared.models.replay import LEASE_S, Replay, ReplayState
from shared.models.webhook import delivery_id
from shared.queues.jobs import JobQueue, decode
from shared.queues.names import DELIVERIES, open_queue
from shared.queues.queue import QueueError
from shared.store.errors import ConditionFailed
from tests.conftest import Deployment
from tests.integration.functions.api.test_bad_input import assert_problem

URL = "http://127.0.0.1:9/hook"
TIMES = {"since": iso(1), "until": "2999-01-01T00:00:00Z"}


async def test_a_time_is_replayed_by_the_sender(
    api: httpx.AsyncClient, services: Services, deployment: Deployment
) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    path = f"/v1/webhooks/{made['id']}"
    times = {"since": "2026-01-31T12:00:00+01:00", "until": "2999-01-01T00:00:00Z"}
    asked = await api.post(f"{path}/replay", json=times | {"states": ["dead", "dead"]})
    assert asked.status_code == 202, asked.text
    shown = asked.json()
    assert (shown["since"], shown["until"], shown["states"]) == (
        "2026-01-31T11:00:00.000Z",
        shown["asked_at"],
        ["dead"],
    )
    assert (await api.get(asked.headers["location"])).json() == shown
    assert (shown["state"], shown["replayed"]) == ("queued", 0)
    queue = await open_queue(deployment.sqs, deployment.settings.prefix, DELIVERIES.name)
    (received,) = await queue.receive(wait_s=5)
    assert decode(received.body) == await services.replays.get("acme", made["id"], shown["id"])
    entry = (await api.get(f"{path}/journal")).json()["data"][0]
    assert (entry["code"], entry["detail"]) == ("replay_started", shown["id"])
    assert_problem(await api.get(f"{path}/replays/{new_id('rpl')}"), 404, "not-found")
    for body, pointer in (
        ({"until": times["until"]}, "/since"),
        (times | {"since": "soon"}, "/since"),
        (times | {"until": "2020-01-01T00:00:00Z"}, "/until"),
        (times | {"since": "2998-01-01T00:00:00Z"}, "/since"),
        (times | {"states": ["lost"]}, "/states/0"),
        (times | {"state": "dead"}, "/state"),
    ):
        assert_problem(await api.post(f"{path}/replay", json=body), 422, "invalid-request", pointer)


async def test_an_endpoint_has_one_replay_at_a_time(
    api: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    path, times = f"/v1/webhooks/{made['id']}", {"since": iso(1), "until": "2999-01-01T00:00:00Z"}
    answers = await asyncio.gather(*(api.post(f"{path}/replay", json=times) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
    (first,) = (answer.json() for answer in answers if answer.status_code == 202)
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, 409, "replay-running")
            assert answer.json()["replay_id"] == first["id"]
    replay, now = await services.replays.get("acme", made["id"], first["id"]), services.clock.unix()
    assert replay is not None
    await services.replays.save(replace(replay, cursor="dlv_1"), now)
    assert_problem(await api.post(f"{path}/replay", json=times), 409, "replay-running")
    await services.replays.save(replace(replay, state=ReplayState.DONE, finished_at=iso(now)), now)
    with pytest.raises(ConditionFailed):
        await services.replays.save(replace(replay, cursor="dlv_2"), now)

    async def fail(*_: object) -> None:
        raise QueueError("away")

    with monkeypatch.context() as away:
        away.setattr(JobQueue, "put", fail)
        assert_problem(await api.post(f"{path}/replay", json=times), 503, "unavailable")
    assert (await api.post(f"{path}/replay", json=times)).status_code == 202
    codes = [entry["code"] for entry in (await api.get(f"{path}/journal")).json()["data"]]
    assert codes == ["replay_started", "replay_finished", "replay_started", "replay_started"]
    await api.patch(path, json={"enabled": False})
    assert_problem(await api.post(f"{path}/replay", json=times), 409, "webhook-disabled")


async def test_a_replay_that_nobody_works_on_makes_room_for_another(api: httpx.AsyncClient, services: Services) -> None:
    made = (await api.post("/v1/webhooks", json={"url": URL})).json()
    path, times = f"/v1/webhooks/{made['id']}", {"since": iso(1), "until": "2999-01-01T00:00:00Z"}
    long_ago = services.clock.unix() - LEASE_S - 10
    bare = Replay(
        id=new_id("rpl"), tenant="acme", webhook_id=made["id"], since=iso(1), until=iso(2), asked_at=iso(long_ago)
    )
    lost = bare.renewed(long_ago)
    assert await services.replays.begin(lost, long_ago)
    shown = (await api.get(f"{path}/replays/{lost.id}")).json()
    ended = ("stopped", lost.lease_until, "abandoned")
    assert (shown["state"], shown["finished_at"], shown["reason"]["code"]) == ended
    assert (await api.post(f"{path}/replay", json=times)).status_code == 202
    with pytest.raises(ConditionFailed):
        await services.replays.save(replace(lost, cursor="dlv_1"), services.clock.unix())
    assert (await api.post(f"{path}/replays/{lost.id}/stop")).json() == shown, "it was stopped already"


@pytest.fixture
async def path(api: httpx.AsyncClient) -> str:
    """Of an endpoint."""
    return f"/v1/webhooks/{(await api.post('/v1/webhooks', json={'url': URL})).json()['id']}"


def come_to_at(unix: float) -> str:
    """The delivery of an event that was noted then."""
    return delivery_id(first_id_at("evt", unix), new_id("wh"))


async def ask(api: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """A replay that was begun."""
    asked = await api.post(f"{path}/replay", json=TIMES)
    assert asked.status_code == 202, asked.text
    found: dict[str, Any] = asked.json()
    return found


async def test_one_that_is_stopped_makes_room_for_another(
    api: httpx.AsyncClient, rival: httpx.AsyncClient, services: Services, path: str
) -> None:
    first = await ask(api, path)
    of_first = f"{path}/replays/{first['id']}"
    began = await services.replays.get("acme", first["webhook_id"], first["id"])
    assert began is not None
    come_to = replace(began, state=ReplayState.RUNNING, cursor=come_to_at(1_800_000_000.125), replayed=100)
    await services.replays.save(come_to, services.clock.unix())
    assert_problem(await rival.post(f"{of_first}/stop"), 404, "not-found")
    assert (await api.get(of_first)).json()["state"] == "running"
    answers = await asyncio.gather(*(api.post(f"{of_first}/stop") for _ in range(3)))
    stopped = (await api.get(of_first)).json()
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, stopped)] * 3
    assert (stopped["state"], stopped["replayed"], stopped["reason"]["code"]) == ("stopped", 100, "requested")
    assert stopped["finished_at"] > stopped["asked_at"]
    assert stopped["through"] == iso(1_800_000_000.125)
    for again in (False, True):
        with pytest.raises(ConditionFailed):
            await services.replays.save(
                replace(come_to, cursor=come_to_at(1_800_000_001)), services.clock.unix(), again=again
            )
    second = await ask(api, path)
    entries = [(one["code"], one["detail"]) for one in (await api.get(f"{path}/journal")).json()["data"]]
    told = f"{first['id']}: 100 replayed, 0 expired; stopped: requested"
    began_codes = [("replay_started", second["id"]), ("replay_finished", told), ("replay_started", first["id"])]
    assert entries == began_codes
    assert (await api.post(f"{of_first}/stop")).json() == stopped
    assert (await api.get(f"{path}/replays/{second['id']}")).json()["state"] == "queued", "the other goes on"


async def test_one_that_is_done_or_unknown_cannot_be_stopped(
    api: httpx.AsyncClient, services: Services, path: str
) -> None:
    asked = await ask(api, path)
    await services.replays.end("acme", asked["webhook_id"], asked["id"], ReplayState.DONE, services.clock.unix())
    assert_problem(await api.post(f"{path}/replays/{asked['id']}/stop"), 409, "replay-over")
    done = (await api.get(f"{path}/replays/{asked['id']}")).json()
    assert (done["state"], "reason" in done) == ("done", False)
    assert_problem(await api.post(f"{path}/replays/{new_id('rpl')}/stop"), 404, "not-found")
    assert_problem(await api.post(f"/v1/webhooks/{new_id('wh')}/replays/{asked['id']}/stop"), 404, "not-found")
    assert_problem(await api.post(f"{path}/replays/at-work/stop"), 404, "not-found")


async def test_they_are_listed_newest_first(api: httpx.AsyncClient, services: Services, path: str) -> None:
    assert (await api.get(f"{path}/replays")).json() == {"data": [], "next_cursor": None}
    asked = []
    for _ in range(3):
        asked.append((await ask(api, path))["id"])
        await api.post(f"{path}/replays/{asked[-1]}/stop")
    webhook_id = path.rpartition("/")[2]
    at = services.clock.unix() - LEASE_S - 60
    lost = Replay(
        id=first_id_at("rpl", at), tenant="acme", webhook_id=webhook_id, since=iso(1), until=iso(2), asked_at=iso(at)
    )
    assert await services.replays.begin(lost.renewed(at), services.clock.unix())
    whole = (await api.get(f"{path}/replays")).json()
    assert [one["id"] for one in whole["data"]] == [*reversed(asked), lost.id]
    assert whole["data"][-1] == (await api.get(f"{path}/replays/{lost.id}")).json()
    assert [one["reason"]["code"] for one in whole["data"]] == ["requested"] * 3 + ["abandoned"]
    found, cursor = [], ""
    for _ in range(2):
        page = (await api.get(f"{path}/replays", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        found += page["data"]
        cursor = page["next_cursor"]
    assert found == whole["data"]
    if cursor:
        assert (await api.get(f"{path}/replays", params={"cursor": cursor})).json()["data"] == []
    foreign = {"cursor": "YXQtd29yaw"}  # at-work
    assert (await api.get(f"{path}/replays", params=foreign)).json() == {"data": [], "next_cursor": None}
    assert_problem(await api.get(f"{path}/replays", params={"cursor": "%"}), 422, "invalid-request", "?cursor")
    assert_problem(await api.get(f"/v1/webhooks/{new_id('wh')}/replays"), 404, "not-found")
