"""The table of problems, and how exceptions find their place in it."""

from __future__ import annotations

import json
import re

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from functions.api import problems
from functions.api.errors import pointer, problem_of
from functions.api.problems import FieldError, Problem, problem_response
from shared.queues.queue import QueueError
from shared.store.database import StoreUnavailable


def test_every_type_has_a_stable_name_an_error_status_and_texts() -> None:
    assert len(problems.TYPES) > 20
    for name, kind in problems.TYPES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert 400 <= kind.status < 600
        assert kind.title
        assert kind.meaning.endswith(".")


def test_a_problem_is_answered_by_rfc_9457() -> None:
    problem = Problem(problems.NOT_PAIRED, "why", errors=[FieldError("/to", "no")], headers={"x": "y"}, state="created")
    response = problem_response(problem)
    assert (response.status_code, response.media_type, response.headers["x"]) == (409, problems.MEDIA_TYPE, "y")
    assert json.loads(bytes(response.body)) == {
        "type": "not-paired",
        "title": "Not paired",
        "status": 409,
        "detail": "why",
        "state": "created",
        "errors": [{"pointer": "/to", "detail": "no"}],
    }


@pytest.mark.parametrize(
    ("error", "name", "status"),
    [
        (StoreUnavailable("x"), "unavailable", 503),
        (QueueError("x"), "unavailable", 503),
        (HTTPException(404), "not-found", 404),
        (HTTPException(405, headers={"allow": "GET"}), "method-not-allowed", 405),
        (HTTPException(400), "invalid-json", 400),
        (RuntimeError("a secret"), "internal", 500),
        (Problem(problems.QR_NOT_READY, "wait"), "qr-not-ready", 404),
    ],
)
def test_every_exception_has_its_problem(error: Exception, name: str, status: int) -> None:
    problem = problem_of(error)
    assert (problem.kind.name, problem.status_code) == (name, status)
    assert "secret" not in json.dumps(problem.body())


def test_a_flood_of_errors_is_cut() -> None:
    found = [{"type": "extra_forbidden", "loc": ("body", f"{n}" * 400), "msg": "x"} for n in range(200)]
    body = problem_of(RequestValidationError(found)).body()
    assert len(body["errors"]) == problems.MAX_ERRORS
    assert all(len(error["pointer"]) <= 200 for error in body["errors"])


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (("body",), ""),
        (("body", "settings", "pacing", "min_gap_ms"), "/settings/pacing/min_gap_ms"),
        (("body", "events", 0), "/events/0"),
        (("body", "a/b~c"), "/a~1b~0c"),
        (("query", "limit"), "?limit"),
        (("header", "idempotency-key"), "idempotency-key"),
    ],
)
def test_wrong_values_are_pointed_at(location: tuple[str | int, ...], text: str) -> None:
    assert pointer(location) == text
