"""The sender's own settings, and the version it names."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from functions.webhook_sender.settings import SenderSettings
from shared.settings import BadSetting
from shared.version import VERSION

PYPROJECT = Path(__file__).resolve().parents[4] / "pyproject.toml"


def test_defaults_and_values() -> None:
    assert SenderSettings.parse({}) == SenderSettings(concurrency=25, timeout_s=10)
    env = {"HIVEWP_WEBHOOK_CONCURRENCY": "3", "HIVEWP_WEBHOOK_TIMEOUT_S": "2"}
    assert SenderSettings.parse(env) == SenderSettings(concurrency=3, timeout_s=2)


def test_the_number_of_instances_may_decide() -> None:
    env = {"HIVEWP_WEBHOOK_CONCURRENCY": "auto"}
    assert SenderSettings.parse(env) == SenderSettings(concurrency=25, auto=True)


@pytest.mark.parametrize("value", ["0", "-1", "many", "1001"])
def test_what_cannot_be_used_is_refused_by_name(value: str) -> None:
    with pytest.raises(BadSetting, match="HIVEWP_WEBHOOK_CONCURRENCY"):
        SenderSettings.parse({"HIVEWP_WEBHOOK_CONCURRENCY": value})


@pytest.mark.parametrize(("surroundings", "longest"), [({}, 30), ({"AWS_LAMBDA_FUNCTION_NAME": "sender"}, 20)])
def test_an_attempt_may_take_as_long_as_one_can_be_begun(surroundings: dict[str, str], longest: int) -> None:
    def parsed(timeout_s: int) -> SenderSettings:
        return SenderSettings.parse({**surroundings, "HIVEWP_WEBHOOK_TIMEOUT_S": str(timeout_s)})

    assert parsed(longest).timeout_s == longest
    with pytest.raises(BadSetting, match=f"HIVEWP_WEBHOOK_TIMEOUT_S must be a whole number from 1 to {longest}"):
        parsed(longest + 1)


def test_the_version_is_the_packages() -> None:
    assert tomllib.loads(PYPROJECT.read_text())["project"]["version"] == VERSION
