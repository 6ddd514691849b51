"""The local WhatsApp, whose phones write bytes that are no text where a text says ODD."""

from __future__ import annotations

import runpy
from typing import Any

from local.whatsapp.phones import contents
from tests.integration.session_host.whatsapp.test_odd_bytes import ODD

write = contents.text


def write_oddly(body: str) -> Any:
    if "ODD" not in body:
        return write(body)
    encoded = write(body).SerializeToString()
    return contents.read(encoded.replace(b"ODD", ODD))


if __name__ == "__main__":
    contents.text = write_oddly
    runpy.run_module("local.whatsapp", run_name="__main__", alter_sys=True)
