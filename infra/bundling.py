"""The code of a Lambda function, put together without docker: our packages and the locked libraries it needs.

A bundle is made once for what goes into it (cdk.out/.bundles/<function>-<digest>) and found there the next time.
The libraries of a function are the dependency group `lambda-<function>` of pyproject.toml, at uv.lock's versions.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).resolve().parent.parent
BUNDLES = ROOT / "cdk.out" / ".bundles"
LOCKED = (ROOT / "uv.lock", ROOT / "pyproject.toml")  # what libraries are chosen by
LAMBDA = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")  # its glibc is 2.34
AWS_SERVICES = ("cloudwatch", "dynamodb", "secretsmanager", "sqs")  # the models of all others are 25 MB
NOT_ASKED_FOR = ("carrierdata", "geodata", "tzdata")  # whose number it may be, and where: 20 MB

CodeSource: TypeAlias = "Callable[[str], lambda_.Code]"  # from a folder of functions/ to the code of that function


class BundleError(RuntimeError):
    """A bundle could not be made; the text says why."""


def code_source(*, with_libraries: bool) -> CodeSource:
    """How functions get their code; without libraries for templates that are only looked at."""
    from aws_cdk import aws_lambda as lambda_  # here: it starts node, and making bundles needs none of it

    make = bundle if with_libraries else source
    return lambda function: lambda_.Code.from_asset(str(make(function)))


def bundle(function: str) -> Path:
    """A folder with all that a function needs on Lambda. Raises BundleError."""
    return _bundle(function, "bundle", LAMBDA)


def bundle_for(function: str, interpreter: Path) -> Path:
    """The same for a Python of this machine, which plays Lambda in a rehearsal. Raises BundleError."""
    python = interpreter.absolute()  # not resolved: an environment's interpreter is a link to what it was made from
    kind = f"here-{_digest([python.resolve()])}"
    return _bundle(function, kind, ("--python", str(python)))


def source(function: str) -> Path:
    """A folder with our own code of a function, without libraries."""
    ours = list(_our_files(function))
    return _made_once(f"{function}-source", ours, lambda folder: _copy_packages(folder, ours))


def _bundle(function: str, kind: str, machine: Sequence[str]) -> Path:
    """Our code changes often and is small; the libraries are 40 MB, so all bundles with the same share their files."""
    ours = list(_our_files(function))
    libraries = _made_once(
        f"{function}-{kind}-libraries", LOCKED, lambda folder: _fill_with_libraries(folder, function, machine)
    )

    def put_together(folder: Path) -> None:
        shutil.copytree(libraries, folder, copy_function=os.link, dirs_exist_ok=True)
        _copy_packages(folder, ours)

    return _made_once(f"{function}-{kind}", [*LOCKED, *ours], put_together)


def _made_once(name: str, made_from: Sequence[Path], fill: Callable[[Path], None]) -> Path:
    """The folder is whole or not there: it gets its name when it is filled."""
    folder = BUNDLES / f"{name}-{_digest(made_from)}"
    if folder.exists():
        return folder
    BUNDLES.mkdir(parents=True, exist_ok=True)
    filling = Path(mkdtemp(prefix=f"{name}-", dir=BUNDLES))
    try:
        fill(filling)
        _open_to_all(filling)
        filling.rename(folder)
    except OSError:
        if not folder.exists():  # otherwise somebody else was quicker
            raise
    finally:
        shutil.rmtree(filling, ignore_errors=True)
    return folder


def _open_to_all(folder: Path) -> None:
    """Whatever the umask of whoever deploys: Lambda reads as another user, and the digest of the asset knows modes."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _fill_with_libraries(folder: Path, function: str, machine: Sequence[str]) -> None:
    """`machine`: for which system and Python, as uv is told."""
    requirements = folder / "requirements.txt"
    group = f"lambda-{function.replace('_', '-')}"
    _uv("export", "--frozen", "--quiet", "--only-group", group, "--no-header", "--output-file", str(requirements))
    target = ["--target", str(folder), *machine]
    wheels = ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--link-mode", "copy"]
    _uv("pip", "install", "--quiet", *target, *wheels, "--requirement", str(requirements))
    requirements.unlink()
    _prune(folder)


def _prune(folder: Path) -> None:
    for model in (folder / "botocore" / "data").glob("*/"):
        if model.name not in AWS_SERVICES:
            shutil.rmtree(model)
    for name in NOT_ASKED_FOR:
        shutil.rmtree(folder / "phonenumbers" / name, ignore_errors=True)
    for waste in [folder / "bin", *folder.rglob("__pycache__"), *folder.rglob("*.pyi")]:
        shutil.rmtree(waste) if waste.is_dir() else waste.unlink(missing_ok=True)


def _copy_packages(folder: Path, files: Iterable[Path]) -> None:
    for path in files:
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


def _digest(files: Iterable[Path]) -> str:
    """Of everything that a folder is made from, and of how."""
    digest = hashlib.sha256()
    for path in [Path(__file__), *files]:
        digest.update(str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _uv(*arguments: str) -> None:
    """The pinned uv that local/install.py put into .tools/. Raises BundleError."""
    found = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    if not found:
        raise BundleError("uv is not installed: run `make` once")
    done = _run(str(found[-1]), *arguments)
    if done.returncode:  # as in local/install.py: behind a proxy with a certificate of its own
        done = _run(str(found[-1]), *arguments, "--system-certs")
    if done.returncode:
        raise BundleError(f"uv {arguments[0]} failed: {done.stderr}")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key not in {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"}}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
