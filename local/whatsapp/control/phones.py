"""The hands on the phones: scan, type a code, write, read the inbox, set how a phone behaves."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from local.whatsapp.connections.pairing import (
    NoAnswerError,
    PairingDesk,
    PairingError,
    UnknownCodeError,
    UnknownRefError,
)
from local.whatsapp.control.bodies import Behave, Pair, Scan, Write, number_of, read_body
from local.whatsapp.control.problems import ProblemError
from local.whatsapp.control.qr import BadQrError, read_qr
from local.whatsapp.state.journal import Kind
from local.whatsapp.state.records import Letter
from local.whatsapp.world.device import Device
from local.whatsapp.world.world import World

CODE_SIZE = 8


class PhoneRoutes:
    def __init__(self, world: World, desk: PairingDesk) -> None:
        self._world = world
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/phones/{number}/scan", self.scan),
            web.post("/phones/{number}/pair", self.pair),
            web.post("/phones/{number}/messages", self.write),
            web.get("/phones/{number}/inbox", self.inbox),
            web.get("/phones/{number}/behaviour", self.behaviour),
            web.put("/phones/{number}/behaviour", self.behave),
        ]

    async def scan(self, request: web.Request) -> web.Response:
        number, body = number_of(request), await read_body(request, Scan)
        try:
            code = read_qr(body.qr)
            registration = self._desk.by_ref(code.ref)
            if registration.identity != code.identity:
                raise BadQrError("the code names another device's keys")
            device = await registration.scan(self._world.account(number), code.adv_secret)
        except BadQrError as error:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
        except PairingError as error:
            raise _problem(error) from error
        return web.json_response(_linked(device))

    async def pair(self, request: web.Request) -> web.Response:
        number, body = number_of(request), await read_body(request, Pair)
        code = body.code.replace("-", "").replace(" ", "").upper()
        if len(code) != CODE_SIZE:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "code: a pair code has 8 characters")
        registration = self._desk.by_number(number)
        if registration is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "no device has asked for a pair code for this number")
        try:
            device = await registration.enter_code(self._world.account(number), code)
        except PairingError as error:
            raise _problem(error) from error
        return web.json_response(_linked(device))

    async def write(self, request: web.Request) -> web.Response:
        number, body = number_of(request), await read_body(request, Write)
        receiver = self._world.account(body.to)
        if not receiver.record.behaviour.registered:
            raise ProblemError(HTTPStatus.CONFLICT, "the number written to is not on WhatsApp")
        return web.json_response({"id": self._world.account(number).phone.write(receiver.lid, body.text)})

    async def inbox(self, request: web.Request) -> web.Response:
        letters = self._world.account(number_of(request)).phone.inbox.letters
        return web.json_response([_letter(letter) for letter in letters])

    async def behaviour(self, request: web.Request) -> web.Response:
        return self._behaviour(number_of(request))

    async def behave(self, request: web.Request) -> web.Response:
        number, body = number_of(request), await read_body(request, Behave)
        record = self._world.account(number).record
        for name in body.model_fields_set:
            setattr(record.behaviour, name, getattr(body, name))
        self._world.changed(Kind.ACCOUNT, number)
        return self._behaviour(number)

    def _behaviour(self, number: str) -> web.Response:
        behaviour = self._world.account(number).record.behaviour
        shown = {"reply": behaviour.reply, "read": behaviour.read, "registered": behaviour.registered}
        return web.json_response(shown)


def _problem(error: PairingError) -> ProblemError:
    if isinstance(error, UnknownRefError):
        return ProblemError(HTTPStatus.GONE if error.expired else HTTPStatus.NOT_FOUND, str(error))
    if isinstance(error, UnknownCodeError):
        return ProblemError(HTTPStatus.NOT_FOUND, str(error))
    if isinstance(error, NoAnswerError):
        return ProblemError(HTTPStatus.GATEWAY_TIMEOUT, str(error))
    return ProblemError(HTTPStatus.CONFLICT, str(error))


def _linked(device: Device) -> dict[str, str]:
    return {"jid": str(device.pn), "lid": str(device.lid)}


def _letter(letter: Letter) -> dict[str, str]:
    at = datetime.fromtimestamp(letter.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shown = {"id": letter.id, "from": letter.sender, "text": letter.text, "type": letter.kind, "at": at}
    shown |= {"group": letter.group} if letter.group else {}
    return shown | ({"to": letter.to} if letter.to else {})
