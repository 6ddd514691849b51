"""The code of a Lambda function, put together without docker: our packages and the locked libraries it needs.

A bundle is made once for what goes into it (cdk.out/.bundles/<function>-<digest>) and found there the next time.
The libraries of a function are the dependency group `lambda-<function>` of pyproject.toml, at uv.lock's versions.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).resolve().parent.parent
BUNDLES = ROOT / "cdk.out" / ".bundles"
PYTHON_VERSION = "3.13"
PLATFORM = "aarch64-manylinux_2_28"  # Lambda's system has glibc 2.34
AWS_SERVICES = ("cloudwatch", "dynamodb", "secretsmanager", "sqs")  # the models of all others are 25 MB

CodeSource = Callable[[str], lambda_.Code]  # from a folder of functions/ to the code of that function


class BundleError(RuntimeError):
    """A bundle could not be made; the text says why."""


def code_source(*, with_libraries: bool) -> CodeSource:
    """How functions get their code; without libraries for templates that are only looked at."""
    make = bundle if with_libraries else source
    return lambda function: lambda_.Code.from_asset(str(make(function)))


def bundle(function: str) -> Path:
    """A folder with all that a function needs on Lambda. Raises BundleError."""
    return _made_once(function, "bundle", lambda folder: _fill(folder, function))


def source(function: str) -> Path:
    """A folder with our own code of a function, without libraries."""
    return _made_once(function, "source", lambda folder: _copy_packages(folder, function))


def _made_once(function: str, kind: str, fill: Callable[[Path], None]) -> Path:
    """The folder is whole or not there: it gets its name when it is filled."""
    folder = BUNDLES / f"{function}-{kind}-{_digest(function)}"
    if folder.exists():
        return folder
    BUNDLES.mkdir(parents=True, exist_ok=True)
    filling = Path(mkdtemp(prefix=f"{function}-", dir=BUNDLES))
    try:
        fill(filling)
        filling.chmod(0o755)  # the digest of the asset knows modes
        filling.rename(folder)
    except OSError:
        if not folder.exists():  # otherwise somebody else was quicker
            raise
    finally:
        shutil.rmtree(filling, ignore_errors=True)
    return folder


def _fill(folder: Path, function: str) -> None:
    _install_libraries(folder, function)
    _prune(folder)
    _copy_packages(folder, function)


def _install_libraries(folder: Path, function: str) -> None:
    requirements = folder / "requirements.txt"
    group = f"lambda-{function.replace('_', '-')}"
    _uv("export", "--frozen", "--quiet", "--only-group", group, "--no-header", "--output-file", str(requirements))
    target = ["--target", str(folder), "--python-platform", PLATFORM, "--python-version", PYTHON_VERSION]
    wheels = ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--link-mode", "copy"]
    _uv("pip", "install", "--quiet", *target, *wheels, "--requirement", str(requirements))
    requirements.unlink()


def _prune(folder: Path) -> None:
    for model in (folder / "botocore" / "data").glob("*/"):
        if model.name not in AWS_SERVICES:
            shutil.rmtree(model)
    for waste in [folder / "bin", *folder.rglob("__pycache__"), *folder.rglob("*.pyi")]:
        shutil.rmtree(waste) if waste.is_dir() else waste.unlink(missing_ok=True)


def _copy_packages(folder: Path, function: str) -> None:
    for path in _our_files(function):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _our_files(function: str) -> Iterator[Path]:
    home = ROOT / "functions" / function
    if not home.is_dir():
        raise BundleError(f"there is no function {function}")
    yield ROOT / "functions" / "__init__.py"
    for package in (home, ROOT / "shared"):
        yield from sorted(path for path in package.rglob("*.py"))


def _digest(function: str) -> str:
    """Of everything that a bundle is made from."""
    digest = hashlib.sha256()
    for path in [ROOT / "uv.lock", ROOT / "pyproject.toml", Path(__file__), *_our_files(function)]:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _uv(*arguments: str) -> None:
    """The pinned uv that local/install.py put into .tools/. Raises BundleError."""
    found = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    if not found:
        raise BundleError("uv is not installed: run `make` once")
    env = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"}}
    done = subprocess.run([str(found[-1]), *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BundleError(f"uv {arguments[0]} failed: {done.stderr}")
