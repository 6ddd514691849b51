"""What the sender alone is told by its environment.

| variable | meaning | default |
|---|---|---|
| HIVEWP_WEBHOOK_CONCURRENCY | attempts that one process makes at once, 1 to 1,000, or `auto` | 25 |
| HIVEWP_WEBHOOK_TIMEOUT_S | how long an endpoint may take to answer, 1 to 30 s, in Lambda 1 to 20 s | 10 |

The number is over both lanes of a process; attempts that have been silent for a second do not count (slots.py).
`auto` is one for each four instances, 3 to 25. In Lambda each invocation is such a process, with 10 deliveries in hand;
how many there are at once is the event sources' matter, see infra/webhooks.py. An attempt is begun there only if there
is time for all of it before the function is ended: with 25 s none ever would be.

Whoever starts it tells the system's resolver too, see shared/resolver.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.settings import whole_number

CONCURRENCY = "HIVEWP_WEBHOOK_CONCURRENCY"
TIMEOUT = "HIVEWP_WEBHOOK_TIMEOUT_S"
MOST = 25
FUNCTION_S = 30  # what infra/webhooks.py gives the function
BEGIN_S = 5  # of that, the time in which attempts can begin
MARGIN_S = 5.0  # of that, to record and schedule after the last attempt
_LONGEST_S = 30
_LONGEST_IN_LAMBDA_S = FUNCTION_S - BEGIN_S - int(MARGIN_S)


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """See the module for their meaning."""

    concurrency: int = MOST
    auto: bool = False
    timeout_s: float = 10

    @classmethod
    def parse(cls, env: Mapping[str, str]) -> SenderSettings:
        """The settings in an environment. Raises BadSetting."""
        auto = env.get(CONCURRENCY) == "auto"
        longest_s = _LONGEST_IN_LAMBDA_S if "AWS_LAMBDA_FUNCTION_NAME" in env else _LONGEST_S
        return cls(
            concurrency=MOST if auto else whole_number(env, CONCURRENCY, MOST, 1, 1000),
            auto=auto,
            timeout_s=whole_number(env, TIMEOUT, 10, 1, longest_s),
        )
