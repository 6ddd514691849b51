"""The net under everything that is logged: what looks like a phone number or a secret is cut short.

It cannot know a message's text, and it is no leave to log what it would mask. Short numbers stay as they are (counts,
ports, durations), and so do unix times: no phone number has 10 or 13 digits that begin with 15 to 19. So do digits
behind the letters a to f alone, or among letters: they are a part of an id.

Each pattern begins only where a run of its characters does, or is bounded, and gives nothing back: a text takes as many
steps as it has characters, whoever wrote it.

| what                              | becomes                 |
|-----------------------------------|-------------------------|
| 5511999998888, +55 11 99999-8888  | *8888                   |
| to5511999998888, %2B5511999998888 | to*8888, %2B*8888       |
| 5511999998888:12@s.whatsapp.net   | *8888:12@s.whatsapp.net |
| http://user:password@proxy        | http://***@proxy        |
| whsec_..., hwp_...                | whsec_***, hwp_***      |
| 32 bytes in base64                | ***                     |
"""

from __future__ import annotations

import re

_SERVERS = r"(?:s\.whatsapp\.net|c\.us|g\.us|lid|hosted(?:\.lid)?|newsletter|broadcast)"
_JID = re.compile(rf"(?<![^\W_])(?<!-)((?:[^\W_]|-)++)([.:_][\d.:_]{{0,20}})?(@{_SERVERS})(?![.-]*\w)")
_WITH_PLUS = re.compile(r"(\+|%2[Bb])\d(?:[ ().-]{0,2}\d){6,14}")
_TIMES = r"(?!1[5-9]\d{8}(?!\d))(?!1[5-9]\d{11}(?!\d))"
_WORD = r"(?<![A-Za-z0-9])(?=[A-Fa-f]*+[G-Zg-z])([A-Za-z]++)"
_BEFORE = rf"(?:{_WORD}|(?<![A-Za-z0-9])(?<!\d\.)|(?<=%[0-9A-Fa-f][A-Fa-f]))"
_DIGITS = re.compile(rf"{_BEFORE}{_TIMES}\d{{6,}}(\d{{4}})(?![A-Za-z0-9])")
_LONG = re.compile(r"\d{10}")
_CREDENTIALS = re.compile(r"://[^/\s@\"'<>]+@")
_PREFIXED = re.compile(r"(whsec_|hwp_)[A-Za-z0-9+/_=-]+")
_KEY = re.compile(r"(?<![\w+/-])(?=[\w+/-]{0,42}[A-Z])(?=[\w+/-]{0,42}[a-z])[\w+/-]{43}=?(?![\w+/=-])", re.ASCII)
_BAD_INPUT = re.compile(r"input_value=.*?(?=, input_type=|\Z)", re.DOTALL)  # pydantic shows what it was given

_SHORTEST = 5  # "hwp_" and a letter: nothing shorter holds what is masked


def mask(text: str) -> str:
    """The text without phone numbers, WhatsApp ids and secrets; the last four digits stay, to tell two apart."""
    if len(text) < _SHORTEST:
        return text
    if "@" in text:
        text = _JID.sub(_short_jid, _CREDENTIALS.sub("://***@", text))
    if "+" in text or "%2" in text:
        text = _WITH_PLUS.sub(_short_number, text)
    if "_" in text:
        text = _PREFIXED.sub(r"\1***", text)
        if "input_value=" in text:
            text = _BAD_INPUT.sub("input_value=***", text)
    if _LONG.search(text):
        text = _DIGITS.sub(r"\1*\2", text)
    return _KEY.sub("***", text)


def _short_jid(found: re.Match[str]) -> str:
    user, device, server = found.groups("")
    return f"*{user[-4:]}{device}{server}"


def _short_number(found: re.Match[str]) -> str:
    digits = "".join(filter(str.isdigit, found[0]))
    return f"{found[1].lstrip('+')}*{digits[-4:]}"
