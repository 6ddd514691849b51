"""The endpoint that the `webhook_url` setting makes: one per instance, with an id that follows from the instance."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from functions.api.instances.schemas import EndpointSecret, SettingsChange
from functions.api.services import Services
from functions.api.webhooks.catching_up import catching_up
from functions.api.webhooks.journal_entries import entry_of
from shared.clock import iso
from shared.endpoint_secrets import sealed_secret
from shared.models.instance import InstanceKey
from shared.models.made_for import endpoint_id
from shared.models.webhook import Webhook
from shared.signing import new_secret
from shared.store import webhooks
from shared.store.database import Condition, Write, absent
from shared.store.webhook_journal import entry_put


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """What is to be written with the instance, and the secret that its caller is shown; `around` stands around it."""

    writes: Sequence[Write] = ()
    shown: EndpointSecret | None = None
    around: AbstractAsyncContextManager[None] = field(default_factory=nullcontext)


async def endpoint_change(services: Services, key: InstanceKey, change: SettingsChange) -> EndpointChange:
    """What a change of `webhook_url` means for the endpoint."""
    if "webhook_url" not in change.model_fields_set:
        return EndpointChange()
    webhook_id = endpoint_id(key)
    if change.webhook_url is None:
        return EndpointChange([webhooks.delete(key.tenant, webhook_id)])
    webhook = await services.webhooks.get(key.tenant, webhook_id)
    if webhook is None:
        return new_endpoint(services, key, change.webhook_url, absent("id"))
    if webhook.url == change.webhook_url:  # as it is, with what is known of its health
        return EndpointChange()
    now = round(services.clock.unix(), 3)
    writes: list[Write] = [webhooks.set_url(webhook, change.webhook_url, now)]
    if entry := entry_of(webhook, {"url": change.webhook_url}, now, services.vault):
        writes.append(entry_put(key.tenant, webhook_id, entry[0], now, entry[1]))
    return EndpointChange(writes, around=catching_up(services, key.tenant, webhook_id, now))


def new_endpoint(services: Services, key: InstanceKey, url: str, condition: Condition | None = None) -> EndpointChange:
    """A fresh endpoint for an instance."""
    webhook_id, secret = endpoint_id(key), new_secret()
    webhook = Webhook(
        tenant=key.tenant,
        id=webhook_id,
        url=url,
        created_at=iso(services.clock.unix()),
        instances=(key.id,),
        secrets=(sealed_secret(services.vault, key.tenant, webhook_id, secret),),
        made_for=key.id,
    )
    return EndpointChange([webhooks.put(webhook, condition)], EndpointSecret(id=webhook_id, secret=secret))
