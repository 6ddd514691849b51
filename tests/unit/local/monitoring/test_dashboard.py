"""The dashboard is one that Grafana takes: rows, panels that do not overlap, queries that Prometheus can read."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import promql_parser
import pytest

from local.monitoring.__main__ import DASHBOARD
from local.monitoring.dashboard import ROWS, dashboard_file

CAPABILITIES = ["Requests", "Instances", "Messages", "Webhooks", "Commands", "Hosts", "Cache"]


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def test_the_file_is_what_the_code_makes() -> None:
    assert DASHBOARD.read_text() == dashboard_file(), "run `python -m local.monitoring`"


def test_there_is_a_row_for_each_capability_with_its_panels(dashboard: dict[str, Any]) -> None:
    rows = [one["title"] for one in dashboard["panels"] if one["type"] == "row"]
    assert rows == CAPABILITIES == list(ROWS)
    titles = [one["title"] for one in dashboard["panels"] if one["type"] != "row"]
    assert titles == [panel.title for panels in ROWS.values() for panel in panels]


def test_panels_have_ids_of_their_own_and_do_not_overlap(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    taken = [
        (x, y)
        for at in (one["gridPos"] for one in panels)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    tops = [one["gridPos"]["y"] for one in panels if one["type"] == "row"]
    assert all(before < after for before, after in pairwise(tops))


def test_the_data_source_is_a_variable_everywhere(dashboard: dict[str, Any]) -> None:
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    panels = [one for one in dashboard["panels"] if one["type"] != "row"]
    sources = [one["datasource"] for panel in panels for one in (panel, *panel["targets"])]
    assert {source["uid"] for source in sources} == {"${datasource}"}


def test_every_query_is_of_the_chosen_deployments_and_prometheus_reads_it(dashboard: dict[str, Any]) -> None:
    queries = [target["expr"] for one in dashboard["panels"] for target in one.get("targets", [])]
    assert queries
    for query in queries:
        promql_parser.parse(query.replace("$__rate_interval", "5m"))
        assert query.count("hivewp_") == query.count('job=~"$job"')


def test_an_alarms_threshold_is_drawn_with_the_bad_side_red(dashboard: dict[str, Any]) -> None:
    panels = {one["title"]: one for one in dashboard["panels"]}
    memory = panels["Memory of its limit"]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert memory == [{"color": "green", "value": None}, {"color": "red", "value": 90}]
    cache = panels["Checks of numbers answered from it"]["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert cache == [{"color": "red", "value": None}, {"color": "green", "value": 70}]
