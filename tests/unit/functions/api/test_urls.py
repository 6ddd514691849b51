"""Customers' URLs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from functions.api.problems import Problem
from functions.api.services import Services
from functions.api.urls import check_proxy_url, check_webhook_url, masked, without_tokens
from shared.egress import EgressPolicy


class FakeLookup:
    """A name server that knows a few names."""

    names = {"out.example.com": ["93.184.216.34"], "in.example.com": ["93.184.216.34", "10.0.0.1"]}  # noqa: RUF012

    async def addresses(self, host: str, port: int) -> list[str]:
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]

    async def close(self) -> None:
        """Nothing to close."""


SERVICES = cast(Services, SimpleNamespace(policy=EgressPolicy.production(), lookup=FakeLookup()))


async def test_a_name_that_leads_inside_is_refused() -> None:
    await check_webhook_url(SERVICES, "https://out.example.com/x", "/url")
    with pytest.raises(Problem) as refusal:
        await check_webhook_url(SERVICES, "https://in.example.com/x", "/url")
    assert refusal.value.errors[0].pointer == "/url"
    assert "private" in refusal.value.errors[0].detail


async def test_a_name_that_nobody_knows_yet_is_taken() -> None:
    await check_webhook_url(SERVICES, "https://new.example.com/x", "/url")


async def test_a_proxy_may_have_a_password_and_any_port() -> None:
    await check_proxy_url(SERVICES, "socks5://me:secret@out.example.com:1080", "/p")
    with pytest.raises(Problem):
        await check_proxy_url(SERVICES, "socks5://me:secret@in.example.com:1080", "/p")
    with pytest.raises(Problem, match="has no address now, which a proxy must have"):
        await check_proxy_url(SERVICES, "socks5://me:secret@new.example.com:1080", "/p")
    await check_proxy_url(SERVICES, "socks5://me:secret@93.184.216.34:1080", "/p")
    with pytest.raises(Problem):
        await check_webhook_url(SERVICES, "https://me:secret@out.example.com/x", "/url")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.example.com:8080", "http://proxy.example.com:8080"),
        ("http://me:secret@proxy.example.com:8080", "http://***@proxy.example.com:8080"),
        ("socks5://me@proxy.example.com", "socks5://***@proxy.example.com"),
        ("http://me:a%40b@proxy.example.com/", "http://***@proxy.example.com/"),
        ("http://me:p@ss@proxy.example.com/", "http://***@proxy.example.com/"),
    ],
)
def test_credentials_are_never_shown(url: str, shown: str) -> None:
    assert masked(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/hook", "https://example.com/hook"),
        ("https://example.com/hook?token=a%3Db&n=1", "https://example.com/hook?token=***&n=***"),
        ("https://example.com?secret", "https://example.com?***"),
        ("https://example.com/a?t=a=b#fragment", "https://example.com/a?t=***"),
        ("https://example.com/?", "https://example.com/?"),
        ("https://me:secret@example.com/?a=", "https://***@example.com/?a=***"),
    ],
)
def test_tokens_are_not_shown_to_everybody(url: str, shown: str) -> None:
    assert without_tokens(url) == shown
