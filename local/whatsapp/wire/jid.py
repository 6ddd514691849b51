"""Addresses of people, devices and groups."""

from typing import NamedTuple

PN_SERVER = "s.whatsapp.net"
LID_SERVER = "lid"
GROUP_SERVER = "g.us"


class JID(NamedTuple):
    """`user:device@server`. Device 0 is the phone itself; a JID without a user names a server."""

    user: str
    server: str = PN_SERVER
    device: int = 0

    def bare(self) -> "JID":
        """The same user without the device."""
        return JID(self.user, self.server) if self.device else self

    def __str__(self) -> str:
        if not self.user:
            return self.server
        device = f":{self.device}" if self.device else ""
        return f"{self.user}{device}@{self.server}"


SERVER = JID("")
GROUPS = JID("", GROUP_SERVER)
