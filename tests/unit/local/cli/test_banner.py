from __future__ import annotations

import shlex
from pathlib import Path

from local.cli.banner import banner
from local.settings import StackSettings
from local.stack.files import StackFiles
from local.stack.parts import Plan


def text(folder: Path, whatsapp: str = "local") -> str:
    files = StackFiles(folder)
    files.make()
    files.write(files.api_key, "it's-a-key\n")
    settings = StackSettings.parse({"HIVEWP_WHATSAPP": whatsapp})
    return banner(Plan(settings, files, {"HIVEWP_PORT": 4321}, "", {}))


def test_the_next_steps_can_be_copied(tmp_path: Path) -> None:
    lines = text(tmp_path).splitlines()
    curl = shlex.split(next(line for line in lines if "curl" in line))
    assert curl[2] == "http://127.0.0.1:4321/v1/instances"
    assert "x-api-key: it's-a-key" in curl
    scan = shlex.split(next(line for line in lines if "phone scan shop-1" in line))
    assert scan[0] == f"HIVEWP_DATA={tmp_path}", "the command finds this stack"
    assert scan[2:] == ["phone", "scan", "shop-1", "5511999990001"]


def test_a_live_stack_shows_the_code_to_a_real_phone(tmp_path: Path) -> None:
    assert "qr shop-1" in text(tmp_path, "live")
    assert "phone scan shop-1" not in text(tmp_path, "live")
