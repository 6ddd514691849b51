from __future__ import annotations

from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from local.whatsapp.transport.media import MediaShelf
from local.whatsapp.world.stats import Stats


def client(folder: Path) -> TestClient[web.Request, web.Application]:
    app = web.Application()
    app.add_routes(MediaShelf(folder, Stats()).routes())
    return TestClient(TestServer(app))


async def test_what_is_uploaded_can_be_downloaded_even_by_the_next_process(tmp_path: Path) -> None:
    async with client(tmp_path / "media") as first:
        answer = await (await first.post("/mms/image/a-b_c%3D", data=b"cipher")).json()
        assert answer["url"] == "https://mmg.whatsapp.net/v/a-b_c="
        assert answer["direct_path"].startswith("/v/a-b_c=")
    async with client(tmp_path / "media") as second:
        assert await (await second.get("/v/a-b_c%3D?hash=x&mms-type=image")).read() == b"cipher"


async def test_nothing_outside_the_folder_is_reached(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    async with client(tmp_path / "media") as http:
        assert (await http.get("/v/..%2Fsecret")).status == 404
        await http.post("/mms/image/..%2Fsecret", data=b"overwritten")
    assert (tmp_path / "secret").read_bytes() == b"secret"


async def test_everybody_has_a_picture(tmp_path: Path) -> None:
    async with client(tmp_path / "media") as http:
        assert (await (await http.get("/v/picture.png")).read()).startswith(b"\x89PNG")
