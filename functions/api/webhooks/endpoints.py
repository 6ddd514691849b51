"""What is done with endpoints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from functions.api import problems
from functions.api.problems import Problem, invalid, not_found
from functions.api.services import Services
from functions.api.urls import check_webhook_url
from functions.api.webhooks.room import asks_more, refusal
from functions.api.webhooks.schemas import NewWebhook, NewWebhookView, RotatedSecret, WebhookChange
from functions.api.webhooks.secrets import OVERLAP_S, rotated, sealed_secret
from functions.api.webhooks.views import new_webhook_view
from functions.api.webhooks.waking import waking
from shared.clock import iso
from shared.egress import EgressRefused, check_headers
from shared.endpoint_headers import sealed_headers
from shared.ids import new_id
from shared.models.endpoint_health import revived, woken
from shared.models.webhook import Webhook
from shared.signing import new_secret
from shared.store.conflicts import Retries
from shared.store.database import StoreUnavailable
from shared.store.webhook_journal import EndpointChange

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
    await _store(services, webhook, given | _matched_since(services, webhook, given))
    if why := await _refused(services, asking, webhook):  # another one came at the same moment
        await services.webhooks.change(webhook, events=list(webhook.events), instances=list(webhook.instances))
        raise Problem(problems.LIMIT_REACHED, why)
    return await webhook_of(services, tenant, webhook_id)


def _matched_since(services: Services, webhook: Webhook, given: dict[str, Any]) -> dict[str, float]:
    """When it was changed what the endpoint asks for, if it is."""
    asked = {"events": list(webhook.events), "instances": list(webhook.instances), "ordering": webhook.ordering}
    changed = any(given[name] != before for name, before in asked.items() if name in given)
    return {"matched_since": services.clock.unix()} if changed else {}


async def _store(services: Services, webhook: Webhook, given: dict[str, Any]) -> None:
    tenant, vault = webhook.tenant, services.vault
    if "headers" in given:
        sealed = sealed_headers(vault, tenant, webhook.id, given["headers"])
        given = given | {"headers": {}, "sealed_headers": sealed}
    elif webhook.headers:
        await services.webhooks.seal_headers(webhook, sealed_headers(vault, tenant, webhook.id, webhook.headers))
    if not (given.get("enabled") or given.keys() & {"url", "ordering"}):
        await _write(services, webhook, given)
        return
    now = round(services.clock.unix(), 3)
    async with waking(services, tenant, webhook.id, now):
        await _wake(services, webhook, given, now)


async def _wake(services: Services, webhook: Webhook, given: dict[str, Any], now: float) -> None:
    """Stores what may let go on what waits for the endpoint."""
    elsewhere = given.get("url", webhook.url) != webhook.url
    enabled = bool(given.get("enabled")) and not webhook.active
    health = (revived if elsewhere or enabled else woken)(webhook.health, now)
    journal = None
    if enabled or (elsewhere and webhook.health.disabled_at is not None):
        journal = EndpointChange.ENABLED, None if enabled else "it has another URL"
    await _write(services, webhook, given | health, journal)


async def _write(
    services: Services, webhook: Webhook, sets: dict[str, Any], journal: tuple[EndpointChange, str | None] | None = None
) -> None:
    now = services.clock.unix()
    if not await services.webhook_health.change(webhook.tenant, webhook.id, sets, {}, journal=journal, at=now):
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
        if await services.webhooks.change(webhook, secrets=rotated(webhook.secrets, sealed, now)):
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
