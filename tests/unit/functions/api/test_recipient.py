"""Whom a message goes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.recipient import NoRecipient, phone_number, recipient


@pytest.mark.parametrize(
    ("given_as", "kept"),
    [
        ("+5511999999999", "5511999999999"),
        ("5511999999999", "5511999999999"),
        ("1234567", "1234567"),
        ("123456789012345", "123456789012345"),
        ("5511999999999@s.whatsapp.net", "5511999999999"),
        ("120363041234567890", "120363041234567890@g.us"),
        ("120363041234567890@g.us", "120363041234567890@g.us"),
        ("5511999999999-1612345678", "5511999999999-1612345678@g.us"),
        ("5511999999999-1612345678@g.us", "5511999999999-1612345678@g.us"),
        ("98765432101234@lid", "98765432101234@lid"),
        ("120363041234567890@newsletter", "120363041234567890@newsletter"),
    ],
)
def test_every_form_becomes_one(given_as: str, kept: str) -> None:
    assert recipient(given_as) == kept
    assert recipient(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "123456",
        "1234567890123456",
        "12345678901234567",
        "0511999999999",
        "+0511999999999",
        "++5511999999999",
        "+55 11 99999-9999",
        "5511999999999\n",
        "٥٥١١٩٩٩٩٩٩٩٩٩",
        "status@broadcast",
        "5511999999999@c.us",
        "5511999999999:3@s.whatsapp.net",
        "group@g.us",
        "@g.us",
        "120363041234567890@G.US",
        "a@lid",
        "1@lid@lid",
    ],
)
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(NoRecipient):
        recipient(text)


def test_a_group_is_no_phone() -> None:
    with pytest.raises(NoRecipient):
        phone_number("120363041234567890")


@given(st.text(alphabet="0123456789+-@.glidsuwhatpne ", max_size=30))
def test_what_is_accepted_is_its_own_form(text: str) -> None:
    try:
        kept = recipient(text)
    except NoRecipient:
        return
    assert recipient(kept) == kept
    assert kept.isascii()
