"""Linking and logging in over the wire, with the checks that a real client makes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from local.whatsapp.connections import connection as connection_module
from local.whatsapp.connections import pairing as pairing_module
from local.whatsapp.connections.connection import Connection, Conversation
from local.whatsapp.connections.login import log_in
from local.whatsapp.connections.pairing import NoAnswerError, PairingDesk, PairingError, Registration, UnknownRefError
from local.whatsapp.control.qr import read_qr
from local.whatsapp.crypto.keys import KeyPair
from local.whatsapp.protos import wa6
from local.whatsapp.state.records import Refusal
from local.whatsapp.wire.jid import JID, SERVER
from local.whatsapp.wire.node import Node
from local.whatsapp.world.device import Device
from local.whatsapp.world.world import World
from tests.unit.local.whatsapp.connections.wire_client import WireClient

ME = "15550001"


class Host:
    """The server, as far as pairing and login need it."""

    def __init__(self) -> None:
        self.world = World(lambda: 1_700_000_000.0, asyncio.get_running_loop().call_later)
        self.desk = PairingDesk()
        self._tasks: list[asyncio.Task[None]] = []
        self._clients: list[WireClient] = []

    def connect(self, client: WireClient) -> None:
        connection = Connection(client.pipe, KeyPair.generate(), b"", self.world.stats)
        self._tasks.append(asyncio.create_task(connection.run(self._open)))
        self._clients.append(client)

    async def close(self) -> None:
        for client in self._clients:
            client.hang_up()
        await asyncio.gather(*self._tasks)

    def _open(self, connection: Connection, key: bytes, payload: Any) -> Conversation | None:
        if not payload.HasField("devicePairingData"):
            return log_in(self.world, connection, key, payload)
        registration = Registration(self.world, self.desk, connection, key, payload.devicePairingData)
        registration.begin()
        return registration


@pytest.fixture
async def host(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    monkeypatch.setattr(connection_module, "FIRST_STANZA_PAUSE", 0)
    monkeypatch.setattr(connection_module, "FAREWELL_PAUSE", 0)
    host = Host()
    yield host
    await host.close()


async def refs_of(host: Host, client: WireClient) -> list[str]:
    host.connect(client)
    await client.shake_hands(client.registration())
    query = await client.expect("iq")
    refs = query.child("pair-device")
    assert refs
    client.send(Node("iq", {"to": SERVER, "type": "result", "id": query.text("id")}))
    return [ref.data().decode() for ref in refs.children()]


def scan(host: Host, client: WireClient, ref: str) -> asyncio.Task[Device]:
    code = read_qr(client.qr(ref))
    return asyncio.create_task(host.desk.by_ref(code.ref).scan(host.world.account(ME), code.adv_secret))


async def link(host: Host, client: WireClient) -> Device:
    scanning = scan(host, client, (await refs_of(host, client))[0])
    query = await client.expect("iq")
    identity = query.child("pair-success", "device-identity")
    assert identity
    assert client.accepts(identity.data())
    signed = Node("pair-device-sign", {}, [Node("device-identity", {"key-index": 1}, identity.data())])
    client.send(Node("iq", {"to": SERVER, "type": "result", "id": query.text("id")}, [signed]))
    error = await client.expect("stream:error")
    assert error.attrs["code"] == "515"
    assert await client.receive() is None
    return await scanning


async def log_in_again(host: Host, old: WireClient, **payload: Any) -> tuple[WireClient, Node]:
    client = WireClient(old.noise)
    host.connect(client)
    await client.shake_hands(wa6.ClientPayload(**{"username": int(ME), "device": 1, **payload}))
    node = await client.receive()
    assert node
    return client, node


async def test_a_scanned_device_is_linked_and_logs_in(host: Host) -> None:
    client = WireClient()
    device = await link(host, client)
    assert device.pn == JID(ME, device=1)
    assert host.desk.waiting == 0
    _, welcome = await log_in_again(host, client)
    assert welcome.tag == "success"
    assert welcome.attrs["lid"] == device.lid
    assert host.world.stats.unknown == {}


async def test_each_of_the_six_refs_works_until_one_was_used(host: Host) -> None:
    client = WireClient()
    refs = await refs_of(host, client)
    assert len(set(refs)) == 6
    assert host.desk.by_ref(refs[0]) is host.desk.by_ref(refs[5])


async def test_a_code_of_a_client_that_left_is_expired_and_a_strange_one_unknown(host: Host) -> None:
    client = WireClient()
    ref = (await refs_of(host, client))[0]
    client.hang_up()
    assert await client.receive() is None
    for code, expired in ((ref, True), ("2@strange", False)):
        with pytest.raises(UnknownRefError) as error:
            host.desk.by_ref(code)
        assert error.value.expired is expired


async def test_a_companion_that_refuses_is_not_linked(host: Host) -> None:
    client = WireClient()
    scanning = scan(host, client, (await refs_of(host, client))[0])
    query = await client.expect("iq")
    client.send(Node("iq", {"to": SERVER, "type": "error", "id": query.text("id")}))
    with pytest.raises(PairingError, match="refused"):
        await scanning
    assert host.world.account(ME).devices == {}


async def test_a_companion_that_hangs_up_is_not_linked(host: Host) -> None:
    client = WireClient()
    scanning = scan(host, client, (await refs_of(host, client))[0])
    client.hang_up()
    with pytest.raises(PairingError, match="hung up"):
        await scanning


async def test_a_companion_that_says_nothing_is_given_up(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing_module, "ANSWER_TIMEOUT", 0.01)
    client = WireClient()
    with pytest.raises(NoAnswerError):
        await scan(host, client, (await refs_of(host, client))[0])


async def test_queries_before_pairing_are_answered(host: Host) -> None:
    client = WireClient()
    await refs_of(host, client)
    client.send(Node("iq", {"xmlns": "w:p", "type": "get", "id": "7", "to": SERVER}))
    assert (await client.expect("iq")).attrs["id"] == "7"
    client.send(Node("iq", {"xmlns": "md", "type": "set", "id": "8"}, [Node("link_code_companion_reg")]))
    assert (await client.expect("iq")).attrs["type"] == "error"
    assert host.world.stats.open_queries == 0


@pytest.mark.parametrize(("username", "device"), [(15550001, 2), (15550002, 1), (0, 0)])
async def test_strangers_are_refused(host: Host, username: int, device: int) -> None:
    client = WireClient()
    await link(host, client)
    _, failure = await log_in_again(host, client, username=username, device=device)
    assert (failure.tag, failure.attrs["reason"]) == ("failure", "401")


async def test_a_device_is_known_by_its_noise_key(host: Host) -> None:
    await link(host, WireClient())
    _, failure = await log_in_again(host, WireClient())
    assert (failure.tag, failure.attrs["reason"]) == ("failure", "401")


async def test_a_second_login_replaces_the_first(host: Host) -> None:
    client = WireClient()
    device = await link(host, client)
    first, _ = await log_in_again(host, client)
    await log_in_again(host, client)
    error = await first.expect("stream:error")
    assert error.child("conflict") is not None
    assert await first.receive() is None
    assert device.link is not None
    assert host.world.stats.events["second_logins"] == 1


async def test_a_login_after_a_kick_is_no_second_one(host: Host) -> None:
    client = WireClient()
    device = await link(host, client)
    await log_in_again(host, client)
    device.leave("close")  # its end is on the way
    await log_in_again(host, client)
    assert host.world.stats.events["second_logins"] == 0


async def test_everybodys_logins_can_be_refused(host: Host) -> None:
    client = WireClient()
    await link(host, client)
    host.world.refusal = Refusal("503", 1)
    _, failure = await log_in_again(host, client)
    assert (failure.tag, failure.attrs["reason"]) == ("failure", "503")
    _, welcome = await log_in_again(host, client)
    assert welcome.tag == "success"


async def test_a_refusal_with_a_count_ends_by_itself(host: Host) -> None:
    client = WireClient()
    await link(host, client)
    host.world.account(ME).record.refusal = Refusal("402", 2, code="101", expire="3600")
    for _ in range(2):
        _, failure = await log_in_again(host, client)
        assert failure.attrs == {"reason": "402", "code": "101", "expire": "3600"}
    _, welcome = await log_in_again(host, client)
    assert welcome.tag == "success"
