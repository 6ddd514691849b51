"""What is done with endpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions.api import problems
from functions.api.problems import Problem, invalid, not_found
from functions.api.services import Services
from functions.api.urls import check_webhook_url
from functions.api.webhooks.catching_up import catching_up
from functions.api.webhooks.endpoint_limits import asks_more, refusal
from functions.api.webhooks.journal_entries import Entry, entry_of
from functions.api.webhooks.schemas import NewWebhook, NewWebhookView, RotatedSecret, WebhookChange
from functions.api.webhooks.secrets import MOST, OVERLAP_S, full_until, rotated
from functions.api.webhooks.views import new_webhook_view
from shared.clock import iso
from shared.egress import EgressRefused, check_headers
from shared.endpoint_headers import sealed_headers
from shared.endpoint_secrets import sealed_secret
from shared.ids import new_id
from shared.models.endpoint_health import revived, woken
from shared.models.webhook import Webhook
from shared.signing import new_secret
from shared.store.conflicts import Retries
from shared.store.database import StoreUnavailable
from shared.store.webhook_journal import EndpointChange, entry_put

_TRIES = 5
_OURS = frozenset({"user-agent"})
_OUR_PREFIXES = ("webhook-", "content-")


async def webhook_of(services: Services, tenant: str, webhook_id: str) -> Webhook:
    """The endpoint. Raises Problem when there is none."""
    webhook = await services.webhooks.get(tenant, webhook_id)
    if webhook is None:
        raise not_found("webhook")
    return webhook


async def create(services: Services, tenant: str, new: NewWebhook) -> NewWebhookView:
    """Makes an endpoint. Raises Problem."""
    await check_webhook_url(services, new.url, "/url")
    _check_headers(new.headers)
    webhook_id, secret = new_id("wh"), new_secret()
    webhook = Webhook(
        tenant=tenant,
        id=webhook_id,
        url=new.url,
        created_at=iso(services.clock.unix()),
        events=tuple(new.events),
        instances=tuple(new.instances),
        sealed_headers=sealed_headers(services.vault, tenant, webhook_id, new.headers),
        enabled=new.enabled,
        ordering=new.ordering,
        secrets=(sealed_secret(services.vault, tenant, webhook_id, secret),),
    )
    await _save(services, webhook)
    return new_webhook_view(webhook, secret, services)


async def _save(services: Services, webhook: Webhook) -> None:
    """Stores a new endpoint where there is room for it. Of those that are made at the same moment each looks again
    afterwards, and one that there was no room for goes and tries once more. Raises Problem."""
    retries = Retries()
    while True:
        await _check_room(services, webhook, None)
        await services.webhooks.save(webhook)
        if await _refused(services, webhook, None) is None:
            return
        await services.webhooks.delete(webhook.tenant, webhook.id)
        await retries.again()


async def change(services: Services, tenant: str, webhook_id: str, wanted: WebhookChange) -> Webhook:
    """Stores what is to change; one that is enabled again, or has another URL, is as if it had never failed. Raises
    Problem."""
    given: dict[str, Any] = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    if "url" in given:
        await check_webhook_url(services, given["url"], "/url")
    if "headers" in given:
        _check_headers(given["headers"])
    webhook = await webhook_of(services, tenant, webhook_id)
    if given.keys() & {"url", "instances"}:
        _refuse_managed(webhook)
    if not given:
        return webhook
    events, instances = given.get("events", webhook.events), given.get("instances", webhook.instances)
    asking = replace(webhook, events=tuple(events), instances=tuple(instances))
    await _check_room(services, asking, webhook)
    if asks_more(asking, webhook):
        await _ask(services, asking, webhook)
    await _store(services, webhook, given | _matched_since(services, webhook, given))
    return await webhook_of(services, tenant, webhook_id)


async def _ask(services: Services, asking: Webhook, before: Webhook) -> None:
    """Stores what an endpoint asks for, before anything else of a change. Of those that ask at the same moment each
    looks again afterwards, and one that there was no room for asks for what it did. That it changed stays: events of
    that minute may have been delivered by what it asked for in between. Raises Problem."""
    await _store_asked(services, asking)
    if why := await _refused(services, asking, before):
        await _store_asked(services, before)
        raise Problem(problems.LIMIT_REACHED, why)


async def _store_asked(services: Services, asking: Webhook) -> None:
    asked = {"events": list(asking.events), "instances": list(asking.instances)}
    if not await services.webhooks.change(asking, **asked, matched_since=services.clock.unix()):
        raise not_found("webhook")


def _matched_since(services: Services, webhook: Webhook, given: dict[str, Any]) -> dict[str, float]:
    """When it was changed what the endpoint asks for, if it is."""
    asked = {"events": list(webhook.events), "instances": list(webhook.instances), "ordering": webhook.ordering}
    changed = any(given[name] != before for name, before in asked.items() if name in given)
    return {"matched_since": services.clock.unix()} if changed else {}


async def _store(services: Services, webhook: Webhook, given: dict[str, Any]) -> None:
    tenant, vault, now = webhook.tenant, services.vault, round(services.clock.unix(), 3)
    entry = entry_of(webhook, given, now, vault)
    if "headers" in given:
        sealed = sealed_headers(vault, tenant, webhook.id, given["headers"])
        given = given | {"headers": {}, "sealed_headers": sealed}
    elif webhook.headers:
        await services.webhooks.seal_headers(webhook, sealed_headers(vault, tenant, webhook.id, webhook.headers))
    if not _wakes(webhook, given, now):
        await _write(services, webhook, given, entry, now)
        return
    async with catching_up(services, tenant, webhook.id, now):
        await _write(services, webhook, given | _let_go(webhook, given, now), entry, now)


def _wakes(webhook: Webhook, given: dict[str, Any], now: float) -> bool:
    """Whether a change may let go on what waits for the endpoint."""
    changed = any(name in given and given[name] != getattr(webhook, name) for name in ("url", "ordering"))
    return changed or bool(given.get("enabled") and (not webhook.active or webhook.health.paused_at(now)))


def _let_go(webhook: Webhook, given: dict[str, Any], now: float) -> dict[str, Any]:
    """What to store of the health of an endpoint, of which a change may let go on what waits for it."""
    elsewhere = given.get("url", webhook.url) != webhook.url
    if elsewhere or (given.get("enabled") and not webhook.active):
        return revived(webhook.health, now)
    return woken(webhook.health, now) | ({"paused_until": None} if given.get("enabled") else {})


async def _write(services: Services, webhook: Webhook, sets: dict[str, Any], entry: Entry | None, now: float) -> None:
    if not await services.webhook_health.change(webhook.tenant, webhook.id, sets, {}, journal=entry, at=now):
        raise not_found("webhook")


async def delete(services: Services, tenant: str, webhook_id: str) -> None:
    """Forgets an endpoint; what is on its way to it is dropped. Raises Problem."""
    _refuse_managed(await webhook_of(services, tenant, webhook_id))
    await services.webhooks.delete(tenant, webhook_id)


async def rotate_secret(services: Services, tenant: str, webhook_id: str) -> RotatedSecret:
    """Makes a new secret; the old one signs too for a day. Raises Problem."""
    secret = new_secret()
    sealed = sealed_secret(services.vault, tenant, webhook_id, secret)
    for _ in range(_TRIES):
        webhook = await webhook_of(services, tenant, webhook_id)
        now = services.clock.unix()
        if until := full_until(webhook.secrets, now):
            detail = f"{MOST} secrets of this webhook sign: there is room for another at {iso(until)}."
            raise Problem(problems.LIMIT_REACHED, detail)
        entry = entry_put(tenant, webhook_id, EndpointChange.ROTATED, now, None)
        if await services.webhooks.change(webhook, entry, secrets=rotated(webhook.secrets, sealed, now)):
            return RotatedSecret(id=webhook_id, secret=secret, old_secret_until=iso(now + OVERLAP_S))
    raise StoreUnavailable("the secrets of the endpoint change too often")


async def _check_room(services: Services, wanted: Webhook, before: Webhook | None) -> None:
    """Raises Problem where there is no room among the others for the endpoint as it is to be."""
    if why := await _refused(services, wanted, before):
        raise Problem(problems.LIMIT_REACHED, why)


async def _refused(services: Services, wanted: Webhook, before: Webhook | None) -> str | None:
    if not asks_more(wanted, before):
        return None
    found = await services.webhooks.of_no_instance(wanted.tenant)
    others = [one for one in found if one.id != wanted.id]
    return refusal(wanted, before, others)


def _refuse_managed(webhook: Webhook) -> None:
    if webhook.made_for is not None:
        detail = f"The setting webhook_url of the instance {webhook.made_for} made this endpoint: change it there."
        raise Problem(problems.MANAGED_BY_INSTANCE, detail)


def _check_headers(headers: dict[str, str]) -> None:
    reserved = _OURS | {name.lower() for name in headers if name.lower().startswith(_OUR_PREFIXES)}
    try:
        check_headers(headers, reserved)
    except EgressRefused as error:
        raise invalid("/headers", error.detail) from error
