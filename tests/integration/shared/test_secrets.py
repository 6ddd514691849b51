"""A function finds the sealing key, and the key of its collector, in Secrets Manager."""

from __future__ import annotations

import uuid

import pytest

from shared.aws import AwsSettings, client
from shared.secrets import OTLP_HEADERS_SECRET, SEALING_KEY_SECRET, with_secrets
from shared.settings import SEALING_KEY, BadSetting, Settings


async def _kept(endpoint: str, text: str) -> str:
    """The id of a new secret."""
    async with client(AwsSettings("us-east-1", endpoint, "", "local", "local"), "secretsmanager") as manager:
        return str((await manager.create_secret(Name=uuid.uuid4().hex, SecretString=text))["ARN"])


async def test_the_key_of_the_named_secret_is_the_one_to_seal_with(aws_endpoint: str) -> None:
    env = {"HIVEWP_AWS_ENDPOINT": aws_endpoint, SEALING_KEY_SECRET: await _kept(aws_endpoint, "k" * 43)}
    assert Settings.parse(await with_secrets(env)).sealing_key == "k" * 43 + "="
    assert SEALING_KEY not in env


async def test_the_key_of_a_collector_is_found_beside_it(aws_endpoint: str) -> None:
    env = {"HIVEWP_AWS_ENDPOINT": aws_endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example"}
    env |= {SEALING_KEY_SECRET: await _kept(aws_endpoint, "k" * 43)}
    env |= {OTLP_HEADERS_SECRET: await _kept(aws_endpoint, "api-key=abc")}
    settings = Settings.parse(await with_secrets(env))
    assert settings.tracing is not None
    assert (settings.tracing.headers, settings.sealing_key[:1]) == ({"api-key": "abc"}, "k")


async def test_a_key_that_is_given_needs_no_secret() -> None:
    env = {SEALING_KEY: "given", SEALING_KEY_SECRET: "never asked for", "HIVEWP_AWS_ENDPOINT": "http://127.0.0.1:9"}
    assert await with_secrets(env) == env


async def test_a_secret_that_is_not_there_is_named_as_the_setting_that_is_wrong(aws_endpoint: str) -> None:
    with pytest.raises(BadSetting, match=f"{SEALING_KEY_SECRET}.*ResourceNotFoundException"):
        await with_secrets({"HIVEWP_AWS_ENDPOINT": aws_endpoint, SEALING_KEY_SECRET: "missing"})
