"""One attempt as the host sees it: port.PairingAttempt, served by a pairing process.

    open -> over: paired | ended (told by the process, or it died, or it hangs) | cancelled

However it ends, but for paired, the store that it made is erased.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from session_host.whatsapp import store
from session_host.whatsapp.pairing.lines import Line
from session_host.whatsapp.port import (
    Account,
    EndReason,
    NotConnected,
    OnSignal,
    OutcomeUnknown,
    Paired,
    PairingEnded,
    QrShown,
    Rejected,
    Signal,
    WhatsAppError,
)

FIRST_CODE_VALID_S, NEXT_CODE_VALID_S = 60.0, 20.0

_ERRORS: dict[str, type[WhatsAppError]] = {each.__name__: each for each in (NotConnected, Rejected, OutcomeUnknown)}


class After(Enum):
    """What an attempt's end says about its process."""

    WELL = auto()
    WORN = auto()  # it leaked something and should take no more
    HANGS = auto()


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: for a first code, between codes, for an answer of the process, for the code that a phone types."""

    first_code: float = 45.0
    silence: float = 75.0
    answer: float = 5.0
    pair_code: float = 60.0


class Ticket:
    """See port.PairingAttempt. `on_over` hears once that it is over."""

    def __init__(
        self,
        account: Account,
        on_signal: OnSignal,
        send: Callable[[Line], None],
        on_over: Callable[[After], None],
        waits: Waits,
    ) -> None:
        self._account = account
        self._on_signal = on_signal
        self._send = send
        self._on_over = on_over
        self._waits = waits
        self._made_store = not store.exists(account.store)
        self._codes_shown = 0
        self._open = True
        self._cancelled = asyncio.Event()
        self._code: asyncio.Future[str] | None = None
        self._watchdog: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Hands the attempt to its process."""
        self._account.store.parent.mkdir(parents=True, exist_ok=True)
        self._send({"do": "begin", "store": str(self._account.store), "proxy": self._account.proxy_url})
        self._watch(self._waits.first_code)

    async def pair_code(self, phone: str) -> str:
        if not self._open:
            raise NotConnected("not_pairing", "the attempt is over")
        if self._code is None or self._code.done():
            self._code = asyncio.get_running_loop().create_future()
            self._send({"do": "code", "phone": phone})
        try:
            return await asyncio.wait_for(asyncio.shield(self._code), self._waits.pair_code)
        except TimeoutError as error:
            raise OutcomeUnknown("timeout", "WhatsApp's answer did not come") from error

    async def cancel(self) -> None:
        if not self._open:
            return
        self._close()
        self._send({"do": "cancel"})
        try:
            await asyncio.wait_for(self._cancelled.wait(), self._waits.answer)
            after = After.WELL
        except TimeoutError:
            after = After.HANGS
        self._leave(after)

    def hear(self, line: Line) -> None:
        """A line of the process about this attempt."""
        if line["is"] == "cancelled":
            self._cancelled.set()
        elif not self._open:
            return
        elif line["is"] == "qr":
            self._show(line["code"])
        elif line["is"] in ("code", "refused"):
            self._answer(line)
        elif line["is"] == "paired":
            self._end(Paired(line["jid"], line["phone"], line["lid"], line["platform"] or None), After.WELL)
        else:
            reason = EndReason(line["reason"])
            if reason is EndReason.CONNECT_FAILURE and self._account.proxy_url:
                reason = EndReason.PROXY_UNREACHABLE
            self._end(PairingEnded(reason, line["detail"]), After.WORN)

    def fail(self, detail: str) -> None:
        """The process is gone."""
        self._cancelled.set()
        if self._open:
            self._end(PairingEnded(EndReason.PAIRING_FAILED, detail), After.WELL)

    def _show(self, code: str) -> None:
        valid_s = NEXT_CODE_VALID_S if self._codes_shown else FIRST_CODE_VALID_S
        self._codes_shown += 1
        self._watch(self._waits.silence)
        self._on_signal(QrShown(code, valid_s))

    def _answer(self, line: Line) -> None:
        if self._code is None or self._code.done():
            return
        if line["is"] == "code":
            self._code.set_result(line["code"])
        else:
            self._code.set_exception(_ERRORS[line["kind"]](line["code"], line["detail"]))

    def _hangs(self) -> None:
        if self._codes_shown:
            self._end(PairingEnded(EndReason.PAIRING_FAILED, "the pairing process hangs"), After.HANGS)
        else:
            # this attempt's connection hangs, not the process
            reason = EndReason.PROXY_UNREACHABLE if self._account.proxy_url else EndReason.CONNECT_TIMEOUT
            self._end(PairingEnded(reason, "no connection in time"), After.WORN)

    def _end(self, signal: Signal, after: After) -> None:
        self._close()
        self._leave(after, keep_store=isinstance(signal, Paired))
        self._on_signal(signal)

    def _close(self) -> None:
        self._open = False
        self._watch(None)
        if self._code and not self._code.done():
            self._code.set_exception(NotConnected("not_pairing", "the attempt is over"))
            self._code.exception()

    def _leave(self, after: After, *, keep_store: bool = False) -> None:
        if self._made_store and not keep_store:
            store.erase(self._account.store)
        self._on_over(after)

    def _watch(self, seconds: float | None) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        self._watchdog = asyncio.get_running_loop().call_later(seconds, self._hangs) if seconds else None
