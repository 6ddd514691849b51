"""WhatsApp behind two small Protocols (port.py), spoken by neonize's native library.

    environment(settings, os.environ)    what a worker process must be started with
    open_whatsapp(settings, loop)        in a worker: loads the library
    open_pairing_desk(settings)          anywhere: starts processes, loads nothing

Importing this package loads nothing, so the supervisor may.
"""

from __future__ import annotations

import asyncio

from session_host.whatsapp.environment import WhatsAppSettings, environment
from session_host.whatsapp.port import PairingDesk, WhatsApp

__all__ = ["WhatsAppSettings", "environment", "open_pairing_desk", "open_whatsapp"]


def open_whatsapp(settings: WhatsAppSettings, loop: asyncio.AbstractEventLoop) -> WhatsApp:
    """The library in this process, which must have been started with `environment(settings, ...)`."""
    from session_host.whatsapp.whatsapp import NeonizeWhatsApp

    return NeonizeWhatsApp(settings, loop)


def open_pairing_desk(settings: WhatsAppSettings) -> PairingDesk:
    """A desk whose processes are started as they are needed and end by themselves."""
    from session_host.whatsapp.pairing.desk import ProcessDesk

    return ProcessDesk(settings)
