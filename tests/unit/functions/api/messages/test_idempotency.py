"""Idempotency keys and what they cover."""

from __future__ import annotations

from typing import Any

import pytest

from functions.api.messages.idempotency import idempotency_key
from functions.api.messages.schemas import TextMessage
from functions.api.problems import Problem

BODY: dict[str, Any] = {"to": "+351912345678", "type": "text", "text": "hi"}


def digest(path: str = "/p", **changes: Any) -> str:
    key = idempotency_key("k", path, TextMessage.model_validate(BODY | changes))
    assert key is not None
    return key.body_digest


def test_bodies_that_mean_the_same_have_one_digest() -> None:
    assert digest() == digest(to="351912345678") == digest(ttl_s=86_400, on_uncertain="hold")
    others = [digest(), digest(text="ho"), digest(ttl_s=5), digest(path="/q"), digest(to="351912345679")]
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("header", ["", "x" * 256, "é", "a\x00"])
def test_keys_that_cannot_be_kept_are_refused(header: str) -> None:
    with pytest.raises(Problem) as refusal:
        idempotency_key(header, "/p", TextMessage.model_validate(BODY))
    assert refusal.value.kind.name == "invalid-header"


def test_without_a_header_there_is_no_key() -> None:
    assert idempotency_key(None, "/p", TextMessage.model_validate(BODY)) is None
