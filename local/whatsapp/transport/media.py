"""Media as clients upload and download it. It is encrypted by them, so to us it is bytes under a name."""

import asyncio
import hashlib
from pathlib import Path

from aiohttp import web

from local.whatsapp.transport.picture import PICTURE
from local.whatsapp.world.stats import Stats

HOST = "https://mmg.whatsapp.net"


class MediaShelf:
    """Keeps uploads as files in a folder."""

    def __init__(self, folder: Path, stats: Stats) -> None:
        self._folder = folder
        self._stats = stats
        folder.mkdir(parents=True, exist_ok=True)

    def routes(self) -> list[web.RouteDef]:
        upload, download = "/mms/{kind}/{token}", "/v/{token}"
        return [
            web.post(upload, self.upload),
            web.get("/v/picture.png", self.picture),
            web.get(download, self.download),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        await asyncio.to_thread(self._path(token).write_bytes, await request.read())
        self._stats.events["media_uploads"] += 1
        return web.json_response({"url": f"{HOST}/v/{token}", "direct_path": f"/v/{token}?ccb=1"})

    async def download(self, request: web.Request) -> web.StreamResponse:
        path = self._path(request.match_info["token"])
        if not path.exists():
            raise web.HTTPNotFound
        self._stats.events["media_downloads"] += 1
        return web.FileResponse(path)

    async def picture(self, _request: web.Request) -> web.Response:
        return web.Response(body=PICTURE, content_type="image/png")

    def _path(self, token: str) -> Path:
        # The client chooses the token; its hash is a safe file name.
        return self._folder / hashlib.sha256(token.encode()).hexdigest()
