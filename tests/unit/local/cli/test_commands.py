"""The commands against a stack that is played by a small HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from local.cli import app
from local.cli.errors import CommandError
from local.stack.files import StackFiles


class Stack:
    """Answers as API and local WhatsApp at once: the next answer of a call, the last one for ever."""

    def __init__(self, folder: Path) -> None:
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.calls: list[tuple[str, str | None, Any]] = []
        self.files = StackFiles(folder)
        self.files.make()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.files.write(self.files.api_key, "the-key\n")
        self.files.write_ports({"HIVEWP_PORT": self.port, "HIVEWP_WHATSAPP_PORT": self.port})

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def on(self, call: str, *answers: tuple[int, Any]) -> None:
        self.answers[call] = list(answers)

    def _handler(stack) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                stack.calls.append(
                    (f"{self.command} {self.path}", self.headers["x-api-key"], body and json.loads(body))
                )
                answers = stack.answers[f"{self.command} {self.path}"]
                status, value = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(value).encode())

            do_GET = do_POST = answer  # noqa: N815 - the library's names

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002

        return Handler


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("HIVEWP_DATA", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # is not for loopback
    stack = Stack(tmp_path)
    thread = threading.Thread(target=stack.server.serve_forever, args=[0.01])
    thread.start()
    yield stack
    stack.server.shutdown()
    stack.server.server_close()
    thread.join()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def failure(*arguments: str) -> str:
    error = run(*arguments).exception
    assert isinstance(error, CommandError)
    return str(error)


def test_scan_waits_for_the_code_gives_it_to_the_phone_and_tells_the_state(stack: Stack) -> None:
    stack.on("GET /v1/instances/shop-1/qr", (404, {"type": "qr-not-ready"}), (200, {"code": "2@abc"}))
    stack.on("POST /phones/5511999990001/scan", (200, {}))
    stack.on("GET /v1/instances/shop-1", (200, {"state": "connecting"}), (200, {"state": "connected"}))
    result = run("phone", "scan", "shop-1", "+55 11 99999-0001")
    assert result.exit_code == 0
    assert "shop-1, which is connected" in result.stdout
    assert ("POST /phones/5511999990001/scan", None, {"qr": "2@abc"}) in stack.calls
    assert ("GET /v1/instances/shop-1", "the-key", b"") in stack.calls


def test_scan_takes_the_next_code_when_the_first_has_expired(stack: Stack) -> None:
    stack.on("GET /v1/instances/shop-1/qr", (200, {"code": "old"}), (200, {"code": "new"}))
    stack.on("POST /phones/5511999990001/scan", (410, {"detail": "expired"}), (200, {}))
    stack.on("GET /v1/instances/shop-1", (200, {"state": "connected"}))
    assert run("phone", "scan", "shop-1", "5511999990001").exit_code == 0


def test_scan_tells_what_the_api_says(stack: Stack) -> None:
    stack.on("GET /v1/instances/a%2Fb/qr", (404, {"type": "not-found", "detail": "There is no such instance."}))
    assert failure("phone", "scan", "a/b", "5511999990001") == "a/b: There is no such instance."


def test_send_and_inbox(stack: Stack) -> None:
    stack.on("POST /phones/5511999990002/messages", (200, {"id": "3EB0"}))
    letter = {"at": "2026-01-31T12:00:00.000Z", "from": "5511999990001", "type": "text", "text": "olá"}
    stack.on("GET /phones/5511999990002/inbox", (200, [letter, letter | {"type": "image", "text": ""}]))
    assert run("phone", "send", "5511999990002", "+5511999990001", "hi").stdout == "3EB0\n"
    assert stack.calls[-1][2] == {"to": "5511999990001", "text": "hi"}
    lines = run("phone", "inbox", "5511999990002").stdout.splitlines()
    assert lines[0].endswith("5511999990001  olá")
    assert lines[1].endswith("5511999990001  (image)")


@pytest.mark.parametrize("number", ["abc", "", "1234", "1" * 16, "55/11999990001"])
def test_what_is_no_number_is_not_sent(stack: Stack, number: str) -> None:
    assert "is not a phone number" in failure("phone", "inbox", number)
    assert stack.calls == []


def test_a_problem_is_told_with_its_details(stack: Stack) -> None:
    problem = {"detail": "Bad body.", "errors": [{"pointer": "/text", "detail": "too long"}]}
    stack.on("POST /phones/5511999990002/messages", (422, problem))
    assert failure("phone", "send", "5511999990002", "5511999990001", "x") == "Bad body.; /text: too long"


def test_the_key_and_the_qr_code_are_shown(stack: Stack) -> None:
    stack.on("GET /v1/instances/shop-1/qr", (200, {"code": "2@abc"}))
    assert run("keys", "show").stdout == "the-key\n"
    assert "█" in run("qr", "shop-1").stdout


def test_a_stack_that_does_not_run_is_told_with_what_to_do(stack: Stack) -> None:
    stack.files.write_ports({"HIVEWP_PORT": 1, "HIVEWP_WHATSAPP_PORT": 1})
    assert failure("phone", "inbox", "5511999990001") == "nobody answers at 127.0.0.1:1: start HiveWP with `make up`"


def test_a_stack_with_another_whatsapp_has_no_phones(stack: Stack) -> None:
    stack.files.write_ports({"HIVEWP_PORT": stack.port})
    assert "no simulated phones" in failure("phone", "inbox", "5511999990001")


def test_a_folder_without_a_stack_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVEWP_DATA", str(tmp_path / "none"))
    assert str(tmp_path / "none") in failure("keys", "show")
