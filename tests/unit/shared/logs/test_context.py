"""What lines are about."""

from __future__ import annotations

import asyncio

from shared.logs import bind, note
from shared.logs.context import bound


def test_inside_the_inner_adds_to_the_outer_and_outside_nothing_is_left() -> None:
    with bind(tenant="t", instance="i"):
        with bind(instance="j", message="m"):
            assert bound() == {"tenant": "t", "instance": "j", "message_id": "m"}
        assert bound() == {"tenant": "t", "instance": "i"}
    assert bound() == {}


def test_anew_begins_with_nothing() -> None:
    with bind(tenant="t", message="m"):
        with bind(instance="i", anew=True):
            assert bound() == {"instance": "i"}
        assert bound() == {"tenant": "t", "message_id": "m"}


def test_what_is_noted_stands_on_later_lines_of_the_same_bind_only() -> None:
    with bind(request="r"):
        with bind():
            note(tenant="t")
            assert bound() == {"request_id": "r", "tenant": "t"}
        assert bound() == {"request_id": "r"}
    note(tenant="nobody's")
    assert bound() == {}


async def test_tasks_side_by_side_have_ids_of_their_own_and_hand_them_on() -> None:
    met = asyncio.Barrier(2)

    async def inner() -> dict[str, str]:
        await met.wait()
        return dict(bound())

    async def outer(instance: str) -> dict[str, str]:
        with bind(instance=instance):
            return await asyncio.create_task(inner())

    assert [*await asyncio.gather(outer("a"), outer("b"))] == [{"instance": "a"}, {"instance": "b"}]
