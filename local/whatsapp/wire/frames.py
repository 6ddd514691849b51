"""Cutting the byte stream of a websocket into frames: a header once, then length-prefixed bodies."""

HEADER_SIZE = 4
LENGTH_SIZE = 3
MAGIC = b"WA"
DICTIONARY_VERSION = 3


class FramingError(Exception):
    """The stream does not begin as a client of this protocol version begins it."""


def frame(body: bytes) -> bytes:
    """The body with its length in front. The server's side of the stream has no header."""
    return len(body).to_bytes(LENGTH_SIZE, "big") + body


class FrameReader:
    """Collects what arrives, however it was cut on its way."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.header = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The bodies completed by `data`. Raises FramingError for a foreign header."""
        self._buffer += data
        if not self.header and not self._take_header():
            return []
        bodies = []
        while len(self._buffer) >= LENGTH_SIZE:
            end = LENGTH_SIZE + int.from_bytes(self._buffer[:LENGTH_SIZE], "big")
            if len(self._buffer) < end:
                break
            bodies.append(bytes(self._buffer[LENGTH_SIZE:end]))
            del self._buffer[:end]
        return bodies

    def _take_header(self) -> bool:
        if len(self._buffer) < HEADER_SIZE:
            return False
        header = bytes(self._buffer[:HEADER_SIZE])
        if header[:2] != MAGIC or header[3] != DICTIONARY_VERSION:
            raise FramingError(f"unsupported stream header {header.hex()}")
        self.header = header
        del self._buffer[:HEADER_SIZE]
        return True
