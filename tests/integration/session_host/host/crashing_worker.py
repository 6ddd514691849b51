"""A real worker whose WhatsApp is a fake that brings the process down whenever one marked instance connects."""

from __future__ import annotations

import asyncio
import os
import resource
from unittest.mock import patch

from session_host.whatsapp import WhatsAppSettings
from session_host.whatsapp.port import Account, OnSignal
from session_host.worker import __main__ as worker
from tests.fakes.whatsapp import FakeSession, FakeWhatsApp

MARKED = os.environ["TEST_MARKED"]


class Session(FakeSession):
    """Aborts as the native library does: a moment after it was asked to connect."""

    async def connect(self) -> None:
        if self.account.key == MARKED:
            asyncio.get_running_loop().call_later(0.02, os.abort)
        else:
            await super().connect()


class WhatsApp(FakeWhatsApp):
    def session(self, account: Account, on_signal: OnSignal) -> Session:
        session = Session(account, on_signal, self.script(account.key), self._clock)
        self.sessions.append(session)
        return session


def open_whatsapp(_settings: WhatsAppSettings, _loop: asyncio.AbstractEventLoop) -> WhatsApp:
    return WhatsApp()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with patch("session_host.worker.__main__.open_whatsapp", open_whatsapp):
        worker.main()
