"""One process of a part: in a session of its own, on a leash, logging into a file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from local.stack.part import Part

_LEASH = Path(__file__).with_name("leash.py")


class PartProcess:
    """A running process. Ctrl-C at the terminal does not reach it: who stops it is the supervisor."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def spawn(cls, part: Part, log: Path, keep: Sequence[int] = ()) -> PartProcess:
        """Starts a part, its output appended to `log`, inheriting the descriptors `keep`. Raises OSError."""
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(int(part.when_orphaned)), str(os.getpid())]
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *leash,
                *part.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=part.env,
                cwd=part.cwd,
                start_new_session=True,
                pass_fds=keep,
            )
        return cls(process)

    async def ended(self) -> str:
        """Waits for the end and says how it came. What the process left in its group is killed."""
        code = await self._process.wait()
        self.kill()
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    async def stop(self, timeout_s: float) -> bool:
        """SIGTERM, and SIGKILL for the whole group after `timeout_s`. True when it ended by itself."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout_s):
                await self._process.wait()
        except TimeoutError:
            return False
        finally:
            self.kill()
            await self._process.wait()
        return True

    def kill(self) -> None:
        """SIGKILL for the process and its children."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
