"""A worker process from its start to its end, and what is heard of it meanwhile.

    starting --warm--> standing by --assigned--> working --> ended
        `-------------- assigned ------------------^

It may be assigned its work before it is warm; it reads that when it gets there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from session_host.host.process import Environment, Process
from session_host.host.reports import Said, Warm, read_reports

LAST_WORDS_S = 1.0

OnSaid = Callable[[Said], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended: its exit code (negative: a signal) and the instances that were on its board then."""

    code: int
    noted: frozenset[str]


class Attended:
    """`run` must be running. `on_said` hears what it says; `ended` is its end."""

    def __init__(self, command: Sequence[str], environment: Environment, on_said: OnSaid) -> None:
        """Starts it. Raises OSError."""
        self.process = Process(command, environment)
        self.on_said = on_said
        self.warm = asyncio.Event()
        self.ended: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Until it has ended and all it said was heard. Cancelled, it kills the process."""
        listening = asyncio.create_task(self._listen())
        try:
            code = await self.process.wait()
            await asyncio.wait({listening}, timeout=LAST_WORDS_S)
        except asyncio.CancelledError:
            self.ended.cancel()
            self.process.take_notes()
            raise
        else:
            self.ended.set_result(Ending(code, self.process.take_notes()))
        finally:
            listening.cancel()
            await asyncio.wait({listening})

    async def _listen(self) -> None:
        async with aclosing(read_reports(self.process.reports)) as reports:
            async for said in reports:
                if isinstance(said, Warm):
                    self.warm.set()
                self.on_said(said)
