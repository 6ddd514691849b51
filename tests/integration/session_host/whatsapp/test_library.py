from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from session_host.whatsapp.environment import WhatsAppSettings, environment
from session_host.whatsapp.events import CONNECTED, CONVERSATION, DEVICE, HANDLERS, IGNORED, KEEPALIVE_TIMEOUT

LOAD = """
from session_host.whatsapp import library
class Deaf:
    on_qr = on_login = on_event = on_log = lambda *heard: None
library.load(Deaf())
"""


def run(program: str, settings: WhatsAppSettings | None) -> subprocess.CompletedProcess[str]:
    base = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment(settings, base) if settings else base,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def facts() -> Any:
    program = f"import runpy; runpy.run_path({str(Path(__file__).with_name('neonize_facts.py'))!r})"
    done = run(program, WhatsAppSettings())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_event_of_the_library_is_handled_or_ignored_by_name(facts: Any) -> None:
    named = {kind: name for kind, (name, _) in [*HANDLERS.items(), *CONVERSATION.items()]}
    named |= {kind: text.partition(":")[0] for kind, text in IGNORED.items()}
    named |= {DEVICE: "Device", CONNECTED: "Connected", KEEPALIVE_TIMEOUT: "KeepAliveTimeout"}

    assert {int(kind): name for kind, name in facts["events"].items()} == named
    assert not HANDLERS.keys() & IGNORED.keys()


def test_functions_are_called_as_the_library_means_them(facts: Any) -> None:
    assert facts["ours"] == facts["theirs"]


def test_the_package_and_the_desk_load_nothing_of_the_library() -> None:
    done = run(
        """
import sys
from session_host.whatsapp import WhatsAppSettings, open_pairing_desk
open_pairing_desk(WhatsAppSettings())
loaded = [name for name in sys.modules if name.startswith(("neonize", "Neonize", "google.protobuf"))]
mapped = "neonize" in open("/proc/self/maps").read()
sys.exit(f"{loaded} {mapped}" if loaded or mapped else 0)
""",
        None,
    )

    assert done.returncode == 0, done.stderr


def test_a_process_started_without_the_environment_is_refused() -> None:
    done = run("import os; os.environ['NEONIZE_BOT_TAG'] = 'off'" + LOAD, None)

    assert "LibraryError: this process was not started with the environment" in done.stderr


def test_of_neonize_only_the_native_half_is_loaded() -> None:
    done = run(
        LOAD + "import sys\nsys.exit(str([name for name in sys.modules if name.startswith('neonize')]))",
        WhatsAppSettings(),
    )

    assert done.stderr.strip() == "[]"


def test_the_root_key_is_replaced_once(tmp_path: Path) -> None:
    (tmp_path / "root.pub").write_bytes(bytes(range(32)))
    again = "from session_host.whatsapp.trust import trust_root\ntrust_root(library.library_path(), bytes(32))"

    once, twice = run(LOAD, WhatsAppSettings(trust=tmp_path)), run(LOAD + again, WhatsAppSettings(trust=tmp_path))

    assert once.returncode == 0, once.stderr
    assert "TrustError: WhatsApp's root key was found 0 times" in twice.stderr


def test_what_the_library_prints_goes_nowhere() -> None:
    """It prints errors of sends, with the numbers of their recipients."""
    done = run(LOAD + "import os\nos.write(1, b'no LID found for 4915550001')", WhatsAppSettings())

    assert done.stdout == ""
