from __future__ import annotations

import signal
from pathlib import Path

import pytest

from local.settings import StackSettings
from local.stack.files import StackFiles
from local.stack.part import Part
from local.stack.parts import Plan, all_parts

PORTS = {"HIVEWP_PORT": 1, "HIVEWP_WHATSAPP_PORT": 2, "HIVEWP_WHATSAPP_PROXY_PORT": 3, "HIVEWP_AWS_PORT": 4}


async def nothing() -> None: ...


def parts(tmp_path: Path, environ: dict[str, str] | None = None, **settings: str) -> dict[str, Part]:
    files = StackFiles(tmp_path)
    files.make()
    plan = Plan(StackSettings.parse(settings), files, PORTS, "c2VhbA==", environ or {})
    return {part.name: part for part in all_parts(plan, nothing)}


def test_the_parts_of_a_stack(tmp_path: Path) -> None:
    assert set(parts(tmp_path, HIVEWP_HOSTS="2")) == {"aws", "whatsapp", "api", "webhooks", "host-1", "host-2"}
    assert set(parts(tmp_path, HIVEWP_WHATSAPP="live")) == {"aws", "api", "webhooks", "host-1"}


def test_alarms_are_watched_only_where_somebody_is_told(tmp_path: Path) -> None:
    found = parts(tmp_path, HIVEWP_ALERT_URLS="slack+http://127.0.0.1:9/")
    assert found["alerts"].env["HIVEWP_ALERT_URLS"] == "slack+http://127.0.0.1:9/"
    assert "api" in found["alerts"].after, "it holds up nobody's start"
    assert [name for name, part in found.items() if "HIVEWP_ALERT_URLS" in part.env] == ["alerts"]


def test_everybody_who_needs_the_local_aws_waits_for_it(tmp_path: Path) -> None:
    found = parts(tmp_path)
    assert {name for name, part in found.items() if "aws" in part.after} == {"api", "webhooks", "host-1"}
    assert "whatsapp" in found["host-1"].after
    assert set(found["api"].after) == {"aws", "webhooks", "host-1"}
    assert found["aws"].when_orphaned == signal.SIGTERM


def test_a_host_is_told_where_its_whatsapp_is(tmp_path: Path) -> None:
    env = parts(tmp_path)["host-1"].env
    assert env["HIVEWP_WHATSAPP_PROXY"] == "http://127.0.0.1:3"
    assert env["HIVEWP_WHATSAPP_TRUST"] == str(tmp_path / "whatsapp" / "trust")


def test_a_host_is_told_what_its_workers_may_use(tmp_path: Path) -> None:
    found = parts(tmp_path, {"HIVEWP_WORKER_MEMORY_MB": "300", "HIVEWP_HOST_NAME": "elsewhere"})
    assert found["host-1"].env["HIVEWP_WORKER_MEMORY_MB"] == "300"
    assert found["host-1"].env["HIVEWP_HOST_NAME"] == "host-1"
    assert "HIVEWP_WORKER_MEMORY_MB" not in found["api"].env


def test_the_sender_of_webhooks_takes_its_own_settings(tmp_path: Path) -> None:
    found = parts(tmp_path, {"HIVEWP_WEBHOOK_CONCURRENCY": "auto"})
    assert found["webhooks"].env["HIVEWP_WEBHOOK_CONCURRENCY"] == "auto"
    assert "HIVEWP_WEBHOOK_CONCURRENCY" not in found["api"].env


@pytest.mark.parametrize("name", ["webhooks", "host-1"])
def test_who_looks_up_customers_names_does_not_wait_long_for_them(tmp_path: Path, name: str) -> None:
    assert parts(tmp_path)[name].env["RES_OPTIONS"] == "timeout:2 attempts:2"


def test_a_live_host_is_told_of_no_other_whatsapp(tmp_path: Path) -> None:
    env = parts(tmp_path, {"HIVEWP_WHATSAPP_TRUST": "/elsewhere"}, HIVEWP_WHATSAPP="live")["host-1"].env
    assert "HIVEWP_WHATSAPP_TRUST" not in env
    assert "HIVEWP_WHATSAPP_PROXY" not in env


def test_the_callers_aws_account_and_proxies_lead_no_part_astray(tmp_path: Path) -> None:
    environ = {
        "AWS_PROFILE": "work",
        "AWS_ENDPOINT_URL": "https://x",
        "NO_PROXY": "corp",
        "HTTP_PROXY": "http://p",
        "A": "b",
    }
    for part in parts(tmp_path, environ).values():
        assert "AWS_PROFILE" not in part.env
        assert "AWS_ENDPOINT_URL" not in part.env
        assert part.env["NO_PROXY"] == part.env["no_proxy"] == "corp,127.0.0.1,localhost"
        assert part.env["A"] == "b"
