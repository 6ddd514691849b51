"""What an instance hears, in groups whose signals are heard at once."""

from __future__ import annotations

import asyncio
from itertools import groupby

from session_host.whatsapp.port import MessageReceived
from session_host.worker.connection import Heard

AT_ONCE = 25  # messages that one instance has in the ledger's hands


async def next_groups(signals: asyncio.Queue[Heard]) -> list[list[Heard]]:
    """Waits for a signal and takes those that came with it. Messages in a row are a group, for the ledger keeps the
    order in which they are recorded; everything else is heard singly, after what came before it."""
    heard = [await signals.get()]
    heard += [signals.get_nowait() for _ in range(min(signals.qsize(), AT_ONCE - 1))]
    groups: list[list[Heard]] = []
    for are_messages, row in groupby(heard, lambda one: isinstance(one.signal, MessageReceived)):
        in_a_row = list(row)
        groups += [in_a_row] if are_messages else [[one] for one in in_a_row]
    return groups
