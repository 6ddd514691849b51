"""The CONNECT proxy through which clients come. It leads nowhere but here: whatever WhatsApp host a client asks for,
this server answers in its place, and every other host is refused."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import cast

log = logging.getLogger(__name__)

DOMAINS = ("whatsapp.com", "whatsapp.net")
HEAD_MAX = 8_192
END_OF_HEAD = b"\r\n\r\n"

ProtocolFactory = Callable[[], asyncio.BaseProtocol]


def is_whatsapp(host: str) -> bool:
    """Whether a host is one of WhatsApp's domains or below one."""
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in DOMAINS)


class ConnectProxy(asyncio.Protocol):
    """Reads one CONNECT request, then turns the connection into TLS and hands it to the web server behind."""

    def __init__(self, tls: ssl.SSLContext, behind: ProtocolFactory) -> None:
        self._tls = tls
        self._behind = behind
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._upgrade: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, because uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if END_OF_HEAD in self._head:
            self._decide(bytes(self._head))
        elif len(self._head) > HEAD_MAX:
            self._refuse(b"431 Request Header Fields Too Large")

    def _decide(self, head: bytes) -> None:
        method, _, rest = head.split(b"\r\n", 1)[0].partition(b" ")
        host = rest.split(b" ", 1)[0].rpartition(b":")[0].decode("latin-1")
        if method != b"CONNECT":
            self._refuse(b"405 Method Not Allowed")
        elif not is_whatsapp(host):
            log.warning("refused to connect to a host that is not WhatsApp's")
            self._refuse(b"403 Forbidden")
        elif self._transport:
            self._transport.pause_reading()
            self._transport.write(b"HTTP/1.1 200 Connection Established" + END_OF_HEAD)
            self._upgrade = asyncio.get_running_loop().create_task(self._start_tls(self._transport))

    def _refuse(self, status: bytes) -> None:
        if self._transport:
            self._transport.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close" + END_OF_HEAD)
            self._transport.close()

    async def _start_tls(self, transport: asyncio.Transport) -> None:
        protocol = self._behind()
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(transport, protocol, self._tls, server_side=True)
        except (OSError, ssl.SSLError) as error:
            log.info("TLS handshake failed: %s", type(error).__name__)
            return
        if secured:
            protocol.connection_made(secured)
