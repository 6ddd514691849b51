"""The endpoint of the bench: what it answers, what it counts, and the door that it listens at."""

from __future__ import annotations

import json
import time

import aiohttp
import pytest

from local.bench.door import opened
from local.bench.endpoint import Endpoint, Manner
from shared.clock import iso
from shared.signing import sign

SECRET = "whsec_" + "MDAw" * 8


async def call(url: str, text: str, *, secret: str = SECRET) -> int:
    """One attempt; the status of its answer."""
    body = json.dumps({"timestamp": iso(time.time() - 1), "data": {"text": text}}).encode()
    now = int(time.time())
    headers = {
        "webhook-id": text,
        "webhook-timestamp": str(now),
        "webhook-signature": sign([secret], text, now, body),
    }
    async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
        return answer.status


def an_endpoint(expected: int, manner: Manner = Manner.ANSWERS) -> Endpoint:
    endpoint = Endpoint(expected, manner)
    endpoint.secret = SECRET
    return endpoint


async def test_what_comes_again_after_a_200_is_doubled_what_comes_again_after_a_500_is_not() -> None:
    endpoint = an_endpoint(expected=2, manner=Manner.FAILS)
    async with opened(endpoint.hear) as door:
        assert [await call(door.url, "a"), await call(door.url, "b")] == [500, 500]
        assert endpoint.report(3)["lost"] == 3
        endpoint.manner = Manner.ANSWERS
        assert [await call(door.url, text) for text in ("a", "b", "b")] == [200, 200, 200]
    assert endpoint.complete.is_set()
    counted = {"written": 3, "delivered": 2, "lost": 1, "doubled": 1, "attempts_heard": 5, "badly_signed": 0}
    assert endpoint.report(3) == counted
    assert [len(story.came_at) for story in endpoint.stories.values()] == [2, 3]
    assert 0.9 < endpoint.stories["a"].first_attempt_s < 5


async def test_what_is_badly_signed_is_not_taken() -> None:
    endpoint = an_endpoint(expected=1)
    async with opened(endpoint.hear) as door:
        assert await call(door.url, "a", secret="whsec_" + "MTEx" * 8) == 401
    assert (endpoint.report(1)["badly_signed"], endpoint.report(1)["delivered"]) == (1, 0)


async def test_a_door_that_is_shut_refuses_and_opens_again_at_the_same_address() -> None:
    endpoint = an_endpoint(expected=1)
    async with opened(endpoint.hear) as door:
        await door.shut()
        with pytest.raises(aiohttp.ClientConnectorError):
            await call(door.url, "a")
        await door.open()
        assert await call(door.url, "a") == 200
