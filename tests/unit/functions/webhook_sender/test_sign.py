"""The headers of an attempt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from functions.webhook_sender.sign import OURS, SigningFailed, signed_headers
from shared.clock import SystemClock
from shared.egress import EgressRefused
from shared.endpoint_headers import sealed_headers
from shared.models.webhook import SealedSecret
from shared.signing import new_secret
from shared.vault import Vault, new_key
from shared.version import VERSION
from tests.fakes.webhooks import SECRET, VAULT, a_webhook, a_work

BODY = a_work().task.event.encode()
OLD = new_secret()


def headers(now: float, **changes: object) -> dict[str, str]:
    return signed_headers(replace(a_webhook(), **changes), a_work(), BODY, VAULT, now)  # type: ignore[arg-type]


def test_the_public_verifier_accepts_them() -> None:
    made = headers(SystemClock().unix(), headers={"x-own": "1"})
    assert Verifier(SECRET).verify(BODY, made)["id"] == "evt_1"
    assert made["webhook-id"] == "evt_1"
    assert made["content-type"] == "application/json"
    assert made["user-agent"] == f"HiveWP/{VERSION}"
    assert made["x-own"] == "1"
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(BODY + b" ", made)


def test_own_headers_are_kept_sealed_and_sent_as_they_were_given() -> None:
    own = {"Authorization": "Bearer x", "x-shop": "Café"}
    sealed = sealed_headers(VAULT, "acme", "wh_a", own)
    assert not [value for value in own.values() if value in repr(sealed)]
    assert own.items() <= headers(1.0, sealed_headers=sealed).items()
    older = headers(1.0, sealed_headers=sealed, headers={"x-plain": "of a row from before"})
    assert {**own, "x-plain": "of a row from before"}.items() <= older.items()


def test_own_headers_that_cannot_be_read_are_said_without_being_shown() -> None:
    moved = sealed_headers(VAULT, "acme", "wh_b", {"x": "secret"})
    renamed = {"y": sealed_headers(VAULT, "acme", "wh_a", {"x": "secret"})["x"]}
    for sealed in (moved, renamed):
        with pytest.raises(SigningFailed, match="set them again"):
            headers(1.0, sealed_headers=sealed)


def test_during_a_rotation_both_secrets_sign_and_after_it_only_the_new_one() -> None:
    now = SystemClock().unix()

    def sealed(expires_at: float) -> tuple[SealedSecret, ...]:
        old = SealedSecret(VAULT.seal(OLD, "webhook:acme:wh_a"), expires_at)
        return (*a_webhook().secrets, old)

    during, after = headers(now, secrets=sealed(now + 1)), headers(now, secrets=sealed(now))
    for secret in (SECRET, OLD):
        Verifier(secret).verify(BODY, during)
    Verifier(SECRET).verify(BODY, after)
    with pytest.raises(WebhookVerificationError):
        Verifier(OLD).verify(BODY, after)


def test_secrets_that_cannot_be_used_are_said_without_being_shown() -> None:
    foreign = Vault.from_text(new_key()).seal(SECRET, "webhook:acme:wh_a")
    moved = VAULT.seal(SECRET, "webhook:acme:wh_b")
    garbled = VAULT.seal("whsec_no base64", "webhook:acme:wh_a")
    for sealed in (foreign, moved, garbled):
        with pytest.raises(SigningFailed, match="rotate it"):
            headers(1.0, secrets=(SealedSecret(sealed),))
    with pytest.raises(SigningFailed):
        headers(1.0, secrets=())


def test_a_rotation_helps_where_the_sealing_key_was_changed() -> None:
    now = SystemClock().unix()
    unreadable = Vault.from_text(new_key()).seal(OLD, "webhook:acme:wh_a")
    made = headers(now, secrets=(*a_webhook().secrets, SealedSecret(unreadable, now + 60)))
    Verifier(SECRET).verify(BODY, made)


@pytest.mark.parametrize("own", [{"Webhook-Id": "x"}, {"user-agent": "x"}, {"x": "a\r\nb: c"}, {"content-length": "1"}])
def test_own_headers_cannot_replace_ours_or_break_the_request(own: dict[str, str]) -> None:
    with pytest.raises(EgressRefused):
        headers(1.0, headers=own)


def test_the_module_names_every_header_it_sets() -> None:
    assert set(headers(1.0)) == OURS
