from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import ROOT, StackSettings, WhatsAppKind
from shared.settings import BadSetting


def test_an_empty_environment_has_the_documented_defaults() -> None:
    settings = StackSettings.parse({})
    assert (settings.port, settings.whatsapp_port, settings.hosts, settings.partitions) == (3000, 3001, 1, 2)
    assert (settings.aws_port, settings.whatsapp_proxy_port, settings.api_key) == (None, None, None)
    assert (settings.plan, settings.whatsapp, settings.data) == ("standard", WhatsAppKind.LOCAL, ROOT / ".hivewp")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HIVEWP_PORT", "0"),
        ("HIVEWP_PORT", "65536"),
        ("HIVEWP_PORT", "three"),
        ("HIVEWP_PORT", "-1"),
        ("HIVEWP_PORT", "3001"),
        ("HIVEWP_WHATSAPP_PORT", "3000"),
        ("HIVEWP_AWS_PORT", "3000"),
        ("HIVEWP_WHATSAPP_PROXY_PORT", "x"),
        ("HIVEWP_WEBHOOK_CONCURRENCY", "0"),
        ("HIVEWP_HOSTS", "0"),
        ("HIVEWP_HOSTS", "17"),
        ("HIVEWP_PARTITIONS", "1.5"),
        ("HIVEWP_LEASE_S", "1"),
        ("HIVEWP_PLAN", "gold"),
        ("HIVEWP_WHATSAPP", "Live"),
        ("HIVEWP_API_KEY", "with blank"),
        ("HIVEWP_API_KEY", "clé"),
        ("HIVEWP_API_KEY", "x" * 257),
        ("HIVEWP_LOG_LEVEL", "LOUD"),
        ("HIVEWP_ALERT_URLS", "hooks.slack.com/services/x"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        StackSettings.parse({name: value})


def test_a_relative_data_folder_is_meant_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert StackSettings.parse({"HIVEWP_DATA": "mine"}).data == tmp_path / "mine"


def test_ports_that_the_kind_of_whatsapp_does_not_open_may_clash() -> None:
    settings = StackSettings.parse({"HIVEWP_PORT": "3001", "HIVEWP_WHATSAPP": "live"})
    assert settings.ports() == {"HIVEWP_PORT": 3001, "HIVEWP_AWS_PORT": None}


def external(tmp_path: Path, **changes: str) -> dict[str, str]:
    (tmp_path / "ca.pem").write_text("certificate")
    (tmp_path / "root.pub").write_bytes(bytes(32))
    env = {"HIVEWP_WHATSAPP": "external", "HIVEWP_WHATSAPP_PROXY": "http://127.0.0.1:9"}
    return env | {"HIVEWP_WHATSAPP_TRUST": str(tmp_path)} | changes


def test_an_external_whatsapp_is_given_by_its_proxy_and_its_trust(tmp_path: Path) -> None:
    settings = StackSettings.parse(external(tmp_path))
    assert (settings.whatsapp_proxy, settings.whatsapp_trust) == ("http://127.0.0.1:9", tmp_path)


@pytest.mark.parametrize(
    "proxy", ["", "127.0.0.1:9", "https://127.0.0.1:9", "http://127.0.0.1", "http://h:port", "http://:9"]
)
def test_an_external_whatsapp_needs_a_proxy(tmp_path: Path, proxy: str) -> None:
    with pytest.raises(BadSetting, match="HIVEWP_WHATSAPP_PROXY"):
        StackSettings.parse(external(tmp_path, HIVEWP_WHATSAPP_PROXY=proxy))


def test_an_external_whatsapp_needs_its_trust(tmp_path: Path) -> None:
    env = external(tmp_path)
    (tmp_path / "root.pub").write_bytes(bytes(31))
    with pytest.raises(BadSetting, match=r"HIVEWP_WHATSAPP_TRUST.*32 bytes"):
        StackSettings.parse(env)
    (tmp_path / "ca.pem").unlink()
    with pytest.raises(BadSetting, match="HIVEWP_WHATSAPP_TRUST"):
        StackSettings.parse(env)
    with pytest.raises(BadSetting, match="HIVEWP_WHATSAPP_TRUST"):
        StackSettings.parse(env | {"HIVEWP_WHATSAPP_TRUST": ""})


def test_what_is_for_an_external_whatsapp_is_nothing_to_the_others(tmp_path: Path) -> None:
    settings = StackSettings.parse(external(tmp_path, HIVEWP_WHATSAPP="live"))
    assert (settings.whatsapp_proxy, settings.whatsapp_trust) == (None, None)
