"""Bad input: each a clear problem, and nothing left behind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.api.services import Services
from shared.egress import EgressPolicy
from shared.limits import MAX_BODY_BYTES
from shared.models.command import CommandKind
from tests.integration.functions.api.conftest import KEYS, client_of
from tests.integration.functions.api.fake_worker import FakeWorker

TEXT: dict[str, Any] = {"to": "+351912345678", "type": "text", "text": "hi"}
MESSAGES = "/v1/instances/shop-1/messages"
JSON = {"content-type": "application/json"}


def assert_problem(answer: httpx.Response, status: int, kind: str, *pointers: str) -> None:
    """A problem of this type, that points at these values."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == (kind, status)
    assert body["title"]
    assert body["detail"]
    assert [error["pointer"] for error in body.get("errors", [])] == list(pointers)


@pytest.fixture
async def shop(api: httpx.AsyncClient, worker: FakeWorker) -> httpx.AsyncClient:
    """The tenant's client, with an instance `shop-1` that is connected."""
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.connect("acme", "shop-1")
    return api


async def test_messages_that_cannot_be_sent(shop: httpx.AsyncClient, worker: FakeWorker) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        (TEXT | {"text": ""}, "/text"),
        (TEXT | {"text": "x" * 65_537}, "/text"),
        (TEXT | {"text": 7}, "/text"),
        (TEXT | {"text": "\ud800"}, "/text"),
        (TEXT | {"to": 351912345678}, "/to"),
        (TEXT | {"to": "+351 912 345 678"}, "/to"),
        (TEXT | {"to": "12345"}, "/to"),
        (TEXT | {"to": "1234567890123456"}, "/to"),
        (TEXT | {"to": "someone"}, "/to"),
        (TEXT | {"to": "someone@example.com"}, "/to"),
        (TEXT | {"to": "٣٥١٩١٢٣٤٥٦٧٨"}, "/to"),
        (TEXT | {"typing_ms": "5"}, "/typing_ms"),
        (TEXT | {"typing_ms": -1}, "/typing_ms"),
        (TEXT | {"ttl_s": 0}, "/ttl_s"),
        (TEXT | {"on_uncertain": "guess"}, "/on_uncertain"),
        (TEXT | {"colour": "red"}, "/colour"),
        (TEXT | {"a/b~c": 1}, "/a~1b~0c"),
        ({"to": "+351912345678", "type": "text"}, "/text"),
        ({"to": "+351912345678", "text": "hi"}, "/type"),
    ]
    for body, pointer in wrong:
        answer = await shop.post(MESSAGES, content=json.dumps(body).encode("ascii"), headers=JSON)
        assert_problem(answer, 422, "invalid-request", pointer)
    answer = await shop.post(MESSAGES, json=TEXT | {"text": "x" * 65_536})
    assert answer.status_code == 202
    await worker.took(1, CommandKind.SEND)
    assert list(worker.kinds()).count(CommandKind.SEND) == 1


async def test_bodies_that_are_no_messages(shop: httpx.AsyncClient) -> None:
    for path in (MESSAGES, "/v1/webhooks"):
        for answer in (await shop.post(path, json=[TEXT]), await shop.post(path), await shop.post(path, json=None)):
            assert_problem(answer, 422, "invalid-request", "")
            assert answer.json()["detail"] == answer.json()["errors"][0]["detail"] == "the body must be a JSON object"
    inner = await shop.patch("/v1/instances/shop-1", json={"settings": []})
    assert inner.json()["detail"] == "/settings: this must be a JSON object"
    assert_problem(await shop.post(MESSAGES, content=b'{"to": ', headers=JSON), 400, "invalid-json")
    assert_problem(await shop.post(MESSAGES, content=b'{"to": "\xff"}', headers=JSON), 400, "invalid-json")
    assert_problem(await shop.post(MESSAGES, content=b"[" * 100_000, headers=JSON), 400, "invalid-json")
    lone = await shop.post(MESSAGES, content=rb'{"\ud800": 1}', headers=JSON)
    assert lone.status_code == 422
    assert_problem(await shop.post(MESSAGES, data={"to": "1"}), 415, "unsupported-media-type")
    image = await shop.post(MESSAGES, json={"to": "+351912345678", "type": "image", "media": {"url": "https://a"}})
    assert_problem(image, 422, "unsupported-type", "/type")
    assert image.json()["types"] == ["text"]


async def test_headers_that_cannot_be_used(shop: httpx.AsyncClient) -> None:
    for key in ("", "x" * 256):
        answer = await shop.post(MESSAGES, json=TEXT, headers={"idempotency-key": key})
        assert_problem(answer, 400, "invalid-header", "idempotency-key")
    odd = await shop.post(MESSAGES, json=TEXT, headers={"prefer": "wait=soon"})
    assert odd.status_code == 202
    assert "preference-applied" not in odd.headers


async def test_bodies_over_the_limit(shop: httpx.AsyncClient, services: Services) -> None:
    large = b'"' + b"x" * MAX_BODY_BYTES + b'"'
    assert_problem(await shop.post(MESSAGES, content=large, headers=JSON), 413, "payload-too-large")

    async def in_parts() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 1 << 20):
            yield large[start : start + (1 << 20)]

    assert_problem(await shop.post(MESSAGES, content=in_parts(), headers=JSON), 413, "payload-too-large")
    assert_problem(await shop.post("/v1/nowhere", content=large, headers=JSON), 413, "payload-too-large")


async def test_keys_that_are_wrong(services: Services) -> None:
    for key in (None, "", "hwp_wrong", "x" * 300):
        async with client_of(services, key) as stranger:
            for path in ("/v1/instances", "/v1/nowhere", "/monitoring/metrics"):
                assert_problem(await stranger.get(path), 403, "forbidden")
            large = await stranger.post("/v1/instances", content=b"{", headers=JSON)
            assert_problem(large, 403, "forbidden")
            assert (await stranger.get("/monitoring/health")).status_code == 200


async def test_things_that_are_not_there(api: httpx.AsyncClient) -> None:
    for path in ("/v1/instances/none", "/v1/instances/a%23b", "/v1/instances/none/qr", "/v1/instances/none/events"):
        assert_problem(await api.get(path), 404, "not-found")
    for path in ("/v1/nowhere", "/v1/instances/", "/v1/webhooks/wh_1", "/v1/instances/shop-1/messages/key%23order"):
        assert_problem(await api.get(path), 404, "not-found")
    assert_problem(await api.post("/v1/instances/none/messages", json=TEXT), 404, "not-found")
    assert_problem(await api.post("/v1/deliveries/dlv_1_2/replay"), 404, "not-found")
    wrong_method = await api.put("/v1/instances")
    assert_problem(wrong_method, 405, "method-not-allowed")
    assert set(wrong_method.headers["allow"].split(", ")) == {"GET", "POST"}


async def test_instances_that_cannot_be_made(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"id": "ab"}, "/id"),
        ({"id": "x" * 51}, "/id"),
        ({"id": "shop 1"}, "/id"),
        ({"id": "shop-1\n"}, "/id"),
        ({"name": ""}, "/name"),
        ({"settings": {"ignore_groups": "yes"}}, "/settings/ignore_groups"),
        ({"settings": {"colour": 1}}, "/settings/colour"),
        ({"settings": {"pacing": {"min_gap_ms": 1.5}}}, "/settings/pacing/min_gap_ms"),
        ({"settings": {"webhook_url": "ftp://127.0.0.1/x"}}, "/settings/webhook_url"),
        ({"settings": {"webhook_url": "http://10.0.0.1/x"}}, "/settings/webhook_url"),
        ({"settings": {"proxy_url": "socks4://127.0.0.1:1"}}, "/settings/proxy_url"),
        ({"settings": {"proxy_url": "http://127.0.0.1:99999"}}, "/settings/proxy_url"),
    ]
    for body, pointer in wrong:
        assert_problem(await api.post("/v1/instances", json={"id": "shop-1"} | body), 422, "invalid-request", pointer)
    assert (await api.get("/v1/instances")).json() == {"data": [], "next_cursor": None}
    assert worker.kinds() == []


async def test_urls_that_point_inside_are_refused_in_production(services: Services) -> None:
    async with client_of(replace(services, policy=EgressPolicy.production())) as api:
        for url in ("http://example.com/x", "https://127.0.0.1/x", "https://169.254.169.254/x", "https://localhost/x"):
            assert_problem(await api.post("/v1/webhooks", json={"url": url}), 422, "invalid-request", "/url")
            made = await api.post("/v1/instances", json={"id": "shop-1", "settings": {"webhook_url": url}})
            assert_problem(made, 422, "invalid-request", "/settings/webhook_url")
        assert (await api.get("/v1/webhooks")).json()["data"] == []
        assert (await api.get("/v1/instances")).json()["data"] == []


async def test_pages_and_waits_that_are_none(shop: httpx.AsyncClient) -> None:
    for query in ("limit=0", "limit=101", "limit=many", "cursor=%2B", "cursor=a"):
        name = query.partition("=")[0]
        assert_problem(await shop.get(f"/v1/instances?{query}"), 422, "invalid-request", f"?{name}")
    for query in ("wait=21", "wait=-1", "after=-1", "limit=1001"):
        name = query.partition("=")[0]
        answer = await shop.get(f"/v1/instances/shop-1/events?{query}")
        assert_problem(answer, 422, "invalid-request", f"?{name}")


async def test_a_fault_of_ours_keeps_its_reasons_to_itself(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(type(services.instances), "page", fail)
    async with client_of(services, KEYS["acme"]) as api:
        answer = await api.get("/v1/instances")
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "a secret" in caplog.text
