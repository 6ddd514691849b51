"""/monitoring."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from functions.api import problems
from functions.api.call import Caller
from functions.api.documented import WITH_BODY, may_answer
from functions.api.monitoring import prometheus
from functions.api.monitoring.collecting import collect
from functions.api.monitoring.deployment import Deployment
from functions.api.monitoring.form import wants_text
from functions.api.monitoring.health import Health, health_of
from functions.api.monitoring.metrics import figures_for, metrics
from functions.api.monitoring.own import instance_metrics
from functions.api.monitoring.schemas import CacheClearing, Cleared, Collected, InstanceMetricsPage, Metrics
from functions.api.paging import MOST, Cursor, Limit, mark_of, next_cursor
from functions.api.services import Services
from shared.models.mark import Mark
from shared.store.cache import COUNTED, CacheKind

router = APIRouter(prefix="/monitoring", tags=["Monitoring"])

_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/health", responses=may_answer(problems.UNAVAILABLE))
async def get_health(request: Request) -> Health:
    """How the deployment is; open to everybody. 503 only when the database does not answer."""
    fleet = await _deployment(request).fleet()
    services: Services = request.app.state.services
    return health_of(fleet, services.clock.monotonic() - services.started_at)


@router.get("/metrics", response_model=Metrics, responses=may_answer() | _TEXT)
async def get_metrics(
    call: Caller, request: Request, accept: Annotated[str | None, Header(include_in_schema=False)] = None
) -> Metrics | Response:
    """Figures of the deployment over all its processes and hosts, and of your instances.

    `Accept: text/plain` gives the text that Prometheus reads."""
    figures = await figures_for(call.services, _deployment(request), request.app.state.own, call.tenant)
    found = metrics(figures)
    if not wants_text(accept):
        return found
    text = prometheus.text(found, figures.sums.total)
    return Response(text, media_type=prometheus.MEDIA_TYPE, headers={"vary": "accept"})


@router.get("/instances/metrics", responses=may_answer(problems.INVALID_REQUEST))
async def get_instances_metrics(
    call: Caller, request: Request, limit: Limit = MOST, cursor: Cursor = None
) -> InstanceMetricsPage:
    """Figures of each of your instances, by id."""
    instances = call.services.instances.standings(call.tenant, limit, mark_of(cursor))
    (found, last), fleet = await asyncio.gather(instances, _deployment(request).fleet())
    marks = await call.services.events.counts([str(one.key) for one in found])
    views = [instance_metrics(one, marks.get(str(one.key), Mark()), fleet) for one in found]
    return InstanceMetricsPage(data=views, next_cursor=next_cursor(last))


@router.post("/cache/clear", responses=may_answer(*WITH_BODY))
async def clear_cache(call: Caller, body: CacheClearing | None = None) -> Cleared:
    """Forgets what is cached of yours: validated numbers, QR codes or both. They are asked for anew when needed."""
    kind = (body or CacheClearing()).kind
    kinds = COUNTED if kind == "all" else (CacheKind(kind),)
    return Cleared(cleared=await call.services.cache.clear(kinds, call.tenant))


@router.post("/gc", responses=may_answer())
async def collect_garbage(call: Caller) -> Collected:
    """Has every worker of every session host give back memory that it does not use; takes 10 s at most."""
    return await collect(call.services)


def _deployment(request: Request) -> Deployment:
    deployment: Deployment = request.app.state.deployment
    return deployment
