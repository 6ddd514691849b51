"""How AWS is reached: one place for region, endpoint and the clients' limits. Used by the store and the queues only."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.version import VERSION

if TYPE_CHECKING:
    from aiobotocore.session import AioSession

LONG_POLL_S = 20
ANSWER_S = 3.0
"""Within which what is no long poll is answered, or asked once more. A function has 5 s to record what it did."""


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """`endpoint_url` is None for the real AWS. `prefix` starts the name of every table and queue."""

    region: str = "us-east-1"
    endpoint_url: str | None = None
    prefix: str = "hivewp"
    access_key: str | None = None
    secret_key: str | None = None


def client(
    settings: AwsSettings,
    service: str,
    *,
    connections: int = 64,
    by_proxy: bool = False,
    answer_s: float = LONG_POLL_S + 10,
) -> AbstractAsyncContextManager[Any]:
    """An async client of a service, to be entered by the composition root and shared by everything in the process.

    `answer_s`: after so long a silence a call is made anew, four times in all: long enough for a long poll, unless less
    will do.
    `by_proxy`: AWS is reached as the environment's proxy variables say, as on a person's machine. The processes of a
    deployment do not heed them: a proxy there is for WhatsApp."""
    from aiobotocore.config import AioConfig  # here: who only reads settings need not wait for half a second of imports

    config = AioConfig(
        max_pool_connections=connections,
        connect_timeout=3,
        read_timeout=answer_s,
        retries={"mode": "standard", "total_max_attempts": 4},
        proxies=None if by_proxy else {},
        user_agent=f"hivewp/{VERSION}",  # else it is put together of a dozen parts for every call
        parameter_validation=False,  # our own types are checked; this costs CPU on every call
    )
    opened: AbstractAsyncContextManager[Any] = _session().create_client(
        service,
        region_name=settings.region,
        endpoint_url=settings.endpoint_url,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=config,
    )
    return opened


@cache
def _session() -> AioSession:
    """One for the process: each reads the services' descriptions anew, 0.1 s of CPU for two clients."""
    from aiobotocore.session import get_session

    return get_session()


async def drop_connections(opened: Any) -> None:
    """Closes what a client that was entered holds open, while it rests; its next call connects anew."""
    await opened.__aexit__(None, None, None)
    await opened.__aenter__()
