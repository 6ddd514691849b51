"""The HTTP client behind the door."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from shared.egress.check import check_url
from shared.egress.connection import TooMuch
from shared.egress.errors import EgressBroken, EgressError, EgressRefused, EgressTimeout, EgressUnreachable
from shared.egress.gate import guarded_connector
from shared.egress.lookup import Lookup, SystemLookup
from shared.egress.policy import EgressPolicy

MAX_BODY_START = 1024
LOOKUPS = 2  # per connection: an attempt gives up its connection in time, its lookup may go on about as long again
MAX_LOOKUPS = 1000
_KEPT_HEADERS = ("content-type", "retry-after")


@dataclass(frozen=True, slots=True)
class EgressResponse:
    """An answer. `body_start`: at most its first 1,024 bytes. `headers`: content-type and retry-after where given."""

    status: int
    ms: int
    body_start: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class GuardedClient:
    """Calls customers' URLs within an EgressPolicy: no redirects, no cookies, no proxies of the environment.

    Connections are kept alive and shared, so use one client per process, from one event loop, and close it."""

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        timeout: float = 10.0,
        connections: int = 100,
        lookup: Lookup | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._timeout = timeout
        self._clock = clock
        self._session = aiohttp.ClientSession(
            connector=guarded_connector(policy, lookup or _lookup_for(connections), connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # one deadline spans it all, see `_attempt`
            auto_decompress=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._session.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> EgressResponse:
        """One attempt of `timeout` seconds at most. Any status is an answer; raises EgressError when there is none."""
        began = self._clock()
        try:
            return await self._attempt(check_url(url, self._policy), body, headers, began)
        except EgressError as error:
            error.ms = self._since(began)
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _failure(error, self._timeout, self._since(began)) from error

    async def _attempt(self, url: URL, body: bytes, headers: Mapping[str, str], began: float) -> EgressResponse:
        deadline = asyncio.get_running_loop().time() + self._timeout
        async with asyncio.timeout_at(deadline):
            response = await self._session.post(url, data=body, headers=headers, allow_redirects=False)
        try:
            start = await _body_start(response, deadline)
        finally:
            _let_go(response)
        kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        return EgressResponse(response.status, self._since(began), start, kept)

    def _since(self, began: float) -> int:
        return round((self._clock() - began) * 1000)


def _lookup_for(connections: int) -> Lookup:
    """With a thread for all that can be asked at once: names that nobody answers for hold up no others."""
    return SystemLookup(min(LOOKUPS * connections, MAX_LOOKUPS))


async def _body_start(response: aiohttp.ClientResponse, deadline: float) -> bytes:
    """The body's start as far as it comes. The status has been heard: a body that stalls or breaks changes nothing."""
    start = bytearray()
    with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
        async with asyncio.timeout_at(deadline):
            while len(start) < MAX_BODY_START and (part := await response.content.read(MAX_BODY_START - len(start))):
                start += part
    return bytes(start)


def _let_go(response: aiohttp.ClientResponse) -> None:
    """Keeps the connection for the next request, unless more of the body would have to be read for that."""
    if response.content.at_eof():
        response.release()
    else:
        response.close()


def _failure(error: Exception, timeout: float, ms: int) -> EgressError:
    match error:
        case TimeoutError():
            return EgressTimeout(f"no answer within {timeout:g} s", ms)
        case aiohttp.InvalidURL():
            return EgressRefused("this is not a URL that can be called", ms)
        case aiohttp.ClientSSLError():
            return EgressUnreachable("no secure connection: the TLS handshake failed", ms)
        case aiohttp.ClientConnectorDNSError():
            return EgressUnreachable("the host has no address", ms)
        case aiohttp.ClientConnectorError():
            return EgressUnreachable(f"no connection: {error.strerror or 'failed'}", ms)
        case TooMuch():
            return EgressBroken("too much was sent before an answer", ms)
        case aiohttp.ClientResponseError():
            return EgressBroken("the answer is not HTTP", ms)
        case _:
            return EgressBroken("the connection broke before an answer", ms)
