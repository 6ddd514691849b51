"""Customers' URLs, judged when they are registered. Those who dial them judge them again whenever they do."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

from yarl import URL

from functions.api.problems import invalid
from functions.api.services import Services
from shared.egress import EgressPolicy, EgressRefused, check_address, check_url
from shared.egress.addresses import literal

LOOKUP_S = 2.0
MASKED = "***"


async def check_webhook_url(services: Services, url: str, pointer: str) -> None:
    """Refuses a URL that webhooks cannot or must not go to. Raises Problem."""
    await _check(services, url, services.policy, pointer, must_resolve=False)


async def check_proxy_url(services: Services, url: str, pointer: str) -> None:
    """Refuses a proxy that cannot or must not be used, and one whose name nobody knows: no guarded door dials it.
    Raises Problem."""
    await _check(services, url, services.policy.for_proxies(), pointer, must_resolve=True)


async def _check(services: Services, url: str, policy: EgressPolicy, pointer: str, *, must_resolve: bool) -> None:
    try:
        parsed = check_url(url, policy)
        found = await _addresses(services, parsed)
        if not found and must_resolve and literal(parsed.raw_host or "") is None:
            raise EgressRefused(f"the host {parsed.raw_host} has no address now, which a proxy must have to be set")
        for address in found:
            check_address(ip_address(address), policy)
    except EgressRefused as error:
        raise invalid(pointer, error.detail) from error


async def _addresses(services: Services, url: URL) -> list[str]:
    """Where the name leads now; none when nobody knows: it may be set up later, and the sender looks it up then."""
    host = url.raw_host or ""
    if literal(host) is not None:
        return []
    try:
        async with asyncio.timeout(LOOKUP_S):
            return await services.lookup.addresses(host, url.port or 0)
    except (OSError, UnicodeError):
        return []


def without_tokens(url: str) -> str:
    """The URL for somebody who may know where it leads, but not call it: what its query says is masked."""
    address, mark, query = masked(url).partition("#")[0].partition("?")
    return address + mark + "&".join(map(_masked_pair, query.split("&")) if query else ())


def _masked_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={MASKED}" if equals else MASKED


def masked(url: str) -> str:
    """The URL without its user and password."""
    parsed = URL(url)
    if parsed.raw_user is None and parsed.raw_password is None:
        return url
    scheme, _, rest = str(parsed.with_user(None)).partition("://")
    return f"{scheme}://{MASKED}@{rest}"
