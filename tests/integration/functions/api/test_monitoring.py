"""/monitoring over HTTP: what two API processes and two hosts add up to, and the caller's own instances alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from functions.api.services import Services, open_services
from shared.clock import iso
from shared.figures import Tally
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.host import HostReport, WorkerReport
from shared.models.instance import InstanceKey
from shared.models.mark import Mark
from shared.queues.deliveries import DeliveryTask
from shared.store.cache import CacheKind
from shared.store.events import mark_put
from shared.store.figures import Figures
from tests.conftest import Deployment
from tests.integration.functions.api.conftest import client_of, settings_of
from tests.integration.functions.api.fake_worker import FakeWorker

MB = 1 << 20


@asynccontextmanager
async def another_process(deployment: Deployment) -> AsyncIterator[httpx.AsyncClient]:
    """Acme, calling a second process of the API."""
    async with open_services(settings_of(deployment)) as services, client_of(services) as client:
        yield client


async def metrics(caller: httpx.AsyncClient) -> Any:
    answer = await caller.get("/monitoring/metrics")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def text_of(caller: httpx.AsyncClient, accept: str = "text/plain") -> dict[str, Metric]:
    """The families of the text, by name, as the official parser reads them."""
    answer = await caller.get("/monitoring/metrics", headers={"accept": accept})
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def values(family: Metric, suffix: str = "") -> dict[tuple[str, ...], float]:
    """The samples of a family by the values of their labels."""
    return {tuple(one.labels.values()): one.value for one in family.samples if one.name.endswith(suffix)}


async def two_hosts(services: Services, *, oldest: int = 0) -> None:
    """One partition each, the first with three instances, the second with one."""
    now = services.clock.unix()
    for number, states in enumerate(({"connected": 2, "pairing": 1}, {"connected": 1})):
        worker = WorkerReport(number, 1, states, 60 * MB, 9, 30, oldest_command=oldest if number else 0)
        report = HostReport(
            id=f"host-{number}",
            started_at=iso(now - 3600),
            at=iso(now - number),
            memory_used=150 * MB,
            memory_limit=600 * MB,
            workers=(worker,),
            standbys=1,
            cpu_used=0.5,
            cpu_limit=2.0,
            lease_ages={str(number): 2.5},
        )
        await services.hosts.save(report)
        await services.partitions.take((await services.partitions.leases())[number], f"host-{number}")


async def test_calls_of_all_processes_are_one_figure(
    api: httpx.AsyncClient, rival: httpx.AsyncClient, deployment: Deployment
) -> None:
    async with another_process(deployment) as other:
        for caller, path, times in ((api, "/v1/instances", 6), (other, "/v1/webhooks", 5), (rival, "/v1/none", 4)):
            for _ in range(times):
                await caller.get(path)
        await metrics(other)
    found = (await metrics(api))["requests"]
    assert (found["total"], found["success"], found["failed"], found["success_rate"]) == (16, 12, 4, 0.75)
    assert found["by_status"] == {"2xx": 12, "3xx": 0, "4xx": 4, "5xx": 0}
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    after = await metrics(api)
    assert (after["requests"]["total"], after["totals"]["requests"], after["totals"]["requests_failed"]) == (17, 17, 4)
    assert after["since"] < after["at"]


async def test_a_call_that_waits_says_nothing_of_our_speed(api: httpx.AsyncClient) -> None:
    await api.get("/v1/instances/none/events?wait=1")
    found = (await metrics(api))["requests"]
    assert (found["total"], found["p95_ms"]) == (1, None)


async def test_hosts_tell_what_they_use_and_hold(api: httpx.AsyncClient, services: Services) -> None:
    await two_hosts(services)
    first, second = (await metrics(api))["hosts"]
    assert (first["id"], first["sessions"], second["sessions"]) == ("host-0", 3, 1)
    assert first["memory"] == {"used": 150 * MB, "limit": 600 * MB, "usage": 0.25}
    assert first["cpu"] == {"used": 0.5, "limit": 2.0, "usage": 0.25}
    assert (first["partitions"], first["leases"]) == ([0], [{"partition": 0, "age_s": 2.5}])
    assert (second["workers"], second["standbys"]) == (1, 1)
    assert second["heartbeat_age_s"] >= 1


async def test_what_waits_is_counted_where_it_waits(
    api: httpx.AsyncClient, services: Services, deployment: Deployment
) -> None:
    nothing = await metrics(api)
    assert nothing["commands"] == {"queued": 0, "oldest_age_s": 0.0, "dead": 0}
    assert nothing["webhooks"] == {"queued": 0, "processing": 0, "processed": 0, "failed": 0, "dead": 0}
    for number in range(2):
        await services.commands.send(number, Command(f"cmd_{number}", CommandKind.PAIR, InstanceKey("acme", "shop-1")))
    await services.delivery_queue.put([DeliveryTask("acme", "{}") for _ in range(3)])
    sender = Tally(Figures(deployment.database, services.clock), services.clock.monotonic)
    for delivered in (True, True, False):
        sender.attempt(delivered=delivered)
    await sender.hand_over()
    async with another_process(deployment) as fresh:
        found = await metrics(fresh)
    assert found["commands"] == {"queued": 2, "oldest_age_s": None, "dead": 0}
    assert found["webhooks"] == {"queued": 3, "processing": 0, "processed": 2, "failed": 1, "dead": 0}
    assert (found["totals"]["webhooks_processed"], found["totals"]["webhooks_failed"]) == (2, 1)
    await two_hosts(services, oldest=int(services.clock.unix()) - 30)
    async with another_process(deployment) as fresh:
        assert 30 <= (await metrics(fresh))["commands"]["oldest_age_s"] < 90


async def some_instances(services: Services, caller: httpx.AsyncClient, names: Sequence[str], tenant: str) -> None:
    for name in names:
        assert (await caller.post("/v1/instances", json={"id": name})).status_code == 201
    mark = Mark(9, sent=3, received=2, failed=1, uncertain=1, connections=3, active_at="2026-01-01T00:00:00.000Z")
    await services.instances._db.write(mark_put(InstanceKey(tenant, names[0]), mark))


async def test_instances_and_messages_are_the_callers_own(
    api: httpx.AsyncClient, rival: httpx.AsyncClient, services: Services, worker: FakeWorker
) -> None:
    await some_instances(services, api, ["shop-1", "shop-2", "shop-3"], "acme")
    await some_instances(services, rival, ["theirs"], "rival")
    await worker.connect("acme", "shop-1")
    await two_hosts(services)
    found = await metrics(api)
    assert {state: count for state, count in found["instances"].items() if count} == {
        "total": 3,
        "connected": 1,
        "created": 2,
    }
    assert found["messages"] == {"sent": 3, "received": 2, "failed": 1, "uncertain": 1}
    assert (await metrics(rival))["instances"]["total"] == 1
    page = (await api.get("/monitoring/instances/metrics?limit=2")).json()
    first, second = page["data"]
    assert (first["id"], first["state"], first["reconnects"]) == ("shop-1", "connected", 2)
    assert first["messages"] == {"sent": 3, "received": 2, "failed": 1, "uncertain": 1}
    assert first["last_activity_at"] == "2026-01-01T00:00:00.000Z"
    assert first["host"] == f"host-{first['partition']}"
    assert (second["messages"]["sent"], second["reconnects"], second["last_activity_at"]) == (0, 0, None)
    rest = (await api.get(f"/monitoring/instances/metrics?cursor={page['next_cursor']}")).json()
    assert [one["id"] for one in rest["data"]] == ["shop-3"]
    assert rest["next_cursor"] is None


async def test_prometheus_reads_the_same_figures(api: httpx.AsyncClient, services: Services) -> None:
    await some_instances(services, api, ["shop-1"], "acme")
    await two_hosts(services)
    await api.get("/v1/none")
    found = await text_of(api, "application/openmetrics-text;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
    assert values(found["hivewp_requests"], "_total") == {("2xx",): 1, ("3xx",): 0, ("4xx",): 1, ("5xx",): 0}
    assert {name: found[name].type for name in ("hivewp_requests", "hivewp_instances")} == {
        "hivewp_requests": "counter",
        "hivewp_instances": "gauge",
    }
    durations = found["hivewp_request_duration_seconds"]
    assert durations.type == "histogram"
    buckets = [one.value for one in durations.samples if one.name.endswith("_bucket")]
    count = values(durations, "_count")[()]
    assert buckets == sorted(buckets)
    assert buckets[-1] == count == 2
    assert 0 < values(durations, "_sum")[()] < 60
    assert values(found["hivewp_host_memory_bytes"]) == {("host-0",): 150 * MB, ("host-1",): 150 * MB}
    assert values(found["hivewp_host_lease_age_seconds"]) == {("host-0",): 2.5, ("host-1",): 2.5}
    assert values(found["hivewp_messages"]) == {("sent",): 3, ("received",): 2, ("failed",): 1, ("uncertain",): 1}
    for family in found.values():
        assert family.documentation
        assert {label for one in family.samples for label in one.labels} <= {
            *("status", "kind", "state", "outcome", "host", "le")
        }
    assert "acme" not in str(found)
    assert "shop-1" not in str(found)


async def test_a_tenant_clears_its_own_cache(api: httpx.AsyncClient, services: Services) -> None:
    async def cached() -> list[bool]:
        names = ((CacheKind.NUMBERS, "acme#1"), (CacheKind.QR, "acme#shop-1"), (CacheKind.NUMBERS, "rival#1"))
        return [await services.cache.get(kind, name) is not None for kind, name in names]

    await services.cache.put(CacheKind.NUMBERS, "acme#1", {"exists": True}, 60)
    await services.cache.put(CacheKind.QR, "acme#shop-1", {"code": "2@"}, 60)
    await services.cache.put(CacheKind.NUMBERS, "rival#1", {"exists": True}, 60)
    assert await cached() == [True, True, True]
    assert (await api.post("/monitoring/cache/clear", json={"kind": "numbers"})).json() == {"cleared": 1}
    assert await cached() == [False, True, True]
    assert (await api.post("/monitoring/cache/clear")).json() == {"cleared": 1}
    assert await cached() == [False, False, True]
    assert (await api.post("/monitoring/cache/clear", json={"kind": "messages"})).status_code == 422
    figures = (await metrics(api))["cache"]
    assert (figures["by_kind"]["numbers"]["hits"], figures["misses"]) == (figures["hits"] - 2, 3)


async def test_garbage_is_collected_by_every_worker_that_answers(
    api: httpx.AsyncClient, worker: FakeWorker, deployment: Deployment
) -> None:
    async def collects(command: Command) -> CommandResult:
        return CommandResult(True, {"before": 100 * MB, "after": 90 * MB})

    worker.answers[CommandKind.COLLECT_GARBAGE] = collects
    found = (await api.post("/monitoring/gc")).json()
    assert (found["workers"], found["freed_bytes"], found["not_reached"]) == (2, 20 * MB, [])
    assert found["by_worker"][1] == {"partition": 1, "before_bytes": 100 * MB, "after_bytes": 90 * MB}


async def test_a_worker_that_does_not_answer_is_told(
    api: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    heard: list[Command] = []

    async def answers_once(command: Command) -> CommandResult | None:
        heard.append(command)
        return CommandResult(True, {"before": 1, "after": 2}) if len(heard) == 1 else None

    worker.answers[CommandKind.COLLECT_GARBAGE] = answers_once
    asking = asyncio.create_task(api.post("/monitoring/gc"))
    await worker.took(2, CommandKind.COLLECT_GARBAGE)
    services.stopping.set()  # ends the wait, as 10 s would
    found = (await asking).json()
    assert (found["workers"], found["freed_bytes"], len(found["not_reached"])) == (1, 0, 1)
    assert all(command.args["until"] > services.clock.unix() for command in heard)
