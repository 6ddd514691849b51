from __future__ import annotations

from typing import Any

import pytest

from session_host.whatsapp.library import protobuf_module
from session_host.whatsapp.port import OutcomeUnknown, Rejected, Sent
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


def test_numbers_that_are_there_are_found_with_the_address_that_whatsapp_gives() -> None:
    data = answered(found("+4915550002", LIDS), found("4915550003", LIDS, there=False), found("+553198765432", PHONES))

    assert Requests().found(data) == {
        "4915550002": ("1701", "lid"),
        "4915550003": None,
        "553198765432": ("5531998765432", "s.whatsapp.net"),  # WhatsApp knows it by another number
    }


@pytest.mark.parametrize("empty", [b"", answered(), answered(error="Function returned nothing.")])
def test_an_empty_answer_says_nothing_of_anybody(empty: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match="empty_answer"):
        Requests().found(empty)


def test_an_answer_that_did_not_come_is_no_answer() -> None:
    with pytest.raises(OutcomeUnknown):
        Requests().found(answered(error="info query timed out"))


def test_the_number_of_a_lid_is_what_the_store_knows() -> None:
    def known(**answer: Any) -> bytes:
        return bytes(neonize.GetJIDFromStoreReturnFunction(**answer).SerializePartialToString())

    requests = Requests()
    assert neonize.JID.FromString(requests.lid(("1701", "lid"))).User == "1701"
    assert requests.phone(known(Jid=PHONES)) == "5531998765432"
    assert requests.phone(known(Jid=neonize.JID(User="", Server=""))) is None
    assert requests.phone(known(Error="no such LID")) is None
