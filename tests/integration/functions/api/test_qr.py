"""The QR code over HTTP: who waits gets the next one, who holds one is told whether it is still good."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Message

from functions.api.app import create_app
from functions.api.services import Services
from shared.models.command import CommandKind
from shared.models.instance import InstanceKey
from shared.store.cache import CacheKind
from tests.integration.functions.api.conftest import KEYS
from tests.integration.functions.api.fake_worker import CODE_S, PATIENCE_S, FakeWorker
from tests.integration.functions.granted import at_work

PAGE = Path(__file__).resolve().parents[4] / "docs" / "pairing.md"
QR = "/v1/instances/shop-1/qr"
NAME = str(InstanceKey("acme", "shop-1"))
AT_ONCE_S = 15.0  # less than the 20 s that a caller would wait


async def shows(worker: FakeWorker, code: str) -> None:
    """WhatsApp's next code is there."""
    value = {"code": code, "expires_at": worker.clock.unix() + CODE_S}
    await worker.cache.put(CacheKind.QR, NAME, value, CODE_S)


async def made(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    """An instance that shows its first code."""
    await api.post("/v1/instances", json={"id": "shop-1"})
    await worker.took(1, CommandKind.PAIR)


async def qr_counts(api: httpx.AsyncClient) -> tuple[int, int]:
    kinds = (await api.get("/monitoring/metrics")).json()["cache"]["by_kind"]
    return kinds["qr"]["hits"], kinds["qr"]["misses"]


async def test_every_form_of_a_code_has_its_tag_and_nobody_may_keep_it(
    api: httpx.AsyncClient, worker: FakeWorker
) -> None:
    await made(api, worker)
    forms = ("application/json", "image/png", "image/svg+xml")
    answers = [await api.get(QR, headers={"accept": form}) for form in forms]
    assert [answer.headers["content-type"] for answer in answers] == list(forms)
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    (tag,) = {answer.headers["etag"] for answer in answers}
    assert "2@fresh" not in tag
    for held in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        same = await api.get(QR, headers={"if-none-match": held})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert (await api.get(QR, headers={"if-none-match": '"other"'})).status_code == 200


async def test_who_waits_gets_the_first_code_as_soon_as_it_is_there(api: httpx.AsyncClient, worker: FakeWorker) -> None:
    await made(api, worker)
    await worker.cache.delete(CacheKind.QR, NAME)
    before = await qr_counts(api)
    waiting = asyncio.create_task(api.get(f"{QR}?wait=20"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await shows(worker, "2@first")
    answer = await asyncio.wait_for(waiting, AT_ONCE_S)
    assert (answer.status_code, answer.json()["code"]) == (200, "2@first")
    hits, misses = await qr_counts(api)
    assert (hits - before[0], misses - before[1]) == (0, 1), "a wait is one look-up"


async def test_who_holds_a_code_is_given_the_next_one_or_told_that_it_is_still_good(
    api: httpx.AsyncClient, worker: FakeWorker
) -> None:
    await made(api, worker)
    held = {"if-none-match": (await api.get(QR)).headers["etag"]}
    assert (await api.get(f"{QR}?wait=1", headers=held)).status_code == 304
    waiting = asyncio.create_task(api.get(f"{QR}?wait=20", headers=held))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    await shows(worker, "2@second")
    assert (await asyncio.wait_for(waiting, AT_ONCE_S)).json()["code"] == "2@second"


async def test_a_wait_ends_when_a_phone_has_scanned_and_when_the_instance_is_gone(
    api: httpx.AsyncClient, worker: FakeWorker
) -> None:
    await made(api, worker)
    held = {"if-none-match": "*"}
    waiting = asyncio.create_task(api.get(f"{QR}?wait=20", headers=held))
    await asyncio.sleep(0.3)
    await worker.connect("acme", "shop-1")
    answer = await asyncio.wait_for(waiting, AT_ONCE_S)
    assert (answer.status_code, answer.json()["type"]) == (409, "already-paired")
    assert (await api.delete("/v1/instances/shop-1")).status_code == 204
    assert (await api.get(f"{QR}?wait=20")).status_code == 404


async def test_a_wait_starts_pairing_once_and_is_told_when_nothing_comes_of_it(
    api: httpx.AsyncClient, worker: FakeWorker
) -> None:
    await made(api, worker)
    await worker.idle("acme", "shop-1")

    async def nothing(_command: Any) -> None:
        return None

    worker.answers[CommandKind.PAIR] = nothing
    answer = await api.get(f"{QR}?wait=1")
    assert (answer.status_code, answer.json()["type"], answer.headers["retry-after"]) == (404, "qr-not-ready", "1")
    await worker.took(2, CommandKind.PAIR)
    assert list(worker.kinds()).count(CommandKind.PAIR) <= 3  # two of them when 10 s turn over in between
    refused = await api.get(f"{QR}?wait=21")
    assert (refused.status_code, refused.json()["type"]) == (422, "invalid-request")


async def hung_up(services: Services, path: str, held: str = "") -> int:
    """What a call is answered with, and logged and counted as, whose caller hangs up at once."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    headers = [(b"x-api-key", KEYS["acme"].encode()), (b"accept", b"image/png"), (b"if-none-match", held.encode())]
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": path, "query_string": b"wait=20"}
    with at_work():
        await asyncio.wait_for(create_app(services)(scope | {"headers": headers}, receive, send), AT_ONCE_S)
    (status,) = statuses
    return status


async def test_for_who_hangs_up_nothing_is_drawn(
    api: httpx.AsyncClient, worker: FakeWorker, services: Services
) -> None:
    await made(api, worker)
    assert await hung_up(services, QR, "*") == 304
    await worker.cache.delete(CacheKind.QR, NAME)
    assert await hung_up(services, QR) == 404
    assert await hung_up(services, "/v1/instances/shop-1/events") == 200


async def test_the_pages_example_follows_the_code_until_a_phone_has_scanned_it(
    api: httpx.AsyncClient, worker: FakeWorker
) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec("import asyncio, httpx\nfrom collections.abc import Callable\n" + block, names)  # noqa: S102 - our own page
    await made(api, worker)
    shown: asyncio.Queue[str] = asyncio.Queue()
    following = asyncio.create_task(names["follow"](api, "shop-1", shown.put_nowait))
    first = await asyncio.wait_for(shown.get(), PATIENCE_S)
    await shows(worker, "2@second")
    second = await asyncio.wait_for(shown.get(), PATIENCE_S)
    assert first.startswith("data:image/png;base64,")
    assert first != second
    await worker.connect("acme", "shop-1")
    await asyncio.wait_for(following, PATIENCE_S)
    assert shown.empty()
