"""One real neonize client in a process of its own, driven by JSON lines.

    in:  {"do": "connect"}            out: {"event": "QR", ...}, {"event": "Connected"}, ...
    in:  {"do": "send", "id": 7, ...}  out: {"reply": 7, "result": ...} or {"reply": 7, "error": ...}

Its environment must hold SSL_CERT_FILE from the start: the library reads the environment that the process began with.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The library has no types that a checker could follow, so its modules are imported as Any.
binder: Any = importlib.import_module("neonize._binder")
client: Any = importlib.import_module("neonize.client")
enum: Any = importlib.import_module("neonize.utils.enum")
events: Any = importlib.import_module("neonize.events")
e2e: Any = importlib.import_module("neonize.proto.waE2E.WAWebProtobufsE2E_pb2")
jid: Any = importlib.import_module("neonize.utils.jid")

WHATSAPP_ROOT = bytes.fromhex("142375574d0a587166aae71ebe516437c4a28b73e3695c6ce1f7f9545da8ee6b")
OUT = threading.Lock()


def swap_root(new: bytes) -> None:
    """Puts our root key where the library, already loaded, keeps WhatsApp's."""
    (place,) = [start + at for start, data in _writable_parts() for at in _places(data, WHATSAPP_ROOT)]
    ctypes.memmove(place, new, len(new))


def _writable_parts() -> list[tuple[int, bytes]]:
    parts = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        fields = line.split()
        if len(fields) > 5 and "neonize-linux" in fields[5] and fields[1].startswith("rw"):
            start, end = (int(bound, 16) for bound in fields[0].split("-"))
            parts.append((start, ctypes.string_at(start, end - start)))
    return parts


def _places(data: bytes, wanted: bytes) -> list[int]:
    found, at = [], data.find(wanted)
    while at >= 0:
        found.append(at)
        at = data.find(wanted, at + 1)
    return found


def tell(**line: object) -> None:
    with OUT:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


class Client:
    def __init__(self, database: str, proxy: str) -> None:
        self._proxy = binder.ProxySettings(proxy)
        self._client = client.NewClient(database, uuid="client")
        self._client.event.qr(lambda _, code: tell(event="QR", code=code.decode()))
        for event, number in events.EVENT_TO_INT.items():
            if number:
                self._client.event(event)(self._on_event)
        self._messages: dict[str, Any] = {}

    def connect(self) -> None:
        threading.Thread(target=self._connect, daemon=True).start()

    def pair_code(self, phone: str) -> str:
        code: str = self._client.PairPhone(phone, True)
        return code

    def send(self, to: str, text: str) -> str:
        return str(self._client.send_message(_jid(to), text).ID)

    def read(self, message: str) -> None:
        info = self._messages[message].Info
        source = info.MessageSource
        self._client.mark_read(info.ID, chat=source.Chat, sender=source.Sender, receipt=enum.ReceiptType.READ)

    def check(self, numbers: list[str]) -> list[dict[str, object]]:
        found = self._client.is_on_whatsapp(*numbers)
        return [{"query": each.Query, "jid": jid.Jid2String(each.JID), "exists": each.IsIn} for each in found]

    def create_group(self, name: str, members: list[str]) -> str:
        return str(jid.Jid2String(self._client.create_group(name, [jid.build_jid(number) for number in members]).JID))

    def group(self, group: str) -> dict[str, object]:
        info = self._client.get_group_info(_jid(group))
        return {"name": info.GroupName.Name, "members": [jid.Jid2String(each.JID) for each in info.Participants]}

    def rename_group(self, group: str, name: str) -> None:
        self._client.set_group_name(_jid(group), name)

    def upload(self, content: str) -> dict[str, object]:
        sent = self._client.upload(content.encode(), enum.MediaType.MediaImage)
        image = e2e.ImageMessage(
            URL=sent.url,
            directPath=sent.DirectPath,
            mediaKey=sent.MediaKey,
            fileEncSHA256=sent.FileEncSHA256,
            fileSHA256=sent.FileSHA256,
            fileLength=sent.FileLength,
            mimetype="image/jpeg",
        )
        downloaded = self._client.download_any(e2e.Message(imageMessage=image))
        return {"url": sent.url, "downloaded": downloaded.decode()}

    def presence(self, available: bool) -> None:
        self._client.send_presence(enum.Presence.AVAILABLE if available else enum.Presence.UNAVAILABLE)

    def watch(self, number: str) -> None:
        self._client.subscribe_presence(jid.build_jid(number))

    def typing(self, number: str) -> None:
        state, media = enum.ChatPresence.CHAT_PRESENCE_COMPOSING, enum.ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT
        self._client.send_chat_presence(jid.build_jid(number), state, media)

    def assorted(self, number: str) -> None:
        """Queries of many kinds, for the sake of their answers."""
        self._client.get_user_info(jid.build_jid(number))
        self._client.get_profile_picture(jid.build_jid(number))
        self._client.get_privacy_settings()
        self._client.get_blocklist()
        self._client.set_status_message("busy")
        self._client.get_joined_groups()

    def logout(self) -> None:
        self._client.logout()

    def stop(self) -> None:
        self._client.stop()

    def _connect(self) -> None:
        self._client.connect(self._proxy)
        tell(event="ConnectReturned")

    def _on_event(self, _: object, event: Any) -> None:
        tell(event=type(event).__name__, **self._details(event))

    def _details(self, event: Any) -> dict[str, object]:
        name = type(event).__name__
        if name == "Message":
            source = event.Info.MessageSource
            self._messages[event.Info.ID] = event
            return {
                "id": event.Info.ID,
                "text": event.Message.conversation or event.Message.extendedTextMessage.text,
                "sender": jid.Jid2String(source.Sender),
                "sender_alt": jid.Jid2String(source.SenderAlt),
                "chat": jid.Jid2String(source.Chat),
                "from_me": source.IsFromMe,
            }
        if name == "Receipt":
            return {"ids": list(event.MessageIDs), "type": int(event.Type)}
        return {"detail": str(event).replace("\n", " ")}


def _jid(address: str) -> Any:
    user, _, server = address.partition("@")
    return jid.build_jid(user, server or "s.whatsapp.net")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--proxy", required=True)
    parser.add_argument("--database", required=True)
    arguments = parser.parse_args()
    swap_root(arguments.root.read_bytes())
    session = Client(arguments.database, arguments.proxy)
    tell(event="Ready")
    for line in sys.stdin:
        command = json.loads(line)
        threading.Thread(target=obey, args=(session, command), daemon=True).start()
    sys.stdout.flush()
    os._exit(0)


def obey(session: Client, command: dict[str, Any]) -> None:
    number = command.pop("id", 0)
    method: Callable[..., object] = getattr(session, command.pop("do"))
    try:
        tell(reply=number, result=method(**command))
    except Exception as error:  # noqa: BLE001 - whatever the library raises goes back to the test
        tell(reply=number, error=repr(error))


if __name__ == "__main__":
    main()
