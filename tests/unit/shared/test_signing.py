from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from shared.signing import new_secret, sign


def verified(secret: str, signature: str, body: bytes, timestamp: int) -> None:
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(timestamp), "webhook-signature": signature}
    Webhook(secret).verify(body.decode(), headers)


def now() -> int:
    return int(datetime.now(tz=UTC).timestamp())


def test_the_schemes_own_example() -> None:
    """The example that the libraries of Standard Webhooks share."""
    signature = sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receivers_library_accepts_it() -> None:
    secret, body, at = new_secret(), '{"text": "Olá"}'.encode(), now()
    verified(secret, sign([secret], "evt_1", at, body), body, at)


@settings(max_examples=30)
@given(st.text(st.characters(codec="ascii", exclude_characters="."), min_size=1), st.integers(1, 2**33), st.text())
def test_what_is_signed_is_what_the_public_package_signs(message: str, at: int, text: str) -> None:
    secret = new_secret()
    theirs = Webhook(secret).sign(message, datetime.fromtimestamp(at, UTC), text)
    assert sign([secret], message, at, text.encode()) == theirs


def test_during_a_rotation_the_old_and_the_new_secret_both_verify() -> None:
    old, new, stranger, at = new_secret(), new_secret(), new_secret(), now()
    signature = sign([new, old], "evt_1", at, b"{}")
    verified(old, signature, b"{}", at)
    verified(new, signature, b"{}", at)
    with pytest.raises(WebhookVerificationError):
        verified(stranger, signature, b"{}", at)


@pytest.mark.parametrize(("body", "shift"), [(b'{"a":1}', 0), (b"{}", 1)])
def test_another_body_or_time_does_not_verify(body: bytes, shift: int) -> None:
    secret, at = new_secret(), now()
    signature = sign([secret], "evt_1", at, b"{}")
    with pytest.raises(WebhookVerificationError):
        verified(secret, signature, body, at - shift)


def test_secrets_are_fresh_and_long_enough() -> None:
    assert new_secret() != new_secret()
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("keys", [[], ["whsec_not base64"]])
def test_what_is_no_secret_signs_nothing(keys: list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        sign(keys, "evt_1", 1, b"{}")
