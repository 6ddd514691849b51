"""An instance of the deployed stage, paired with a phone of the local WhatsApp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.infra.deployment.stage import Answer, RunningStage

PATIENCE_S = 60.0
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Shop:
    """An instance and its tenant's key."""

    id: str
    key: str

    @property
    def path(self) -> str:
        """Where it is in the API."""
        return f"/v1/instances/{self.id}"


async def paired(stage: RunningStage, key: str, instance: str, number: str) -> Shop:
    """Creates an instance and has a phone scan its code, which is there as JSON and as a picture."""
    shop = Shop(instance, key)
    created = await stage.call("POST", "/v1/instances", key, {"id": instance})
    assert created.status == 201, created
    code = await answered(stage, key, f"{shop.path}/qr", lambda answer: answer.status == 200)
    picture = await stage.call("GET", f"{shop.path}/qr", key, Accept="image/png")
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    assert picture.body.startswith(PNG)
    await stage.whatsapp.ok("POST", f"/phones/{number}/scan", qr=code.json["code"])
    await answered(stage, key, shop.path, lambda answer: bool(answer.json["state"] == "connected"))
    return shop


async def answered(stage: RunningStage, key: str, path: str, wanted: Callable[[Answer], bool]) -> Answer:
    """The first answer to a GET that is as wanted. Fails with what somebody was refused, or the host has to say."""
    answer = await stage.call("GET", path, key)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted(answer):
                assert stage.host.process.returncode is None, stage.host.log.read_text()
                await asyncio.sleep(0.2)
                answer = await stage.call("GET", path, key)
    except TimeoutError:
        refused = await stage.refused() or stage.host.log.read_text()
        raise AssertionError(f"{path} stayed {answer}: {refused}") from None
    return answer
