"""Which calls wait by design: how long they take tells nothing of our speed."""

from __future__ import annotations

from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

_INSTANCE = "/v1/instances/{instance_id}"

ASKS_A_HOST = frozenset(
    {
        ("DELETE", _INSTANCE),
        ("POST", f"{_INSTANCE}/logout"),
        ("POST", f"{_INSTANCE}/numbers/check"),
        ("POST", f"{_INSTANCE}/pair-code"),
        ("POST", f"{_INSTANCE}/restart"),
        ("POST", "/monitoring/gc"),
    }
)
"""Routes that wait for a session host, and it for WhatsApp."""
_ASKED = "hivewp.asked_a_host"


def note_asking(scope: Scope) -> None:
    """Says of a call, whose route seldom does, that it waits for a session host."""
    scope[_ASKED] = True


def waits_by_design(scope: Scope) -> bool:
    """Whether a call that was answered waited because of its route, its content, or because it asked to."""
    asked = "wait" in Headers(scope=scope).get("prefer", "") or "wait" in QueryParams(scope["query_string"])
    return (
        asked
        or scope.get(_ASKED) is True
        or (scope.get("method"), getattr(scope.get("route"), "path", None)) in ASKS_A_HOST
    )
