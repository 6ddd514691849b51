"""neonize's native library, called directly.

The Python half of neonize is left out. Importing it takes 2 s and 40 MB of every worker (Pillow, httpx, link previews
that fetch what users write, libmagic), it sets up logging for the whole program, its `connect` polls five times a
second, and its clients stop their successors when they are collected. What is used of the wheel is the shared library
with the dozen C functions below and the generated protobuf modules; a test holds the signatures to neonize's own.

A process that has loaded the library can be killed by it: by unguarded maps (gate.py) and by calls on a client that
is not there (client.py). It is therefore loaded only by `load`, in worker and pairing processes.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Callable
from ctypes import POINTER, Structure, c_bool, c_char_p, c_int, c_size_t, c_void_p
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from session_host.whatsapp.environment import TRUST_VARIABLE, started_with
from session_host.whatsapp.trust import trust_root

VERSION = b"0.5.2"
LOG_LEVEL = b"WARN"  # anything it does not know, "WARNING" among it, means DEBUG

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class LibraryError(RuntimeError):
    """The library cannot be used in this process."""


class Bytes(Structure):
    """A buffer that the library allocated."""

    _fields_ = (("ptr", c_void_p), ("size", c_size_t))


class Proxy(Structure):
    """A client's own proxy."""

    _fields_ = (("url", c_char_p), ("no_websocket", c_bool), ("only_login", c_bool), ("no_media", c_bool))


OnText = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
OnEvent = ctypes.CFUNCTYPE(None, c_char_p, c_void_p, c_int, c_int)
OnLog = ctypes.CFUNCTYPE(None, c_void_p, c_int)

_BUFFER = (c_char_p, c_int)
_CLIENT = (c_char_p,)

# name: (arguments, whether it answers with a buffer; the others answer with a text, empty when all is well)
SIGNATURES: dict[str, tuple[tuple[Any, ...], bool]] = {
    "Neonize": (
        (
            *(c_char_p, c_char_p, *_BUFFER, c_int, c_char_p, OnText, OnText, OnEvent, OnLog),
            *(*_BUFFER, *_BUFFER, *_BUFFER, POINTER(Proxy)),
        ),
        False,
    ),
    "Stop": (_CLIENT, False),
    "SetProxyAddress": ((*_CLIENT, POINTER(Proxy)), False),
    "SendMessage": ((*_CLIENT, *_BUFFER, *_BUFFER), True),
    "SendChatPresence": ((*_CLIENT, *_BUFFER, c_int, c_int), False),
    "SendPresence": ((*_CLIENT, c_char_p), False),
    "IsOnWhatsApp": ((*_CLIENT, c_char_p), True),
    "GetPNFromLID": ((*_CLIENT, *_BUFFER), True),
    "PairPhone": ((*_CLIENT, *_BUFFER), True),
    "Logout": (_CLIENT, False),
}


class Listener(Protocol):
    """Hears the library. Called on the library's threads: must be quick and must not raise."""

    def on_qr(self, client: bytes, code: bytes) -> None:
        """A QR code to show."""

    def on_login(self, client: bytes, status: bytes) -> None:
        """How a pairing went: `success`, `timeout`, `error`, `err-client-outdated` ..."""

    def on_event(self, client: bytes, kind: int, data: bytes) -> None:
        """An event as serialised protobuf; `kind` 0 is the client's own device, and always the first."""

    def on_log(self, entry: bytes) -> None:
        """A log entry as serialised protobuf."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a client is started with. `events` are the kinds it is to hear of; `props` how it shows on the phone."""

    client: bytes
    database: str
    events: bytes
    proxy_url: str | None = None
    props: bytes = b""


class Library:
    """The functions that are used, each blocking its thread for as long as it takes. `client` names a started one."""

    def __init__(self, functions: ctypes.CDLL, listener: Listener) -> None:
        self._functions = functions
        self._callbacks = _callbacks(listener)  # one set for all clients, for ever: the library may call late
        self._free_buffer, self._free_text = functions.FreeBytesStruct, functions.FreeString
        self._free_buffer.argtypes, self._free_buffer.restype = [POINTER(Bytes)], None
        self._free_text.argtypes, self._free_text.restype = [c_void_p], None
        for name, (arguments, gives_buffer) in SIGNATURES.items():
            function = getattr(functions, name)
            function.argtypes = arguments
            function.restype = POINTER(Bytes) if gives_buffer else c_void_p
            function.errcheck = self._take_buffer if gives_buffer else self._take_text
        functions.Disconnect.argtypes, functions.Disconnect.restype = _CLIENT, None

    def run(self, start: Start) -> str:
        """Starts a client and blocks until it is stopped; gives the error that ended it, or an empty text."""
        error: str = self._functions.Neonize(
            *(start.database.encode(), start.client, b"", 0, 0, LOG_LEVEL),
            *self._callbacks,
            *(start.events, len(start.events), start.props, len(start.props), b"", 0),
            _proxy(start.proxy_url),
        )
        return error

    def stop(self, client: bytes) -> None:
        """Disconnects and forgets. Not before its first event or QR code: the library looks for it once more."""
        self._functions.Stop(client)

    def disconnect(self, client: bytes) -> None:
        """Closes the socket and does not reconnect. Waits for a connection attempt that is under way."""
        self._functions.Disconnect(client)

    def set_proxy(self, client: bytes, url: str) -> str:
        """Connections from now on go through `url`."""
        error: str = self._functions.SetProxyAddress(client, _proxy(url))
        return error

    def send_message(self, client: bytes, to: bytes, message: bytes) -> bytes:
        """A SendMessageReturnFunction; returns with the server's acknowledgement, after 75 s at most."""
        answer: bytes = self._functions.SendMessage(client, to, len(to), message, len(message))
        return answer

    def send_chat_presence(self, client: bytes, to: bytes, state: int) -> str:
        """`state` 0 is typing, 1 is paused."""
        error: str = self._functions.SendChatPresence(client, to, len(to), state, 0)
        return error

    def send_presence(self, client: bytes, presence: str) -> str:
        """`available` or `unavailable`; refused until the push name has come, a moment after the first login."""
        error: str = self._functions.SendPresence(client, presence.encode())
        return error

    def is_on_whatsapp(self, client: bytes, numbers: str) -> bytes:
        """An IsOnWhatsAppReturnFunction; `numbers` with +, parted by spaces."""
        answer: bytes = self._functions.IsOnWhatsApp(client, numbers.encode())
        return answer

    def phone_of(self, client: bytes, lid: bytes) -> bytes:
        """A GetJIDFromStoreReturnFunction with the phone number's jid of a LID's, as far as the store knows it."""
        answer: bytes = self._functions.GetPNFromLID(client, lid, len(lid))
        return answer

    def pair_phone(self, client: bytes, parameters: bytes) -> bytes:
        """A PairPhoneReturnFunction for serialised PairPhoneParams; only after the first QR code."""
        answer: bytes = self._functions.PairPhone(client, parameters, len(parameters))
        return answer

    def logout(self, client: bytes) -> str:
        """Unlinks the device at WhatsApp and deletes it from the store."""
        error: str = self._functions.Logout(client)
        return error

    def _take_buffer(self, result: Any, _function: Any, _arguments: Any) -> bytes:
        if not result:
            return b""
        try:
            return ctypes.string_at(result.contents.ptr, result.contents.size) if result.contents.size else b""
        finally:
            self._free_buffer(result)

    def _take_text(self, result: Any, _function: Any, _arguments: Any) -> str:
        if not result:
            return ""
        try:
            return ctypes.string_at(result).decode(errors="replace")
        finally:
            self._free_text(result)


def load(listener: Listener) -> Library:
    """Loads the library into this process, which must have been started with environment.environment().

    From then on the process's standard output is closed to everybody: the library prints to it, phone numbers too.
    """
    if started_with("NEONIZE_BOT_TAG") != "off":
        raise LibraryError("this process was not started with the environment that the library needs")
    path = library_path()
    functions = ctypes.CDLL(str(path))
    functions.GetVersion.restype = c_char_p
    if (version := functions.GetVersion()) != VERSION:
        raise LibraryError(f"neonize {version!r} is installed, but {VERSION!r} is what was tested")
    if trust := started_with(TRUST_VARIABLE):
        trust_root(path, (Path(trust) / "root.pub").read_bytes())
    _close_standard_output()
    return Library(functions, listener)


def library_path() -> Path:
    """The wheel's shared library for this machine."""
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    return _package() / f"neonize-linux-{architecture}.so"


def protobuf_module(name: str) -> Any:
    """One of the wheel's generated modules, such as `Neonize_pb2`. They import each other from their own folder."""
    folder = str(_package() / "proto")
    if folder not in sys.path:
        sys.path.append(folder)
    return import_module(name)


def _package() -> Path:
    spec = find_spec("neonize")  # finds it without running it
    if spec is None or spec.origin is None:
        raise LibraryError("neonize is not installed")
    return Path(spec.origin).parent


def _proxy(url: str | None) -> Any:
    return ctypes.byref(Proxy(url=url.encode())) if url else None


def _close_standard_output() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _callbacks(listener: Listener) -> tuple[Any, Any, Any, Any]:
    def text_to(hear: Callable[[bytes, bytes], None]) -> Any:
        return OnText(lambda client, text: hear(ctypes.string_at(client), ctypes.string_at(text)))

    def on_event(client: bytes, data: int, size: int, kind: int) -> None:
        listener.on_event(client, kind, ctypes.string_at(data, size))

    def on_log(data: int, size: int) -> None:
        listener.on_log(ctypes.string_at(data, size))

    return text_to(listener.on_qr), text_to(listener.on_login), OnEvent(on_event), OnLog(on_log)
