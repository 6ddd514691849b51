"""`Prefer: wait`: an answer that is held back until the message's outcome is known."""

from __future__ import annotations

from functions.api.services import Services
from functions.api.waiting import FREE_S, RESULT_PACE, Pace, first
from shared.models.message import SETTLED, Message
from shared.store.database import StoreError
from shared.store.waits import NoPlace

_LATER_PACE = Pace(RESULT_PACE.longest_s, RESULT_PACE.longest_s)


async def settled(services: Services, tenant: str, message: Message, seconds: float) -> tuple[Message, bool]:
    """The message once its outcome is known, or as it is after `seconds`; and whether it was waited for so long.

    What takes more than FREE_S needs one of the tenant's places. Without one, or without the store, the message is
    given as it is: it has been accepted, and whoever were refused now would send it twice.
    """
    latest, ends = message, services.clock.monotonic() + seconds

    async def look() -> Message | None:
        nonlocal latest
        latest = await services.messages.get(message.instance, message.id) or latest
        return latest if latest.state in SETTLED else None

    try:
        found = await first(services, look, min(seconds, FREE_S), RESULT_PACE)
        if found is None and seconds > FREE_S and not services.stopping.is_set():
            async with services.waits.place(tenant):
                await first(services, look, ends - services.clock.monotonic(), _LATER_PACE)
    except (NoPlace, StoreError):
        return latest, False
    return latest, latest.state in SETTLED or not services.stopping.is_set()
