"""Every route of the API: what it is called by, and which scope of a key it asks for.

The API lets a key in by this table, infra declares API Gateway's methods from it, and a test holds it equal to the
OpenAPI document. Paths are templates as both FastAPI and API Gateway read them.

| scope | good for |
|---|---|
| read | everything that only looks: instances, messages, numbers, events, webhooks, deliveries; no secret is shown |
| send | sending messages |
| manage | every other change: instances, webhooks, replays; and the QR code: who has it can link a phone of his own |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.models.api_key import Scope


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. `scope` is None for what everybody may ask without a key."""

    method: str
    path: str
    scope: Scope | None

    @property
    def is_open(self) -> bool:
        """Whether it takes no key."""
        return self.scope is None


_INSTANCE = "/v1/instances/{instance_id}"
_WEBHOOK = "/v1/webhooks/{webhook_id}"

ROUTES = (
    Route("POST", "/v1/instances", Scope.MANAGE),
    Route("GET", "/v1/instances", Scope.READ),
    Route("GET", _INSTANCE, Scope.READ),
    Route("PATCH", _INSTANCE, Scope.MANAGE),
    Route("DELETE", _INSTANCE, Scope.MANAGE),
    Route("GET", f"{_INSTANCE}/qr", Scope.MANAGE),
    Route("POST", f"{_INSTANCE}/pair-code", Scope.MANAGE),
    Route("POST", f"{_INSTANCE}/restart", Scope.MANAGE),
    Route("POST", f"{_INSTANCE}/logout", Scope.MANAGE),
    Route("GET", f"{_INSTANCE}/journal", Scope.READ),
    Route("POST", f"{_INSTANCE}/messages", Scope.SEND),
    Route("GET", f"{_INSTANCE}/messages/{{message_id}}", Scope.READ),
    Route("POST", f"{_INSTANCE}/numbers/check", Scope.READ),
    Route("GET", f"{_INSTANCE}/events", Scope.READ),
    Route("POST", "/v1/webhooks", Scope.MANAGE),
    Route("GET", "/v1/webhooks", Scope.READ),
    Route("GET", _WEBHOOK, Scope.READ),
    Route("PATCH", _WEBHOOK, Scope.MANAGE),
    Route("DELETE", _WEBHOOK, Scope.MANAGE),
    Route("POST", f"{_WEBHOOK}/rotate-secret", Scope.MANAGE),
    Route("POST", f"{_WEBHOOK}/test", Scope.MANAGE),
    Route("GET", f"{_WEBHOOK}/journal", Scope.READ),
    Route("GET", f"{_WEBHOOK}/deliveries", Scope.READ),
    Route("POST", f"{_WEBHOOK}/replay", Scope.MANAGE),
    Route("GET", f"{_WEBHOOK}/replays", Scope.READ),
    Route("GET", f"{_WEBHOOK}/replays/{{replay_id}}", Scope.READ),
    Route("POST", f"{_WEBHOOK}/replays/{{replay_id}}/stop", Scope.MANAGE),
    Route("GET", "/v1/deliveries/{delivery_id}", Scope.READ),
    Route("POST", "/v1/deliveries/{delivery_id}/replay", Scope.MANAGE),
    Route("GET", "/monitoring/health", None),
    Route("GET", "/monitoring/metrics", Scope.READ),
    Route("GET", "/monitoring/instances/metrics", Scope.READ),
    Route("POST", "/monitoring/cache/clear", Scope.MANAGE),
    Route("POST", "/monitoring/gc", Scope.MANAGE),
)

DOCUMENTATION = (
    Route("GET", "/openapi.json", None),
    Route("GET", "/docs", None),
    Route("GET", "/docs/assets/{asset}", None),
)
"""What describes the routes; it is not in the OpenAPI document itself."""

SCOPES: Mapping[tuple[str, str], Scope | None] = MappingProxyType({(r.method, r.path): r.scope for r in ROUTES})
"""The scope by method and path template."""

OPEN_PATHS = frozenset(route.path for route in (*ROUTES, *DOCUMENTATION) if route.is_open and "{" not in route.path)
"""Paths that take no key."""

_OPEN_FOLDER = "/docs/"


def is_open(path: str) -> bool:
    """Whether a call of this path takes no key: of an open route, or of anything under the documentation."""
    return path in OPEN_PATHS or path.startswith(_OPEN_FOLDER)
