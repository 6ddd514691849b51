"""One trace from a call to the endpoint that hears what became of it, through four processes."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from aiohttp import web

from local.cli.receiver import served
from tests.e2e.conftest import Shop, until
from tests.fakes.collector import Collector, Seen

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "traced and never told"


class Hook:
    """An endpoint that refuses the first delivery of each event and keeps the header of each."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    async def hear(self, request: web.Request) -> web.Response:
        event = await request.json()
        self.heard.append((event["type"], request.headers["traceparent"]))
        return web.Response(status=200 if len([1 for kind, _ in self.heard if kind == event["type"]]) > 1 else 503)

    def of_type(self, kind: str) -> list[str]:
        return [traceparent for heard, traceparent in self.heard if heard == kind]


async def post(shop: Shop, body: dict[str, Any], **headers: str) -> tuple[Any, str]:
    """The answer to a message, and its x-trace-id."""
    async with shop.target.api.post(f"{shop.path}/messages", json=body, headers=headers) as answer:
        return await answer.json(content_type=None), answer.headers["x-trace-id"]


async def test_a_message_is_one_trace_up_to_its_receipts(shop: Shop, collector: Collector) -> None:
    await shop.pair()
    hook, trace_id, above = Hook(), secrets.token_hex(16), secrets.token_hex(8)
    async with served(hook.hear) as url:
        wanted = {"url": url, "instances": [shop.id], "events": ["message.sent", "message.delivered"]}
        _, webhook = await shop.target.call("POST", "/v1/webhooks", wanted)
        body = {"to": shop.customer, "type": "text", "text": TEXT}
        message, told = await post(shop, body, traceparent=f"00-{trace_id}-{above}-01")
        assert told == message["trace_id"] == trace_id

        async def delivered() -> bool:
            names = [span.name for span in collector.of_trace(trace_id)]
            return len(names) >= 8 and names.count("deliver event") == 4  # each process tells when it likes

        await until(delivered)
        _, page = await shop.target.call("GET", f"/v1/webhooks/{webhook['id']}/deliveries")
        await shop.target.call("DELETE", f"/v1/webhooks/{webhook['id']}")
    assert {delivery["trace_id"] for delivery in page["data"]} == {trace_id}
    spans = collector.of_trace(trace_id)
    by_id = {span.id: span for span in spans}
    assert paths(spans, by_id) == {
        "api: POST /v1/instances/{instance_id}/messages": 1,
        "api: POST /v1/instances/{instance_id}/messages > api: send command": 1,
        "api: POST /v1/instances/{instance_id}/messages > api: send command > worker: run command": 1,
        "api: POST /v1/instances/{instance_id}/messages > api: send command > worker: run command > "
        "worker: send message": 1,
        "api: POST /v1/instances/{instance_id}/messages > api: send command > worker: run command > "
        "webhook-sender: deliver event": 2,
        "api: POST /v1/instances/{instance_id}/messages > api: send command > webhook-sender: deliver event": 2,
    }
    (call,) = (span for span in spans if span.name.startswith("POST"))
    assert call.parent == above
    assert call.attributes["http.response.status_code"] == 202
    attempts = [span for span in spans if span.name == "deliver event"]
    assert sorted((span.attributes["http.response.status_code"], span.failed) for span in attempts) == [
        (200, False),
        (200, False),
        (503, True),
        (503, True),
    ]
    headers = {kind: hook.of_type(kind) for kind in ("message.sent", "message.delivered")}
    for heard in headers.values():
        assert [traceparent.split("-")[1] for traceparent in heard] == [trace_id, trace_id]
    assert {traceparent.split("-")[2] for heard in headers.values() for traceparent in heard} == {
        span.id for span in attempts
    }
    told_of = str([span.attributes for span in spans])
    assert TEXT not in told_of
    assert shop.customer not in told_of


async def test_a_call_without_a_trace_begins_one_that_is_recorded_as_the_sampler_says(
    shop: Shop, collector: Collector
) -> None:
    await shop.create()
    problem, told = await post(shop, {"to": shop.customer, "type": "text", "text": TEXT})
    assert problem["type"] == "not-paired"
    assert len(told) == 32
    sampled = secrets.token_hex(16)
    await post(shop, {"to": shop.customer, "type": "text"}, traceparent=f"00-{sampled}-{secrets.token_hex(8)}-01")

    async def exported() -> bool:
        return bool(collector.of_trace(sampled))

    await until(exported)  # and so would be what came before it
    assert not collector.of_trace(told)


def paths(spans: list[Seen], by_id: dict[str, Seen]) -> dict[str, int]:
    """How many spans there are at each place in the tree."""
    found: dict[str, int] = {}
    for span in spans:
        names, at = [], span
        while True:
            names.append(f"{at.service.removeprefix('hivewp-')}: {at.name}")
            if at.parent not in by_id:
                break
            at = by_id[at.parent]
        path = " > ".join(reversed(names))
        found[path] = found.get(path, 0) + 1
    return found
