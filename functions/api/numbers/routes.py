"""/v1/instances/{instance_id}/numbers."""

from __future__ import annotations

from fastapi import APIRouter, Request

from functions.api import problems
from functions.api.call import Caller, InstanceId
from functions.api.documented import WITH_BODY, may_answer
from functions.api.numbers.checks import NumberChecks
from functions.api.numbers.national import forms_of
from functions.api.numbers.schemas import NumbersCheck, NumbersView, NumberView

router = APIRouter(prefix="/v1/instances/{instance_id}/numbers", tags=["Numbers"])

_REFUSED = (
    problems.NOT_FOUND,
    problems.NOT_PAIRED,
    problems.NOT_CONNECTED,
    problems.TOO_MANY_CHECKS,
    problems.COMMAND_FAILED,
    problems.NO_ANSWER,
)


@router.post("/check", responses=may_answer(*WITH_BODY, *_REFUSED))
async def check_numbers(call: Caller, request: Request, instance_id: InstanceId, body: NumbersCheck) -> NumbersView:
    """Which numbers are on WhatsApp. What you asked for in the last hours is answered from the cache, without
    WhatsApp; the rest is asked in one question, and how much of that an instance may do in a minute is limited."""
    checks: NumberChecks = request.app.state.numbers
    asked = [(number, forms_of(number)) for number in body.numbers]
    found = await checks.check(call.key(instance_id), [forms for _, forms in asked])
    views = [
        NumberView(number=number, exists=found[forms].jid is not None, jid=found[forms].jid, cached=found[forms].cached)
        for number, forms in asked
    ]
    return NumbersView(results=views)
