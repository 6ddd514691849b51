"""What is typed about keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.keys.errors import KeyProblem
from local.keys.terms import (
    MOST_MESSAGES_PER_DAY,
    expiry_of,
    label_of,
    messages_per_day_of,
    scopes_of,
    seconds_of,
    stage_of,
    tenant_of,
)


@pytest.mark.parametrize("name", ["a", "Acme.shop_1-x", "9" * 47])
def test_tenants(name: str) -> None:
    assert tenant_of(name) == name


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((tenant_of, text) for text in ("", "a" * 48, "a b", "a/b", "a#b", "ä", "acme\n")),
        *((stage_of, text) for text in ("", "Prod", "../x", "1a", "prod\n")),
        *((scopes_of, text) for text in ("", "write", "read,,send", "READ")),
        *((seconds_of, text) for text in ("", "0", "0d", "90", "1w", "-1d", "1.5h", "99999d", "1d\n")),
        *((label_of, text) for text in ("a\nb", "x" * 101)),
    ],
)
def test_what_does_not_do(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(KeyProblem):
        read(text)


def test_scopes_have_one_order() -> None:
    assert scopes_of("manage, read") == ("read", "manage")


@pytest.mark.parametrize("number", [0, -1, MOST_MESSAGES_PER_DAY + 1])
def test_numbers_of_messages_that_do_not_do(number: int) -> None:
    with pytest.raises(KeyProblem):
        messages_per_day_of(number)


def test_a_number_of_messages_may_be_left_to_the_plan() -> None:
    assert [messages_per_day_of(number) for number in (None, 1, MOST_MESSAGES_PER_DAY)] == [
        None,
        1,
        MOST_MESSAGES_PER_DAY,
    ]


def test_times() -> None:
    assert [seconds_of(text) for text in ("30m", "24h", "90d")] == [1800, 86_400, 90 * 86_400]
    assert seconds_of("0", zero=True) == 0
    assert expiry_of("never", 5) is None
    assert expiry_of("1h", 5) == 3605
