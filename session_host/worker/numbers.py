"""Asking WhatsApp which numbers are there: each at most once while the answer is remembered, whoever asks.

The commands of an instance are carried out one after the other, and the answer to one is in the cache before the next
begins. So however many processes of the API ask for the same number at the same time, one question reaches WhatsApp.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from session_host.whatsapp.port import NumberAnswer
from session_host.worker.context import WorkerContext
from session_host.worker.patience import until_available
from session_host.worker.runner import Runner
from shared.models.command import Command, CommandResult
from shared.store.cache import CacheKind
from shared.store.cache_numbers import number_name, number_value


async def check_numbers(runner: Runner, command: Command, context: WorkerContext) -> CommandResult:
    """The jid of each number by its first form, None where it has none. Raises WhatsAppError."""
    forms = {str(one[0]): [str(form) for form in one] for one in command.args["numbers"]}
    names = {number_name(command.instance.tenant, number): number for number in forms}
    look = partial(context.cache.get_many, CacheKind.NUMBERS, list(names), counted=False)
    known = {names[name]: value["jid"] for name, value in (await until_available(look)).items()}
    missing = [number for number in forms if number not in known]
    if missing:
        answers = await runner.check_numbers([form for number in missing for form in forms[number]])
        fresh = _jids({number: forms[number] for number in missing}, answers)
        values = {number_name(command.instance.tenant, number): number_value(jid) for number, jid in fresh.items()}
        await until_available(partial(context.cache.put_many, CacheKind.NUMBERS, values))
        known |= fresh
    return CommandResult(True, {"jids": known})


def _jids(forms: dict[str, list[str]], answers: Sequence[NumberAnswer]) -> dict[str, str | None]:
    """By number, the jid of its first form that is there."""
    jids = {answer.number: answer.jid for answer in answers if answer.exists}
    return {number: next((jids[form] for form in tried if form in jids), None) for number, tried in forms.items()}
