"""Endpoints on a real table: what an event of a tenant of few and of a tenant of thousands asks for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.clock import iso
from shared.ids import new_id
from shared.models.instance import InstanceKey
from shared.models.made_for import endpoint_id
from shared.models.webhook import Webhook
from shared.store.webhooks import FEW, Webhooks, put
from tests.conftest import Deployment
from tests.fakes.clock import NOW

WEBHOOK = Webhook(tenant="acme", id="", url="https://example.com/hook", created_at=iso(NOW))


def own_id(instance: str) -> str:
    return endpoint_id(InstanceKey("acme", instance))


async def stored(deployment: Deployment, others: int, own: int) -> list[str]:
    """Stores a tenant's endpoints, and gives the ids of those that are made for no instance."""
    names = [new_id("wh") for _ in range(others)]
    made = [f"shop-{number}" for number in range(own)]
    rows = [replace(WEBHOOK, id=name) for name in names]
    rows += [replace(WEBHOOK, id=own_id(name), instances=(name,), made_for=name) for name in made]
    rows.append(replace(WEBHOOK, tenant="rival", id=new_id("wh")))
    for start in range(0, len(rows), 25):
        assert await deployment.database.put_many([put(one) for one in rows[start : start + 25]]) == []
    return names


@contextmanager
def counted(deployment: Deployment) -> Iterator[list[int]]:
    """How many items each call has answered with."""
    client, answered = deployment.database._client, list[int]()

    def note(parsed: dict[str, Any], **_: Any) -> None:
        items = parsed.get("Items") or [item for some in parsed.get("Responses", {}).values() for item in some]
        answered.append(len(items))

    client.meta.events.register("after-call.dynamodb.*", note)
    yield answered
    client.meta.events.unregister("after-call.dynamodb.*", note)


@pytest.mark.parametrize(
    ("others", "own", "calls"),
    [
        (0, 0, [0]),
        (3, FEW - 4, [FEW - 1]),
        (3, 300, [2, FEW]),  # at most the page and what is asked for
        (FEW + 3, 300, [2, 3, FEW]),
    ],
)
async def test_what_is_made_for_other_instances_is_not_read(
    deployment: Deployment, others: int, own: int, calls: list[int]
) -> None:
    names, webhooks = await stored(deployment, others, own), Webhooks(deployment.database)
    asked = {own_id("shop-1"), own_id("shop-2"), own_id("shop-none"), *names[-1:]}
    with counted(deployment) as answered:
        found = await webhooks.candidates("acme", asked)
    assert len(answered) == len(calls)
    assert sum(answered) <= sum(calls)
    wanted = {*names, own_id("shop-1"), own_id("shop-2")} if own else set(names)
    assert wanted <= {one.id for one in found}
    assert len({one.id for one in found}) == len(found)
    assert {one.tenant for one in found} <= {"acme"}
    assert [one.id for one in await webhooks.of_no_instance("acme")] == names
    assert {one.id for one in await webhooks.get_many("acme", asked)} == {*names[-1:], *(wanted - set(names))}
