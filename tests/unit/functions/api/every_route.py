"""Every route that asks for a key, with ids to call it by."""

from __future__ import annotations

import re

import httpx

from shared.routes import ROUTES, Route

CALLS = [route for route in ROUTES if not route.is_open]
IDS = {
    "instance_id": "shop-1",
    "message_id": f"msg_{'0' * 26}",
    "webhook_id": f"wh_{'0' * 26}",
    "delivery_id": f"dlv_{'0' * 26}_{'0' * 26}",
    "replay_id": f"rpl_{'0' * 26}",
}


async def called(app: httpx.ASGITransport, route: Route, key: str, query: str = "") -> httpx.Response:
    """The answer to a call without a body."""
    path = re.sub(r"{(\w+)}", lambda name: IDS[name[1]], route.path)
    async with httpx.AsyncClient(transport=app, base_url="http://api") as caller:
        return await caller.request(route.method, path + query, headers={"x-api-key": key})
