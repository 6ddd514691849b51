"""API Gateway as it is deployed: its routes, who may call them and how often, and what it says by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.api import problems as api_problems
from infra.api import answers, problems
from infra.api.problems import GatewayProblem
from infra.stages import Stage
from shared.limits import MAX_BODY_BYTES, PLANS, method_throttle
from shared.routes import DOCUMENTATION, ROUTES, Route
from tests.infra.conftest import Template, properties

ALL = (*ROUTES, *DOCUMENTATION)


def only(template: Template, kind: str) -> dict[str, Any]:
    [found] = properties(template, kind).values()
    return found


def declared(template: Template) -> dict[tuple[str, str], dict[str, Any]]:
    """The methods by method and path."""
    resources = properties(template, "AWS::ApiGateway::Resource")

    def path(of: dict[str, Any]) -> str:
        parent = resources.get(of["ParentId"].get("Ref", ""))
        return f"{path(parent) if parent else ''}/{of['PathPart']}"

    methods = properties(template, "AWS::ApiGateway::Method").values()
    return {(one["HttpMethod"], path(resources[one["ResourceId"]["Ref"]])): one for one in methods}


def test_every_route_is_a_method_and_nothing_else_is(service: Template) -> None:
    methods = declared(service)
    assert set(methods) == {(route.method, route.path) for route in ALL}
    for route in ALL:
        assert methods[route.method, route.path]["ApiKeyRequired"] is not route.is_open, route


def test_calls_go_to_a_published_version_of_the_function(service: Template) -> None:
    alias = next(iter(properties(service, "AWS::Lambda::Alias")))
    for method in declared(service).values():
        assert method["Integration"]["Type"] == "AWS_PROXY"
        assert {"Ref": alias} in method["Integration"]["Uri"]["Fn::Join"][1]
    permissions = properties(service, "AWS::Lambda::Permission").values()
    [allowed] = [one for one in permissions if one["Principal"] == "apigateway.amazonaws.com"]
    assert allowed["FunctionName"] == {"Ref": alias}


def test_a_plan_of_the_table_is_a_usage_plan(service: Template, stage: Stage) -> None:
    made = {one["UsagePlanName"]: one for one in properties(service, "AWS::ApiGateway::UsagePlan").values()}
    assert set(made) == {f"{stage.prefix}-{name}" for name in PLANS}
    for name, plan in PLANS.items():
        usage = made[f"{stage.prefix}-{name}"]
        assert usage["Quota"] == {"Limit": plan.quota_per_day, "Period": "DAY"}
        [gateway] = usage["ApiStages"]
        assert gateway["Throttle"] == {f"{r.path}/{r.method}": bucket(plan.name, r) for r in ROUTES if not r.is_open}


def bucket(plan: str, route: Route) -> dict[str, float]:
    throttle = method_throttle(PLANS[plan], route.method, route.path)
    return {"RateLimit": throttle.rate, "BurstLimit": throttle.burst}


def test_the_stage_bounds_everybody_and_what_is_open_tighter(service: Template, stage: Stage) -> None:
    settings = {one["ResourcePath"]: one for one in only(service, "AWS::ApiGateway::Stage")["MethodSettings"]}
    everything = settings.pop("/*")
    assert (everything["ThrottlingRateLimit"], everything["ThrottlingBurstLimit"]) == (stage.api_rate, stage.api_burst)
    assert set(settings) == {"/" + route.path.replace("/", "~1") for route in ALL if route.is_open}
    assert all(one["ThrottlingRateLimit"] < stage.api_rate for one in settings.values())


def test_pictures_are_the_only_binary(service: Template) -> None:
    gateway = only(service, "AWS::ApiGateway::RestApi")
    assert gateway["BinaryMediaTypes"] == ["image/png"]
    assert gateway["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_the_access_log_has_who_and_how_long_but_no_bodies_and_no_keys(service: Template, stage: Stage) -> None:
    logged = only(service, "AWS::ApiGateway::Stage")["AccessLogSetting"]
    fields = json.loads(logged["Format"])
    assert {"request_id", "key_id", "route", "status", "ms", "function_ms"} <= set(fields)
    assert not any(word in logged["Format"].lower() for word in ("body", "querystring", "header", 'identity.apikey"'))
    name = logged["DestinationArn"]["Fn::GetAtt"][0]
    assert properties(service, "AWS::Logs::LogGroup")[name]["RetentionInDays"] == stage.log_retention_days


def test_what_api_gateway_says_by_itself_is_a_problem(service: Template) -> None:
    made = {one["ResponseType"]: one for one in properties(service, "AWS::ApiGateway::GatewayResponse").values()}
    assert {"THROTTLED", "QUOTA_EXCEEDED", "INVALID_API_KEY", "REQUEST_TOO_LARGE", "WAF_FILTERED"} <= set(made)
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN", "INTEGRATION_TIMEOUT"} <= set(made)
    for answer in made.values():
        headers = answer["ResponseParameters"]
        assert headers["gatewayresponse.header.content-type"] == "'application/problem+json'"
        body = json.loads(answer["ResponseTemplates"]["application/json"])
        assert str(body["status"]) == answer["StatusCode"]
        used_up = {"rate-limited": """'"plan";r=0'""", "quota-exceeded": """'"calls-per-day";r=0'"""}
        assert headers.get("gatewayresponse.header.ratelimit") == used_up.get(body["type"])
        retry_after = headers.get("gatewayresponse.header.retry-after")
        assert body["type"] != "payload-too-large" or f"{MAX_BODY_BYTES:,}" in body["detail"]
        assert (retry_after is not None) == (body["type"] in {"rate-limited", "quota-exceeded", "unavailable"})


@pytest.mark.parametrize(
    "problem", {problem.type: problem for _, problem in answers.ANSWERS.values()}.values(), ids=lambda one: one.type
)
def test_it_is_one_that_the_api_has_too(problem: GatewayProblem) -> None:
    same = api_problems.TYPES[problem.type]
    assert (problem.status, problem.title) == (same.status, same.title)
    assert problems.MEDIA_TYPE == api_problems.MEDIA_TYPE
    assert problem.detail.endswith(".")


def test_people_find_the_url(service: Template) -> None:
    assert "ApiUrl" in service["Outputs"]
