"""A connection to a receiver, which is heard only so long, and let go of at once.

aiohttp alone hears interim answers (status 1xx) without end: a receiver that pours them out keeps the loop busy past
every deadline, and on a connection that is kept it fills the memory. And what aiohttp closes lingers: over TLS for 30 s
until the receiver says goodbye too, without TLS until it has taken all that was still to be sent.

What comes after an answer's end belongs to nobody. aiohttp would lose the answer for it where both come at once (its
parser drops what it had read when it meets what is not HTTP), and where it looks like an answer, the next call on the
connection would take it for its own. So heads are parsed line by line, and what nobody asked for ends the connection.

aiohttp has no public place for a connection of one's own: `_factory` is where its connectors make them.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from aiohttp import ClientError, StreamReader, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage

MOST_ANSWERS = 16  # interim ones, before an answer
MOST_BYTES = 1_000_000  # before an answer's end; a body is held up long before, as long as nobody reads it
_PIECE = 4096  # parsed at once: what is read at once (256 KB) can hold 16,000 answers
_LEAST = 100  # bytes that a piece counts for at least: empty lines cost more than their bytes
_SWITCHING_PROTOCOLS = 101


class TooMuch(ClientError):
    """The receiver has sent more than anybody wants to hear."""


class Connection(ResponseHandler):
    """aiohttp's connection, cut at MOST_ANSWERS, at MOST_BYTES, and at what comes when no answer is awaited."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._awaited = True  # from the beginning: who is too busy says so before it is asked
        self._interim = 0
        self._bytes = 0
        self._cut = False

    def set_response_params(self, **params: Any) -> None:
        """An answer is awaited from now on."""
        self._awaited = True
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Hears what came, in pieces, until it is too much; no data is aiohttp's way to go on after a pause."""
        start = 0
        while not self._is_over():
            end = self._piece_end(data, start)
            self._hear(data[start:end])
            start = end
            if start >= len(data):
                return

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Takes an answer."""
        if self._cut:
            return
        if not self._awaited:
            self._cut_off()
            return
        if 100 <= data[0].code < 200 and data[0].code != _SWITCHING_PROTOCOLS:
            self._interim += 1
        else:
            self._interim = self._bytes = 0
            self._awaited = False
        if self._interim < MOST_ANSWERS:
            super().feed_data(data, size)
        else:
            self._cut_off()

    def close(self) -> None:
        """Lets go without a goodbye: whoever closes has what it wants."""
        self.abort()

    def _is_over(self) -> bool:
        """Whether nothing more is heard: it was cut, or aiohttp lets go of what is not HTTP."""
        return self._cut or (self.transport is not None and self.transport.is_closing())

    def _piece_end(self, data: bytes, start: int) -> int:
        """Where the next piece ends: with its line while a head may come, so that no piece goes on after a head."""
        end = start + _PIECE
        return data.find(b"\n", start, end) + 1 or end if self._awaited else end

    def _hear(self, piece: bytes) -> None:
        if piece and self._is_idle():
            self._cut_off()
            return
        self._bytes += max(len(piece), _LEAST)
        super().data_received(piece)
        if self._bytes > MOST_BYTES:
            self._cut_off()

    def _is_idle(self) -> bool:
        """Whether the last answer is over, its body included, and no other is awaited."""
        return not self._awaited and (self._payload is None or self._payload.is_eof())

    def _cut_off(self) -> None:
        self._cut = True
        self.set_exception(TooMuch())
        if self.transport is not None:
            self.transport.abort()


def bounded(connector: TCPConnector) -> TCPConnector:
    """The connector, from now on with connections of this module. Call it in the loop that will run them."""
    connector._factory = partial(_made, asyncio.get_running_loop())
    return connector


def _made(loop: asyncio.AbstractEventLoop) -> ResponseHandler:
    return Connection(loop)
