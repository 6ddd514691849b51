from __future__ import annotations

from pathlib import Path

import pytest

from session_host.whatsapp.environment import WhatsAppSettings, environment, started_with

INHERITED = {"PATH": "/bin", "HTTPS_PROXY": "http://corporate:3128", "https_proxy": "http://corporate:3128"}


def test_a_local_whatsapp_is_reached_through_its_proxy_and_trusted() -> None:
    made = environment(WhatsAppSettings("http://127.0.0.1:3002", Path("/data/trust")), INHERITED)

    assert made["HTTPS_PROXY"] == "http://127.0.0.1:3002"
    assert made["SSL_CERT_FILE"] == "/data/trust/ca.pem"
    assert made["HIVEWP_WHATSAPP_TRUST"] == "/data/trust"
    assert "https_proxy" not in made
    assert made["PATH"] == "/bin"


def test_whatsapp_itself_is_reached_directly() -> None:
    made = environment(WhatsAppSettings(journal="truncate"), INHERITED)

    assert {"HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "HIVEWP_WHATSAPP_TRUST"}.isdisjoint(made)
    assert made["NEONIZE_BOT_TAG"] == "off"
    assert made["HIVEWP_WHATSAPP_JOURNAL"] == "truncate"


def test_only_what_was_there_at_the_start_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEWP_SET_LATER", "yes")

    assert started_with("HIVEWP_SET_LATER") is None
    assert started_with("PATH")
