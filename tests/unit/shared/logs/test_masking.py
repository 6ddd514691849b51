"""The net: what is masked, and what must stay readable."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.ids import new_id
from shared.logs.masking import mask
from shared.models.api_key import new_api_key
from shared.signing import new_secret
from shared.vault import new_key

BOUNDARY = st.sampled_from(["", " ", ": ", "'", '"', "(", "[", "/", "=", ",", "_", "-", "to:", "\n", "{'to': '", "é "])
NUMBERS = st.from_regex(r"\A[2-9][0-9]{9,14}\Z") | st.from_regex(r"\A1[2-9][0-9]{9}\Z")


@given(BOUNDARY, NUMBERS, st.sampled_from(["", " ", "'", '"', ")", "/", ".db", ",", "_x", "?", "\n", "é"]))
@example("", "4915112345678", "")
def test_no_phone_number_gets_through(before: str, number: str, after: str) -> None:
    masked = mask(f"{before}{number}{after}")
    assert number[:-4] not in masked
    assert f"*{number[-4:]}" in masked


@given(NUMBERS, st.sampled_from(["", ":1", ":12", ".0:3", "_1:7"]), st.sampled_from(["s.whatsapp.net", "lid", "g.us"]))
def test_no_whatsapp_id_gets_through(number: str, device: str, server: str) -> None:
    masked = mask(f"no session with {number}{device}@{server}, again")
    assert number[:-4] not in masked
    assert f"@{server}, again" in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call +55 11 99999-8888 now", "call *8888 now"),
        ("+1 (202) 555-0143", "*0143"),
        ("+4915112345678", "*5678"),
        ("?to=%2B5511999998888&", "?to=%2B*8888&"),
        ("to%3A5511999998888", "to%3A*8888"),
        ("wa5511999998888", "wa*8888"),
        ("'to5511999998888.db'", "'to*8888.db'"),
        (r"\n5511999998888", r"\n*8888"),
        ("120363040000000000@g.us", "*0000@g.us"),
        ("551199-1600000000@g.us", "*0000@g.us"),
        ("abcdef@newsletter", "*cdef@newsletter"),
        ("http://user:pass@proxy:3128/x", "http://***@proxy:3128/x"),
        ("socks5://token@10.0.0.1:1080", "socks5://***@10.0.0.1:1080"),
        (
            "[type=string_type, input_value='dear\nBob', input_type=str]",
            "[type=string_type, input_value=***, input_type=str]",
        ),
    ],
)
def test_what_it_becomes(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize("make", [new_api_key, new_secret, new_key])
@pytest.mark.parametrize("around", ["{}", "key={}", "'{}' refused", "x-api-key: {}, more", "(HIVEWP_SEALING_KEY={})"])
def test_no_secret_gets_through(make: Callable[[], str], around: str) -> None:
    for _ in range(50):
        secret = make()
        masked = mask(around.format(secret))
        assert secret[6:] not in masked
        assert "***" in masked


@given(st.sampled_from(["msg", "evt", "wh", "req"]))
def test_our_ids_stay(prefix: str) -> None:
    name = new_id(prefix)
    assert mask(f"call {name} failed") == f"call {name} failed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "200",
        "listening on port 65535",
        "2026-11-23T05:05:46.123Z",
        "next attempt at 1795410000",
        "next attempt at 1795410000123, 1795410000.25",
        "took 0.12345678901234 s",
        "536870912 bytes",
        "Partition 3 is ours, epoch 12",
        "version 2.3000.1023456789",
        "20d7cfb8-bd0c-4a8f-8f1b-6a6a3a8d1b2c",
        "3EB0C767D26A1B2C3D4E",
        'File "/opt/hivewp/session_host/whatsapp/pairing/process.py", line 52, in run',
        "mail@example.com",
        "1 + 2 of +3",
        "2026-11-23 05:05:46+00:00",
        "at1795410000",
        "20d7cfb8-bd0c-4a8f-8f1b-ab6234567890",
        "span ab62345678901234 of 4bf92f3577b34da6a3ce929d06234567",
        "AC12A26234567890123B",
    ],
)
def test_what_is_no_number_stays(text: str) -> None:
    assert mask(text) == text


def steps(text: str) -> float:
    """What masking takes, by the thread's own time: others on the machine do not count."""
    taken = []
    for _ in range(5):
        began = time.thread_time()
        mask(text)
        taken.append(time.thread_time() - began)
    return min(taken)


@pytest.mark.parametrize(
    "part", ["a", "-", "5", "1.", "a.", "_1:", "+5 ", "a@lid.", "://", "%2B5", "aZ5", "hwp_", "input_value=", "b" * 43]
)
def test_a_long_text_takes_no_more_steps_than_its_length(part: str) -> None:
    short, long = (f"@+_ {part * (size // len(part))}" for size in (1024, 16 * 1024))
    assert steps(long) < 6 * 16 * max(steps(short), 20e-6)  # step for step it would be 16, and 256 if each began anew
