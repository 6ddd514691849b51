"""CloudWatch's embedded metric format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ (EMF).

Own code, since it is this little: Powertools' EphemeralMetrics writes the same line, but costs 57 ms and 49 modules on
top of the API's imports, is not in a host's image, and does not sum what a process counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.metrics.catalog import DIMENSION, NAMESPACE
from shared.metrics.metric import Metric

MAX_VALUES = 100  # of one metric in one line; more are dropped by CloudWatch


def encode(deployment: str, values: Mapping[Metric, Sequence[float]], at: float) -> Iterator[str]:
    """The values as lines without their line ends: one, or more where a metric has over 100 values.

    `at` in unix seconds. Metrics without values are left out; no values, no line."""
    rest = {metric: list(of_metric) for metric, of_metric in values.items() if of_metric}
    while rest:
        yield _line(deployment, {metric: of_metric[:MAX_VALUES] for metric, of_metric in rest.items()}, at)
        rest = {metric: of_metric[MAX_VALUES:] for metric, of_metric in rest.items() if len(of_metric) > MAX_VALUES}


def _line(deployment: str, values: Mapping[Metric, Sequence[float]], at: float) -> str:
    metrics = [{"Name": metric.name, "Unit": metric.unit.value} for metric in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics}
    line: dict[str, Any] = {
        "_aws": {"Timestamp": round(at * 1000), "CloudWatchMetrics": [directive]},
        DIMENSION: deployment,
    }
    line |= {metric.name: found[0] if len(found) == 1 else list(found) for metric, found in values.items()}
    return json.dumps(line, separators=(",", ":"))
