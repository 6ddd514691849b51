"""The README's first walk, run as it is printed, but for the reader's pause: it lasts as long as it has to."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from local.bench.target import Target

ROOT = Path(__file__).resolve().parents[2]
PAUSE = "sleep 4"  # in which who reads it sees that it listens
WALK_S = 300.0  # ten seconds as a rule; a dozen processes are started one after the other

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.timeout(400)
@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk is told with curl")
async def test_the_first_walk_does_what_it_says(stack: Target, tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    printed = "\n".join(["set -e", *blocks])
    assert printed.count(PAUSE) == 1
    script = printed.replace(PAUSE, f"until grep -q '^listening for ' {tmp_path / 'errors'}; do sleep 0.1; done")
    status, out, errors = await run(script, stack.env, tmp_path)
    assert status == 0, errors or out
    assert '"id":"shop-1"' in out
    assert "5511999990001 has scanned the code of shop-1, which is connected" in out
    assert re.search(r'"state":"(sent|delivered)"', out)
    assert '"from": "5511999990001", "text": "Hello from HiveWP"' in out
    assert re.search(r'message\.received shop-1 \{.*"text": "Hello to you"', out)
    await stack.call("DELETE", "/v1/instances/shop-1")


async def run(script: str, env: dict[str, str], folder: Path) -> tuple[int | None, str, str]:
    """Status, output and errors. What takes too long is ended with all that it started, and has no status."""
    with (folder / "out").open("wb") as out, (folder / "errors").open("wb") as errors:
        shell = await asyncio.create_subprocess_exec(
            *("bash", "-c", script), cwd=ROOT, env=env, stdout=out, stderr=errors, start_new_session=True
        )
        try:
            async with asyncio.timeout(WALK_S):
                await shell.wait()
        except TimeoutError:
            os.killpg(shell.pid, signal.SIGKILL)
    return shell.returncode, (folder / "out").read_text(), (folder / "errors").read_text()
