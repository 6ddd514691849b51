"""The gateway over the wire: uvicorn in front, a small app behind."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
import uvicorn
from multidict import CIMultiDictProxy

from local.gateway import Gateway, firewall
from local.gateway.asgi import Message, Receive, Scope, Send
from shared.limits import DAY_S, MAX_BODY_BYTES, SCALE, STANDARD, Limit, RateRule
from shared.models.api_key import ApiKey


@dataclass
class Keys:
    """A key directory in memory."""

    keys: dict[str, ApiKey]

    async def find(self, key: str) -> ApiKey | None:
        return self.keys.get(key)


@dataclass
class Api:
    """Stands for the API: answers 200 with the size of the body, remembers which calls came through."""

    calls: list[str] = field(default_factory=list)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        message = await receive()
        assert not message["more_body"]
        self.calls.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": str(len(message["body"])).encode()})


@dataclass
class Stand:
    """A gateway that listens, and the client for it."""

    api: Api
    http: aiohttp.ClientSession
    now: float = 0.0
    date: float = 0.0

    async def call(
        self, method: str, path: str, key: str | None = "right", data: Any = None
    ) -> tuple[int, Any, CIMultiDictProxy[str]]:
        headers = {} if key is None else {"x-api-key": key}
        async with self.http.request(method, path, headers=headers, data=data) as response:
            return response.status, await response.json(content_type=None), response.headers


@asynccontextmanager
async def running() -> AsyncIterator[Stand]:
    keys = Keys({"right": ApiKey("key_1", "tenant"), "big": ApiKey("key_2", "tenant", "scale")})
    api = Api()
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only where the protocol is named
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # the server may begin to accept a moment later
    stand = Stand(api, aiohttp.ClientSession(f"http://127.0.0.1:{listener.getsockname()[1]}"))
    gateway = Gateway(api, keys, lambda: stand.now, lambda: stand.date)
    server = uvicorn.Server(uvicorn.Config(gateway, lifespan="off", log_config=None, ws="none"))
    serving = asyncio.create_task(server.serve([listener]))
    async with stand.http:
        try:
            yield stand
        finally:
            server.should_exit = True
            await serving


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with running() as stand:
        yield stand


async def test_a_known_key_passes_and_is_named(stand: Stand) -> None:
    status, _, headers = await stand.call("GET", "/v1/instances")
    assert status == 200
    assert stand.api.calls == ["/v1/instances"]
    assert headers["ratelimit"] == '"queries";r=999;t=1, "calls-per-day";r=499999;t=86400'


async def test_without_a_valid_key_the_api_is_not_reached(stand: Stand) -> None:
    paths = ["/v1/instances", "/monitoring/metrics", "/monitoring/health/", "/docsx", "/"]
    for path, key in itertools.product(paths, [None, "", "wrong", "right x", "x" * 5000]):
        status, problem, headers = await stand.call("GET", path, key)
        assert (status, problem["type"], problem["status"]) == (403, "forbidden", 403)
        assert headers["content-type"] == "application/problem+json"
    assert stand.api.calls == []


async def test_what_is_open_needs_no_key(stand: Stand) -> None:
    for path in ("/monitoring/health", "/docs", "/docs/swagger-ui.css", "/openapi.json"):
        assert (await stand.call("GET", path, None))[0] == 200


async def test_over_the_plan_is_429_until_the_time_it_names(stand: Stand) -> None:
    path = "/v1/instances/shop-1/restart"
    assert [(await stand.call("POST", path))[0] for _ in range(100)] == [200] * 100
    status, problem, headers = await stand.call("POST", path)
    assert (status, problem["type"]) == (429, "rate-limited")
    assert headers["content-type"] == "application/problem+json"
    assert headers["retry-after"] == "3"
    assert headers["ratelimit-policy"] == '"instance_operations";q=100;w=300, "calls-per-day";q=500000;w=86400'
    assert headers["ratelimit"] == '"instance_operations";r=0;t=300, "calls-per-day";r=499900;t=86400'
    assert (headers["cache-control"], headers["x-request-id"][:4]) == ("no-store", "req_")
    assert (await stand.call("POST", path, "big"))[0] == 200, "another key has its own allowance"
    assert (await stand.call("GET", path))[0] == 200, "another class has its own allowance"
    stand.now += 3
    assert (await stand.call("POST", path))[0] == 200
    assert (await stand.call("POST", path))[0] == 429


async def test_the_plan_decides_how_much(stand: Stand) -> None:
    _, _, headers = await stand.call("POST", "/v1/instances/shop-1/messages", "big", data=b"{}")
    assert headers["ratelimit"] == '"messages";r=4999;t=1, "calls-per-day";r=4999999;t=86400'


async def test_what_the_api_says_of_limits_is_kept(stand: Stand) -> None:
    stand.api.headers = [(b"RateLimit", b'"messages-per-day";r=7;t=9'), (b"x", b"y")]
    _, _, headers = await stand.call("POST", "/v1/instances/shop-1/messages", data=b"{}")
    assert headers.getall("ratelimit") == [
        '"messages";r=499;t=1, "calls-per-day";r=499999;t=86400, "messages-per-day";r=7;t=9'
    ]
    assert headers["x"] == "y"


async def test_over_a_rate_of_the_firewall_is_429_before_anything_else_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(firewall, "rate_rules", lambda: [RateRule("per-ip", Limit(3, 60))])
    async with running() as strict:
        answers = [
            await strict.call("GET", path, key)
            for path, key in [("/v1/instances", "right"), ("/v1/instances", "wrong"), ("/docs", None), ("/docs", None)]
        ]
        assert [status for status, *_ in answers] == [200, 403, 200, 429]
        _, problem, headers = answers[-1]
        assert (problem["type"], headers["content-type"]) == ("rate-limited", "application/problem+json")
        assert (headers["retry-after"], headers["ratelimit"]) == ("60", '"firewall-per-ip";r=0;t=60')
        assert headers["ratelimit-policy"] == '"firewall-per-ip";q=3;w=60'
        strict.now += 60
        assert (await strict.call("GET", "/v1/instances"))[0] == 200


async def test_over_the_quota_is_429_until_midnight(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"standard": replace(STANDARD, quota_per_day=2), "scale": SCALE}
    monkeypatch.setattr(f"{Gateway.__module__}.plan_of", few.__getitem__)
    stand.date = 10 * DAY_S - 100.5
    assert [(await stand.call("GET", "/v1/instances"))[0] for _ in range(3)] == [200, 200, 429]
    status, problem, headers = await stand.call("POST", "/v1/instances")
    assert (status, problem["type"], headers["retry-after"]) == (429, "quota-exceeded", "101")
    assert headers["ratelimit-policy"] == '"instance_operations";q=100;w=300, "calls-per-day";q=2;w=86400'
    assert headers["ratelimit"] == '"instance_operations";r=99;t=3, "calls-per-day";r=0;t=101'
    assert (await stand.call("GET", "/v1/instances", "big"))[0] == 200, "another key has its own quota"
    stand.date = 10 * DAY_S
    assert (await stand.call("GET", "/v1/instances"))[0] == 200


async def chunks(total: int) -> AsyncIterator[bytes]:
    for start in range(0, total, 65536):
        yield b"x" * min(65536, total - start)


async def test_a_body_of_the_largest_size_passes_whole(stand: Stand) -> None:
    for data in (io.BytesIO(b"x" * MAX_BODY_BYTES), chunks(MAX_BODY_BYTES)):
        status, size, _ = await stand.call("POST", "/v1/instances", data=data)
        assert (status, size) == (200, MAX_BODY_BYTES)


async def test_a_larger_body_is_413_and_does_not_reach_the_api(stand: Stand) -> None:
    for data in (io.BytesIO(b"x" * (MAX_BODY_BYTES + 1)), chunks(MAX_BODY_BYTES + 1), chunks(3 * MAX_BODY_BYTES)):
        status, problem, headers = await stand.call("POST", "/v1/instances", data=data)
        assert (status, problem["type"]) == (413, "payload-too-large")
        assert headers["content-type"] == "application/problem+json"
    assert stand.api.calls == []


async def test_a_large_body_without_a_key_hears_of_the_key(stand: Stand) -> None:
    status, problem, _ = await stand.call("POST", "/v1/instances", None, data=chunks(2 * MAX_BODY_BYTES))
    assert (status, problem["type"]) == (403, "forbidden")


async def test_a_client_that_hangs_up_in_its_body_reaches_nothing() -> None:
    api = Api()
    messages: list[Message] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/instances", "headers": [(b"x-api-key", b"right")]}
    await Gateway(api, Keys({"right": ApiKey("key_1", "tenant")}), lambda: 0.0)(scope, receive, send)
    assert api.calls == []
    assert sent == []


async def test_a_body_that_is_too_large_in_its_last_part_is_answered_without_waiting_for_more() -> None:
    messages: list[Message] = [{"type": "http.request", "body": b"x" * (MAX_BODY_BYTES + 1), "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/instances", "headers": [(b"x-api-key", b"right")]}
    await Gateway(Api(), Keys({"right": ApiKey("key_1", "tenant")}), lambda: 0.0)(scope, receive, send)
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["status"] == 413
