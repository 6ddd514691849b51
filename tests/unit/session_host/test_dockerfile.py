"""What the host's image is made of, by its Dockerfile; the integration test of the image runs what it holds."""

from __future__ import annotations

import re
import tomllib

import grimp
import pytest

from local.install import UV_VERSION
from session_host import health
from tests.dockerfile import ROOT, Instruction, environment, install, instructions, left_out, stages

BUILD, FINAL = stages()


def named(stage: list[Instruction], name: str) -> list[Instruction]:
    return [one for one in stage if one.name == name]


def only(stage: list[Instruction], name: str) -> Instruction:
    (found,) = named(stage, name)
    return found


def test_both_stages_stand_on_one_slim_image_of_a_known_version() -> None:
    (base,) = [one.rest.removeprefix("BASE=") for one in instructions() if one.name == "ARG"]
    assert re.fullmatch(r"public\.ecr\.aws/docker/library/python:3\.13-slim-\w+", base)
    assert [stage[0].rest for stage in (BUILD, FINAL)] == ["${BASE} AS build", "${BASE}"]


def test_the_final_stage_takes_what_was_built_and_installs_nothing() -> None:
    copied = [one.words for one in named(FINAL, "COPY")]
    assert {words[0] for words in copied} == {"--from=build"}
    assert [words[1] for words in copied] == ["/app/.venv", "/app/shared", "/app/session_host"]
    assert not [one for one in named(FINAL, "RUN") if re.search(r"\b(pip|apt|apt-get|curl|wget|uv)\b", one.rest)]


def test_libraries_are_the_locked_ones_as_wheels_by_the_uv_that_everybody_has() -> None:
    assert any(f"uv=={UV_VERSION}" in one.rest for one in named(BUILD, "RUN"))
    words = install()
    assert words[:5] == ["uv", "sync", "--frozen", "--only-group", "host"]
    assert {"--no-install-project", "--no-build"} <= set(words)


def test_what_is_left_out_is_known_to_the_lock() -> None:
    locked = {package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    words = install()
    left_out = {words[at + 1] for at, word in enumerate(words) if word == "--no-install-package"}
    assert left_out
    assert left_out <= locked


def test_the_volume_that_is_declared_is_the_users_and_not_empty() -> None:
    """What the image has there is copied to the volume, with the folder's owner; of an empty folder nothing is."""
    (volume,) = only(FINAL, "VOLUME").words
    user = only(FINAL, "USER").rest.split(":")[0]
    (made,) = [one for one in named(FINAL, "RUN") if f"{volume}/.keep" in one.rest]
    (keep,) = [part for part in made.rest.split("&&") if f"{volume}/.keep" in part]
    assert f"--owner {user} " in keep
    assert FINAL.index(only(FINAL, "VOLUME")) > FINAL.index(made)


def test_it_runs_as_somebody_without_rights() -> None:
    user, group = only(FINAL, "USER").rest.split(":")
    assert user == group
    assert int(user) >= 1000
    assert FINAL.index(only(FINAL, "USER")) > max(FINAL.index(one) for one in named(FINAL, "RUN"))


def test_it_stops_and_is_asked_for_its_health_as_the_process_understands() -> None:
    assert only(FINAL, "STOPSIGNAL").rest == "SIGTERM"
    assert only(FINAL, "ENTRYPOINT").words == ["python", "-m", "session_host"]
    asked = only(FINAL, "HEALTHCHECK").rest.partition("CMD ")[2]
    assert Instruction("CMD", asked).words == ["python", "-m", health.__name__]


def test_all_it_writes_goes_to_two_folders() -> None:
    env = environment(FINAL)
    assert env["HIVEWP_SESSION_DIR"] == "/sessions"
    assert only(FINAL, "VOLUME").words == ["/scratch"]
    for name in ("TMPDIR", "HIVEWP_RUN_DIR", health.VARIABLE):
        assert f"{env[name]}/".startswith("/scratch/")
    assert env["PYTHONDONTWRITEBYTECODE"] == "1"


@pytest.mark.parametrize("stage", [BUILD, FINAL])
def test_no_secret_is_in_it(stage: list[Instruction]) -> None:
    assert not [name for name in environment(stage) if re.search(r"KEY|SECRET|TOKEN|PASSWORD", name)]
    assert not named(stage, "ADD")
    assert not named(stage, "ARG")


def test_the_context_is_what_is_copied_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {word.removeprefix("./") for one in named(BUILD, "COPY") for word in one.words[:-1]}
    assert allowed == copied


def ignored() -> set[str]:
    """What of `shared` does not get into the image, as modules."""
    paths = [ROOT / path for path in left_out()]
    assert not [path for path in paths if not path.exists()]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files}


def test_the_image_holds_what_hosts_import_and_not_what_is_the_apis_alone() -> None:
    """Whatever else gets in rolls all hosts whenever it changes."""
    graph = grimp.build_graph("session_host", "shared", cache_dir=None)
    imported = graph.find_upstream_modules("session_host", as_package=True)
    assert not ignored() & imported, "out of .dockerignore with what hosts have come to need"
    assert {"shared.alarms", "shared.routes", "shared.api_gateway"} <= ignored()
