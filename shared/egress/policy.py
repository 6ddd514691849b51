"""What a deployment lets customers' URLs point at."""

from __future__ import annotations

from dataclasses import dataclass, replace

_PROXY_SCHEMES = frozenset({"http", "https", "socks5"})


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """`ports` None permits every port. Private and link-local addresses are refused by every policy."""

    schemes: frozenset[str]
    ports: frozenset[int] | None
    allow_loopback: bool = False
    allow_credentials: bool = False

    @classmethod
    def production(cls, ports: frozenset[int] = frozenset({443, 8443})) -> EgressPolicy:
        """https to public addresses only."""
        return cls(frozenset({"https"}), ports)

    @classmethod
    def local(cls) -> EgressPolicy:
        """For the stack on one machine: plain http, any port, and receivers on loopback."""
        return cls(frozenset({"http", "https"}), None, allow_loopback=True)

    def for_proxies(self) -> EgressPolicy:
        """The same addresses, judged for a proxy's URL: its schemes, any port, user and password allowed."""
        return replace(self, schemes=_PROXY_SCHEMES, ports=None, allow_credentials=True)
