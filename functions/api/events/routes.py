"""/v1/instances/{instance_id}/events."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from functions.api import problems
from functions.api.call import Caller, InstanceId
from functions.api.documented import may_answer
from functions.api.events.reading import Part, Wanted, read_log
from functions.api.filters import Since, Types, Until, in_order, moment, types_in
from functions.api.instances.reading import instance_of
from functions.api.schemas import View, example
from functions.api.waiting import LOG_PACE, first, place
from shared.models.event import EventType

router = APIRouter(prefix="/v1/instances/{instance_id}/events", tags=["Events"])

LONGEST_WAIT_S = 20
_HIGHEST = 10**15
_EXAMPLE = {
    "id": "evt_01k5h2w3x4y5z6a7b8c9d0e1f2",
    "type": "message.received",
    "sequence": 42,
    "instance": "shop-1",
    "timestamp": "2026-01-31T12:00:00.000Z",
    "data": {"from": {"jid": "351912345678@s.whatsapp.net", "phone": "351912345678"}, "text": "Hello"},
}


class EventPage(View):
    """Events in the order of their sequence, which has no gaps."""

    model_config = example({"data": [_EXAMPLE], "next_after": 42})

    data: list[dict[str, Any]]
    next_after: int = Field(description="`after` of the next call.")


@router.get("", response_model=EventPage, responses=may_answer(problems.NOT_FOUND, problems.INVALID_REQUEST))
async def list_events(
    call: Caller,
    request: Request,
    instance_id: InstanceId,
    after: Annotated[int, Query(ge=0, le=_HIGHEST, description="The last sequence that you have.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many to give at most.")] = 100,
    wait: Annotated[
        int, Query(ge=0, le=LONGEST_WAIT_S, description="Where there are none yet: so many seconds to wait for one.")
    ] = 0,
    types: Types = None,
    since: Since = None,
    until: Until = None,
) -> Response:
    """The events that follow `after`; kept 30 days. Call again with `next_after`, and miss nothing.

    150 calls of yours may wait at once; one more is answered 429 where there is nothing to give it yet.

    With `types`, `since` or `until` a call looks through 2,000 events at most: it may give none though there are more.
    `next_after` then is past those that were left out. Once it no longer rises, you have all that there is.
    `since` and `until` are about when events were noted in the log; what a phone tells late has an older `timestamp`.

    A key without the scope `manage` sees `instance.qr` events without their code."""
    services, wanted = call.services, _wanted(types, since, until)
    instance = await instance_of(services, call.key(instance_id))
    part = Part((), after)

    async def found() -> Part | None:
        nonlocal part
        part = await read_log(services, str(instance.key), part.looked_at, limit, wanted)
        is_answer = part.bodies or not part.is_all or not wait or wanted.is_over(services.clock.unix())
        return part if is_answer else None

    await first(services, found, wait, LOG_PACE, request.is_disconnected, partial(place, services, call.tenant))
    return _page(part.bodies if call.manages else [_without_code(body) for body in part.bodies], part.looked_at)


def _wanted(types: str | None, since: str | None, until: str | None) -> Wanted:
    wanted = Wanted(types=types_in(types, "?types"), since=moment(since, "?since"), until=moment(until, "?until"))
    in_order(wanted.since, wanted.until, "?until")
    return wanted


def _without_code(body: str) -> str:
    """The event without what would let somebody link a phone. Nearly every body is passed on as it is stored."""
    if f'"{EventType.INSTANCE_QR}"' not in body:
        return body
    event = json.loads(body)
    if event["type"] == EventType.INSTANCE_QR:
        event["data"].pop("code", None)
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def _page(bodies: Sequence[str], looked_at: int) -> Response:
    """The events as they are stored: they are JSON already."""
    return Response(f'{{"data":[{",".join(bodies)}],"next_after":{looked_at}}}', media_type="application/json")
