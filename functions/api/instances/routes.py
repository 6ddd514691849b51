"""/v1/instances."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from functions.api import problems
from functions.api.asking import ask
from functions.api.call import Caller, InstanceId
from functions.api.documented import WITH_BODY, may_answer
from functions.api.instances import changes, creation, pictures, removal
from functions.api.instances.codes import Code, current_code
from functions.api.instances.pairing import pair_code
from functions.api.instances.reading import instance_of
from functions.api.instances.schemas import (
    InstanceChange,
    InstancePage,
    InstanceView,
    JournalEntryView,
    JournalPage,
    NewInstance,
    PairCodeRequest,
    PairCodeView,
    QrView,
)
from functions.api.instances.views import instance_view, shown_to
from functions.api.paging import DEFAULT, Cursor, Limit, mark_of, next_cursor
from functions.api.problems import Problem
from shared.models.command import CommandKind

router = APIRouter(prefix="/v1/instances", tags=["Instances"])

LONGEST_WAIT_S = 20
_ASKED = (problems.NOT_FOUND, problems.COMMAND_FAILED, problems.NO_ANSWER)
_QR_FORMS: dict[str, Any] = {
    pictures.PNG: {"schema": {"type": "string", "format": "binary"}},
    pictures.SVG: {"schema": {"type": "string"}},
}


@router.post("", status_code=201, responses=may_answer(*WITH_BODY, problems.INSTANCE_EXISTS, problems.PARTITIONS_FULL))
async def create_instance(call: Caller, response: Response, body: NewInstance | None = None) -> InstanceView:
    """Makes an instance and starts pairing it: a QR code follows within seconds.

    Where `webhook_url` is given, the answer shows the endpoint's signing secret, this once."""
    made = await creation.create(call.services, call.tenant, body or NewInstance())
    response.headers["location"] = f"/v1/instances/{made.id}"
    return made


@router.get("", responses=may_answer(problems.INVALID_REQUEST))
async def list_instances(call: Caller, limit: Limit = DEFAULT, cursor: Cursor = None) -> InstancePage:
    """Your instances, by id."""
    found, last = await call.services.instances.page(call.tenant, limit, mark_of(cursor))
    views = [shown_to(call.manages, instance_view(one, call.services.vault)) for one in found]
    return InstancePage(data=views, next_cursor=next_cursor(last))


@router.get("/{instance_id}", responses=may_answer(problems.NOT_FOUND))
async def get_instance(call: Caller, instance_id: InstanceId) -> InstanceView:
    """One instance."""
    instance = await instance_of(call.services, call.key(instance_id))
    return shown_to(call.manages, instance_view(instance, call.services.vault))


@router.patch("/{instance_id}", responses=may_answer(*WITH_BODY, problems.NOT_FOUND))
async def change_instance(call: Caller, instance_id: InstanceId, body: InstanceChange) -> InstanceView:
    """Changes name and settings. What is absent stays; null removes `name`, `webhook_url` and `proxy_url`."""
    return await changes.change(call.services, call.key(instance_id), body)


@router.delete("/{instance_id}", status_code=204, responses=may_answer(problems.NOT_FOUND))
async def delete_instance(call: Caller, instance_id: InstanceId) -> None:
    """Unlinks the device and erases its credentials. The instance is gone from the API at once; the session host
    has up to 10 s to do its part before this answers, and does it later otherwise."""
    await removal.delete(call.services, call.key(instance_id))


@router.get(
    "/{instance_id}/qr",
    response_model=QrView,
    responses={
        200: {"content": _QR_FORMS},
        304: {"description": "The code that `If-None-Match` names is still the one to scan."},
        **may_answer(
            *(problems.INVALID_REQUEST, problems.NOT_FOUND, problems.NOT_ACCEPTABLE),
            *(problems.QR_NOT_READY, problems.ALREADY_PAIRED),
        ),
    },
)
async def get_qr(
    call: Caller,
    request: Request,
    instance_id: InstanceId,
    accept: Annotated[str | None, Header()] = None,
    if_none_match: Annotated[str, Header(description="The `ETag` of the code that you show.")] = "",
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT_S, description="So many seconds to wait for a code.")] = 0,
) -> Response:
    """The QR code to scan now: JSON, or the picture itself with `Accept: image/png` or `image/svg+xml`.

    Where pairing has stopped, this call starts it again; until a code is there it answers 404 `qr-not-ready`. To follow
    the code as it changes, call again and again with `wait` and, as `If-None-Match`, the `ETag` of the code that you
    show: the next one comes as soon as there is one, 304 says that yours is still good, 409 that a phone has scanned
    it."""
    form = pictures.preferred(accept)
    if form is None:
        raise Problem(problems.NOT_ACCEPTABLE, f"Accept one of {', '.join(pictures.FORMS)}.")
    found = current_code(call.services, call.key(instance_id), wait, if_none_match, request.is_disconnected)
    code, is_new = await found
    headers = {"etag": code.tag, "vary": "accept", "cache-control": "no-store"}  # who has the code can link a phone
    if not is_new:
        return Response(status_code=304, headers=headers)
    body = await asyncio.to_thread(_qr_body, code, form)  # drawing takes some 15 ms
    return Response(body, media_type=form, headers=headers)


def _qr_body(code: Code, form: str) -> bytes:
    if form != pictures.JSON:
        return pictures.picture(code.text, form)
    view = QrView(code=code.text, data_url=pictures.data_url(code.text), expires_at=code.expires_at)
    return view.model_dump_json().encode()


@router.post(
    "/{instance_id}/pair-code",
    responses=may_answer(*WITH_BODY, *_ASKED, problems.ALREADY_PAIRED, problems.PAIRING_FAILED),
)
async def make_pair_code(call: Caller, instance_id: InstanceId, body: PairCodeRequest) -> PairCodeView:
    """A code to type on the phone instead of scanning: Linked devices, Link with phone number."""
    return await pair_code(call.services, call.key(instance_id), body.phone)


@router.post("/{instance_id}/restart", responses=may_answer(*_ASKED))
async def restart_instance(call: Caller, instance_id: InstanceId) -> InstanceView:
    """Connects anew; one that has no phone starts pairing anew."""
    return await _asked(call, instance_id, CommandKind.RESTART)


@router.post("/{instance_id}/logout", responses=may_answer(*_ASKED))
async def log_out_instance(call: Caller, instance_id: InstanceId) -> InstanceView:
    """Unlinks the device at WhatsApp and starts pairing anew. Id, settings and endpoints stay."""
    return await _asked(call, instance_id, CommandKind.LOGOUT)


@router.get("/{instance_id}/journal", responses=may_answer(problems.NOT_FOUND, problems.INVALID_REQUEST))
async def get_journal(
    call: Caller, instance_id: InstanceId, limit: Limit = DEFAULT, cursor: Cursor = None
) -> JournalPage:
    """Why and when the connection changed, newest first; kept 30 days."""
    instance = await instance_of(call.services, call.key(instance_id))
    entries, last = await call.services.events.journal(str(instance.key), limit, mark_of(cursor))
    views = [JournalEntryView(at=e.at, state=e.state, code=e.code, detail=e.detail) for e in entries]
    return JournalPage(data=views, next_cursor=next_cursor(last))


async def _asked(call: Caller, instance_id: str, kind: CommandKind) -> InstanceView:
    await ask(call.services, await instance_of(call.services, call.key(instance_id)), kind)
    return instance_view(await instance_of(call.services, call.key(instance_id)), call.services.vault)
