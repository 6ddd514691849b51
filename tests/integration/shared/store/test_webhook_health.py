"""Health of endpoints and their journals, on a real table."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from shared.clock import iso
from shared.models.endpoint_health import BEFORE_S, DisabledReason, EndpointHealth, HealthState, revived
from shared.models.webhook import Webhook
from shared.store.webhook_health import WebhookHealth
from shared.store.webhook_journal import EndpointChange, EndpointEntry, WebhookJournal
from shared.store.webhooks import Webhooks, set_url
from tests.conftest import Deployment
from tests.fakes.clock import NOW

WEBHOOK = Webhook(tenant="acme", id="wh_a", url="https://example.com/hook", created_at=iso(NOW))
FAILING = (EndpointChange.FAILING, "status 500")


async def test_of_many_that_see_a_transition_one_writes_it(deployment: Deployment) -> None:
    await Webhooks(deployment.database).save(WEBHOOK)
    health = WebhookHealth(deployment.database)
    seen = {"failing_since": None}
    told = [health.change("acme", "wh_a", {"failing_since": NOW + n}, seen, journal=FAILING, at=NOW) for n in range(8)]
    assert sorted(await asyncio.gather(*told)) == [False] * 7 + [True]
    stored = await Webhooks(deployment.database).get("acme", "wh_a")
    assert stored is not None
    assert stored.health.failing_since is not None
    assert stored.health.state(NOW) is HealthState.FAILING
    assert replace(stored, health=EndpointHealth()) == WEBHOOK
    entries, _ = await WebhookJournal(deployment.database).page("acme", "wh_a", 20)
    assert entries == [EndpointEntry(iso(NOW), EndpointChange.FAILING, "status 500")]


async def test_what_was_noted_is_forgotten_when_it_is_enabled_again(deployment: Deployment) -> None:
    await Webhooks(deployment.database).save(WEBHOOK)
    health = WebhookHealth(deployment.database)
    noted = {"failing_since": NOW, "disabled_at": NOW, "disabled_reason": DisabledReason.GONE}
    assert await health.change("acme", "wh_a", noted, {"disabled_at": None})
    (disabled,) = await Webhooks(deployment.database).candidates("acme", ())
    assert (disabled.enabled, disabled.active, disabled.wants("message.sent", "shop-1")) == (True, False, False)
    told = (EndpointChange.ENABLED, None)
    assert await health.change("acme", "wh_a", revived(disabled.health, NOW + 1), {}, journal=told, at=NOW + 1)
    (stored,) = await Webhooks(deployment.database).candidates("acme", ())
    since = NOW - BEFORE_S
    assert stored == replace(WEBHOOK, health=EndpointHealth(behind_since=since, catch_up_at=NOW + 1))


async def test_another_url_is_another_start(deployment: Deployment) -> None:
    await Webhooks(deployment.database).save(WEBHOOK)
    noted = {"disabled_at": NOW, "disabled_reason": DisabledReason.GONE}
    assert await WebhookHealth(deployment.database).change("acme", "wh_a", noted, {})
    gone = replace(WEBHOOK, health=EndpointHealth(disabled_at=NOW, disabled_reason=DisabledReason.GONE))
    await deployment.database.write(set_url(gone, "https://example.com/new", NOW + 0.125))
    health = EndpointHealth(behind_since=NOW + 0.125, catch_up_at=NOW + 0.125)
    elsewhere = replace(WEBHOOK, url="https://example.com/new", health=health)
    assert await Webhooks(deployment.database).get("acme", "wh_a") == elsewhere


async def test_an_endpoint_that_is_gone_does_not_come_back(deployment: Deployment) -> None:
    health = WebhookHealth(deployment.database)
    assert not await health.change("acme", "wh_gone", {"slow_until": NOW}, {})
    assert not await health.change("acme", "wh_gone", {"slow_until": NOW}, {}, journal=FAILING, at=NOW)
    assert await Webhooks(deployment.database).get("acme", "wh_gone") is None
    assert await WebhookJournal(deployment.database).page("acme", "wh_gone", 20) == ([], None)


async def test_the_journal_tells_changes_newest_first_and_goes_on_before_a_mark(deployment: Deployment) -> None:
    journal = WebhookJournal(deployment.database)
    for at in (0, 1, 2, 3, 3):  # the last one twice
        await journal.note("acme", "wh_a", EndpointChange.SLOW, NOW + at, None)
    entries, mark = await journal.page("acme", "wh_a", 3)
    assert [entry.at for entry in entries] == [iso(NOW + at) for at in (3, 2, 1)]
    entries, mark = await journal.page("acme", "wh_a", 3, mark)
    assert ([entry.at for entry in entries], mark) == ([iso(NOW)], None)
