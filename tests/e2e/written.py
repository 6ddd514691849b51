"""What the parts of a stack wrote into their logs, and what must never be in there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from functions.api.call import INSTANCE_ID, MESSAGE_ID
from shared.logs.context import IDS
from shared.models.issued_key import TENANT

BASE = {"timestamp", "level", "logger", "message", "service"}
OF_SERVICE = {"worker": {"host"}, "pairing": {"host"}}
PARTS = {"aws", "api", "host", "webhooks", "whatsapp"}
NEVER = re.compile(
    r"(?<!\d)49(?:15|17)\d{9}(?!\d)"  # the numbers that tests make up
    r"|\d{5,}[.:_\d]*@(?:s\.whatsapp\.net|lid)"
    r"|hwp_[A-Za-z0-9]{5}|whsec_[A-Za-z0-9+/]{5}|://[^/\s*@]+@"
)

FORMS = {
    "tenant": TENANT,
    "instance": INSTANCE_ID,
    "message_id": MESSAGE_ID,
    "trace_id": r"[0-9a-f]{32}",
    "request_id": r"req_[0-9a-z]{26}",
}

Line = dict[str, Any]


def read(folder: Path) -> dict[str, list[Line]]:
    """The lines of every part by its name. Fails where one is no JSON, lacks a field or holds what none may,
    or where an id has not the form of one."""
    found = {path.name.partition(".log")[0]: list(_lines(path)) for path in sorted((folder / "logs").iterdir())}
    assert {name.partition("-")[0] for name in found} >= PARTS
    secrets = [(folder / name).read_text().strip() for name in ("api-key", "sealing-key")]
    for lines in found.values():
        for line in lines:
            missing = (BASE | OF_SERVICE.get(line["service"], set())) - line.keys()
            assert not missing, line
            assert not [name for name in IDS & line.keys() if not re.fullmatch(FORMS[name], line[name])], line
            assert not NEVER.search(said(line)), line
            assert not any(secret in json.dumps(line) for secret in secrets), line["message"]
    return found


def said(line: Line) -> str:
    """All of a line but its ids, which are what somebody chose to call an instance."""
    return json.dumps({name: value for name, value in line.items() if name not in IDS}, ensure_ascii=False)


def without(lines: Iterable[Line], *, markers: Iterable[str]) -> None:
    """Fails where a line holds one of the texts."""
    for line in lines:
        assert not [marker for marker in markers if marker in said(line)], line


def _lines(path: Path) -> Iterator[Line]:
    for number, text in enumerate(path.read_text().splitlines(), 1):
        try:
            line = json.loads(text)
        except ValueError:
            raise AssertionError(f"{path.name}:{number} is no JSON: {text}") from None
        assert isinstance(line, dict), text
        yield line
