"""What is rehearsed is what is deployed, but for what is listed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.conftest import Synthesis
from tests.infra.deployment.adaptation import POLICIES, UNSUPPORTED, adapted

STACKS = ("hivewp-dev-data", "hivewp-dev")
LOG_GROUP, LINK = {"Type": "AWS::Logs::LogGroup", "Properties": {}}, "AWS::WAFv2::WebACLAssociation"


def of(**resources: dict[str, Any]) -> dict[str, Any]:
    return {"Resources": resources}


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_taken_out_but_what_is_listed(template: Synthesis, stack: str) -> None:
    whole = template(stack)["Resources"]
    kept = adapted(template(stack))["Resources"]
    assert {whole[name]["Type"] for name in whole.keys() - kept.keys()} <= {*UNSUPPORTED, *POLICIES}
    assert not kept.keys() - whole.keys()


def test_everything_listed_is_there(template: Synthesis) -> None:
    types = {made["Type"] for stack in STACKS for made in template(stack)["Resources"].values()}
    assert UNSUPPORTED.keys() <= types


def test_what_only_had_to_come_first_is_forgotten() -> None:
    made = adapted(of(link={"Type": LINK, "Properties": {}}, logs={**LOG_GROUP, "DependsOn": ["link"]}))
    assert made == of(logs=LOG_GROUP)


def test_what_is_still_needed_cannot_be_taken_out() -> None:
    needing = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "link"}}}
    with pytest.raises(ValueError, match="link"):
        adapted(of(link={"Type": LINK, "Properties": {}}, logs=needing))


def test_a_policy_keeps_what_is_not_about_plain_http() -> None:
    plain = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    other = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}}
    policy = {"Type": POLICIES[1], "Properties": {"PolicyDocument": {"Statement": [plain, other]}}}
    made = adapted(of(policy=policy))["Resources"]["policy"]
    assert made["Properties"]["PolicyDocument"]["Statement"] == [other]
    assert len(policy["Properties"]["PolicyDocument"]["Statement"]) == 2  # type: ignore[index]
