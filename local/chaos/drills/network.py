"""What WhatsApp does to sessions."""

from __future__ import annotations

import asyncio
import time

from local.chaos.ground import until_true
from local.chaos.scene import Scene
from local.chaos.shop import Shop

REFUSED_S = 10.0
PEACE_S = 12.0  # long enough for several tries of a client that would fight


async def close_all(scene: Scene) -> None:
    """WhatsApp closes every connection at once."""
    await _kick_all(scene)
    await scene.all_back()


async def refuse_all(scene: Scene) -> None:
    """WhatsApp closes every connection and refuses logins with 503 for a while."""
    await scene.ground.target.phone("POST", "/devices/refuse", {"reason": 503})
    try:
        await _kick_all(scene)
        await asyncio.sleep(REFUSED_S)
    finally:
        await scene.ground.target.phone("POST", "/devices/refuse", {"reason": None})
    await scene.all_back()


async def replaced(scene: Scene) -> None:
    """WhatsApp says that somebody else uses one instance's credentials."""
    victim = scene.ground.shops[0]
    await _kick(scene, victim, "replaced")
    state = await scene.reaches(victim, "disconnected")
    reason = state.get("reason") or {}
    scene.check("it ends disconnected", state.get("state") == "disconnected", state.get("state"))
    scene.check("it says why: stream_replaced", reason.get("code") == "stream_replaced", reason.get("code"))
    scene.check("it says what to do", bool(reason.get("action")), reason.get("action"))
    since = time.time()
    await asyncio.sleep(PEACE_S)
    tries = [stay for stay in await scene.ground.stays(victim) if stay["opened"] >= since]
    scene.check("it does not fight for the connection", not tries, f"{len(tries)} logins in {PEACE_S:g} s")
    await scene.ground.client.call("POST", f"/v1/instances/{victim.id}/restart")
    scene.check("it is in service after a restart", await scene.all_back([victim], 30.0))


async def unlink(scene: Scene) -> None:
    """The owner of one instance's phone unlinks the device, then scans a fresh code."""
    victim = scene.ground.shops[0]
    scene.traffic.inbound.left_out.add(victim)  # WhatsApp keeps nothing for a device that is no more
    await asyncio.sleep(1.0)
    await _kick(scene, victim, "device_removed")
    state = await scene.reaches(victim, "logged_out")
    reason = state.get("reason") or {}
    scene.check("it ends logged_out", state.get("state") == "logged_out", state.get("state"))
    scene.check("it says why: device_removed", reason.get("code") == "device_removed", reason.get("code"))
    code = await _fresh_code(scene, victim)
    scene.check("a fresh QR code is there on request", code is not None)
    if code is not None:
        await scene.ground.target.phone("POST", f"/phones/{victim.number}/scan", {"qr": code})
    scene.check("it is in service after the scan", await scene.all_back([victim], 30.0))


async def _kick_all(scene: Scene) -> None:
    scene.hit = scene.ground.shops
    scene.strike()
    await scene.ground.target.phone("POST", "/devices/kick", {"kind": "close"})


async def _kick(scene: Scene, shop: Shop, kind: str) -> None:
    scene.hit = [shop]
    scene.strike()
    await scene.ground.target.phone("POST", f"/devices/{shop.number}/kick", {"kind": kind})


async def _fresh_code(scene: Scene, shop: Shop) -> str | None:
    code: str | None = None

    async def there() -> bool:
        nonlocal code
        answer = await scene.ground.client.get(f"/v1/instances/{shop.id}/qr")
        code = answer["code"] if answer else None
        return code is not None

    await until_true(there, 30.0)
    return code
