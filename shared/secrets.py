"""Secrets that a function finds in Secrets Manager, so that they are never part of the function's configuration.

A session host needs nothing of this: ECS puts the secret's value into its environment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from shared.aws import ANSWER_S, AwsSettings, client
from shared.settings import SEALING_KEY, BadSetting, aws_settings
from shared.tracing.otlp import HEADERS

SEALING_KEY_SECRET = "HIVEWP_SEALING_KEY_SECRET"  # noqa: S105 - the name of a variable
OTLP_HEADERS_SECRET = "HIVEWP_OTLP_HEADERS_SECRET"  # noqa: S105 - this too
_KEPT_IN = {SEALING_KEY: SEALING_KEY_SECRET, HEADERS: OTLP_HEADERS_SECRET}


class SecretUnreadable(Exception):
    """There is no such secret, no permission for it, or no text in it. The error names neither secret nor account."""


async def with_secrets(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with what is kept in secrets in it, each fetched where only its secret is named. Raises
    BadSetting.

    For a composition root, before Settings.parse: the values are for the process alone and go into no environment.
    """
    missing = [name for name, secret in _KEPT_IN.items() if env.get(secret) and not env.get(name)]
    values = await asyncio.gather(*(_kept(env, _KEPT_IN[name]) for name in missing))
    return {**env, **dict(zip(missing, values, strict=True))}


async def _kept(env: Mapping[str, str], named: str) -> str:
    try:
        return await fetch_secret(aws_settings(env), env[named])
    except SecretUnreadable as error:
        raise BadSetting(f"{named} names {error}") from error


async def fetch_secret(settings: AwsSettings, secret: str) -> str:
    """The text of a secret, by its name or ARN. Raises SecretUnreadable."""
    from botocore.exceptions import BotoCoreError, ClientError  # half a second, for those who fetch alone

    try:
        async with client(settings, "secretsmanager", connections=1, answer_s=ANSWER_S) as manager:
            got: dict[str, Any] = await manager.get_secret_value(SecretId=secret)
    except (BotoCoreError, ClientError) as error:
        raise SecretUnreadable(f"a secret that cannot be read: {_reason(error)}") from error
    if not got.get("SecretString"):
        raise SecretUnreadable("a secret without text")
    return str(got["SecretString"])


def _reason(error: Exception) -> str:
    """AWS's code where there is one: its message names the account."""
    answer: dict[str, Any] = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code") or type(error).__name__)
