"""The one map from exceptions to answers. What is not in it is an internal error: logged, and not told to callers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from functions.api import problems
from functions.api.problems import FieldError, Problem, ProblemType
from shared.queues.queue import QueueError
from shared.store.database import StoreUnavailable, TransactionRefused

RETRY_SOON = {"retry-after": "1"}
_STATUSES = {404: problems.NOT_FOUND, 405: problems.METHOD_NOT_ALLOWED, 400: problems.INVALID_JSON}
_UNAVAILABLE = (StoreUnavailable, QueueError, TransactionRefused)
_NO_OBJECT = frozenset({"model_type", "model_attributes_type", "dict_type"})
_WORDING = {
    "missing": "this field is required",
    "extra_forbidden": "there is no such field",
    **dict.fromkeys(_NO_OBJECT, "this must be a JSON object"),
}


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is answered with."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _bad_request(error)
        case HTTPException():
            return _of_framework(error)
    if isinstance(error, _UNAVAILABLE):
        return Problem(problems.UNAVAILABLE, "The service cannot take this call now: try again.", headers=RETRY_SOON)
    return Problem(problems.INTERNAL, "Something went wrong on our side.")


def _of_framework(error: HTTPException) -> Problem:
    kind = _STATUSES.get(error.status_code)
    if kind is None:
        kind = ProblemType("http-error", error.status_code, "Error", "")
    details = {404: "There is no such route.", 400: "The body could not be read as JSON."}
    return Problem(kind, details.get(error.status_code, str(error.detail)), headers=error.headers)


def _bad_request(error: RequestValidationError) -> Problem:
    found: Sequence[dict[str, Any]] = error.errors()
    if any(one["loc"][0] == "path" for one in found):  # an id that cannot be one names nothing
        return problems.not_found("resource")
    for one in found:
        if one["type"] == "json_invalid":
            return Problem(problems.INVALID_JSON, f"The body is not JSON: {one['ctx']['error']} at {one['loc'][-1]}.")
        if one["type"] == "unsupported_type":
            wrong = FieldError("/type", one["msg"])
            return Problem(problems.UNSUPPORTED_TYPE, one["msg"], errors=[wrong], types=one["ctx"]["types"])
    if isinstance(error.body, bytes):
        return Problem(problems.UNSUPPORTED_MEDIA_TYPE, "Send the body with content-type: application/json.")
    errors = _field_errors(found)
    first = errors[0]
    detail = f"{first.pointer}: {first.detail}" if first.pointer else first.detail
    return Problem(problems.INVALID_REQUEST, detail, errors=errors)


def _field_errors(found: Sequence[dict[str, Any]]) -> list[FieldError]:
    return [
        FieldError(pointer(one["loc"])[: problems.LONGEST_POINTER], _worded(one))
        for one in found[: problems.MAX_ERRORS]
    ]


def _worded(error: dict[str, Any]) -> str:
    kind = error["type"]
    if len(error["loc"]) == 1 and kind in {"missing", *_NO_OBJECT}:
        return "the body must be a JSON object"
    return _WORDING.get(kind, str(error["msg"]))


def pointer(location: Sequence[str | int]) -> str:
    """Where a wrong value is: a JSON pointer into the body, `?name` in the query, else the header's name."""
    place, *path = location
    if place == "query":
        return f"?{path[0]}"
    if place == "header":
        return str(path[0])
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
