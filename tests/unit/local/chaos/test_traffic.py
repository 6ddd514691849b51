from __future__ import annotations

import asyncio

import pytest

from local.chaos import outbound
from local.chaos.client import Answer
from local.chaos.outbound import Outbound
from local.chaos.shop import Shop
from local.chaos.traffic import paced


class Api:
    """Gives its answers one after the other and keeps what it was asked."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)
        self.keys: list[str] = []

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer | None:
        self.keys.append(headers["Idempotency-Key"])
        return self.answers.pop(0)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "AGAIN_S", (0, 0))


async def test_a_call_without_an_answer_is_repeated_under_its_key() -> None:
    api = Api(None, Answer(503, None), Answer(429, None), Answer(202, {"id": "msg_1"}))
    out = Outbound(api, [Shop(0)], "tag")  # type: ignore[arg-type]
    await out.send(0)
    assert (out.asks[0].message_id, out.asks[0].calls, len(set(api.keys))) == ("msg_1", 4, 1)


async def test_a_no_is_taken_for_an_answer() -> None:
    out = Outbound(Api(Answer(409, {})), [Shop(0)], "tag")  # type: ignore[arg-type]
    await out.send(0)
    assert (out.asks[0].message_id, out.asks[0].refused) == (None, 409)


async def test_texts_are_all_different_and_go_round_shops_and_customers() -> None:
    shops = [Shop(0), Shop(1)]
    out = Outbound(Api(*[Answer(202, {"id": "m"})] * 4), shops, "tag")  # type: ignore[arg-type]
    for number in range(4):
        await out.send(number)
    assert len({ask.text for ask in out.asks}) == 4
    assert [ask.shop for ask in out.asks] == shops * 2
    assert len({ask.to for ask in out.asks}) == 4


async def test_work_that_has_begun_is_brought_to_its_end() -> None:
    stop, done = asyncio.Event(), []

    async def work(number: int) -> None:
        stop.set()
        await asyncio.sleep(0)
        done.append(number)

    await paced(work, 1000, stop)
    assert done


def test_nobody_both_writes_to_a_shop_and_hears_from_it() -> None:
    shops = [Shop(index) for index in range(100)]
    people = [set().union(*(getattr(shop, side) for shop in shops)) for side in ("hearing", "writing")]
    numbers = {shop.number for shop in shops}
    assert not people[0] & people[1]
    assert not numbers & (people[0] | people[1])
    assert len(people[0]) == len(people[1]) == 200
