"""Phone numbers as people write them, and every form in which WhatsApp may know the same one.

| country | a mobile number has | because |
|---|---|---|
| Brazil, +55 | a ninth digit, 9, after the area code, or not | it came in 2012 to 2016; older accounts go without it |
| Mexico, +52 | a 1 after the country code, or not | it was dropped in 2019; older accounts have it |
| Argentina, +54 | a 9 after the country code, or not | it is for calls from abroad; at home 15 follows the area code |

The forms of one number are those of each of them, the same way round: the first is what it is remembered by. Which of
them is on WhatsApp is for WhatsApp to say; a number that its country's plan does not know is asked for all the same.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WRITTEN = re.compile(r"\+?[0-9 ()./-]{1,40}")
_DIGITS = re.compile(r"[1-9][0-9]{6,14}")
_REMEMBERED = 20_000  # texts; looking one up in a country's plan takes 0.1 ms

_NEW_BRAZILIAN, _OLD_BRAZILIAN = re.compile(r"55([1-9]{2})9([6-9][0-9]{7})"), re.compile(r"55([1-9]{2})([6-9][0-9]{7})")
_MEXICAN = re.compile(r"521?([2-9][0-9]{9})")
_ARGENTINE = re.compile(r"549?([1-3][0-9]{9})")


class NoNumber(ValueError):
    """The text is no international phone number; its text says why."""


@lru_cache(_REMEMBERED)
def forms_of(text: str) -> tuple[str, ...]:
    """The forms of a number as digits of E.164, of which there is at least one. Raises NoNumber."""
    digits = _international(text)
    if found := _NEW_BRAZILIAN.fullmatch(digits) or _OLD_BRAZILIAN.fullmatch(digits):
        return f"55{found[1]}9{found[2]}", f"55{found[1]}{found[2]}"
    if found := _MEXICAN.fullmatch(digits):
        return f"52{found[1]}", f"521{found[1]}"
    if found := _ARGENTINE.fullmatch(digits):
        return f"549{found[1]}", f"54{found[1]}"
    return (digits,)


def load() -> None:
    """Loads the countries' plans, which takes 0.1 s, before somebody waits for it."""
    forms_of("+12025550123")


def _international(text: str) -> str:
    """The digits with the country code, without what is only dialled inside of the country."""
    import phonenumbers  # here: it takes 0.1 s, and most calls never need it

    if not _WRITTEN.fullmatch(text):
        raise NoNumber("a phone number is digits with the country code, such as +5511999999999")
    digits = re.sub(r"[^0-9]", "", text)
    if not _DIGITS.fullmatch(digits):
        raise NoNumber("a phone number in E.164 has 7 to 15 digits with the country code, such as +5511999999999")
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        raise NoNumber("no country has numbers that begin like this one") from None
    if not phonenumbers.is_valid_number(number):
        return digits  # the plan at hand may be older than the number
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
