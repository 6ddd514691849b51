"""The deployed tables are those that run on one machine, kept safe."""

from __future__ import annotations

import pytest

from shared.store import tables
from tests.infra.conftest import Synthesis


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_keys_are_those_of_the_local_definition(template: Synthesis, table: tables.Table) -> None:
    resources = template("hivewp-dev-data")["Resources"].values()
    [made] = [r["Properties"] for r in resources if r["Properties"].get("TableName") == f"hivewp-dev-{table.name}"]
    local = tables._request(table)
    assert made["KeySchema"] == local["KeySchema"]
