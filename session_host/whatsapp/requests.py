"""What is asked of the library and what it answers, between the port's values and its protobuf."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from session_host.whatsapp.errors import error_of
from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.people import USERS, address, parse_address
from session_host.whatsapp.port import NumberAnswer, Sent
from session_host.whatsapp.text import text_of

_NOBODY = "Function returned nothing."  # the library's error for an empty answer


class Requests:
    """Builds requests, reads answers. Raises WhatsAppError for bad recipients and for errors in answers."""

    def __init__(self) -> None:
        self._neonize = protobuf_module("Neonize_pb2")
        self._message = protobuf_module("waE2E.WAWebProtobufsE2E_pb2").Message

    def recipient(self, to: str) -> bytes:
        """The jid for a phone number, group id or jid."""
        user, server = parse_address(to)
        return self._jid(user, server)

    def text(self, to: str, text: str) -> tuple[bytes, bytes]:
        """Recipient and message. A plain conversation: the library looks for no links, mentions or previews in it."""
        message: bytes = self._message(conversation=text).SerializeToString()
        return self.recipient(to), message

    def sent(self, data: bytes) -> Sent:
        """The acknowledgement of a send."""
        answer = self._neonize.SendMessageReturnFunction.FromString(data)
        if answer.Error:
            raise error_of(text_of(answer.Error))
        return Sent(text_of(answer.SendResponse.ID), float(answer.SendResponse.Timestamp))

    def number_answers(self, numbers: Sequence[str], data: bytes) -> list[NumberAnswer]:
        """One answer per number, in order; a number that WhatsApp says nothing about is not there."""
        answer = self._neonize.IsOnWhatsAppReturnFunction.FromString(data)
        if answer.Error and answer.Error != _NOBODY:
            raise error_of(text_of(answer.Error))
        found = {text_of(each.Query).lstrip("+"): each for each in answer.IsOnWhatsAppResponse}
        return [_number_answer(number, found.get(number)) for number in numbers]

    def _jid(self, user: str, server: str) -> bytes:
        jid = self._neonize.JID(User=user, Server=server, RawAgent=0, Device=0, Integrator=0, IsEmpty=False)
        data: bytes = jid.SerializeToString()
        return data


def _number_answer(number: str, found: Any) -> NumberAnswer:
    if found is None or not found.IsIn:
        return NumberAnswer(number, False, None)
    jid = address(found.JID) if found.JID.Server == USERS else f"{number}@{USERS}"
    return NumberAnswer(number, True, jid)
