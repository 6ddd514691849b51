"""The guarded client against real receivers on loopback, with name servers whose answers are given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import TCPConnector, web

from shared.egress import (
    EgressBroken,
    EgressError,
    EgressPolicy,
    EgressRefused,
    EgressTimeout,
    EgressUnreachable,
    GuardedClient,
)
from shared.egress.gate import GuardedResolver
from tests.fakes.slow_names import slow_names

LOCAL = EgressPolicy.local()
PUBLIC_ONLY = EgressPolicy(frozenset({"http"}), None)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Names:
    """A name server that gives its answers one after the other, the last one for ever; it counts the questions."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def addresses(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    async def close(self) -> None: ...


@asynccontextmanager
async def receiver(handler: Handler) -> AsyncIterator[int]:
    """An HTTP server that answers every request by `handler`; gives its port."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert isinstance(site._server, asyncio.Server)
    try:
        yield site._server.sockets[0].getsockname()[1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_receiver(talk: Talk) -> AsyncIterator[int]:
    """A TCP server that is not bound to HTTP's rules; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ok(request: web.BaseRequest) -> web.Response:
    return web.Response(text="thanks")


async def test_an_answer_is_given_with_its_start_and_few_headers() -> None:
    seen: list[tuple[str, bytes, str]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        seen.append((request.method, await request.read(), request.headers["webhook-id"]))
        return web.Response(status=503, text="later", headers={"Retry-After": "7", "Set-Cookie": "a=b"})

    async with receiver(answer) as port, GuardedClient(LOCAL) as client:
        response = await client.post(f"http://127.0.0.1:{port}/hook", b"{}", {"webhook-id": "evt_1"})

    assert seen == [("POST", b"{}", "evt_1")]
    assert (response.status, response.body_start) == (503, b"later")
    assert {name.lower(): value for name, value in response.headers.items()} == {
        "content-type": "text/plain; charset=utf-8",
        "retry-after": "7",
    }
    assert response.ms >= 0


async def test_the_checked_address_is_the_dialled_one() -> None:
    """A name that turns inside after the check (DNS rebinding) is asked once, so its second answer never counts."""
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with receiver(ok) as port, GuardedClient(LOCAL, lookup=names) as client:
        response = await client.post(f"http://rebinding.example:{port}/", b"", {})
    assert response.status == 200
    assert names.asked == 1


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254"]
)
async def test_one_inside_address_refuses_the_name(inside: str) -> None:
    calls: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        calls.append(request.path)
        return web.Response()

    async with receiver(answer) as port, GuardedClient(PUBLIC_ONLY, lookup=Names(["8.8.8.8", inside])) as client:
        with pytest.raises(EgressRefused):
            await client.post(f"http://mixed.example:{port}/", b"", {})
    assert calls == []


async def test_a_name_that_turned_inside_since_it_was_registered_is_refused() -> None:
    async with receiver(ok) as port, GuardedClient(PUBLIC_ONLY, lookup=Names(["127.0.0.1"])) as client:
        with pytest.raises(EgressRefused, match="loopback"):
            await client.post(f"http://turned.example:{port}/", b"", {})


LOOPBACK = (
    *("127.0.0.1", "127.0.0.1.", "[::1]", "localhost", "any.localhost"),
    *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]", "[::127.0.0.1]"),
    *(
        "2130706433",
        "127.1",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.1",
        "\u2460\u2461\u2466.0.0.1",
    ),
)


@pytest.mark.parametrize("host", LOOPBACK)
async def test_literals_are_refused_without_a_name_server(host: str) -> None:
    names = Names(["8.8.8.8"])
    async with receiver(ok) as port, GuardedClient(PUBLIC_ONLY, lookup=names) as client:
        with pytest.raises(EgressRefused):
            await client.post(f"http://{host}:{port}/", b"", {})
    assert names.asked == 0


async def test_only_the_ports_of_the_policy_are_dialled() -> None:
    async with receiver(ok) as port, GuardedClient(replace(LOCAL, ports=frozenset({port + 1}))) as client:
        with pytest.raises(EgressRefused, match=f"port must be one of {port + 1}"):
            await client.post(f"http://127.0.0.1:{port}/", b"", {})


async def test_a_name_that_turns_inside_between_two_calls_is_refused() -> None:
    """A new connection is dialled by a new answer, which is judged anew: an answer that was good says nothing of it."""
    calls: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        calls.append(request.path)
        return web.Response(headers={"Connection": "close"})

    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with receiver(answer) as port, GuardedClient(LOCAL, lookup=names) as client:
        assert (await client.post(f"http://rebinding.example:{port}/", b"", {})).status == 200
        assert isinstance(client._session.connector, TCPConnector)
        client._session.connector.clear_dns_cache()  # as it is after some seconds
        with pytest.raises(EgressRefused, match="link-local"):
            await client.post(f"http://rebinding.example:{port}/", b"", {})
    assert (len(calls), names.asked) == (1, 2)


async def test_the_dial_itself_is_gated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if a URL slipped through the check, no socket is made for an inside address."""
    monkeypatch.setattr("shared.egress.client.check_url", lambda url, policy: url)
    async with receiver(ok) as port, GuardedClient(PUBLIC_ONLY) as client:
        with pytest.raises(EgressRefused, match="loopback"):
            await client.post(f"http://127.0.0.1:{port}/", b"", {})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/elsewhere", "http://10.0.0.1/", "http://inside.example/", "//169.254.169.254/"])
async def test_redirects_are_answers_and_not_followed(status: int, location: str) -> None:
    paths: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        paths.append(request.path)
        return web.Response(status=status, headers={"Location": location})

    names = Names(["127.0.0.1"])
    async with receiver(answer) as port, GuardedClient(LOCAL, lookup=names) as client:
        response = await client.post(f"http://outside.example:{port}/hook", b"", {})
    assert response.status == status
    assert paths == ["/hook"]
    assert names.asked == 1


async def test_cookies_are_forgotten_and_connections_kept() -> None:
    cookies: list[str | None] = []
    peers: set[object] = set()

    async def answer(request: web.BaseRequest) -> web.Response:
        cookies.append(request.headers.get("Cookie"))
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(headers={"Set-Cookie": "session=1; Path=/"})

    async with receiver(answer) as port, GuardedClient(LOCAL) as client:
        for _ in range(3):
            await client.post(f"http://127.0.0.1:{port}/", b"", {})
    assert cookies == [None, None, None]
    assert len(peers) == 1


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with receiver(ok) as port, GuardedClient(LOCAL) as client:
        assert (await client.post(f"http://127.0.0.1:{port}/", b"", {})).status == 200


async def test_an_endless_answer_is_cut_off() -> None:
    gone = asyncio.Event()

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            gone.set()

    async with raw_receiver(pour) as port, GuardedClient(LOCAL) as client:
        response = await client.post(f"http://127.0.0.1:{port}/", b"", {})
        await gone.wait()
    assert response.body_start == b"x" * 1024


async def test_a_compressed_answer_is_not_unpacked() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(body=b"\x1f\x8bnot really", headers={"Content-Encoding": "gzip"})

    async with receiver(answer) as port, GuardedClient(LOCAL) as client:
        assert (await client.post(f"http://127.0.0.1:{port}/", b"", {})).body_start == b"\x1f\x8bnot really"


async def test_a_status_counts_even_when_its_body_stalls_or_breaks() -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
        await writer.drain()
        await reader.read()

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
        await writer.drain()

    for talk, timeout in ((stall, 2.0), (break_off, 10.0)):  # a stall lasts until then
        async with raw_receiver(talk) as port, GuardedClient(LOCAL, timeout=timeout) as client:
            response = await client.post(f"http://127.0.0.1:{port}/", b"", {})
        assert (response.status, response.body_start) == (200, b"ok")


async def test_silence_is_a_timeout() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_receiver(listen) as port, GuardedClient(LOCAL, timeout=0.05) as client:
        with pytest.raises(EgressTimeout) as timeout:
            await client.post(f"http://127.0.0.1:{port}/", b"", {})
    assert timeout.value.kind == "timeout"


async def test_a_slow_name_server_is_a_timeout() -> None:
    class Silent(Names):
        async def addresses(self, host: str, port: int) -> list[str]:
            await asyncio.Event().wait()
            raise AssertionError

    async with GuardedClient(LOCAL, timeout=0.05, lookup=Silent([])) as client:
        with pytest.raises(EgressTimeout):
            await client.post("http://slow.example/", b"", {})


async def test_what_never_got_out_is_told_apart_from_what_may_have_arrived() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"SMTP ready\r\n\r\n")
        await writer.drain()

    async with raw_receiver(hang_up) as hanging, raw_receiver(babble) as babbling, GuardedClient(LOCAL) as client:
        kinds = [
            await failure(client, f"http://127.0.0.1:{hanging}/"),
            await failure(client, f"http://127.0.0.1:{babbling}/"),
            await failure(client, f"https://127.0.0.1:{babbling}/"),
        ]
    async with GuardedClient(LOCAL) as client:
        kinds.append(await failure(client, f"http://127.0.0.1:{hanging}/"))
    assert kinds == [EgressBroken, EgressBroken, EgressUnreachable, EgressUnreachable]


async def test_names_that_nobody_answers_for_hold_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their attempts are over in time; the lookups go on, and take no thread from those that come after them."""
    connections = 30
    async with receiver(ok) as port, GuardedClient(LOCAL, timeout=0.2, connections=connections) as client:
        with slow_names(monkeypatch):
            slow = [failure(client, f"http://slow-{n}.example:{port}/") for n in range(connections)]
            assert set(await asyncio.gather(*slow)) == {EgressTimeout}
            client._timeout = 8  # plenty, however busy the machine is
            response = await client.post(f"http://good.example:{port}/", b"", {})
    assert response.status == 200


async def test_of_a_name_with_many_addresses_all_are_judged_and_few_are_dialled() -> None:
    many = [f"127.1.0.{n}" for n in range(1, 40)]
    six = [f"::ffff:127.2.0.{n}" for n in range(1, 40)]

    async def dialled(found: list[str], policy: EgressPolicy = LOCAL) -> list[str]:
        return [one["host"] for one in await GuardedResolver(policy, Names(found)).resolve("many.example", 443)]

    assert await dialled(many) == many[:8]
    assert await dialled(six) == six[:8]
    assert await dialled(six + many) == six[:4] + many[:4], "the one family may lead nowhere"
    assert await dialled([*six, many[0]]) == [*six[:7], many[0]]
    assert await dialled([six[0], *many]) == [six[0], *many[:7]]
    with pytest.raises(EgressRefused, match="private"):
        await dialled([*many, "10.0.0.1"])


async def test_an_unknown_name_is_unreachable() -> None:
    class Unknown(Names):
        async def addresses(self, host: str, port: int) -> list[str]:
            raise OSError("unknown name")

    async with GuardedClient(LOCAL, lookup=Unknown([])) as client:
        assert await failure(client, "http://unknown.example/") is EgressUnreachable


async def failure(client: GuardedClient, url: str) -> type[EgressError]:
    with pytest.raises(EgressError) as caught:
        await client.post(url, b"{}", {})
    assert caught.value.detail
    return type(caught.value)
