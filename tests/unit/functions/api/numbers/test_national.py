"""The forms of phone numbers: what people write, and what WhatsApp may know it by."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.numbers.national import NoNumber, forms_of

DIGITS = re.compile(r"[1-9][0-9]{6,14}")


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


BRAZILIAN = st.builds(
    "55{}{}{}".format, st.text("123456789", min_size=2, max_size=2), st.sampled_from("6789"), digits(7)
)
MEXICAN = st.builds("52{}{}".format, st.sampled_from("23456789"), digits(9))
ARGENTINE = st.builds("549{}{}".format, st.sampled_from("123"), digits(9))
ANY = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("+5511987654321", ("5511987654321", "551187654321")),
        ("551187654321", ("5511987654321", "551187654321")),
        ("+55 (41) 9912-34567", ("5541991234567", "554191234567")),
        ("+551133334444", ("551133334444",)),  # a landline
        ("+5511951234567", ("5511951234567",)),  # without its 9 it would be somebody's landline
        ("+525512345678", ("525512345678", "5215512345678")),
        ("+5215512345678", ("525512345678", "5215512345678")),
        ("+5491123456789", ("5491123456789", "541123456789")),
        ("+541123456789", ("5491123456789", "541123456789")),
        ("+54 11 15 2345-6789", ("5491123456789", "541123456789")),  # as it is written at home
        ("+54 9 2966 12-3456", ("5492966123456", "542966123456")),
        ("+44 (0)20 7946 0018", ("442079460018",)),
        ("+1 1 (830) 730-9607", ("18307309607",)),
        ("390612345678", ("390612345678",)),  # Italy keeps its zero
        ("+351912345678", ("351912345678",)),
        ("4915550001", ("4915550001",)),  # in no plan, and asked for all the same
    ],
)
def test_forms(text: str, forms: tuple[str, ...]) -> None:
    assert forms_of(text) == forms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "123456",
        "+1234567890123456",
        "+0511987654321",
        "+999123456789",
        "0800 FLOWERS",
        "".join(chr(0xFF10 + digit) for digit in range(1, 9)),  # digits of another script
        "+4911\u00a0223344",
        "351912345678@s.whatsapp.net",
        "+35191234\n5678",
        "++351912345678",
        "3519-" * 20,
    ],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(NoNumber):
        forms_of(text)


@given(st.one_of(BRAZILIAN, MEXICAN, ARGENTINE))
def test_a_number_with_a_trap_has_two_forms_and_each_leads_to_both(number: str) -> None:
    forms = forms_of(number)
    assert len(set(forms)) == 2
    assert number in forms
    assert {forms_of(form) for form in forms} == {forms}


@given(ANY)
def test_every_form_is_a_number_of_the_same_country_and_leads_to_the_same_forms(number: str) -> None:
    try:
        forms = forms_of(number)
    except NoNumber:
        return
    country = 1 if number[0] in "17" else 2  # digits; of longer codes these two will do
    assert all(DIGITS.fullmatch(form) and form[:country] == number[:country] for form in forms)
    assert {forms_of(form) for form in forms} == {forms}
