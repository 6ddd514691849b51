"""A usage plan for every plan of the one table of limits (shared/limits.py).

A usage plan has a bucket for each method and one for all; what a class of methods may do together is kept by the
firewall's rate rules.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_apigateway as apigateway

from infra.stages import Stage
from shared.limits import PLANS, Plan, Throttle, method_throttle, plan_throttle
from shared.routes import Route

Methods = Mapping[Route, apigateway.Method]


def add_plans(api: apigateway.RestApi, methods: Methods, stage: Stage) -> dict[str, apigateway.UsagePlan]:
    """The usage plans by the names of the plans. `hivewp keys` finds them as <prefix>-<plan>."""
    return {plan.name: _usage_plan(api, methods, stage, plan) for plan in PLANS.values()}


def _usage_plan(api: apigateway.RestApi, methods: Methods, stage: Stage, plan: Plan) -> apigateway.UsagePlan:
    throttles = [
        apigateway.ThrottlingPerMethod(
            method=method, throttle=_settings(method_throttle(plan, route.method, route.path))
        )
        for route, method in methods.items()
        if not route.is_open
    ]
    return api.add_usage_plan(
        f"plan-{plan.name}",
        name=f"{stage.prefix}-{plan.name}",
        description=f"HiveWP {stage.name}: the plan {plan.name}",
        throttle=_settings(plan_throttle(plan)),
        quota=apigateway.QuotaSettings(limit=plan.quota_per_day, period=apigateway.Period.DAY),
        api_stages=[apigateway.UsagePlanPerApiStage(api=api, stage=api.deployment_stage, throttle=throttles)],
    )


def _settings(throttle: Throttle) -> apigateway.ThrottleSettings:
    return apigateway.ThrottleSettings(rate_limit=throttle.rate, burst_limit=throttle.burst)
