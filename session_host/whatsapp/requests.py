"""What is asked of the library and what it answers, between the port's values and its protobuf."""

from __future__ import annotations

from session_host.whatsapp.errors import error_of
from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.people import USERS, parse_address
from session_host.whatsapp.port import OutcomeUnknown, Sent
from session_host.whatsapp.text import text_of

Jid = tuple[str, str]  # user and server
_EMPTY = "Function returned nothing."  # the library's error for an empty answer


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

    def found(self, data: bytes) -> dict[str, Jid | None]:
        """The jids of the numbers that are on WhatsApp, None for one that is not. Those that WhatsApp said nothing of
        are left out. Many jids are LIDs, of which the store knows the numbers now."""
        answer = self._neonize.IsOnWhatsAppReturnFunction.FromString(data)
        if answer.Error and answer.Error != _EMPTY:
            raise error_of(text_of(answer.Error))
        if not answer.IsOnWhatsAppResponse:  # who is not there is in the answer, too
            raise OutcomeUnknown("empty_answer", "WhatsApp's answer was empty")
        return {
            text_of(each.Query).lstrip("+"): (text_of(each.JID.User), text_of(each.JID.Server)) if each.IsIn else None
            for each in answer.IsOnWhatsAppResponse
        }

    def lid(self, jid: Jid) -> bytes:
        """What to ask the store for the number of a LID."""
        return self._jid(*jid)

    def phone(self, data: bytes) -> str | None:
        """The digits that the store has for a LID, if any."""
        answer = self._neonize.GetJIDFromStoreReturnFunction.FromString(data)
        known = not answer.Error and answer.Jid.User and answer.Jid.Server == USERS
        return text_of(answer.Jid.User) if known else None

    def _jid(self, user: str, server: str) -> bytes:
        jid = self._neonize.JID(User=user, Server=server, RawAgent=0, Device=0, Integrator=0, IsEmpty=False)
        data: bytes = jid.SerializeToString()
        return data
