"""What a cold start in Lambda pays for."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT

NOT_AT_THE_START = {
    "segno",
    "uvicorn",
    "uvloop",
    "boto3",
    "fastapi_offline",
    "jinja2",
    "phonenumbers",
    "local",
    "psutil",
}


def test_the_handler_imports_nothing_that_it_does_not_need() -> None:
    program = "import sys, functions.api.handler; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert NOT_AT_THE_START & set(done.stdout.split()) == set()
