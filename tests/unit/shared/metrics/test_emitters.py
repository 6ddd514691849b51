"""Whoever is said to emit a metric does: one that nobody tells would leave its alarm asleep for good."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared import metrics
from shared.metrics import INSTANCES, Metric
from shared.metrics.metric import Emitter

ROOT = Path(metrics.__file__).parents[2]
CODE = {
    Emitter.API: "functions/api",
    Emitter.WEBHOOK_SENDER: "functions/webhook_sender",
    Emitter.HOST: "session_host/host",
    Emitter.HOSTS: "shared/metrics/deployment.py",  # session_host/host/figures.py tells what it says
}


def words(place: str) -> Iterator[str]:
    """The names that the code uses, those alone that it only imports left out."""
    path = ROOT / place
    for file in [path] if path.is_file() else path.rglob("*.py"):
        yield from (node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name))


@pytest.mark.parametrize("emitter", Emitter)
def test_every_metric_is_told_by_its_emitter(emitter: Emitter) -> None:
    named = {name for name in metrics.__all__ if isinstance(getattr(metrics, name), Metric)}
    own = {name for name in named if getattr(metrics, name).emitter is emitter}
    if emitter in {metric.emitter for metric in INSTANCES.values()}:
        own.add("INSTANCES")
    assert own, "there is no emitter without a metric"
    assert own - set(words(CODE[emitter])) == set()
