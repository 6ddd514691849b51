"""One attempt in a pairing process.

stirring -> showing codes -> paired     (the socket is cut before the device logs in: that is the worker's to do)
                         \\-> ended      (codes expired, WhatsApp refused, no connection)
                         \\-> cancelled
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from session_host.whatsapp.client import Client
from session_host.whatsapp.errors import error_of
from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.pairing.lines import Line
from session_host.whatsapp.people import device_address
from session_host.whatsapp.port import EndReason, NotConnected
from session_host.whatsapp.runtime import Ended, Event, Heard, Login, Qr, Runtime
from session_host.whatsapp.text import text_of

DEVICE_NAME = "HiveWP"  # under Linked devices on the phone
BROWSER = "Chrome (Linux)"  # WhatsApp asks pair codes to come from a browser it knows

_PAIRED_EVENTS = b""  # the device itself comes unasked, as event 0
_ENDS = {"timeout": EndReason.QR_EXPIRED, "err-client-outdated": EndReason.CLIENT_OUTDATED}


class Forms:
    """The protobuf forms that pairing needs."""

    def __init__(self) -> None:
        neonize = protobuf_module("Neonize_pb2")
        props = protobuf_module("waCompanionReg.WAWebProtobufsCompanionReg_pb2").DeviceProps
        self.device = neonize.Device
        self.code_request = neonize.PairPhoneParams
        self.code_answer = neonize.PairPhoneReturnFunction
        self.browser: int = props.CHROME
        self.props: bytes = props(os=DEVICE_NAME, platformType=props.CHROME).SerializeToString()


class Attempt:
    """Tells lines without their number. Its client is cut off but never stopped: the process's end does that safely."""

    def __init__(self, runtime: Runtime, forms: Forms, tell: Callable[[Line], None], starting_s: float) -> None:
        self._runtime = runtime
        self._forms = forms
        self._tell_desk = tell
        self._client = Client(runtime, self._hear, starting_s)
        self._showing = asyncio.Event()
        self._over = False
        self._may_log_in = False
        self._task: asyncio.Task[None] | None = None

    def begin(self, database: str, proxy_url: str | None, *, may_hold_device: bool) -> None:
        """Connects and shows codes, or logs in with the device that the store holds already."""
        self._may_log_in = may_hold_device
        self._client.start(database, _PAIRED_EVENTS, proxy_url, self._forms.props)

    async def pair_code(self, phone: str) -> str:
        """The code `XXXX-XXXX` for the phone's owner to type. Raises WhatsAppError."""
        await self._showing.wait()
        if self._over:
            raise NotConnected("not_pairing", "the attempt is over")
        request = self._forms.code_request(
            phone=phone, showPushNotification=True, clientType=self._forms.browser, clientDisplayName=BROWSER
        )
        function = self._runtime.library.pair_phone
        data = await self._runtime.call(function, self._client.name, request.SerializeToString())
        answer = self._forms.code_answer.FromString(data)
        if answer.Error:
            raise error_of(text_of(answer.Error))
        return text_of(answer.Code)

    async def cancel(self) -> None:
        """Gives up and closes the socket; tells so at once unless it could be one of a linked device."""
        if self._may_log_in:
            await self._client.cut()
        self._tell({"is": "cancelled"})
        self._finish()
        await self._client.cut()

    def _hear(self, heard: Heard) -> None:
        match heard:
            case Qr(code=code) if self._showing.is_set():
                self._tell({"is": "qr", "code": code})
            case Qr(code=code):
                self._task = self._runtime.loop.create_task(self._show_first(code))
            case Event(kind=0, data=data):
                self._task = self._runtime.loop.create_task(self._paired(data))
            case Login(status=status) if status != "success":
                self._end(_ENDS.get(status, EndReason.PAIRING_FAILED), status)
            case Ended(error=error):
                reason = EndReason.PAIRING_FAILED if self._showing.is_set() else EndReason.CONNECT_FAILURE
                self._end(reason, error.rsplit(": ", 1)[-1][:200])

    async def _show_first(self, code: str) -> None:
        await self._client.dial_no_more()
        self._tell({"is": "qr", "code": code})
        self._showing.set()

    async def _paired(self, data: bytes) -> None:
        """Also where the store already held a device, paired just before a crash: then the client is logging in."""
        await self._client.cut()
        device = self._forms.device.FromString(data)
        jid, lid = device_address(device.JID), device_address(device.LID) or None
        phone, platform = text_of(device.JID.User), text_of(device.Platform)
        self._tell({"is": "paired", "jid": jid, "phone": phone, "lid": lid, "platform": platform})
        self._finish()

    def _end(self, reason: EndReason, detail: str) -> None:
        self._tell({"is": "ended", "reason": reason.value, "detail": detail})
        self._finish()

    def _finish(self) -> None:
        self._over = True
        self._showing.set()

    def _tell(self, line: Line) -> None:
        if not self._over:
            self._tell_desk(line)
