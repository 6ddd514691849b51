from __future__ import annotations

import subprocess
import sys


def test_the_supervisor_never_loads_the_library_or_what_only_workers_need() -> None:
    code = "import sys, session_host.__main__; print(*sorted(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"neonize", "pydantic", "fastapi", "uvicorn", "magic"}
