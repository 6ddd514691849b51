from __future__ import annotations

from shared.models.api_key import Scope
from shared.routes import DOCUMENTATION, OPEN_PATHS, ROUTES, SCOPES, Route

ASKING = (Route("POST", "/v1/instances/{instance_id}/numbers/check", Scope.READ),)  # has a body, and changes nothing
QR = Route("GET", "/v1/instances/{instance_id}/qr", Scope.MANAGE)


def test_a_route_is_declared_once() -> None:
    assert len(SCOPES) == len(ROUTES)


def test_looking_is_read_sending_is_send_and_the_rest_is_manage() -> None:
    for route in ROUTES:
        if route.path.startswith("/v1/"):
            sends = (route.method, route.path) == ("POST", "/v1/instances/{instance_id}/messages")
            changes = Scope.SEND if sends else Scope.MANAGE
            looks = route in ASKING or (route.method == "GET" and route != QR)
            assert route.scope is (Scope.READ if looks else changes), route


def test_a_code_that_links_a_phone_is_not_for_looking() -> None:
    assert QR in ROUTES


def test_only_health_and_the_documentation_are_open() -> None:
    assert {"/monitoring/health", "/docs", "/openapi.json"} == OPEN_PATHS
    assert all(route.is_open for route in DOCUMENTATION)


def test_api_gateway_takes_the_templates() -> None:
    """Variables that follow the same path must have one name there."""
    names: dict[str, str] = {}
    for route in (*ROUTES, *DOCUMENTATION):
        before = ""
        for segment in route.path.split("/")[1:]:
            if segment.startswith("{"):
                assert names.setdefault(before, segment) == segment
            before += f"/{segment}"
        assert "+" not in route.path
