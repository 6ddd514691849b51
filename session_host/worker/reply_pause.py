"""No send into a chat that has just spoken.

The library neither locks nor versions the Signal session of a chat: it loads it, changes it and stores it, once for
each message that it encrypts and once for each that it decrypts. When the two meet, the decryption may store a session
that knows nothing of the message just encrypted. The next message out then repeats that one's counter, and its reader
takes it for a copy and drops it, after confirming its delivery. Nobody is told. People write in bursts, so what comes
in soon after a message is mostly the next message of the same chat: a send that waits for quiet meets fewer of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from session_host.whatsapp.people import USERS, parse_address
from session_host.whatsapp.port import Person, Rejected
from shared.clock import Clock

REPLY_PAUSE_S = 0.3
LONGEST_PAUSE_S = 0.9
QUIET_ENOUGH_S = 0.001  # clocks are no finer


class ReplyPause:
    """The pauses of one instance: `pause_s` since the chat's last message, and `longest_s` in all for one send."""

    def __init__(
        self, clock: Clock, pause_s: float, longest_s: float, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._pause_s = pause_s
        self._longest_s = longest_s
        self._sleep = sleep
        self._heard: OrderedDict[str, float] = OrderedDict()

    def heard(self, sender: Person) -> None:
        """Somebody wrote, in whichever chat: the session is that of the two devices."""
        now = self._clock.monotonic()
        phone = f"{sender.phone}@{USERS}" if sender.phone else None
        for address in {sender.jid, sender.lid, phone} - {None}:
            self._heard[str(address)] = now
            self._heard.move_to_end(str(address))
        while self._heard and now - next(iter(self._heard.values())) > self._pause_s:
            self._heard.popitem(last=False)

    async def before(self, to: str) -> None:
        """Returns when the chat is quiet, or has been waited for long enough."""
        try:
            address = "@".join(parse_address(to))
        except Rejected:  # as the send will tell
            return
        deadline = self._clock.monotonic() + self._longest_s
        while (wait := min(self._left(address), deadline - self._clock.monotonic())) > QUIET_ENOUGH_S:
            await self._sleep(wait)

    def _left(self, address: str) -> float:
        return self._heard.get(address, float("-inf")) + self._pause_s - self._clock.monotonic()
