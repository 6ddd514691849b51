"""Sets the project up: one pinned uv, then the locked environments. Standard library only, run by any Python >= 3.11.

    python3 local/install.py

makes `.tools/` (uv), `.venv/` (the product and its tests) and `.venv-ministack/` (the local AWS, which pins
libraries of its own). Running it again changes nothing that is up to date.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
UV_VERSION = "0.13.9"


def main() -> int:
    if sys.version_info < (3, 11):
        sys.exit("HiveWP needs Python 3.11 or newer; this is " + platform.python_version())
    uv = install_uv()
    sync(uv, ROOT, ROOT / ".venv")
    sync(uv, ROOT / "local" / "ministack", ROOT / ".venv-ministack")
    (ROOT / ".venv" / ".ready").touch()
    return 0


def install_uv() -> Path:
    """The path of the pinned uv, downloaded on first use."""
    uv = TOOLS / f"uv-{UV_VERSION}" / "bin" / "uv"
    if uv.exists():
        return uv
    print(f"setting up: uv {UV_VERSION}", flush=True)
    if not install_with_pip(uv.parents[1]):
        install_without_pip(uv)
    return uv


def install_with_pip(target: Path) -> bool:
    """Lets pip fetch uv, since pip knows this machine's mirrors; False where there is no pip."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        return False
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--only-binary", ":all:", "--target", str(target), f"uv=={UV_VERSION}"],
        check=False,
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
    )
    return done.returncode == 0 and (target / "bin" / "uv").exists()


def install_without_pip(uv: Path) -> None:
    """Debian's plain python3 has neither pip nor ensurepip: take the wheel from PyPI, checked against its digest."""
    with urllib.request.urlopen("https://pypi.org/simple/uv/", timeout=60) as answer:
        page = answer.read().decode()
    name = rf"uv-{re.escape(UV_VERSION)}-[^\"#]*manylinux_2_17_{platform.machine()}[^\"#]*\.whl"
    found = re.search(rf'href="([^"#]*{name})#sha256=([0-9a-f]{{64}})"', page)
    if found is None:
        sys.exit(f"no uv {UV_VERSION} for {platform.machine()}: install pip for {sys.executable} and try again")
    with urllib.request.urlopen(urljoin(answer.url, found[1]), timeout=300) as answer:
        blob = answer.read()
    if hashlib.sha256(blob).hexdigest() != found[2]:
        sys.exit("the download of uv is damaged: try again")
    uv.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/scripts/uv"))
        uv.write_bytes(archive.read(name))
    uv.chmod(0o755)


def sync(uv: Path, project: Path, environment: Path) -> None:
    """Makes `environment` hold exactly what the project's lock says. Never downloads or searches for another Python."""
    print(f"setting up: {environment.name}", flush=True)
    env = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "UV_PYTHON", "PYTHONHOME", "PYTHONPATH"}}
    env |= {"UV_PROJECT_ENVIRONMENT": str(environment), "UV_PYTHON_DOWNLOADS": "never"}
    command = [str(uv), "sync", "--frozen", "--quiet", "--project", str(project), "--python", base_python()]
    done = subprocess.run(command, env=env, cwd=project, check=False, stderr=subprocess.PIPE)
    if done.returncode:  # behind a proxy that signs with a certificate of its own, only the system's store knows it
        done = subprocess.run([*command, "--system-certs"], env=env, cwd=project, check=False, stderr=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.stderr.decode() + f"setting up {environment.name} failed (see above)")


def base_python() -> str:
    """This interpreter itself, not a shim in front of it."""
    return str(Path(getattr(sys, "_base_executable", None) or sys.executable).resolve())


if __name__ == "__main__":
    sys.exit(main())
