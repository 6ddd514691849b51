"""The firewall's rules: whom they count, from what on they refuse, and what they let pass."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

import pytest

from functions.api import problems as api_problems
from infra.api.firewall import COUNTED_ONLY
from shared.limits import PLANS, MethodClass, highest, method_class, rate_rules
from shared.routes import DOCUMENTATION, ROUTES
from tests.infra.conftest import Synthesis, properties

BY_CLASS = {kind.value.replace("_", "-"): kind for kind in MethodClass}
WINDOWS_OF_WAF = {60, 120, 300, 600}
CALLS = [
    *((route.method, route.path.replace("{", "").replace("}", "")) for route in (*ROUTES, *DOCUMENTATION)),
    ("POST", "/v1/instances/shop-1/numbers/check"),
    ("POST", "/v1/instances/shop-1/%6dessages"),
    ("POST", "/v1/instances/shop-1/messages/"),
    ("HEAD", "/v1/instances"),
    ("OPTIONS", "/v1/instances/shop-1"),
    ("DELETE", "/v1/instances/messages"),
    ("POST", "/monitoring/gc"),
    ("POST", "/v1/instancesque"),
]


@pytest.fixture
def acl(template: Synthesis) -> dict[str, Any]:
    [found] = properties(template("hivewp-prod"), "AWS::WAFv2::WebACL").values()
    return found


@pytest.fixture
def rules(acl: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in acl["Rules"]}


def matches(statement: dict[str, Any], method: str, path: str) -> bool:
    """What the firewall makes of a statement, as far as ours go."""
    [(kind, body)] = statement.items()
    match kind:
        case "AndStatement":
            return all(matches(one, method, path) for one in body["Statements"])
        case "OrStatement":
            return any(matches(one, method, path) for one in body["Statements"])
        case "NotStatement":
            return not matches(body["Statement"], method, path)
        case "ByteMatchStatement":
            assert (body["FieldToMatch"], body["PositionalConstraint"]) == ({"Method": {}}, "EXACTLY")
            return bool(body["SearchString"] == method)
        case "RegexMatchStatement":
            assert body["FieldToMatch"] == {"UriPath": {}}
            assert [one["Type"] for one in body["TextTransformations"]] == ["URL_DECODE"]
            return re.search(body["RegexString"], unquote(path)) is not None
    raise AssertionError(kind)


@pytest.mark.parametrize("under", ["/api", "", "/base/path"])
def test_each_rate_rule_counts_its_class_wherever_the_api_is_mounted(
    rules: dict[str, dict[str, Any]], under: str
) -> None:
    for method, path in CALLS:
        counting = {
            kind
            for name, kind in BY_CLASS.items()
            if matches(rate(rules[name])["ScopeDownStatement"], method, under + path)
        }
        assert counting == {method_class(method, unquote(path))}, (method, path)


def rate(rule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = rule["Statement"]["RateBasedStatement"]
    return found


def test_a_class_is_counted_by_address_and_key_at_the_highest_plans_numbers(rules: dict[str, dict[str, Any]]) -> None:
    for name, kind in BY_CLASS.items():
        counted, limit = rate(rules[name]), highest(kind)
        assert (counted["Limit"], counted["EvaluationWindowSec"]) == (limit.count, limit.window_s)
        assert limit.window_s in WINDOWS_OF_WAF
        assert counted["AggregateKeyType"] == "CUSTOM_KEYS"
        address, key = counted["CustomKeys"]
        assert (address, key["Header"]["Name"]) == ({"IP": {}}, "x-api-key")


def test_the_stand_in_on_one_machine_has_the_same_rules_in_the_same_order(rules: dict[str, dict[str, Any]]) -> None:
    deployed = sorted((one for one in rules.values() if "RateBasedStatement" in one["Statement"]), key=_priority)
    numbers = [(one["Name"], rate(one)["Limit"], rate(one)["EvaluationWindowSec"]) for one in deployed]
    assert numbers == [(rule.name, rule.limit.count, rule.limit.window_s) for rule in rate_rules()]
    assert {rule.name for rule in rate_rules() if rule.kind} == set(BY_CLASS)


def _priority(rule: dict[str, Any]) -> int:
    return int(rule["Priority"])


def test_no_plan_is_refused_by_the_plain_rule_for_what_it_allows(rules: dict[str, dict[str, Any]]) -> None:
    plain = rate(rules["per-ip"])
    assert plain["AggregateKeyType"] == "IP"
    for plan in PLANS.values():
        assert sum(one.per_second for one in plan.limits.values()) * plain["EvaluationWindowSec"] < plain["Limit"]


def test_over_a_rate_the_answer_is_the_apis_own_problem(acl: dict[str, Any], rules: dict[str, dict[str, Any]]) -> None:
    for name in ("per-ip", *BY_CLASS):
        answer = rules[name]["Action"]["Block"]["CustomResponse"]
        window = rate(rules[name])["EvaluationWindowSec"]
        assert answer["ResponseCode"] == api_problems.RATE_LIMITED.status
        headers = {header["Name"]: header["Value"] for header in answer["ResponseHeaders"]}
        assert headers == {
            "retry-after": str(window),
            "ratelimit-policy": f'"firewall-{name}";q={rate(rules[name])["Limit"]};w={window}',
            "ratelimit": f'"firewall-{name}";r=0;t={window}',
        }
        body = json.loads(acl["CustomResponseBodies"][answer["CustomResponseBodyKey"]]["Content"])
        assert (body["type"], body["title"]) == (api_problems.RATE_LIMITED.name, api_problems.RATE_LIMITED.title)
        assert f" {window} s" in body["detail"]


def test_the_common_rules_refuse_but_for_what_our_callers_rightly_send(rules: dict[str, dict[str, Any]]) -> None:
    group = rules["common-attacks"]["Statement"]["ManagedRuleGroupStatement"]
    assert (group["VendorName"], group["Name"]) == ("AWS", "AWSManagedRulesCommonRuleSet")
    overridden = {one["Name"]: one["ActionToUse"] for one in group["RuleActionOverrides"]}
    assert overridden == {name: {"Count": {}} for name in COUNTED_ONLY}
    assert "SizeRestrictions_BODY" in COUNTED_ONLY
    assert rules["common-attacks"]["OverrideAction"] == {"None": {}}


def test_it_stands_in_front_of_the_stage(template: Synthesis) -> None:
    for stage in ("hivewp-dev", "hivewp-prod"):
        [guard] = properties(template(stage), "AWS::WAFv2::WebACLAssociation").values()
        assert "/stages/" in json.dumps(guard["ResourceArn"])


def test_no_key_is_kept_in_samples(acl: dict[str, Any]) -> None:
    seen = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert not any(one["SampledRequestsEnabled"] for one in seen)
    assert len({one["MetricName"] for one in seen}) == len(seen)
