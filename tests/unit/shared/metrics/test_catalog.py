from __future__ import annotations

from pathlib import Path

from shared import metrics
from shared.metrics import ALL, DIMENSION, INSTANCES, Metric
from shared.models.instance import InstanceState


def test_every_metric_of_the_package_is_on_the_list_once() -> None:
    named = {found for name in metrics.__all__ if isinstance(found := getattr(metrics, name), Metric)}
    assert named | set(INSTANCES.values()) == set(ALL)
    assert len({metric.name for metric in ALL}) == len(ALL)


def test_every_state_of_an_instance_has_its_metric() -> None:
    assert set(INSTANCES) == set(InstanceState)


def test_no_metric_is_called_like_a_member_of_the_line_it_is_in() -> None:
    assert not {metric.name for metric in ALL} & {DIMENSION, "_aws"}


def test_the_cost_that_is_written_down_is_the_lists() -> None:
    catalog = Path(metrics.__file__).with_name("catalog.py").read_text()
    assert f"{len(ALL)} at $0.30 are ${len(ALL) * 0.30:.2f} a month" in catalog
