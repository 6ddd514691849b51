"""Request bodies: held whole before the API sees them, as API Gateway does, so one that is too large leaves nothing."""

from __future__ import annotations

from local.gateway.asgi import Message, Receive

DRAINED_BYTES = 64 * 1024 * 1024


class BodyTooLarge(Exception):
    """The body is larger than permitted."""


class ClientGone(Exception):
    """The client hung up before its body was complete."""


class Body:
    """The body of one request, as it comes in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._complete = False

    async def read(self, announced: int, limit: int) -> bytes:
        """All of it, counted while it comes, whatever was announced. Raises BodyTooLarge, ClientGone."""
        if announced > limit:
            raise BodyTooLarge
        body = bytearray()
        while not self._complete:
            body += await self._next()
            if len(body) > limit:
                raise BodyTooLarge
        return bytes(body)

    async def drain(self) -> None:
        """Drops the rest of a refused body, so that a client that sends before it listens gets to hear the answer."""
        left = DRAINED_BYTES
        while not self._complete and left > 0:
            left -= len(await self._next())

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self._complete = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once, and then whatever the server says."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
