"""A call of every route that takes a key, with things that are there: each must get as far as its answer, with the
rights that its function has. Whoever adds a route adds its call here."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from shared.routes import ROUTES
from tests.infra.deployment.shop import PATIENCE_S, Shop
from tests.infra.deployment.stage import RunningStage

SPARE = "spare"
PHONE = "+491500000009"
UNHEARD = "http://127.0.0.1:9/"  # the discard port: attempts fail at once
TO = {"to": "491700000003", "type": "text", "text": "One for the tour"}


@dataclass(slots=True)
class Tour:
    """Calls routes by their templates and remembers which."""

    stage: RunningStage
    key: str
    seen: set[tuple[str, str]] = field(default_factory=set)

    async def call(self, method: str, route: str, expected: int, body: Any = None, **ids: str) -> Any:
        """The answer's JSON. Fails when its status is not the expected one."""
        self.seen.add((method, route))
        answer = await self.stage.call(method, route.format(**ids), self.key, body, Prefer="wait=15")
        assert answer.status == expected, (method, route, answer)
        return answer.json


async def walk(stage: RunningStage, shop: Shop) -> None:
    """Fails for a route that was left out, or that answered otherwise than it should. The shop is logged out then."""
    tour = Tour(stage, shop.key)
    await _see_the_shop(tour, shop.id)
    await _use_webhooks(tour)
    await _have_a_spare_one(tour)
    await _look_at_figures(tour)
    await _leave_the_shop(tour, shop.id)
    left_out = {(route.method, route.path) for route in ROUTES if not route.is_open} - tour.seen
    assert not left_out, f"routes without a call in {__name__}"


async def _see_the_shop(tour: Tour, shop: str) -> None:
    one = "/v1/instances/{instance_id}"
    await tour.call("GET", "/v1/instances", 200)
    await tour.call("GET", one, 200, instance_id=shop)
    await tour.call("PATCH", one, 200, {"name": "Corner shop"}, instance_id=shop)
    await tour.call("POST", f"{one}/numbers/check", 200, {"numbers": [TO["to"]]}, instance_id=shop)
    sent = await tour.call("POST", f"{one}/messages", 202, TO, instance_id=shop)
    await tour.call("GET", f"{one}/messages/{{message_id}}", 200, instance_id=shop, message_id=sent["id"])
    assert (await tour.call("GET", f"{one}/events", 200, instance_id=shop))["data"]
    assert (await tour.call("GET", f"{one}/journal", 200, instance_id=shop))["data"]


async def _use_webhooks(tour: Tour) -> None:
    one, made = "/v1/webhooks/{webhook_id}", await tour.call("POST", "/v1/webhooks", 201, {"url": UNHEARD})
    webhook: str = made["id"]
    await tour.call("GET", "/v1/webhooks", 200)
    await tour.call("GET", one, 200, webhook_id=webhook)
    await tour.call("PATCH", one, 200, {"events": ["message.*"]}, webhook_id=webhook)
    await tour.call("POST", f"{one}/rotate-secret", 200, webhook_id=webhook)
    await tour.call("POST", f"{one}/test", 202, webhook_id=webhook)
    async with asyncio.timeout(PATIENCE_S):
        while not (made := await tour.call("GET", f"{one}/deliveries", 200, webhook_id=webhook))["data"]:
            await asyncio.sleep(0.2)
    delivery: str = made["data"][0]["id"]
    await tour.call("GET", "/v1/deliveries/{delivery_id}", 200, delivery_id=delivery)
    await tour.call("POST", "/v1/deliveries/{delivery_id}/replay", 202, delivery_id=delivery)
    times = {"since": "2026-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}
    replay = await tour.call("POST", f"{one}/replay", 202, times, webhook_id=webhook)
    found = {"webhook_id": webhook, "replay_id": replay["id"]}
    async with asyncio.timeout(PATIENCE_S):
        while "finished_at" not in await tour.call("GET", f"{one}/replays/{{replay_id}}", 200, **found):
            await asyncio.sleep(0.2)
    (listed,) = (await tour.call("GET", f"{one}/replays", 200, webhook_id=webhook))["data"]
    assert (listed["id"], listed["state"]) == (replay["id"], "done")
    await tour.call("POST", f"{one}/replays/{{replay_id}}/stop", 409, **found)
    journal = (await tour.call("GET", f"{one}/journal", 200, webhook_id=webhook))["data"]
    assert {"replay_started", "replay_finished"} <= {entry["code"] for entry in journal}
    await tour.call("DELETE", one, 204, webhook_id=webhook)


async def _have_a_spare_one(tour: Tour) -> None:
    one = "/v1/instances/{instance_id}"
    await tour.call("POST", "/v1/instances", 201, {"id": SPARE})
    await tour.call("POST", f"{one}/pair-code", 200, {"phone": PHONE}, instance_id=SPARE)
    await tour.call("DELETE", one, 204, instance_id=SPARE)


async def _look_at_figures(tour: Tour) -> None:
    metrics = await tour.call("GET", "/monitoring/metrics", 200)
    assert metrics["hosts"]
    assert (await tour.call("GET", "/monitoring/instances/metrics", 200))["data"]
    await tour.call("POST", "/monitoring/cache/clear", 200, {"kind": "numbers"})
    assert (await tour.call("POST", "/monitoring/gc", 200))["workers"]


async def _leave_the_shop(tour: Tour, shop: str) -> None:
    one = "/v1/instances/{instance_id}"
    await tour.call("POST", f"{one}/restart", 200, instance_id=shop)
    await tour.call("GET", f"{one}/qr", 409, instance_id=shop)
    await tour.call("POST", f"{one}/logout", 200, instance_id=shop)
