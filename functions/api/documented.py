"""How routes name the problems they may answer with, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from functions.api import problems
from functions.api.problems import MEDIA_TYPE, FieldError, Problem, ProblemType

Responses = dict[int | str, dict[str, Any]]
HEADERS = {
    "Retry-After": "In how many seconds to come again.",
    "RateLimit-Policy": "The limits that the call is under: `q` calls or messages in `w` seconds.",
    "RateLimit": "How the caller stands with them: `r` are left, and in `t` seconds all are there again.",
}
_LIMITS = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS}
EVERYWHERE = (
    problems.FORBIDDEN,
    problems.MISSING_SCOPE,
    problems.BLOCKED,
    problems.INVALID_REQUEST,
    problems.RATE_LIMITED,
    problems.QUOTA_EXCEEDED,
    problems.UNAVAILABLE,
    problems.INTERNAL,
)
WITH_BODY = (
    problems.INVALID_JSON,
    problems.PAYLOAD_TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.INVALID_REQUEST,
)


def may_answer(*kinds: ProblemType) -> Responses:
    """The responses of these problems, by status, each with an example."""
    by_status: dict[int, list[ProblemType]] = {}
    for kind in dict.fromkeys((*kinds, *EVERYWHERE)):
        by_status.setdefault(kind.status, []).append(kind)
    return {status: _response(found) for status, found in sorted(by_status.items())}


def _response(kinds: list[ProblemType]) -> dict[str, Any]:
    examples = {kind.name: {"summary": kind.meaning, "value": _example(kind)} for kind in kinds}
    schema = {"$ref": "#/components/schemas/Problem"}
    description = "; ".join(f"`{kind.name}`: {kind.meaning}" for kind in kinds)
    answer = {"description": description, "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}}}
    return {**answer, "headers": _LIMITS} if kinds[0].status == problems.RATE_LIMITED.status else answer


def _example(kind: ProblemType) -> dict[str, Any]:
    errors = [FieldError("/to", "this field is required")] if kind is problems.INVALID_REQUEST else []
    return Problem(kind, kind.meaning, errors=errors).body()
