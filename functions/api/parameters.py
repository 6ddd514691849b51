"""The query parameters of a call: those that its route declares, each once. A typo is no filter that was forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from fastapi import Request
from fastapi.routing import APIRoute

from functions.api import problems
from functions.api.problems import LONGEST_POINTER, MAX_ERRORS, FieldError, Problem


def check_parameters(request: Request) -> None:
    """Raises Problem for parameters that the call's route does not know, or that are given twice."""
    if not request.scope["query_string"]:  # nearly always
        return
    known = names_of(request.scope["route"])
    given = Counter(name for name, _ in request.query_params.multi_items())
    wrong = (name for name, times in given.items() if times > 1 or name not in known)
    errors = [FieldError(f"?{name}"[:LONGEST_POINTER], _wrong(name, known)) for name in islice(wrong, MAX_ERRORS)]
    if errors:
        detail = f"{errors[0].pointer}: {errors[0].detail}"
        raise Problem(problems.INVALID_REQUEST, detail, errors=errors)


def names_of(route: APIRoute) -> list[str]:
    """The query parameters of a route, in the order in which it declares them."""
    return [field.alias for field in route.dependant.query_params]


def _wrong(name: str, known: Sequence[str]) -> str:
    if name in known:
        return "this is given more than once"
    return f"there is no such parameter; this route has {', '.join(known) or 'none'}"
