"""Instances over HTTP, from creation to deletion."""

from __future__ import annotations

import asyncio
import base64

import httpx

from functions.api.services import Services
from shared.endpoint_secrets import opened_secret
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.instance import InstanceKey
from shared.models.made_for import endpoint_id
from tests.integration.functions.api.fake_worker import FakeWorker

PNG = b"\x89PNG\r\n"


async def test_an_instance_is_created_read_listed_and_paired(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    made = await api.post("/v1/instances", json={"id": "shop-1", "name": "Shop"})
    assert made.status_code == 201, made.text
    assert made.headers["location"] == "/v1/instances/shop-1"
    assert (made.json()["state"], made.json()["name"], made.json()["linked"]) == ("created", "Shop", False)
    assert "reason" not in made.json()
    assert "webhook" not in made.json()
    (pair,) = await worker.took(1, CommandKind.PAIR)
    assert pair.instance == ("acme", "shop-1")
    assert (await api.get("/v1/instances/shop-1")).json() == made.json()
    named = await api.post("/v1/instances")
    assert named.status_code == 201
    assert named.json()["id"].startswith("ins_")
    ids = sorted(["shop-1", named.json()["id"]])
    page = (await api.get("/v1/instances", params={"limit": 1})).json()
    assert [one["id"] for one in page["data"]] == ids[:1]
    rest = (await api.get("/v1/instances", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [one["id"] for one in rest["data"]] == ids[1:]


async def test_an_id_is_taken_once(api: httpx.AsyncClient, rival: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post("/v1/instances", json={"id": "shop-1"}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "instance-exists"
    assert (await rival.post("/v1/instances", json={"id": "shop-1"})).status_code == 201


async def test_the_qr_code_comes_in_three_forms(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.took(1, CommandKind.PAIR)
    shown = (await api.get("/v1/instances/shop-1/qr")).json()
    assert shown["code"] == "2@fresh"
    assert shown["expires_at"].endswith("Z")
    assert base64.b64decode(shown["data_url"].removeprefix("data:image/png;base64,")).startswith(PNG)
    png = await api.get("/v1/instances/shop-1/qr", headers={"accept": "image/png"})
    assert (png.headers["content-type"], png.content[:6]) == ("image/png", PNG)
    svg = await api.get("/v1/instances/shop-1/qr", headers={"accept": "image/svg+xml"})
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert "<svg" in svg.text
    none = await api.get("/v1/instances/shop-1/qr", headers={"accept": "text/html"})
    assert (none.status_code, none.json()["type"]) == (406, "not-acceptable")
    await worker.connect("acme", "shop-1")
    paired = await api.get("/v1/instances/shop-1/qr")
    assert (paired.status_code, paired.json()["type"], paired.json()["state"]) == (409, "already-paired", "connected")


async def test_asking_for_a_code_of_an_idle_instance_starts_pairing_once(
    api: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.took(1, CommandKind.PAIR)
    await worker.idle("acme", "shop-1")
    answers = await asyncio.gather(*(api.get("/v1/instances/shop-1/qr") for _ in range(3)))
    assert {answer.status_code for answer in answers} <= {404, 200}
    waiting = next(answer for answer in answers if answer.status_code == 404)
    assert (waiting.json()["type"], waiting.headers["retry-after"]) == ("qr-not-ready", "1")
    await worker.took(2, CommandKind.PAIR)
    shown = await api.get("/v1/instances/shop-1/qr")
    assert shown.json()["code"] == "2@fresh"
    assert list(worker.kinds()).count(CommandKind.PAIR) <= 3  # two of them when 10 s turn over in between


async def test_a_pair_code_is_asked_of_the_session_host(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    shown = await api.post("/v1/instances/shop-1/pair-code", json={"phone": "+351 912"})
    assert shown.status_code == 422
    assert shown.json()["errors"][0]["pointer"] == "/phone"
    shown = await api.post("/v1/instances/shop-1/pair-code", json={"phone": "+351912345678"})
    assert shown.status_code == 200, shown.text
    assert shown.json()["code"] == "ABCD-1234"
    (asked,) = await worker.took(1, CommandKind.PAIR_CODE)
    assert asked.args == {"phone": "351912345678"}

    async def refuse(_command: Command) -> CommandResult:
        return CommandResult(False, code="rate-overlimit", detail="WhatsApp asks to wait.")

    worker.answers[CommandKind.PAIR_CODE] = refuse
    refused = await api.post("/v1/instances/shop-1/pair-code", json={"phone": "351912345678"})
    assert refused.status_code == 502
    assert {"type": "command-failed", "code": "rate-overlimit"}.items() <= refused.json().items()


async def test_restart_and_logout_answer_with_the_instance(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    worker.answers[CommandKind.RESTART] = worker.link
    restarted = await api.post("/v1/instances/shop-1/restart")
    assert (restarted.status_code, restarted.json()["state"]) == (200, "connected")
    assert (await api.post("/v1/instances/shop-1/logout")).status_code == 200
    await worker.took(1, CommandKind.LOGOUT)  # it is noted after it was answered
    assert worker.kinds()[-2:] == [CommandKind.RESTART, CommandKind.LOGOUT]


async def test_deleting_hides_at_once_and_frees_the_id(
    api: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    await api.post("/v1/instances", json={"id": "shop-1", "settings": {"webhook_url": "http://127.0.0.1:9/hook"}})
    assert (await api.delete("/v1/instances/shop-1")).status_code == 204
    assert (await api.get("/v1/instances/shop-1")).status_code == 404
    assert (await api.delete("/v1/instances/shop-1")).status_code == 404
    assert (await api.get("/v1/webhooks")).json()["data"] == []
    assert (await api.post("/v1/instances", json={"id": "shop-1"})).status_code == 201


async def test_settings_are_merged_and_secrets_kept(
    api: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    given = {"proxy_url": "socks5://me:secret@127.0.0.1:1080", "pacing": {"min_gap_ms": 500}, "ignore_groups": True}
    made = await api.post("/v1/instances", json={"id": "shop-1", "settings": given})
    assert made.json()["settings"]["proxy_url"] == "socks5://***@127.0.0.1:1080"
    change = {"name": "New", "settings": {"pacing": {"typing": True}, "reject_calls": True}}
    changed = (await api.patch("/v1/instances/shop-1", json=change)).json()
    assert changed["name"] == "New"
    assert changed["settings"] == {
        "webhook_url": None,
        "proxy_url": "socks5://***@127.0.0.1:1080",
        "ignore_groups": True,
        "reject_calls": True,
        "mark_online": False,
        "pacing": {"min_gap_ms": 500, "jitter_ms": 0, "typing": True},
    }
    await worker.took(1, CommandKind.SETTINGS)
    key = InstanceKey("acme", "shop-1")
    stored = await services.instances.get(key)
    assert stored is not None
    assert stored.settings.proxy_url is not None
    assert "secret" not in stored.settings.proxy_url
    assert services.vault.open(stored.settings.proxy_url, f"proxy:{key}") == given["proxy_url"]
    gone = await api.patch("/v1/instances/shop-1", json={"name": None, "settings": {"proxy_url": None}})
    assert (gone.json()["name"], gone.json()["settings"]["proxy_url"]) == (None, None)


async def test_changes_side_by_side_are_all_kept(api: httpx.AsyncClient) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    wanted = [{"ignore_groups": True}, {"reject_calls": True}, {"mark_online": True}, {"pacing": {"jitter_ms": 7}}]
    answers = await asyncio.gather(*(api.patch("/v1/instances/shop-1", json={"settings": change}) for change in wanted))
    assert [answer.status_code for answer in answers] == [200] * 4
    kept = (await api.get("/v1/instances/shop-1")).json()["settings"]
    assert (kept["ignore_groups"], kept["reject_calls"], kept["mark_online"]) == (True, True, True)
    assert kept["pacing"]["jitter_ms"] == 7


async def test_webhook_url_makes_changes_and_removes_an_endpoint(api: httpx.AsyncClient, services: Services) -> None:
    url = "http://127.0.0.1:9/hook"
    made = await api.post("/v1/instances", json={"id": "shop-1", "settings": {"webhook_url": url}})
    shown = made.json()["webhook"]
    assert shown["secret"].startswith("whsec_")
    (endpoint,) = (await api.get("/v1/webhooks")).json()["data"]
    assert (endpoint["id"], endpoint["url"], endpoint["instances"]) == (shown["id"], url, ["shop-1"])
    assert endpoint["made_for"] == "shop-1"
    moved = await api.patch("/v1/instances/shop-1", json={"settings": {"webhook_url": url + "2"}})
    assert "webhook" not in moved.json()
    stored = await services.webhooks.get("acme", endpoint_id(InstanceKey("acme", "shop-1")))
    assert stored is not None
    assert stored.url == url + "2"
    assert opened_secret(services.vault, stored, stored.secrets[0]) == shown["secret"]
    await services.webhook_health.change("acme", stored.id, {"failing_since": 1.0}, {})
    for end, health in (("2", "failing"), ("3", "healthy")):  # the same URL once more, and another
        await api.patch("/v1/instances/shop-1", json={"settings": {"webhook_url": url + end}})
        assert (await api.get(f"/v1/webhooks/{stored.id}")).json()["health"]["state"] == health
    journal = (await api.get(f"/v1/webhooks/{stored.id}/journal")).json()["data"]
    assert [(entry["code"], entry["detail"]) for entry in journal] == [("changed", "url")] * 2
    for call in (api.delete(f"/v1/webhooks/{stored.id}"), api.patch(f"/v1/webhooks/{stored.id}", json={"url": url})):
        refused = await call
        assert (refused.status_code, refused.json()["type"]) == (409, "managed-by-instance")
    await api.patch("/v1/instances/shop-1", json={"settings": {"webhook_url": None}})
    assert (await api.get("/v1/webhooks")).json()["data"] == []
    again = await api.patch("/v1/instances/shop-1", json={"settings": {"webhook_url": url}})
    assert again.json()["webhook"]["secret"] != shown["secret"]


async def test_the_journal_pages_from_the_newest(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await api.post("/v1/instances", json={"id": "shop-1"})
    for number in range(3):
        await worker.journal("acme", "shop-1", number)
    first = (await api.get("/v1/instances/shop-1/journal", params={"limit": 2})).json()
    assert [entry["detail"] for entry in first["data"]] == ["change 2", "change 1"]
    assert first["data"][0].keys() == {"at", "state", "code", "detail"}
    params = {"limit": 2, "cursor": first["next_cursor"]}
    rest = (await api.get("/v1/instances/shop-1/journal", params=params)).json()
    assert [entry["detail"] for entry in rest["data"]] == ["change 0"]
