"""What the sender alone is told by its environment.

| variable | meaning | default |
|---|---|---|
| HIVEWP_WEBHOOK_CONCURRENCY | attempts that one process makes at once, 1 to 1,000 | 25 |
| HIVEWP_WEBHOOK_TIMEOUT_S | how long an endpoint may take to answer, 1 to 30 s | 10 |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.settings import whole_number


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """See the module for their meaning."""

    concurrency: int = 25
    timeout_s: float = 10

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> SenderSettings:
        """The settings in an environment. Raises BadSetting."""
        return cls(
            concurrency=whole_number(env, "HIVEWP_WEBHOOK_CONCURRENCY", 25, 1, 1000),
            timeout_s=whole_number(env, "HIVEWP_WEBHOOK_TIMEOUT_S", 10, 1, 30),
        )
