"""A function finds the sealing key in Secrets Manager."""

from __future__ import annotations

import uuid

import pytest

from shared.aws import AwsSettings, client
from shared.secrets import SEALING_KEY_SECRET, with_sealing_key
from shared.settings import SEALING_KEY, BadSetting, Settings


async def _kept(endpoint: str, text: str) -> str:
    """The id of a new secret."""
    async with client(AwsSettings("us-east-1", endpoint, "", "local", "local"), "secretsmanager") as manager:
        return str((await manager.create_secret(Name=uuid.uuid4().hex, SecretString=text))["ARN"])


async def test_the_key_of_the_named_secret_is_the_one_to_seal_with(aws_endpoint: str) -> None:
    env = {"HIVEWP_AWS_ENDPOINT": aws_endpoint, SEALING_KEY_SECRET: await _kept(aws_endpoint, "k" * 43)}
    assert Settings.parse(await with_sealing_key(env)).sealing_key == "k" * 43 + "="
    assert SEALING_KEY not in env


async def test_a_key_that_is_given_needs_no_secret() -> None:
    env = {SEALING_KEY: "given", SEALING_KEY_SECRET: "never asked for", "HIVEWP_AWS_ENDPOINT": "http://127.0.0.1:9"}
    assert await with_sealing_key(env) == env


async def test_a_secret_that_is_not_there_is_named_as_the_setting_that_is_wrong(aws_endpoint: str) -> None:
    with pytest.raises(BadSetting, match=f"{SEALING_KEY_SECRET}.*ResourceNotFoundException"):
        await with_sealing_key({"HIVEWP_AWS_ENDPOINT": aws_endpoint, SEALING_KEY_SECRET: "missing"})
