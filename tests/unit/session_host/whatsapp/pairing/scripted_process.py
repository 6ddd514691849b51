"""A pairing process that does what the file name of the store says."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def tell(**line: Any) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


def begin(number: int, store: Path) -> None:
    store.write_bytes(b"half a device")
    if store.stem != "silent":
        tell(id=number, **{"is": "qr", "code": "2@one"})
    if store.stem.startswith("pairs"):
        paired = {"jid": "4915550001:1@s.whatsapp.net", "phone": "4915550001", "lid": None, "platform": ""}
        tell(id=number, **{"is": "paired"}, **paired)
    elif store.stem == "expires":
        tell(id=number, **{"is": "qr", "code": "2@two"})
        tell(id=number, **{"is": "ended", "reason": "qr_expired", "detail": "timeout"})
    elif store.stem == "outdated":
        tell(id=number, **{"is": "ended", "reason": "client_outdated", "detail": ""})
    elif store.stem == "unconnected":
        tell(id=number, **{"is": "ended", "reason": "connect_failure", "detail": ""})
    elif store.stem == "dies":
        os._exit(134)
    elif store.stem == "babbles":
        os.write(1, b"Press Ctrl+C to exit\n")
        tell(id=99, **{"is": "qr", "code": "of nobody"})
        tell(id=number, **{"is": "ended", "reason": "pairing_failed", "detail": ""})


for data in sys.stdin:
    line = json.loads(data)
    if line["do"] == "begin":
        begin(line["id"], Path(line["store"]))
    elif line["do"] == "cancel":
        tell(id=line["id"], **{"is": "cancelled"})
    elif line["phone"] == "12":
        tell(id=line["id"], **{"is": "refused", "kind": "Rejected", "code": "invalid_number", "detail": ""})
    elif line["phone"] != "0":
        tell(id=line["id"], **{"is": "code", "code": "ABCD-1234"})
if "deaf" in sys.argv:
    time.sleep(60)
