from __future__ import annotations

import base64
from pathlib import Path

import pytest

from session_host.host.ceilings import Ceilings
from session_host.settings import Channels, HostSettings, WorkerSettings, worker_variables
from shared.settings import BadSetting

ENV = {"HIVEWP_SEALING_KEY": base64.b64encode(bytes(32)).decode(), "HIVEWP_SESSION_DIR": "/sessions"}
CHANNELS = Channels(reports=9, orders=10, board=11)


def test_what_is_not_said_has_its_default() -> None:
    settings = HostSettings.parse(ENV)
    assert settings.session_dir == Path("/sessions")
    assert (settings.lease_s, settings.host_name) == (15, "host")
    assert (settings.run_dir, settings.health_file) == (None, None)
    assert settings.ceilings == Ceilings(512 << 20, 2000, 1000, 100, 20)
    assert (settings.whatsapp.proxy_url, settings.whatsapp.trust, settings.whatsapp.journal) == (None, None, "wal")
    assert settings.deployment.partitions == 8


def test_what_is_said_counts() -> None:
    said = {
        "HIVEWP_WHATSAPP_PROXY": "http://127.0.0.1:8080",
        "HIVEWP_WHATSAPP_TRUST": "/trust",
        "HIVEWP_SESSION_JOURNAL": "truncate",
        "HIVEWP_HOST_NAME": "host-1",
        "HIVEWP_RUN_DIR": "/run/x",
        "HIVEWP_HEALTH_FILE": "/run/x/alive",
        "HIVEWP_LEASE_S": "20",
        "HIVEWP_WORKER_MEMORY_MB": "300",
        "HIVEWP_WORKER_STUCK": "3",
    }
    settings = HostSettings.parse(ENV | said)
    assert settings.whatsapp.proxy_url == "http://127.0.0.1:8080"
    assert settings.whatsapp.trust == Path("/trust")
    assert settings.whatsapp.journal == "truncate"
    assert (settings.run_dir, settings.health_file) == (Path("/run/x"), Path("/run/x/alive"))
    assert (settings.host_name, settings.lease_s) == ("host-1", 20)
    assert settings.ceilings == Ceilings(300 << 20, 2000, 1000, 100, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HIVEWP_SESSION_DIR", ""),
        ("HIVEWP_SESSION_JOURNAL", "delete"),
        ("HIVEWP_LEASE_S", "1"),
        ("HIVEWP_LEASE_S", "1.5"),
        ("HIVEWP_WORKER_MEMORY_MB", "1"),
        ("HIVEWP_WORKER_ENDED", "many"),
        ("HIVEWP_HOST_NAME", "../x"),
        ("HIVEWP_WHATSAPP_PROXY", "ftp://proxy"),
        ("HIVEWP_WHATSAPP_PROXY", "http://proxy:port"),
        ("HIVEWP_WHATSAPP_PROXY", "proxy:8080"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        HostSettings.parse(ENV | {name: value})


def test_a_refused_proxy_does_not_tell_its_password() -> None:
    with pytest.raises(BadSetting) as refused:
        HostSettings.parse(ENV | {"HIVEWP_WHATSAPP_PROXY": "ftp://me:hush@proxy"})
    assert "hush" not in str(refused.value)


def test_a_worker_reads_what_its_host_writes() -> None:
    settings = WorkerSettings.parse(ENV | worker_variables("host-1_x", CHANNELS))
    assert (settings.host_id, settings.channels) == ("host-1_x", CHANNELS)
    assert settings.host == HostSettings.parse(ENV)


@pytest.mark.parametrize("name", worker_variables("", CHANNELS))
def test_a_worker_without_its_hosts_word_does_not_start(name: str) -> None:
    env = ENV | worker_variables("host-1_x", CHANNELS)
    del env[name]
    with pytest.raises(BadSetting, match=name):
        WorkerSettings.parse(env)
