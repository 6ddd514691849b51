"""A connection to a receiver, which is heard only so long, and let go of at once.

aiohttp alone hears interim answers (status 1xx) without end: a receiver that pours them out keeps the loop busy past
every deadline, and on a connection that is kept it fills the memory. And what aiohttp closes lingers: over TLS for 30 s
until the receiver says goodbye too, without TLS until it has taken all that was still to be sent.

aiohttp has no public place for a connection of one's own: `_factory` is where its connectors make them.
"""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import ClientError, StreamReader, TCPConnector
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage

MOST_ANSWERS = 16  # interim ones before an answer, or answers that nobody asked for
MOST_BYTES = 1_000_000  # before an answer's end; a body is held up long before, as long as nobody reads it
_PIECE = 4096  # parsed at once: what is read at once (256 KB) can hold 16,000 answers
_SWITCHING_PROTOCOLS = 101


class TooMuch(ClientError):
    """The receiver has sent more than anybody wants to hear."""


class Connection(ResponseHandler):
    """aiohttp's connection, cut at MOST_ANSWERS and MOST_BYTES, which are counted from one answer to the next."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._interim = 0
        self._bytes = 0
        self._cut = False

    def data_received(self, data: bytes) -> None:
        """Hears what came, in pieces, until it is too much; no data is aiohttp's way to go on after a pause."""
        for start in range(0, max(len(data), 1), _PIECE):
            if self._cut:
                return
            piece = data[start : start + _PIECE]
            self._bytes += len(piece)
            super().data_received(piece)
            if self._bytes > MOST_BYTES:
                self._cut_off()

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Takes an answer."""
        if self._cut:
            return
        if 100 <= data[0].code < 200 and data[0].code != _SWITCHING_PROTOCOLS:
            self._interim += 1
        else:
            self._interim = self._bytes = 0
        if max(self._interim, len(self)) < MOST_ANSWERS:
            super().feed_data(data, size)
        else:
            self._cut_off()

    def close(self) -> None:
        """Lets go without a goodbye: whoever closes has what it wants."""
        self.abort()

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
