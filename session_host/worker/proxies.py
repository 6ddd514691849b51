"""An instance's own proxy, judged whenever it is about to be used: its name may lead elsewhere than when it was set.

The library looks the name up once more when it dials. What leads elsewhere a moment later is not seen here.
Whoever starts a host tells the system's resolver when to give up, see shared/resolver.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from shared.egress import EgressPolicy, EgressRefused, Lookup, SystemLookup, check_url_and_addresses

LOOKUP_S = 5.0
# A lookup that nobody answers goes on after LOOKUP_S; those of one tenant are not to hold up others. Threads are made
# when they are needed.
_LOOKUPS_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Proxies:
    """Which proxies may be used. `policy` is that of webhooks."""

    policy: EgressPolicy
    lookup: Lookup

    async def check(self, url: str) -> None:
        """Raises EgressRefused for one that must not be used, or whose name leads nowhere now."""
        try:
            async with asyncio.timeout(LOOKUP_S):
                await check_url_and_addresses(url, self.policy.for_proxies(), self.lookup)
        except TimeoutError as error:
            raise EgressRefused(f"its name was not looked up within {LOOKUP_S:g} s") from error


def open_proxies(*, allow_local: bool) -> Proxies:
    """The proxies of a deployment."""
    return Proxies(EgressPolicy.local() if allow_local else EgressPolicy.production(), SystemLookup(_LOOKUPS_AT_ONCE))
