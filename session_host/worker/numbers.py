"""Asking WhatsApp which numbers are there: each at most once while the answer is remembered, whoever asks.

The checks of an instance are carried out one after the other, and the answer to one is in the cache before the next
begins. So however many processes of the API ask for the same number at the same time, one question reaches WhatsApp.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from session_host.whatsapp.port import NumberAnswer, OutcomeUnknown, WhatsAppError
from session_host.worker.context import WorkerContext
from session_host.worker.patience import until_available
from session_host.worker.runner import Runner
from shared.models.command import Command, CommandResult
from shared.store.cache import CacheKind
from shared.store.cache_numbers import number_name, number_value

Jids = dict[str, str | None]


async def check_numbers(runner: Runner, command: Command, context: WorkerContext) -> CommandResult:
    """The jid of each number by its first form, None where it has none. Raises WhatsAppError.

    What WhatsApp said of some numbers is remembered even where it left out others.
    """
    forms = {str(one[0]): [str(form) for form in one] for one in command.args["numbers"]}
    names = {number_name(command.instance.tenant, number): number for number in forms}
    look = partial(context.cache.get_many, CacheKind.NUMBERS, list(names), counted=False)
    known = {names[name]: value["jid"] for name, value in (await until_available(look)).items()}
    missing = {number: tried for number, tried in forms.items() if number not in known}
    if missing:
        answers = await _ask(runner, [form for tried in missing.values() for form in tried], _left(command, context))
        fresh = jids_of(missing, answers)
        values = {number_name(command.instance.tenant, number): number_value(jid) for number, jid in fresh.items()}
        await until_available(partial(context.cache.put_many, CacheKind.NUMBERS, values))
        known |= fresh
        if unknown := len(missing) - len(fresh):
            raise OutcomeUnknown("incomplete_answer", f"WhatsApp's answer left out {unknown} of these numbers")
    return CommandResult(True, {"jids": known})


def _left(command: Command, context: WorkerContext) -> float | None:
    """For how many seconds the command's answer is waited for; None where an older API does not say."""
    until = command.args.get("until")
    return None if until is None else float(until) - context.clock.unix()


async def _ask(runner: Runner, numbers: Sequence[str], seconds: float | None) -> list[NumberAnswer]:
    if seconds is not None and seconds <= 0:
        raise WhatsAppError("expired", "the question came too late, WhatsApp was not asked")
    try:
        async with asyncio.timeout(seconds):
            return await runner.check_numbers(numbers)
    except TimeoutError as error:
        raise OutcomeUnknown("timeout", "WhatsApp's answer did not come in time") from error


def jids_of(forms: Mapping[str, Sequence[str]], answers: Sequence[NumberAnswer]) -> Jids:
    """By number, the jid of its first form that is there, None where none is; unknown numbers are left out.

    One of a number's forms may be missing in an answer: WhatsApp may take two for one number.
    """
    said = {answer.number: answer.jid if answer.exists else None for answer in answers}
    jids: Jids = {}
    for number, tried in forms.items():
        answered = [said[form] for form in tried if form in said]
        there = next((jid for jid in answered if jid is not None), None)
        if there is not None or len(answered) >= max(1, len(tried) - 1):
            jids[number] = there
    return jids
