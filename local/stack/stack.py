"""One run of the whole stack, from the folder's lock to the last process's end."""

from __future__ import annotations

import asyncio
import importlib
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from local.settings import ROOT, StackSettings
from local.stack.files import StackFiles
from local.stack.keeper import Say
from local.stack.lock import StackLock
from local.stack.parts import Plan, all_parts
from local.stack.ports import choose_ports
from local.stack.supervisor import Supervisor
from shared.models.api_key import new_api_key
from shared.settings import BadSetting
from shared.vault import new_key

SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def run_stack(
    settings: StackSettings, environ: Mapping[str, str], say: Say, ready: Callable[[Plan], None]
) -> None:
    """Runs everything until SIGINT or SIGTERM; `ready` is called once all parts are. A second signal kills at once.

    Raises BadSetting or AlreadyRuns before anything was started, PartFailed after everything was stopped again."""
    files = _folder(settings)
    lock = await asyncio.to_thread(StackLock.take, files.lock)
    try:
        plan = _plan(settings, files, environ)
        files.clear_run()
        supervisor = Supervisor(all_parts(plan, _provisioner(plan)), files, say, [lock.fd])
        async with _stop_signal(supervisor, say) as stop:
            try:
                await _until(stop, supervisor, lambda: ready(plan))
            finally:
                say("stopping (Ctrl-C again kills what is left)")
                await supervisor.stop()
                say("stopped; everything is kept in " + str(files.data))
    finally:
        lock.release()


async def _until(stop: asyncio.Event, supervisor: Supervisor, ready: Callable[[], None]) -> None:
    """Starts, calls `ready`, and waits for `stop`, which may also come while the parts are starting."""
    stopping = asyncio.create_task(stop.wait())

    async def live() -> None:
        await supervisor.start()
        ready()
        await supervisor.watch()

    living = asyncio.create_task(live())
    await asyncio.wait([stopping, living], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if living.done():
        await living
    living.cancel()
    await asyncio.wait([living])


@asynccontextmanager
async def _stop_signal(supervisor: Supervisor, say: Say) -> AsyncIterator[asyncio.Event]:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            say("killing what is left")
            supervisor.kill()
        stop.set()

    # Under nohup the end of the terminal is ignored, and stays so.
    signals = SIGNALS if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else (*SIGNALS, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, on_signal)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _folder(settings: StackSettings) -> StackFiles:
    files = StackFiles(settings.data)
    try:
        files.make()
    except OSError as error:
        raise BadSetting(f"HIVEWP_DATA: {settings.data} cannot be used: {error.strerror}") from error
    return files


def _plan(settings: StackSettings, files: StackFiles, environ: Mapping[str, str]) -> Plan:
    _check_installed()
    ports = choose_ports(settings.ports(), files.read_ports())
    _check_kept(settings, files.data / "made-with.json")
    files.write_ports(ports)
    if settings.api_key:
        files.write(files.api_key, settings.api_key + "\n")
    files.secret(files.api_key, new_api_key)
    return Plan(settings, files, ports, files.secret(files.sealing_key, new_key), environ)


def _check_installed() -> None:
    if not (ROOT / ".venv-ministack").is_dir():
        raise BadSetting("the local AWS is not installed: run `make up` once, it sets everything up")


def _check_kept(settings: StackSettings, path: Path) -> None:
    """A folder belongs to one WhatsApp (its sessions are unknown to any other), and its partitions hold instances."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    if kept.get("whatsapp", settings.whatsapp) != settings.whatsapp:
        raise BadSetting(
            f"{path.parent} was made with HIVEWP_WHATSAPP={kept['whatsapp']} and its numbers are paired there: "
            f"set HIVEWP_DATA to another folder for HIVEWP_WHATSAPP={settings.whatsapp}"
        )
    if settings.partitions < kept.get("partitions", 0):
        raise BadSetting(f"HIVEWP_PARTITIONS cannot become less: {path.parent} has {kept['partitions']}")
    made_with = {"whatsapp": settings.whatsapp.value, "partitions": settings.partitions}
    StackFiles(path.parent).write(path, json.dumps(made_with) + "\n")


def _provisioner(plan: Plan) -> Callable[[], Awaitable[None]]:
    settings, api_key = plan.settings, plan.files.api_key.read_text().strip()
    # Importing the AWS client takes most of a second: time in which the local AWS can start.
    loading = asyncio.ensure_future(asyncio.to_thread(importlib.import_module, "local.stack.provision"))

    async def provision() -> None:
        module = await asyncio.shield(loading)
        await module.provision(plan.aws_endpoint, settings.partitions, api_key, settings.plan)

    return provision
