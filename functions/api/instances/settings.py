"""From the settings that a caller asks for to those that are stored, and back to what is shown."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from functions.api.instances.schemas import SettingsChange, SettingsView
from functions.api.services import Services
from functions.api.urls import check_proxy_url, check_webhook_url, masked
from shared.models.instance import InstanceKey, InstanceSettings
from shared.vault import SealBroken, Vault

UNREADABLE = "***"


async def check_urls(services: Services, change: SettingsChange) -> None:
    """Refuses URLs that the deployment does not permit. Raises Problem."""
    if change.webhook_url is not None:
        await check_webhook_url(services, change.webhook_url, "/settings/webhook_url")
    if change.proxy_url is not None:
        await check_proxy_url(services, change.proxy_url, "/settings/proxy_url")


def changed(settings: InstanceSettings, change: SettingsChange, key: InstanceKey, vault: Vault) -> InstanceSettings:
    """The settings with what the caller gave; the proxy's URL is sealed."""
    given: dict[str, Any] = {name: getattr(change, name) for name in change.model_fields_set}
    if given.get("proxy_url") is not None:
        given["proxy_url"] = vault.seal(given["proxy_url"], proxy_context(key))
    if "pacing" in given:
        given["pacing"] = replace(settings.pacing, **change.pacing.model_dump(exclude_unset=True))
    return replace(settings, **given)


def view(settings: InstanceSettings, key: InstanceKey, vault: Vault) -> SettingsView:
    """The settings as they are shown."""
    return SettingsView.model_validate(asdict(settings) | {"proxy_url": _shown_proxy(settings, key, vault)})


def proxy_context(key: InstanceKey) -> str:
    """What the proxy's URL of an instance is sealed for."""
    return f"proxy:{key}"


def _shown_proxy(settings: InstanceSettings, key: InstanceKey, vault: Vault) -> str | None:
    if settings.proxy_url is None:
        return None
    try:
        return masked(vault.open(settings.proxy_url, proxy_context(key)))
    except SealBroken:  # the deployment's key has changed: the owner must set it again
        return UNREADABLE
