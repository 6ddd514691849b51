"""Whether others see a number online."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from session_host.until import until
from session_host.whatsapp.port import NotConnected, Session, WhatsAppError
from shared.models.instance import Instance

logger = logging.getLogger(__name__)

AGAIN_S = (0.5, 1.0, 5.0, 30.0)


async def show_online(
    instance: Callable[[], Instance], session: Callable[[], Session], stopping: asyncio.Event
) -> None:
    """Shows it as its settings say; `instance` and `session` give what is there now."""
    for pause in AGAIN_S:  # refused until the push name has come, which is soon after the first login
        try:
            await session().set_online(instance().settings.mark_online)
            return
        except NotConnected:
            return
        except WhatsAppError as error:
            logger.info("%s: cannot be shown online yet: %s", instance().key, error)
        if await until(stopping, pause):
            return
