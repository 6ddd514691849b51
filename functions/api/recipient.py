"""Whom a message goes to, in the one form that is stored, shown and sent.

| given | kept as |
|---|---|
| E.164, with or without `+`: 7 to 15 digits | the digits |
| a group id: `1203...` of 18 to 20 digits, or `<phone>-<time>` | `<id>@g.us` |
| a jid of `@s.whatsapp.net` | the digits |
| a jid of `@g.us`, `@lid`, `@newsletter` | as it is |
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

_PHONE = re.compile(r"\+?([1-9][0-9]{6,14})")
_GROUP = re.compile(r"[0-9]{18,20}|[1-9][0-9]{6,14}-[0-9]{8,12}")
_NUMBERED = re.compile(r"[0-9]{5,20}")
_SERVERS = {"g.us": _GROUP, "lid": _NUMBERED, "newsletter": _NUMBERED}


class NoRecipient(ValueError):
    """The text names nobody; its text says what would."""


def phone_number(text: str) -> str:
    """The digits of a number in E.164. Raises NoRecipient."""
    found = _PHONE.fullmatch(text)
    if found is None:
        raise NoRecipient(
            "this is no phone number in E.164: 7 to 15 digits with the country code, such as +5511999999999"
        )
    return found[1]


def recipient(text: str) -> str:
    """A recipient in its one form. Raises NoRecipient."""
    user, at, server = text.partition("@")
    if at and server == "s.whatsapp.net":
        return phone_number(user)
    if at:
        return _of_server(user, server)
    if _GROUP.fullmatch(text):
        return f"{text}@g.us"
    return phone_number(text)


def _of_server(user: str, server: str) -> str:
    form = _SERVERS.get(server)
    if form is None:
        raise NoRecipient("a jid must end in @s.whatsapp.net, @g.us, @lid or @newsletter")
    if not form.fullmatch(user):
        raise NoRecipient(f"this is no jid of @{server}")
    return f"{user}@{server}"


def _checked_recipient(text: str) -> str:
    try:
        return recipient(text)
    except NoRecipient as error:
        raise PydanticCustomError("no_recipient", "{reason}", {"reason": str(error)}) from error


def _checked_phone(text: str) -> str:
    try:
        return phone_number(text)
    except NoRecipient as error:
        raise PydanticCustomError("no_phone_number", "{reason}", {"reason": str(error)}) from error


Recipient = Annotated[
    str,
    Field(max_length=64, description="A phone number in E.164 with or without +, a group id, or a jid."),
    AfterValidator(_checked_recipient),
]
PhoneNumber = Annotated[
    str, Field(max_length=64, description="A phone number in E.164, with or without +."), AfterValidator(_checked_phone)
]
