"""Instances as their owners see them."""

from __future__ import annotations

from dataclasses import asdict

from functions.api.instances import settings
from functions.api.instances.schemas import EndpointSecret, InstanceView, ReasonView
from functions.api.urls import without_tokens
from shared.models.instance import Instance
from shared.vault import Vault


def instance_view(instance: Instance, vault: Vault, webhook: EndpointSecret | None = None) -> InstanceView:
    """An instance, with the endpoint that was made with it."""
    return InstanceView(
        id=instance.id,
        name=instance.name,
        state=instance.state,
        since=instance.since or instance.created_at,
        reason=ReasonView(**asdict(instance.reason)) if instance.reason else None,
        linked=instance.linked,
        phone=instance.phone,
        jid=instance.jid,
        lid=instance.lid,
        settings=settings.view(instance.settings, instance.key, vault),
        created_at=instance.created_at,
        webhook=webhook,
    )


def shown_to(manager: bool, view: InstanceView) -> InstanceView:
    """The view for somebody with or without the scope `manage`."""
    url = view.settings.webhook_url
    if manager or url is None:
        return view
    masked = view.settings.model_copy(update={"webhook_url": without_tokens(url)})
    return view.model_copy(update={"settings": masked})
