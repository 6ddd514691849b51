"""What the gateway says by itself, in the words of the API."""

from __future__ import annotations

import json

from functions.api import problems
from functions.api.problems import MEDIA_TYPE, Problem
from local.gateway.asgi import Message, Send
from local.gateway.limiter import Verdict
from shared.ids import new_id
from shared.limits import MAX_BODY_BYTES, Limit, MethodClass, RateRule
from shared.rate_limit_fields import Fields, Standing, firewall_refusal_fields, refusal_fields, with_fields


async def forbidden(send: Send, shown: bool) -> None:
    """403 for a key that is missing or unknown."""
    detail = "The key in x-api-key is not valid." if shown else "Send your API key in the header x-api-key."
    await _answer(send, Problem(problems.FORBIDDEN, detail))


async def blocked(send: Send, rule: RateRule) -> None:
    """429 of the firewall. Its own says `application/json`: it has no other type for bodies."""
    detail = f"Over the limit of the key's plan: try again in {rule.limit.window_s} s."
    await _answer(send, Problem(problems.RATE_LIMITED, detail, headers=firewall_refusal_fields(rule)))


async def rate_limited(send: Send, name: MethodClass, limit: Limit, verdict: Verdict, *standings: Standing) -> None:
    """429 with the time after which the call would pass."""
    calls, wait = name.value.replace("_", " "), verdict.retry_after_s
    detail = f"Over {limit.count:,} {calls} in {limit.window_s} s: try again in {wait} s."
    await _answer(send, Problem(problems.RATE_LIMITED, detail, headers=refusal_fields(wait, *standings)))


async def quota_exceeded(send: Send, quota: Standing, *standings: Standing) -> None:
    """429 for the rest of the day."""
    detail = f"Over {quota.count:,} calls today: the quota is renewed at midnight UTC."
    headers = refusal_fields(quota.full_in_s, *standings, quota)
    await _answer(send, Problem(problems.QUOTA_EXCEEDED, detail, headers=headers))


async def too_large(send: Send) -> None:
    """413."""
    detail = f"The body is larger than {MAX_BODY_BYTES:,} bytes."
    await _answer(send, Problem(problems.PAYLOAD_TOO_LARGE, detail, headers={"connection": "close"}))


def with_lists(send: Send, fields: Fields) -> Send:
    """A `send` that adds these lists to the answer's headers."""

    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = with_fields(message.get("headers", []), fields)
        await send(message)

    return send_more


async def _answer(send: Send, problem: Problem) -> None:
    body = json.dumps(problem.body()).encode()
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-request-id": new_id("req"),
        **(problem.headers or {}),
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status_code, "headers": raw})
    await send({"type": "http.response.body", "body": body})
