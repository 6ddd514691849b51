"""API Gateway's own answers, as problems: without them callers would meet a second form of error."""

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway

from infra.api import problems
from infra.api.problems import MEDIA_TYPE, GatewayProblem
from shared.limits import retry_after_s
from shared.rate_limit_fields import STANDING

_T = apigateway.ResponseType

ANSWERS: dict[str, tuple[apigateway.ResponseType, GatewayProblem]] = {
    "invalid-key": (_T.INVALID_API_KEY, problems.FORBIDDEN),
    "access-denied": (_T.ACCESS_DENIED, problems.FORBIDDEN),
    "firewall": (_T.WAF_FILTERED, problems.BLOCKED),
    "no-method": (_T.MISSING_AUTHENTICATION_TOKEN, problems.NOT_FOUND),  # its name for a route that is not there
    "no-resource": (_T.RESOURCE_NOT_FOUND, problems.NOT_FOUND),
    "throttled": (_T.THROTTLED, problems.rate_limited(retry_after_s())),
    "quota": (_T.QUOTA_EXCEEDED, problems.QUOTA_EXCEEDED),
    "too-large": (_T.REQUEST_TOO_LARGE, problems.PAYLOAD_TOO_LARGE),
    "media-type": (_T.UNSUPPORTED_MEDIA_TYPE, problems.UNSUPPORTED_MEDIA_TYPE),
    "integration-failed": (_T.INTEGRATION_FAILURE, problems.UNAVAILABLE),
    "integration-timeout": (_T.INTEGRATION_TIMEOUT, problems.NO_ANSWER),
    "other-4xx": (_T.DEFAULT_4_XX, problems.BAD_REQUEST),
    "other-5xx": (_T.DEFAULT_5_XX, problems.INTERNAL),
}
_REQUEST_ID = "$context.requestId"


def answer_in_problems(api: apigateway.RestApi) -> None:
    """Gives every answer that is API Gateway's own the form of the API's problems."""
    for name, (kind, problem) in ANSWERS.items():
        members = {"request_id": _REQUEST_ID} if problem is problems.INTERNAL else {}
        api.add_gateway_response(
            f"answer-{name}",
            type=kind,
            status_code=str(problem.status),
            response_headers=_headers(problem),
            templates={"application/json": problem.body(**members)},
        )


def _headers(problem: GatewayProblem) -> dict[str, str]:
    headers = {
        "content-type": f"'{MEDIA_TYPE}'",
        "cache-control": "'no-store'",
        "x-request-id": "context.requestId",
    }
    if problem.retry_after_s is not None:
        headers["retry-after"] = f"'{problem.retry_after_s}'"
    if problem.used_up is not None:  # a fixed text knows neither the plan's numbers nor when all of it is there again
        headers[STANDING] = f"'\"{problem.used_up}\";r=0'"
    return headers
