"""aiohttp's connector with the policy at both places where an address comes in: from a resolver, and at the dial."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from aiohttp import AddrInfoType, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.egress.check import check_address
from shared.egress.connection import bounded
from shared.egress.lookup import Lookup
from shared.egress.policy import EgressPolicy

KEEPALIVE_S = 4.0  # below the 5 s after which common receivers hang up, else a request meets a closing connection
MOST_ADDRESSES = 8  # of a name are dialled: those that do not answer are tried side by side, with a socket each


def guarded_connector(policy: EgressPolicy, lookup: Lookup, connections: int) -> TCPConnector:
    """A connector that dials only permitted addresses, at most `connections` at a time."""

    def permitted_socket(info: AddrInfoType) -> socket.socket:
        # The last gate: also literals, which never meet a resolver, end up here.
        family, kind, proto, _, address = info
        check_address(ip_address(str(address[0])), policy)
        return socket.socket(family, kind, proto)

    connector = TCPConnector(
        resolver=GuardedResolver(policy, lookup),
        socket_factory=permitted_socket,
        limit=connections,
        keepalive_timeout=KEEPALIVE_S,
        ttl_dns_cache=10,
    )
    return bounded(connector)


class GuardedResolver(AbstractResolver):
    """Gives out addresses only when every one of the name's addresses is permitted: a mixed answer is an attack."""

    def __init__(self, policy: EgressPolicy, lookup: Lookup) -> None:
        self._policy = policy
        self._lookup = lookup

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp's shape
    ) -> list[ResolveResult]:
        found = await self._lookup.addresses(host, port)
        for address in found:
            check_address(ip_address(address), self._policy)
        return [_result(host, address, port) for address in _few(found)]

    async def close(self) -> None:
        await self._lookup.close()


def _few(found: list[str]) -> list[str]:
    """MOST_ADDRESSES of them in their order: the first of each family, since one of the two may lead nowhere."""
    six, four = [one for one in found if ":" in one], [one for one in found if ":" not in one]
    few = six[: max(MOST_ADDRESSES // 2, MOST_ADDRESSES - len(four))]
    few += four[: MOST_ADDRESSES - len(few)]
    return [one for one in found if one in few]


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=family,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
