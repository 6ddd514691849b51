"""What the gateway says by itself."""

from __future__ import annotations

import json

from local.gateway.asgi import Headers, Message, Send
from local.gateway.limiter import Verdict
from shared.limits import MAX_BODY_BYTES, Limit, MethodClass


async def forbidden(send: Send, shown: bool) -> None:
    """403 for a key that is missing or unknown."""
    detail = "the key in x-api-key is not valid" if shown else "send your API key in the header x-api-key"
    await _problem(send, 403, "forbidden", "Forbidden", detail)


async def rate_limited(send: Send, name: MethodClass, limit: Limit, verdict: Verdict) -> None:
    """429 with the time after which the call would pass."""
    calls = name.value.replace("_", " ")
    detail = f"over {limit.count} {calls} in {limit.window_s} s: try again in {verdict.retry_after_s} s"
    headers = [(b"retry-after", str(verdict.retry_after_s).encode()), *rate_limit_headers(name, limit, verdict)]
    await _problem(send, 429, "rate-limited", "Too Many Requests", detail, headers)


async def quota_exceeded(send: Send, quota: int, renewed_in_s: int) -> None:
    """429 for the rest of the day."""
    detail = f"over {quota:,} calls today: the quota is renewed at midnight UTC"
    headers = [(b"retry-after", str(renewed_in_s).encode())]
    await _problem(send, 429, "quota-exceeded", "Quota exceeded", detail, headers)


async def too_large(send: Send) -> None:
    """413."""
    detail = f"the body is larger than {MAX_BODY_BYTES:,} bytes"
    await _problem(send, 413, "payload-too-large", "Content Too Large", detail, [(b"connection", b"close")])


def rate_limit_headers(name: MethodClass, limit: Limit, verdict: Verdict) -> Headers:
    """The allowance by the IETF's RateLimit header fields draft."""
    return [
        (b"ratelimit-policy", f'"{name}";q={limit.count};w={limit.window_s}'.encode()),
        (b"ratelimit", f'"{name}";r={verdict.remaining};t={verdict.full_in_s}'.encode()),
    ]


def with_headers(send: Send, headers: Headers) -> Send:
    """A `send` that adds headers to the answer."""

    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *headers]
        await send(message)

    return send_more


async def _problem(send: Send, status: int, kind: str, title: str, detail: str, headers: Headers | None = None) -> None:
    body = json.dumps({"type": kind, "title": title, "status": status, "detail": detail}).encode()
    about = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*about, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})
