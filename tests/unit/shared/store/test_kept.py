"""Events, deliveries and the journals of endpoints are kept for 30 days."""

from __future__ import annotations

from typing import Any, cast

from shared.clock import iso
from shared.models.event import Event, EventType
from shared.models.instance import InstanceKey
from shared.store.database import Database, Put
from shared.store.deliveries import Deliveries
from shared.store.events import event_put
from shared.store.webhook_journal import EndpointChange, WebhookJournal
from tests.fakes.deliveries import retrying

NOW = 1_800_000_000.75
EXPIRES_AT = 1_800_000_000 + 30 * 86_400


class Taking:
    """Takes what is written."""

    def __init__(self) -> None:
        self.puts: list[Put] = []

    async def write(self, write: Put) -> None:
        self.puts.append(write)

    async def put_many(self, puts: list[Put]) -> list[dict[str, Any]]:
        self.puts += puts
        return []


async def test_what_happened_and_what_became_of_it_is_kept_for_30_days() -> None:
    taking = Taking()
    database, one = cast(Database, taking), retrying(NOW, NOW)
    await taking.write(
        event_put(InstanceKey("acme", "shop-1"), Event("evt_1", EventType.MESSAGE_SENT, iso(NOW), {}), NOW)
    )
    await Deliveries(database).save(one, NOW)
    await Deliveries(database).save_many([one], NOW)
    await WebhookJournal(database).note("acme", "wh_a", EndpointChange.FAILING, NOW, None)
    assert [put.values["expires_at"] for put in taking.puts] == [EXPIRES_AT] * 4
