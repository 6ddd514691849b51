"""What the API may ask of an instance, one function per kind of command. SEND is the runner's own (see outgoing)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

from session_host.whatsapp.port import WhatsAppError
from session_host.worker.context import WorkerContext
from session_host.worker.faults import Fault, Poisoned
from session_host.worker.lifecycle import UNLINKED, Change
from session_host.worker.numbers import check_numbers
from session_host.worker.patience import until_available
from session_host.worker.results import count_again, done_before, leave_result, mark_done
from session_host.worker.runner import Runner
from session_host.worker.sweep.sweeper import sweep_deleted
from shared.clock import iso
from shared.models.command import Command, CommandKind, CommandResult
from shared.models.instance import InstanceState
from shared.reasons import reason

CONNECT_WAIT_S = 8.0  # WhatsApp can only be told over a connection
UNLINKING = frozenset({CommandKind.LOGOUT, CommandKind.DELETE})
ASKING = frozenset({CommandKind.CHECK_NUMBERS})  # changes nothing of the connection, and holds up nothing else
PAIR_CODE_VALID_S = 160.0  # as long as the pairing attempt behind it

Handler = Callable[[Runner, Command, WorkerContext], Awaitable[CommandResult]]


async def carry_out(runner: Runner, command: Command, receives: int, context: WorkerContext) -> None:
    """Does what a command asks and leaves its result for the API. One that comes again is not done twice.

    Raises Poisoned when its owners died of it.
    """
    async with runner.checks if command.kind in ASKING else runner.turn:
        if receives > 1:
            if await done_before(command.id, context):
                return
            await count_again(command.id, context)
        leave = leave_result if command.kind in ASKING else mark_done  # what only asks may be asked again
        await leave(command.id, await _carry_out(runner, command, context), context)


async def _carry_out(runner: Runner, command: Command, context: WorkerContext) -> CommandResult:
    handler = HANDLERS.get(command.kind)
    if handler is None:
        raise Poisoned(Fault(f"this version knows no {command.kind}"))
    if command.kind in UNLINKING and runner.instance.linked:
        await runner.connected_within(CONNECT_WAIT_S)  # outside of the lock, which the news of it needs
    async with nullcontext() if command.kind in ASKING else runner.control:
        try:
            return await handler(runner, command, context)
        except WhatsAppError as error:
            return CommandResult(False, code=error.code, detail=error.detail)


async def _pair(runner: Runner, _command: Command, _context: WorkerContext) -> CommandResult:
    if not runner.instance.linked and runner.connection.attempt is None:
        await runner.pair()
    return CommandResult(True)


async def _pair_code(runner: Runner, command: Command, context: WorkerContext) -> CommandResult:
    if runner.instance.linked:
        return CommandResult(False, code="already-paired", detail="The instance is linked to a phone already.")
    if runner.connection.attempt is None:
        await runner.pair()
    attempt = runner.connection.attempt
    if attempt is None:
        return CommandResult(False, code="pairing-failed", detail="The pairing could not begin.")
    code = await attempt.pair_code(command.args["phone"])
    return CommandResult(True, {"code": code, "expires_at": iso(context.clock.unix() + PAIR_CODE_VALID_S)})


async def _restart(runner: Runner, _command: Command, _context: WorkerContext) -> CommandResult:
    if runner.instance.linked:
        await runner.connect()
    else:
        await runner.pair()
    return CommandResult(True)


async def _logout(runner: Runner, _command: Command, _context: WorkerContext) -> CommandResult:
    told = True
    async with runner.no_sends():
        if runner.instance.linked:
            told = await runner.connection.unlink()
            await runner.change(Change(InstanceState.LOGGED_OUT, reason("logged_out"), UNLINKED))
    await runner.pair()
    return CommandResult(True, {"unlinked_at_whatsapp": told})


async def _delete(runner: Runner, _command: Command, context: WorkerContext) -> CommandResult:
    stored = await until_available(partial(context.instances.get_any, runner.instance.key))
    if stored is not None and not stored.deleting:  # a successor of the same name, made after the deletion
        return CommandResult(False, code="not-found", detail="The instance is gone.")
    async with runner.no_sends():
        told = await runner.connection.unlink()
    await sweep_deleted(context, runner.instance.key)
    await runner.codes.remove()
    await until_available(partial(context.instances.erase, runner.instance))
    return CommandResult(True, {"unlinked_at_whatsapp": told})


async def _settings(runner: Runner, _command: Command, context: WorkerContext) -> CommandResult:
    stored = await until_available(partial(context.instances.get, runner.instance.key))
    if stored is None:
        return CommandResult(False, code="not-found", detail="The instance is gone.")
    before = runner.instance.settings
    runner.instance = replace(runner.instance, settings=stored.settings, name=stored.name)
    if stored.settings.proxy_url != before.proxy_url and runner.instance.linked:
        await runner.connect()
    elif stored.settings.mark_online != before.mark_online:
        runner.show_online()
    return CommandResult(True)


HANDLERS: Mapping[CommandKind, Handler] = {
    CommandKind.PAIR: _pair,
    CommandKind.PAIR_CODE: _pair_code,
    CommandKind.RESTART: _restart,
    CommandKind.LOGOUT: _logout,
    CommandKind.DELETE: _delete,
    CommandKind.SETTINGS: _settings,
    CommandKind.CHECK_NUMBERS: check_numbers,
}
