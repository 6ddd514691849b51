"""What an error text of the library means for the caller. The texts are whatsmeow's and SQLite's; there are no codes.

An error is final (Rejected) or harmless (NotConnected) only where its text says so; of anything else the outcome is
unknown, since a frame may have gone out.
"""

from __future__ import annotations

import re

from session_host.whatsapp.port import NotConnected, OutcomeUnknown, Rejected, StoreUnwritable, WhatsAppError

_STATUS = re.compile(r"(?:server returned error|info query returned status) (\d+)")
_NOT_NOW = re.compile("429|5..")  # WhatsApp is overloaded or wants a slower pace, and has not taken the request

# nothing has been sent when these are raised
_BEFORE_SENDING = (
    "client is nil",
    "the store doesn't contain a device JID",
    "failed to send message node: websocket not connected",
    "failed to send message node: frame socket is closed",
    "failed to send node: websocket not connected",
    "failed to get user info",  # the look-up of the recipient's other address comes first
    "failed to get LID",
    "failed to get device list",
    "failed to get group members",
    "failed to fetch LID mappings",
    "failed to prefetch sessions",
    "failed to encrypt",
    "failed to create sender key distribution message",
    "failed to save cached sessions",  # these are saved before a frame that needs them goes out
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
_STORE_TROUBLE = (
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
)


def error_of(text: str) -> WhatsAppError:
    """The error to raise for the library's `text`."""
    if status := _STATUS.search(text):
        if _NOT_NOW.fullmatch(status[1]):
            return NotConnected(status[1], "WhatsApp does not take requests just now")
        return Rejected(status[1], "WhatsApp refused the request")
    for part, code in _REFUSED.items():
        if part in text:
            return Rejected(code, part)
    if any(part in text for part in _BEFORE_SENDING):
        if trouble := store_trouble(text):
            return StoreUnwritable(trouble)
        return NotConnected("not_connected", "there was no connection to send on")
    code = "timeout" if "timed out" in text else "interrupted"
    return OutcomeUnknown(code, "WhatsApp's answer did not come")


def store_trouble(text: str) -> str | None:
    """What is wrong with a session store, where the library's `text` tells that one could not be written."""
    return next((part for part in _STORE_TROUBLE if part in text), None)
