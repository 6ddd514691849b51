"""Linking a new companion: by the QR code it shows, or by the code that is typed into the phone.

QR:    pair-device (refs) -> scan -> pair-success -> pair-device-sign -> stream error 515, the client logs in
code:  companion_hello -> the code is typed -> primary_hello -> companion_finish -> pair-success, as above

PairingError
|-- UnknownRefError      the QR code is of another server, or its companion has ended
|-- UnknownCodeError     no companion shows the code that was typed
`-- NoAnswerError        the companion did not do its part in time
"""

from __future__ import annotations

import asyncio
import base64
import logging
import secrets
from collections import deque
from typing import Any

from local.whatsapp.phones.linking import CodeEntry, WrongCodeError, sign_device
from local.whatsapp.signal.bundle import SignedPreKey
from local.whatsapp.stanzas.query import Answer, RefusedError, answer, need, need_jid, route_of
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import DeviceRecord
from local.whatsapp.wire.jid import SERVER
from local.whatsapp.wire.node import Attributes, Node
from local.whatsapp.world.account import Account
from local.whatsapp.world.device import Device, Link
from local.whatsapp.world.world import World

log = logging.getLogger(__name__)

REFS = 6
REMEMBERED = 10_000
ANSWER_TIMEOUT = 15.0
PAIR_SUCCESS_PAUSE = 0.05
LINK_CODE = "link_code_companion_reg"


class PairingError(Exception):
    """The companion was not linked."""


class UnknownCodeError(PairingError):
    """No companion shows the code that was typed."""


class NoAnswerError(PairingError):
    """The companion did not do its part in time."""


class UnknownRefError(PairingError):
    """No companion of this server shows this QR code, or it has ended; `expired` tells which."""

    def __init__(self, expired: bool) -> None:
        super().__init__("the code has expired" if expired else "the code is not from this server")
        self.expired = expired


class PairingDesk:
    """The companions that wait to be linked, by what their users see: a QR code's ref, or a number and a code."""

    def __init__(self) -> None:
        self._refs: dict[str, Registration] = {}
        self._codes: dict[str, Registration] = {}
        self._ended: deque[str] = deque(maxlen=REMEMBERED)

    def open(self, registration: Registration) -> None:
        self._refs.update(dict.fromkeys(registration.refs, registration))

    def close(self, registration: Registration) -> None:
        for ref in registration.refs:
            if self._refs.pop(ref, None):
                self._ended.append(ref)
        for number in [number for number, each in self._codes.items() if each is registration]:
            del self._codes[number]

    def await_code(self, number: str, registration: Registration) -> None:
        self._codes[number] = registration

    def by_ref(self, ref: str) -> Registration:
        """Raises UnknownRefError."""
        registration = self._refs.get(ref)
        if registration is None:
            raise UnknownRefError(expired=ref in self._ended)
        return registration

    def by_number(self, number: str) -> Registration | None:
        """The companion that last asked to be linked to the number by a code."""
        return self._codes.get(number)

    @property
    def waiting(self) -> int:
        return len(set(self._refs.values()))


class Registration:
    """The conversation with one companion that is not linked yet."""

    def __init__(self, world: World, desk: PairingDesk, link: Link, noise_key: bytes, data: Any) -> None:
        self.refs = ["2@" + base64.b64encode(secrets.token_bytes(24)).decode() for _ in range(REFS)]
        self._world = world
        self._desk = desk
        self._link = link
        self._noise_key = noise_key
        self._data = data
        self._code_request: tuple[bytes, bytes] | None = None  # ref, wrapped key
        self._code_entry: tuple[Account, CodeEntry] | None = None
        self._pending: DeviceRecord | None = None
        self._outcome: asyncio.Future[Device] | None = None
        self._has_ended = False

    @property
    def identity(self) -> bytes:
        """The companion's identity key, as it registered it."""
        identity: bytes = self._data.eIdent
        return identity

    def begin(self) -> None:
        """Gives the companion the refs for its QR codes, shown one after the other."""
        self._desk.open(self)
        refs = [Node("ref", {}, ref.encode()) for ref in self.refs]
        self._send_query(Node("pair-device", {}, refs))

    async def scan(self, account: Account, adv_secret: bytes) -> Device:
        """Links the companion whose QR code was scanned. Raises PairingError."""
        outcome = self._expect_outcome()
        self._offer_link(account, adv_secret)
        return await _within(outcome)

    async def enter_code(self, account: Account, code: str) -> Device:
        """Links the companion whose code was typed. Raises PairingError."""
        if self._code_request is None:
            raise UnknownCodeError("no code was asked for")
        ref, wrapped = self._code_request
        try:
            entry = await asyncio.to_thread(CodeEntry.of, code, wrapped)
        except WrongCodeError as error:
            raise UnknownCodeError(str(error)) from error
        outcome = self._expect_outcome()
        self._code_entry = account, entry
        parts = {
            "link_code_pairing_wrapped_primary_ephemeral_pub": entry.wrapped,
            "primary_identity_pub": account.record.identity.public,
            "link_code_pairing_ref": ref,
        }
        nodes = [Node(tag, {}, value) for tag, value in parts.items()]
        hello = Node(LINK_CODE, {"stage": "primary_hello"}, nodes)
        self._link.send(self._world.notification(SERVER, LINK_CODE, [hello]))
        return await _within(outcome)

    def handle(self, node: Node) -> None:
        self._world.stats.received[node.tag] += 1
        if node.tag != "iq":
            return
        if node.text("type") in ("get", "set"):
            self._link.send(answer(self._world.stats, node, lambda: self._answer(node), self._world.now()))
        elif node.text("type") == "error":
            self._fail(PairingError("the companion refused to be linked"))
        elif node.child("pair-device-sign"):
            self._linked()

    def ended(self) -> None:
        self._has_ended = True
        self._desk.close(self)
        self._fail(PairingError("the companion hung up"))

    def _answer(self, node: Node) -> Answer:
        route = route_of(node)
        if route == ("md", "set", LINK_CODE):
            request = node.children()[0]
            return self._code_hello(request) if request.text("stage") == "companion_hello" else self._finish(request)
        if route[0] != "w:p":
            self._world.stats.unknown["/".join(route)] += 1
            log.warning("query before pairing answered empty, since unknown: %s", "/".join(route))
        return []

    def _code_hello(self, request: Node) -> Answer:
        wrapped = need(request, "link_code_pairing_wrapped_companion_ephemeral_pub").data()
        ref = secrets.token_bytes(16)
        self._code_request = ref, wrapped
        self._desk.await_code(need_jid(request, "jid").user, self)
        return [Node(LINK_CODE, {"stage": "companion_hello"}, [Node("link_code_pairing_ref", {}, ref)])]

    def _finish(self, request: Node) -> Answer:
        if self._code_entry is None:
            raise RefusedError(400, "bad-request")
        account, entry = self._code_entry
        bundle = need(request, "link_code_pairing_wrapped_key_bundle").data()
        companion = need(request, "companion_identity_public").data()
        try:
            adv_secret = entry.finish(account.record.identity, bundle, companion)
        except WrongCodeError as error:
            self._fail(UnknownCodeError(str(error)))
            raise RefusedError(404, "item-not-found") from error
        self._world.later(PAIR_SUCCESS_PAUSE, lambda: self._offer_link(account, adv_secret))
        return []

    def _offer_link(self, account: Account, adv_secret: bytes) -> None:
        """The account vouches for the companion, which checks that and then signs."""
        record = account.record
        self._pending = self._device_record(account)
        now = int(self._world.now())
        identity = sign_device(record.identity, self.identity, adv_secret, self._pending.id, now)
        device = Node("device", {"jid": self._pending.pn_jid, "lid": self._pending.lid_jid})
        parts = [Node("device-identity", {}, identity), Node("platform", {"name": "android"}), device]
        self._send_query(Node("pair-success", {}, parts))

    def _linked(self) -> None:
        if self._pending is None:
            return
        record, self._pending = self._pending, None
        self._desk.close(self)
        device = self._world.link_device(record)
        if self._outcome and not self._outcome.done():
            self._outcome.set_result(device)
        self._link.end(Node("stream:error", {"code": "515"}))

    def _device_record(self, account: Account) -> DeviceRecord:
        data, record = self._data, account.record
        device_id, record.next_device = record.next_device, record.next_device + 1
        self._world.changed(Kind.ACCOUNT, record.number)
        return DeviceRecord(
            number=record.number,
            lid=record.lid,
            id=device_id,
            noise_key=self._noise_key,
            identity=data.eIdent,
            registration_id=int.from_bytes(data.eRegid, "big"),
            signed_prekey=SignedPreKey(int.from_bytes(data.eSkeyID, "big"), data.eSkeyVal, data.eSkeySig),
        )

    def _send_query(self, child: Node) -> None:
        attrs: Attributes = {"from": SERVER, "type": "set", "id": str(secrets.randbelow(10**9)), "xmlns": "md"}
        self._link.send(Node("iq", {**attrs, "t": int(self._world.now())}, [child]))

    def _expect_outcome(self) -> asyncio.Future[Device]:
        if self._has_ended:
            raise PairingError("the companion hung up")
        if self._outcome and not self._outcome.done():
            raise PairingError("the companion is being linked already")
        self._outcome = asyncio.get_running_loop().create_future()
        return self._outcome

    def _fail(self, error: PairingError) -> None:
        if self._outcome and not self._outcome.done():
            self._outcome.set_exception(error)


async def _within(outcome: asyncio.Future[Device]) -> Device:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await outcome
    except TimeoutError as error:
        raise NoAnswerError("the companion did not answer") from error
