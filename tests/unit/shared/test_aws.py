"""How AWS is reached."""

from __future__ import annotations

import asyncio

import pytest
from botocore.exceptions import ClientError

from functions.webhook_sender.settings import MARGIN_S
from shared.aws import ANSWER_S, AwsSettings, client


class Proxy:
    """Refuses everything, and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readline()).decode())
        while (await reader.readline()).strip():
            pass
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("by_proxy", [True, False])
async def test_a_proxy_of_the_environment_is_for_people_alone(by_proxy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, direct = Proxy(), Proxy()
    async with (
        await asyncio.start_server(proxy.hear, "127.0.0.1", 0) as listening,
        await asyncio.start_server(direct.hear, "127.0.0.1", 0) as aws,
    ):
        for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        endpoint = f"http://127.0.0.1:{aws.sockets[0].getsockname()[1]}"
        settings = AwsSettings("us-east-1", endpoint, "", "local", "local")
        async with client(settings, "dynamodb", by_proxy=by_proxy) as dynamodb:
            with pytest.raises(ClientError):
                await dynamodb.list_tables()
    assert [bool(proxy.asked), bool(direct.asked)] == [by_proxy, not by_proxy]


async def test_a_call_that_hangs_is_made_anew_on_another_connection() -> None:
    calls = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 17\r\nconnection: close\r\n\r\n{"TableNames":[]}')
        else:
            await reader.read()  # until the caller hangs up
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as aws:
        endpoint = f"http://127.0.0.1:{aws.sockets[0].getsockname()[1]}"
        settings = AwsSettings("us-east-1", endpoint, "", "local", "local")
        async with client(settings, "dynamodb", answer_s=0.2) as dynamodb:
            assert (await dynamodb.list_tables())["TableNames"] == []
    assert calls >= 2  # a stall of this process may have the second one hang up as well


def test_the_sender_can_record_what_it_did_where_one_connection_hangs() -> None:
    assert ANSWER_S + 1 < MARGIN_S  # the pause before the second call is a second at most
