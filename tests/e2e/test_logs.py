"""The logs of a run at DEBUG: one form, what each line is about, and nothing that they must not hold."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web

from local.cli.receiver import served
from tests.e2e.conftest import Shop, endpoint_for, until
from tests.e2e.written import Line, read, without

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCS = Path(__file__).parents[2] / "docs" / "logs.md"
OF_INSIGHTS = {"@timestamp"}


async def test_a_run_tells_what_it_is_about_and_no_secret(shop: Shop) -> None:
    written, heard, passed, path = (f"{kind}-{uuid.uuid4().hex}" for kind in ("text", "heard", "pass", "path"))
    await shop.pair()
    async with endpoint_for(shop) as endpoint, served(_refuse) as url:
        endpoint.answers = [500]
        for failing in (url, "http://127.0.0.1:1/"):  # one refuses, at the other there is nobody
            body = {"url": f"{failing}?key={path}", "instances": [shop.id]}
            assert (await shop.target.call("POST", "/v1/webhooks", body))[0] == 201
        sent = await shop.send(written)
        await shop.customer_writes(heard)
        await until(lambda: _heard(endpoint.of_type("message.received")))
        await until(lambda: _heard([one for one in endpoint.events if one["data"].get("message_id") == sent["id"]]))
        await shop.call("POST", "/numbers/check", {"numbers": [shop.customer]})
        await _mistakes(shop, written)
        await _behind_a_proxy(shop, passed)
        found = read(shop.target.run_folder.parent)
    everything = [line for lines in found.values() for line in lines]
    without(everything, markers=[written, heard, passed, path, shop.number, shop.customer, endpoint.secret])
    _about(everything, shop, sent["id"])
    _queries_find_theirs(everything)


def _about(lines: list[Line], shop: Shop, message: str) -> None:
    """Each line about the message says so, and says whose it is."""
    of_message = [line for line in lines if message in str(line)]
    assert {line["service"] for line in of_message} >= {"api", "worker", "webhook_sender"}
    names = ("tenant", "instance", "message_id")
    assert {tuple(line.get(name) for name in names) for line in of_message} == {("local", shop.id, message)}
    traces = {line.get("trace_id") for line in of_message}
    (accepted,) = (line for line in of_message if line.get("method") == "POST")
    assert traces == {accepted["trace_id"]}


async def _mistakes(shop: Shop, text: str) -> None:
    """Calls that are refused, with what must not be told in every part of them."""
    for body in ({"to": text, "type": "text", "text": text}, {"to": shop.customer, "text": [text]}, text):
        for query in ("", f"?note={text}", f"?{text}=1"):
            status, _ = await shop.call("POST", f"/messages{query}", body)
            assert status == 422
    for path in (f"/v1/instances/{text}", f"/v1/instances/{text}%20{text}", f"{shop.path}/messages/{text}"):
        status, _ = await shop.target.call("GET", path)
        assert status == 404


async def _behind_a_proxy(shop: Shop, password: str) -> None:
    """An instance that is called by its number, whose proxy does not answer."""
    other = Shop(shop.target)
    other.id, other.path = other.number, f"/v1/instances/{other.number}"
    await other.create(proxy_url=f"http://user:{password}@127.0.0.1:1")

    async def failed() -> bool:
        _, answer = await other.call("GET")
        return bool(answer.get("reason"))

    await until(failed)
    await other.call("DELETE")


async def _refuse(request: web.Request) -> web.Response:
    return web.Response(status=503, text=await request.text())


async def _heard(events: Sequence[object]) -> bool:
    return bool(events)


def _queries_find_theirs(lines: list[Line]) -> None:
    """The fields that the page's queries for Logs Insights name are there."""
    names = {name for line in lines for name in line}
    queries = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(queries) >= 4
    for query in queries:
        assert asked(query) <= names | OF_INSIGHTS, query


def asked(query: str) -> set[str]:
    """The fields that a query of Logs Insights names."""
    text = re.sub(r'"[^"]*"|/[^/\n]*/', "", query)
    words = set(re.findall(r"@?[a-z_]+(?!\w*\()", text))
    made = set(re.findall(r"\bas ([a-z_]+)", text))
    return words - made - _LANGUAGE


_LANGUAGE = set("fields filter stats sort limit by as and or not in like asc desc is".split())  # noqa: SIM905
