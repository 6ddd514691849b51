"""The firewall in front of API Gateway: rate rules, and AWS's common rules against known attacks.

| rule | counts by | calls | in |
|---|---|---|---|
| per-ip | client IP alone | twice what one key of the highest plan may do | 60 s |
| messages, queries | client IP and x-api-key | those of the highest plan in shared/limits.py | 60 s |
| instance-operations | client IP and x-api-key | those of the highest plan | 300 s |

A plan's own limits are kept by its usage plan, method by method; these hold a class of methods together. A call
without a key, or with ever new ones, is counted by the plain rule alone.
"""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.api.problems import rate_limited
from infra.api.statements import Acl, class_of_calls
from infra.stages import Stage
from shared.limits import RateRule, rate_rules
from shared.rate_limit_fields import firewall_refusal_fields

COUNTED_ONLY = {
    "SizeRestrictions_BODY": "Media come as base64 in the body, which is 5.5 MB at most; the API itself refuses more",
    "GenericRFI_BODY": "Endpoints and proxies of customers are URLs in bodies, with addresses for hosts too",
    "EC2MetaDataSSRF_BODY": "The API judges such URLs itself (shared/egress) and says what is wrong with them",
    "CrossSiteScripting_BODY": "People write markup to each other; texts are data here and shown by no page",
    "GenericLFI_BODY": "People write ../ to each other; no file is opened by a name from a body",
    "RestrictedExtensions_URIPATH": "Ids of instances may hold dots: shop.conf is one",
    "NoUserAgent_HEADER": "Callers are programs, and not all of them say which",
}
_IP = Acl.RateBasedStatementCustomKeyProperty(ip={})
_KEY = Acl.RateBasedStatementCustomKeyProperty(
    header=Acl.RateLimitHeaderProperty(
        name="x-api-key", text_transformations=[Acl.TextTransformationProperty(priority=0, type="NONE")]
    )
)


class Firewall(Construct):
    """A web ACL in front of one stage of an API."""

    acl: waf.CfnWebACL

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, guarded: apigateway.Stage) -> None:
        super().__init__(scope, construct_id)
        name = f"{stage.prefix}-api"
        rates = rate_rules()
        self.acl = waf.CfnWebACL(
            self,
            "acl",
            name=name,
            description="Rates by address and key, and common attacks",
            scope="REGIONAL",
            default_action=Acl.DefaultActionProperty(allow={}),
            custom_response_bodies={_body_name(window): _body(window) for window in _windows(rates)},
            visibility_config=_visibility(name),
            rules=[*(_rule(name, rule, at) for at, rule in enumerate(rates)), _common_rules(name, len(rates))],
        )
        waf.CfnWebACLAssociation(self, "association", resource_arn=guarded.stage_arn, web_acl_arn=self.acl.attr_arn)


def _statement(rule: RateRule) -> Acl.RateBasedStatementProperty:
    limit = rule.limit
    if rule.kind is None:
        return Acl.RateBasedStatementProperty(
            aggregate_key_type="IP", limit=limit.count, evaluation_window_sec=limit.window_s
        )
    return Acl.RateBasedStatementProperty(
        aggregate_key_type="CUSTOM_KEYS",
        custom_keys=[_IP, _KEY],
        limit=limit.count,
        evaluation_window_sec=limit.window_s,
        scope_down_statement=class_of_calls(rule.kind),
    )


def _rule(prefix: str, rule: RateRule, priority: int) -> Acl.RuleProperty:
    problem = rate_limited(rule.limit.window_s)
    answer = Acl.CustomResponseProperty(
        response_code=problem.status,
        custom_response_body_key=_body_name(rule.limit.window_s),
        response_headers=[
            Acl.CustomHTTPHeaderProperty(name=name, value=value)
            for name, value in firewall_refusal_fields(rule).items()
        ],
    )
    return Acl.RuleProperty(
        name=rule.name,
        priority=priority,
        action=Acl.RuleActionProperty(block=Acl.BlockActionProperty(custom_response=answer)),
        statement=Acl.StatementProperty(rate_based_statement=_statement(rule)),
        visibility_config=_visibility(f"{prefix}-{rule.name}"),
    )


def _common_rules(prefix: str, priority: int) -> Acl.RuleProperty:
    counted = [
        Acl.RuleActionOverrideProperty(name=name, action_to_use=Acl.RuleActionProperty(count={}))
        for name in COUNTED_ONLY
    ]
    group = Acl.ManagedRuleGroupStatementProperty(
        vendor_name="AWS", name="AWSManagedRulesCommonRuleSet", rule_action_overrides=counted
    )
    return Acl.RuleProperty(
        name="common-attacks",
        priority=priority,
        override_action=Acl.OverrideActionProperty(none={}),
        statement=Acl.StatementProperty(managed_rule_group_statement=group),
        visibility_config=_visibility(f"{prefix}-common-attacks"),
    )


def _windows(rates: list[RateRule]) -> list[int]:
    return sorted({rule.limit.window_s for rule in rates})


def _body_name(window_s: int) -> str:
    return f"rate-limited-{window_s}"


def _body(window_s: int) -> Acl.CustomResponseBodyProperty:
    """The firewall has no other media type for JSON than this."""
    return Acl.CustomResponseBodyProperty(content=rate_limited(window_s).body(), content_type="APPLICATION_JSON")


def _visibility(name: str) -> Acl.VisibilityConfigProperty:
    """Without samples of calls: their headers hold keys."""
    return Acl.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
