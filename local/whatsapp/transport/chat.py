"""The websocket that clients chat over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web

from local.whatsapp.connections.connection import Socket

MESSAGE_MAX = 1 << 25

Serve = Callable[[Socket], Awaitable[None]]
"""Serves one connection until it ends."""


class WebSocket:
    """aiohttp's websocket as a Socket."""

    def __init__(self, request: web.Request, websocket: web.WebSocketResponse) -> None:
        self._request = request
        self._websocket = websocket

    @property
    def port(self) -> int | None:
        peer = self._request.transport.get_extra_info("peername") if self._request.transport else None
        return int(peer[1]) if peer else None

    async def receive(self) -> bytes | None:
        async for message in self._websocket:
            if message.type is WSMsgType.BINARY:
                data: bytes = message.data
                return data
        return None

    async def send(self, data: bytes) -> None:
        await self._websocket.send_bytes(data)

    async def close(self) -> None:
        await self._websocket.close()

    def abort(self) -> None:
        if self._request.transport:
            self._request.transport.abort()


def chat_handler(serve: Serve) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def chat(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(max_msg_size=MESSAGE_MAX, compress=False)
        await websocket.prepare(request)
        await serve(WebSocket(request, websocket))
        return websocket

    return chat
