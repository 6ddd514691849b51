"""What the alerts function is told by its environment.

| variable | meaning | default |
|---|---|---|
| HIVEWP_PREFIX | starts the names of the deployment's alarms | hivewp |
| HIVEWP_ALERT_TARGETS_SECRET | the secret that says where alerts go, see targets.py | required |
| HIVEWP_ALERTS_BY_EMAIL | `1`: somebody hears of alarms by e-mail, so there may be no target | |
| HIVEWP_ALLOW_LOCAL_WEBHOOKS | `1` lets targets be on this machine, over http | |
| HIVEWP_AWS_ENDPOINT, AWS_REGION, HIVEWP_LOG_LEVEL | as in shared/settings.py | |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.aws import AwsSettings
from shared.settings import aws_settings, log_level, required


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """See the module for their meaning."""

    aws: AwsSettings
    targets_secret: str
    by_email: bool
    allow_local: bool
    log_level: str

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> AlertSettings:
        """The settings in an environment. Raises BadSetting."""
        return cls(
            aws=aws_settings(env),
            targets_secret=required(env, "HIVEWP_ALERT_TARGETS_SECRET"),
            by_email=env.get("HIVEWP_ALERTS_BY_EMAIL", "") == "1",
            allow_local=env.get("HIVEWP_ALLOW_LOCAL_WEBHOOKS", "") == "1",
            log_level=log_level(env),
        )
