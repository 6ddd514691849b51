"""The README's first walk, run as it is printed."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from local.bench.target import Target

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk is told with curl")
async def test_the_first_walk_does_what_it_says(stack: Target) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    script = "\n".join(["set -e", *blocks])
    shell = await asyncio.create_subprocess_exec(
        "bash", "-c", script, cwd=ROOT, env=stack.env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(90):
        out, errors = (part.decode() for part in await shell.communicate())
    assert shell.returncode == 0, errors
    assert '"id":"shop-1"' in out
    assert "5511999990001 has scanned the code of shop-1, which is connected" in out
    assert re.search(r'"state":"(sent|delivered)"', out)
    assert '"from": "5511999990001", "text": "Hello from HiveWP"' in out
    assert re.search(r'message\.received shop-1 \{.*"text": "Hello to you"', out)
    await stack.call("DELETE", "/v1/instances/shop-1")
