"""What an error text of the library means for the caller. The texts are whatsmeow's; there are no codes.

An error is final (Rejected) or harmless (NotConnected) only where its text says so; of anything else the outcome is
unknown, since a frame may have gone out.
"""

from __future__ import annotations

import re

from session_host.whatsapp.port import NotConnected, OutcomeUnknown, Rejected, WhatsAppError

_STATUS = re.compile(r"(?:server returned error|info query returned status) (\d+)")

# nothing has been sent when these are raised
_BEFORE_SENDING = (
    "client is nil",
    "the store doesn't contain a device JID",
    "failed to send message node: websocket not connected",
    "failed to send node: websocket not connected",
    "failed to get user info",  # the look-up of the recipient's other address comes first
    "failed to get LID",
    "failed to get device list",
    "failed to get group members",
    "failed to encrypt message",
)
_REFUSED = {
    "no LID found": "not_on_whatsapp",
    "can't send message to unknown server": "invalid_recipient",
    "message recipient must be a user JID": "invalid_recipient",
    "you're not participating in that group": "not_in_group",
    "that group does not exist": "group_not_found",
    "phone number too short": "invalid_number",
    "international phone number required": "invalid_number",
}


def error_of(text: str) -> WhatsAppError:
    """The error to raise for the library's `text`."""
    if status := _STATUS.search(text):
        return Rejected(status[1], "WhatsApp refused the request")
    for part, code in _REFUSED.items():
        if part in text:
            return Rejected(code, part)
    if any(part in text for part in _BEFORE_SENDING):
        return NotConnected("not_connected", "there was no connection to send on")
    code = "timeout" if "timed out" in text else "interrupted"
    return OutcomeUnknown(code, "WhatsApp's answer did not come")
