"""What the rules and the dashboard ask for is what /monitoring/metrics tells."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import promql_parser
import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

from functions.api.services import Services
from local.monitoring.__main__ import DASHBOARD, RULES
from shared.clock import iso
from shared.figures import Tally
from shared.models.host import HostReport, WorkerReport

Told = dict[str, list[dict[str, str]]]


def selectors(query: str) -> Iterator[promql_parser.VectorSelector]:
    """The series that a query asks for."""
    visited: list[promql_parser.Expr] = []
    promql_parser.walk(promql_parser.parse(query), visited.append)
    yield from (node for node in visited if isinstance(node, promql_parser.VectorSelector))


def queries() -> list[str]:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [*(rule["expr"] for rule in group["rules"]), *(one.replace("$__rate_interval", "5m") for one in asked)]


@pytest.fixture
async def told(api: httpx.AsyncClient, services: Services) -> Told:
    """The labels of every series of a deployment with a host and an instance that is connected, by its name."""
    now = services.clock.unix()
    worker = WorkerReport(0, 1, {"connected": 1}, 1, 1, 1, oldest_command=int(now))
    await services.hosts.save(
        HostReport(
            id="host-0",
            started_at=iso(now),
            at=iso(now),
            memory_used=1,
            memory_limit=2,
            workers=(worker,),
            lease_ages={"0": 1.0},
        )
    )
    await services.partitions.take((await services.partitions.leases())[0], "host-0")
    outdated = Tally(services.figures, services.clock.monotonic)
    outdated.client_outdated()
    await outdated.hand_over(now=True)
    await api.post("/v1/instances")
    answer = await api.get("/monitoring/metrics", headers={"accept": "text/plain"})
    found: Told = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    assert "hivewp_clients_outdated_total 1" in answer.text
    assert "hivewp_partitions_unowned 1" in answer.text
    assert "hivewp_instances_connected_ratio 1.0" in answer.text
    return found


async def test_every_series_that_is_asked_for_is_told_with_the_labels_that_it_is_asked_by(told: Told) -> None:
    asked = [(query, one) for query in queries() for one in selectors(query)]
    assert len(asked) > 40
    for query, selector in asked:
        assert selector.name in told, query
        wanted = {one.name: one.value for one in selector.matchers.matchers if one.name != "job"}
        assert any(wanted.items() <= labels.items() for labels in told[selector.name]), query
