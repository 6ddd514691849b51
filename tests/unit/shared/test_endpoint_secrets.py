"""Signing secrets as they are stored."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.endpoint_secrets import opened_secret, sealed_secret
from shared.vault import SealBroken
from tests.fakes.webhooks import SECRET, VAULT, a_webhook


def test_a_secret_opens_for_its_endpoint_alone() -> None:
    sealed, webhook = sealed_secret(VAULT, "acme", "wh_a", SECRET), a_webhook()
    assert SECRET not in repr(sealed)
    assert opened_secret(VAULT, webhook, sealed) == SECRET
    for other in (replace(webhook, tenant="other"), replace(webhook, id="wh_b")):
        with pytest.raises(SealBroken):
            opened_secret(VAULT, other, sealed)


def test_those_that_are_stored_already_open() -> None:
    sealed = sealed_secret(VAULT, "acme", "wh_a", SECRET).sealed
    assert VAULT.open(sealed, "webhook:acme:wh_a") == SECRET, "the context is part of what is stored: it stays"
