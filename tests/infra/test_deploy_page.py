"""docs/deploy.md names what there is: commands, context values, stages' numbers, stacks and what is in them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from infra.capacity import HOSTS
from infra.context import NAMES
from infra.stages import STAGES
from local.cli import app
from shared.limits import PLANS, MethodClass
from tests.infra.conftest import Synthesis

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "docs" / name for name in ("deploy.md", "keys.md", "cost.md")]
PAGE = PAGES[0].read_text()


def row(name: str) -> list[str]:
    """The cells of the table row that begins so."""
    found = re.search(rf"^\| {re.escape(name)} \| (.*) \|$", PAGE, re.MULTILINE)
    assert found, name
    return found[1].split(" | ")


def test_context_values_are_those_that_are_read() -> None:
    table = PAGE[PAGE.index("| context") : PAGE.index("Give the same values")]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(NAMES) - {"code"}
    assert set(re.findall(r"-c ([a-z-]+)=", PAGE)) <= {*NAMES, "name"}
    assert set(re.findall(r"-c stage=(\w+)", PAGE)) <= STAGES.keys()


def test_numbers_of_stages_are_theirs() -> None:
    stages = [STAGES[name] for name in ("dev", "prod")]
    places = {stage.sessions_per_worker for stage in stages}
    assert places == {100}
    assert row("partitions, of 100 instances each") == [str(stage.partitions) for stage in stages]
    assert row("logs are kept, days") == [str(stage.log_retention_days) for stage in stages]
    assert row("[level of the log](logs.md)") == [stage.log_level for stage in stages]
    hosts = [HOSTS[stage.name] for stage in stages]
    assert row("session hosts") == [f"{size.least} to {size.most}" for size in hosts]
    protected = ["refused" if stage.termination_protection else "allowed" for stage in stages]
    assert row("deletion of stacks and tables") == protected


def test_plans_are_those_of_the_table_of_limits() -> None:
    page = PAGES[1].read_text()
    for plan in PLANS.values():
        messages, operations, queries = (plan.limits[kind].count for kind in MethodClass)
        said = (
            f"{messages:,} a minute | {operations:,} in 5 minutes | {queries:,} a minute | {plan.quota_per_day:,} a day"
        )
        assert f"| `{plan.name}` | {said} |" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_there(page: Path) -> None:
    root = get_command(app)
    keys = root.get_command(None, "keys")  # type: ignore[attr-defined]
    for name, options in re.findall(r"hivewp keys ([a-z]+)([^\n`)]*)", page.read_text()):
        command = keys.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", options)) <= known, (name, options)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)) <= targets
    for link in re.findall(r"\]\(([a-z]+\.md)\)", page.read_text()):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("stage", STAGES)
def test_what_the_page_asks_aws_for_is_in_the_stacks(template: Synthesis, stage: str) -> None:
    service, data = template(f"hivewp-{stage}"), template(f"hivewp-{stage}-data")
    assert "ApiUrl" in service["Outputs"]
    held = json.dumps(data)
    for name in (f"hivewp-{stage}-{kept}" for kept in ("sealing-key", "alert-targets", "sessions")):
        assert name in PAGE.replace("prod", stage)
        assert f'"{name}"' in held
    plans = {r["Properties"]["UsagePlanName"] for r in service["Resources"].values() if r["Type"].endswith("UsagePlan")}
    assert plans == {f"hivewp-{stage}-standard", f"hivewp-{stage}-scale"}, "where `hivewp keys` looks for them"
