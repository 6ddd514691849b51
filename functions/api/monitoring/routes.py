"""/monitoring."""

from __future__ import annotations

from fastapi import APIRouter, Request

from functions.api import problems
from functions.api.documented import may_answer
from functions.api.monitoring.health import Health, HealthCheck

router = APIRouter(prefix="/monitoring", tags=["Monitoring"])


@router.get("/health", responses=may_answer(problems.UNAVAILABLE))
async def get_health(request: Request) -> Health:
    """How the deployment is; open to everybody. 503 only when the database does not answer."""
    check: HealthCheck = request.app.state.health
    return await check.look()
