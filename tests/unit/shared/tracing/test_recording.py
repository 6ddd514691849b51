"""How spans leave a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from shared.tracing import Kind, OtlpSettings
from shared.tracing.recording import open_recorder


@contextmanager
def collector(asked: list[str]) -> Iterator[str]:
    """The base URL of one that notes which URLs it is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_spans_go_past_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    with collector(asked) as proxy, collector(asked) as url:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
            monkeypatch.setenv(name, proxy)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        tracer = open_recorder(OtlpSettings(f"{url}/v1/traces"), "worker")
        with tracer.span("command", Kind.CONSUMER):
            pass
        tracer.close(10)
    assert asked == ["/v1/traces"]  # a proxy is asked for the whole URL
