"""The stack that a command is meant for, found through its data folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from local.cli.errors import CommandError
from local.cli.http import Answer, call
from local.settings import LOOPBACK, data_folder
from local.stack.files import StackFiles


@dataclass(frozen=True, slots=True)
class Running:
    """Where the API and the local WhatsApp of a stack listen; `whatsapp` is None when it has none of its own."""

    api: str
    key: str
    whatsapp: str | None

    @classmethod
    def find(cls, env: Mapping[str, str]) -> Running:
        """The stack of HIVEWP_DATA. Raises CommandError when there never was one."""
        files = StackFiles(data_folder(env))
        ports = files.read_ports()
        if "HIVEWP_PORT" not in ports or not files.api_key.exists():
            raise CommandError(f"no stack has run in {files.data}: start one with `make up`, or set HIVEWP_DATA")
        port = ports.get("HIVEWP_WHATSAPP_PORT")
        return cls(
            f"http://{LOOPBACK}:{ports['HIVEWP_PORT']}",
            files.api_key.read_text().strip(),
            f"http://{LOOPBACK}:{port}" if port else None,
        )

    def instance(self, instance: str, rest: str = "") -> Answer:
        """GET of an instance, or of something under it. Raises CommandError."""
        return call("GET", f"{self.api}/v1/instances/{quote(instance, safe='')}{rest}", headers={"x-api-key": self.key})

    def phone(self, method: str, number: str, rest: str, body: Any = None) -> Answer:
        """A call about a simulated phone. Raises CommandError, also when the stack has none."""
        if self.whatsapp is None:
            raise CommandError("this stack talks to another WhatsApp, so it has no simulated phones")
        return call(method, f"{self.whatsapp}/phones/{quote(number, safe='')}/{rest}", body)
