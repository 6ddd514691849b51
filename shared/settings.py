"""What every process of a deployment is told by its environment, parsed once at its start.

| variable | meaning | default |
|---|---|---|
| HIVEWP_PREFIX | starts the name of every table and queue | hivewp |
| HIVEWP_PARTITIONS | how many partitions the deployment has, 1 to 200 | 8 |
| HIVEWP_SESSIONS_PER_WORKER | how many instances a partition takes, 1 to 1000 | 100 |
| HIVEWP_AWS_ENDPOINT | URL of an AWS on this machine; unset: the real one | |
| AWS_REGION | the region | us-east-1 |
| HIVEWP_SEALING_KEY | 32 bytes in base64, padded or not, that seal stored secrets | required |
| HIVEWP_SEALING_KEY_SECRET | read by functions instead: the secret of Secrets Manager that holds it (secrets.py) | |
| HIVEWP_ALLOW_LOCAL_WEBHOOKS | `1` lets webhooks go to this machine over http; production has it unset | |
| HIVEWP_LOG_LEVEL | DEBUG, INFO, WARNING or ERROR | INFO |
| HIVEWP_NUMBER_CHECKS_PER_MINUTE | how many numbers an instance may ask WhatsApp about in a minute, 1 to 10000 | 100 |
| HIVEWP_METRICS | emf: figures also go to standard output, for CloudWatch; none: no calls are counted at all | off |
| OTEL_EXPORTER_OTLP_ENDPOINT and others | spans for a collector, see shared/tracing/otlp.py | off |
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from shared.aws import AwsSettings
from shared.tracing.otlp import BadOtlpSetting, OtlpSettings

MAX_PARTITIONS = 200  # a queue and its policy each: a stack of CloudFormation holds 500 resources
SEALING_KEY = "HIVEWP_SEALING_KEY"
SEALING_KEY_BYTES = 32
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
METRICS = ("off", "emf", "none")
# As few as let one call of the most numbers through. WhatsApp is known to ban numbers after 15 to 20 messages to
# strangers; one that looks up far more people than it could ever write to asks for the same.
NUMBER_CHECKS = 100


class BadSetting(ValueError):
    """A variable has a value that cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A deployment's settings; see the module for their meaning."""

    aws: AwsSettings
    partitions: int
    sealing_key: str
    allow_local_webhooks: bool
    log_level: str
    sessions_per_worker: int = 100
    metrics: str = "off"
    number_checks_per_minute: int = NUMBER_CHECKS
    tracing: OtlpSettings | None = None

    @property
    def counting(self) -> bool:
        """Whether calls and attempts are counted for /monitoring."""
        return self.metrics != "none"

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> Settings:
        """The settings in an environment. Raises BadSetting."""
        return cls(
            aws=aws_settings(env),
            partitions=whole_number(env, "HIVEWP_PARTITIONS", 8, 1, MAX_PARTITIONS),
            sessions_per_worker=whole_number(env, "HIVEWP_SESSIONS_PER_WORKER", 100, 1, 1000),
            sealing_key=_sealing_key(env),
            allow_local_webhooks=env.get("HIVEWP_ALLOW_LOCAL_WEBHOOKS", "") == "1",
            log_level=log_level(env),
            number_checks_per_minute=number_checks(env),
            metrics=one_of(env, "HIVEWP_METRICS", "off", METRICS),
            tracing=tracing(env),
        )


def whole_number(env: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number within bounds. Raises BadSetting."""
    text = env.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise BadSetting(f"{name} must be a whole number from {least} to {most}, not {text!r}")
    return int(text)


def log_level(env: Mapping[str, str]) -> str:
    """From which level on we log, for whoever logs before the rest is known. Raises BadSetting."""
    return one_of(env, "HIVEWP_LOG_LEVEL", "INFO", LOG_LEVELS)


def number_checks(env: Mapping[str, str]) -> int:
    """How many numbers an instance may ask WhatsApp about in a minute. Raises BadSetting."""
    return whole_number(env, "HIVEWP_NUMBER_CHECKS_PER_MINUTE", NUMBER_CHECKS, 1, 10_000)


def one_of(env: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of a few words. Raises BadSetting."""
    text = env.get(name) or default
    if text not in allowed:
        raise BadSetting(f"{name} must be one of {', '.join(allowed)}, not {text!r}")
    return text


def tracing(env: Mapping[str, str]) -> OtlpSettings | None:
    """Where spans go, None where they are not asked for. Raises BadSetting."""
    try:
        return OtlpSettings.parse(env)
    except BadOtlpSetting as error:
        raise BadSetting(str(error)) from error


def required(env: Mapping[str, str], name: str) -> str:
    """A text that must be there. Raises BadSetting."""
    text = env.get(name, "")
    if not text:
        raise BadSetting(f"{name} must be set")
    return text


def _sealing_key(env: Mapping[str, str]) -> str:
    """With its padding, whoever left it out: a generated secret of 43 letters and digits has none."""
    text = required(env, SEALING_KEY)
    padded = text + "=" * (-len(text) % 4)
    try:
        size = len(b64decode(padded, validate=True))
    except ValueError:
        size = 0
    if size != SEALING_KEY_BYTES:
        raise BadSetting(f"{SEALING_KEY} must be {SEALING_KEY_BYTES} bytes in base64")
    return padded


def aws_settings(env: Mapping[str, str]) -> AwsSettings:
    """How AWS is reached, for what needs it before it has the rest."""
    endpoint = env.get("HIVEWP_AWS_ENDPOINT") or None
    local = "local" if endpoint else None  # an AWS on this machine takes any credentials
    region = env.get("AWS_REGION") or "us-east-1"
    return AwsSettings(region, endpoint, env.get("HIVEWP_PREFIX") or "hivewp", local, local)
