"""What is said when everything runs: where it is, and the next step to copy."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from local.settings import LOOPBACK, ROOT, WhatsAppKind
from local.stack.parts import Plan

_PHONE = "5511999990001"
_SCAN = {
    WhatsAppKind.LOCAL: f"Let a simulated phone scan its QR code:\n\n    {{hivewp}} phone scan shop-1 {_PHONE}",
    WhatsAppKind.LIVE: "Scan its QR code with WhatsApp on your phone (Linked devices > Link a device):\n\n"
    "    {hivewp} qr shop-1",
    WhatsAppKind.EXTERNAL: "Give its QR code to a phone of your WhatsApp server:\n\n"
    "    curl -s {url}/v1/instances/shop-1/qr -H 'x-api-key: {key}'",
}


def banner(plan: Plan) -> str:
    """The text, ready to print."""
    url, key = f"http://{LOOPBACK}:{plan.ports['HIVEWP_PORT']}", plan.files.api_key.read_text().strip()
    create = (
        f"curl -s {url}/v1/instances -H {shlex.quote('x-api-key: ' + key)} "
        """-H 'content-type: application/json' -d '{"id": "shop-1"}'"""
    )
    scan = _SCAN[plan.settings.whatsapp].format(hivewp=_hivewp(plan.files.data), url=url, key=key)
    lines = [
        f"HiveWP runs at {url}",
        "",
        f"  docs  {url}/docs",
        f"  key   {key}",
        f"  data  {plan.files.data}  (logs in {plan.files.logs})",
        "",
        f"Create an instance:\n\n    {create}",
        "",
        scan,
        "",
        "Ctrl-C stops everything and keeps its state.",
    ]
    return "\n".join(lines)


def _hivewp(data: Path) -> str:
    """How this program is called from here, for this stack."""
    program = Path(sys.argv[0]).absolute()
    command = os.path.relpath(program) if program.is_relative_to(Path.cwd()) else str(program)
    return command if data == ROOT / ".hivewp" else f"HIVEWP_DATA={shlex.quote(str(data))} {command}"
