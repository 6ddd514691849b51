from __future__ import annotations

from typing import Any

import pytest

from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.port import NumberAnswer, OutcomeUnknown, Rejected, Sent
from session_host.whatsapp.requests import Requests

neonize: Any = protobuf_module("Neonize_pb2")
Message: Any = protobuf_module("waE2E.WAWebProtobufsE2E_pb2").Message

LIDS = neonize.JID(User="1701", Server="lid", RawAgent=0, Device=0, Integrator=0, IsEmpty=False)
PHONES = neonize.JID(User="5531998765432", Server="s.whatsapp.net")


def found(query: str, jid: Any, there: bool = True) -> Any:
    return neonize.IsOnWhatsAppResponse(Query=query, JID=jid, IsIn=there)


def answered(*responses: Any, error: str = "") -> bytes:
    answer = neonize.IsOnWhatsAppReturnFunction(IsOnWhatsAppResponse=responses, Error=error)
    return bytes(answer.SerializePartialToString())


def test_a_text_is_sent_as_it_is() -> None:
    """Links in it are not looked at: the library would fetch them from here for a preview."""
    recipient, message = Requests().text("+4915550001", "see http://169.254.169.254/ @4915550002")

    assert [field.name for field, _ in Message.FromString(message).ListFields()] == ["conversation"]
    jid = neonize.JID.FromString(recipient)
    assert (jid.User, jid.Server) == ("4915550001", "s.whatsapp.net")


def test_an_acknowledged_send_has_an_id_and_a_time() -> None:
    answer = neonize.SendMessageReturnFunction()
    answer.SendResponse.ID, answer.SendResponse.Timestamp = "3EB0", 1_700_000_000

    assert Requests().sent(answer.SerializePartialToString()) == Sent("3EB0", 1_700_000_000.0)


def test_a_refused_send_raises() -> None:
    answer = neonize.SendMessageReturnFunction(Error="server returned error 463")

    with pytest.raises(Rejected):
        Requests().sent(answer.SerializePartialToString())


def test_numbers_are_answered_in_order_whatever_whatsapp_says() -> None:
    data = answered(found("+4915550002", LIDS), found("4915550003", LIDS, there=False), found("+553198765432", PHONES))

    assert Requests().number_answers(["553198765432", "4915550001", "4915550002", "4915550003"], data) == [
        NumberAnswer("553198765432", True, "5531998765432@s.whatsapp.net"),  # WhatsApp knows it by another number
        NumberAnswer("4915550001", False, None),
        NumberAnswer("4915550002", True, "4915550002@s.whatsapp.net"),
        NumberAnswer("4915550003", False, None),
    ]


def test_an_empty_answer_means_nobody() -> None:
    data = answered(error="Function returned nothing.")

    assert Requests().number_answers(["4915550001"], data) == [NumberAnswer("4915550001", False, None)]


def test_an_answer_that_did_not_come_is_no_answer() -> None:
    with pytest.raises(OutcomeUnknown):
        Requests().number_answers(["4915550001"], answered(error="info query timed out"))
