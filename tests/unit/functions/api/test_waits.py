"""Which calls say nothing of our speed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute

from functions.api import problems
from functions.api.app import ROUTERS
from functions.api.middleware.waits import ASKS_A_HOST, note_asking, waits_by_design

MESSAGES = ("POST", "/v1/instances/{instance_id}/messages")


def scope_of(method: str, path: str, query: bytes = b"", prefer: bytes = b"") -> dict[str, Any]:
    """A call that the router has found its route for."""
    headers = [(b"prefer", prefer)] if prefer else []
    return {"method": method, "query_string": query, "headers": headers, "route": SimpleNamespace(path=path)}


@pytest.mark.parametrize(("method", "path"), sorted(ASKS_A_HOST))
def test_a_route_that_asks_a_host_waits(method: str, path: str) -> None:
    assert waits_by_design(scope_of(method, path))


def test_other_calls_wait_only_when_they_ask_to() -> None:
    assert not waits_by_design(scope_of(*MESSAGES))
    assert waits_by_design(scope_of(*MESSAGES, prefer=b"wait=5"))
    assert waits_by_design(scope_of("GET", "/v1/instances/{instance_id}/events", query=b"after=3&wait=20"))
    assert not waits_by_design(scope_of("GET", "/v1/instances/{instance_id}"))
    assert not waits_by_design({"query_string": b"", "headers": []}), "no route was found"


def test_a_message_waits_whose_number_a_host_was_asked_for() -> None:
    scope = scope_of(*MESSAGES)
    note_asking(scope)
    assert waits_by_design(scope)


def test_all_routes_are_known_that_may_lack_an_answer_of_a_host() -> None:
    """A message is judged all the same: only one that has its number checked waits for a host."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    waiting = {
        (method, r.path) for r in routes if problems.NO_ANSWER.status in r.responses for method in r.methods or ()
    }
    assert len(waiting) > 2
    assert waiting - {MESSAGES} <= ASKS_A_HOST
