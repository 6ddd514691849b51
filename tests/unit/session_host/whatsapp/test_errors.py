from __future__ import annotations

import pytest

from session_host.whatsapp.errors import error_of
from session_host.whatsapp.port import NotConnected, OutcomeUnknown, Rejected, StoreUnwritable, WhatsAppError


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("server returned error 463", Rejected, "463"),
        ("server returned error 503", NotConnected, "503"),
        ("info query returned status 429: rate-overlimit", NotConnected, "429"),
        ("failed to get device list: info query returned status 403: forbidden", Rejected, "403"),
        ("no LID found for 4915550001@s.whatsapp.net from server", Rejected, "not_on_whatsapp"),
        ("can't send message to unknown server example.com", Rejected, "invalid_recipient"),
        ("phone number too short", Rejected, "invalid_number"),
        ("client is nil", NotConnected, "not_connected"),
        ("failed to send message node: websocket not connected", NotConnected, "not_connected"),
        ("failed to send message node: frame socket is closed", NotConnected, "not_connected"),
        ("failed to fetch LID mappings: context canceled", NotConnected, "not_connected"),
        ("failed to save cached sessions: database or disk is full", StoreUnwritable, "session_store_full"),
        ("failed to get LID for PN 4915550001: disk I/O error", StoreUnwritable, "session_store_full"),
        ("failed to save something new: database or disk is full", OutcomeUnknown, "interrupted"),
        ("failed to get device list: websocket disconnected before info query returned", NotConnected, "not_connected"),
        ("websocket not connected", OutcomeUnknown, "interrupted"),  # of a second try: the first may have gone out
        ("websocket disconnected before message send returned response", OutcomeUnknown, "interrupted"),
        ("failed to send message node: write tcp: broken pipe", OutcomeUnknown, "interrupted"),
        ("timed out waiting for message send response", OutcomeUnknown, "timeout"),
        ("something new", OutcomeUnknown, "interrupted"),
    ],
)
def test_the_text_tells_whether_it_may_have_been_sent(text: str, kind: type[WhatsAppError], code: str) -> None:
    error = error_of(text)

    assert (type(error), error.code) == (kind, code)


def test_numbers_stay_out_of_errors() -> None:
    assert "4915550001" not in str(error_of("no LID found for 4915550001@s.whatsapp.net from server"))
