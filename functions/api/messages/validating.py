"""`validate: true`: a message to a number that is not on WhatsApp is not accepted, one to a number that is goes to
WhatsApp's own name for it."""

from __future__ import annotations

from collections.abc import Callable

from functions.api import problems
from functions.api.messages.schemas import TextMessage
from functions.api.numbers.checks import NumberChecks
from functions.api.numbers.national import NoNumber, forms_of
from functions.api.problems import FieldError, Problem, invalid
from functions.api.recipient import recipient
from shared.models.instance import InstanceKey


async def validated(
    checks: NumberChecks, key: InstanceKey, body: TextMessage, on_asking: Callable[[], None]
) -> TextMessage:
    """The message as it is to be sent. Groups and others that are no phone number are not looked up. Raises Problem.

    `on_asking` is called when a session host is asked.
    """
    if not (body.check_number and body.to.isdigit()):
        return body
    try:
        forms = forms_of(body.to)
    except NoNumber as error:
        raise invalid("/to", str(error)) from error
    jid = (await checks.check(key, [forms], on_asking))[forms].jid
    if jid is None:
        detail = "The number is not on WhatsApp; the message was not accepted."
        raise Problem(problems.NUMBER_NOT_ON_WHATSAPP, detail, errors=[FieldError("/to", "not on WhatsApp")])
    return body.model_copy(update={"to": recipient(jid)})
