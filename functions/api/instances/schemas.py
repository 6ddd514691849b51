"""What instances look like in requests and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.api.call import INSTANCE_ID
from functions.api.recipient import PhoneNumber
from functions.api.schemas import Body, Change, View, example, left_out
from shared.models.instance import InstanceState

Milliseconds = Annotated[int, Field(ge=0, le=60_000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Url = Annotated[str, Field(min_length=1, max_length=2048)]

SETTINGS_EXAMPLE = {"webhook_url": "https://example.com/hook", "ignore_groups": True, "pacing": {"min_gap_ms": 800}}
AT = "2026-01-31T12:00:00.000Z"
INSTANCE_EXAMPLE = {
    "id": "shop-1",
    "name": "Shop, Lisbon",
    "state": "connected",
    "since": AT,
    "linked": True,
    "phone": "351912345678",
    "jid": "351912345678@s.whatsapp.net",
    "lid": "98765432101234@lid",
    "settings": {
        "webhook_url": "https://example.com/hook",
        "proxy_url": "socks5://***@proxy.example.com:1080",
        "ignore_groups": True,
        "reject_calls": False,
        "mark_online": False,
        "pacing": {"min_gap_ms": 800, "jitter_ms": 0, "typing": False},
    },
    "created_at": AT,
}


class PacingChange(Change):
    """Human pace of sends; what is absent stays as it is."""

    min_gap_ms: Milliseconds = Field(default=0, description="At least this long between two messages.")
    jitter_ms: Milliseconds = Field(default=0, description="Up to this much more, at random.")
    typing: bool = Field(default=False, description="Show the typing indicator during the gap.")


class SettingsChange(Change):
    """Settings; what is absent stays as it is. A new instance has none of them, null, 0 or false, unless given."""

    webhook_url: Url | None = Field(
        default=None,
        description="Makes an endpoint for this instance, its secret is in the answer; null deletes that endpoint.",
    )
    proxy_url: Url | None = Field(default=None, description="http, https or socks5; never shown with its password.")
    ignore_groups: bool = False
    reject_calls: bool = Field(default=False, description="Kept with the instance; calls are not rejected yet.")
    mark_online: bool = False
    pacing: PacingChange = PacingChange()


class NewInstance(Body):
    """An instance to be made."""

    model_config = example({"id": "shop-1", "settings": SETTINGS_EXAMPLE})

    id: Annotated[str, Field(pattern=INSTANCE_ID)] | None = Field(default=None, description="Made up when absent.")
    name: Name | None = None
    settings: SettingsChange = SettingsChange()


class InstanceChange(Change):
    """Changes of an instance; what is absent stays as it is."""

    model_config = example({"settings": {"ignore_groups": True}})

    name: Name | None = Field(default=None, description="null removes it.")
    settings: SettingsChange = SettingsChange()


class PairCodeRequest(Body):
    """Which phone will type the code."""

    model_config = example({"phone": "+351912345678"})

    phone: PhoneNumber


class PacingView(View):
    min_gap_ms: int
    jitter_ms: int
    typing: bool


class SettingsView(View):
    webhook_url: str | None = Field(description="Only a key with the scope `manage` sees the values of its query.")
    proxy_url: str | None = Field(description="Its credentials are masked.")
    ignore_groups: bool
    reject_calls: bool
    mark_online: bool
    pacing: PacingView


class ReasonView(View):
    """Why: a stable code, what it means, and what to do."""

    code: str
    detail: str
    action: str


class EndpointSecret(View):
    """The endpoint that `webhook_url` made; its secret is shown this once."""

    id: str
    secret: str


class InstanceView(View):
    """An instance as its owner sees it."""

    model_config = example(INSTANCE_EXAMPLE)

    id: str
    name: str | None
    state: InstanceState
    since: str
    reason: ReasonView | None = left_out("Why the instance is in its state, where there is a reason.")
    linked: bool = Field(description="Whether a phone is linked: then messages are accepted.")
    phone: str | None
    jid: str | None
    lid: str | None
    settings: SettingsView
    created_at: str
    webhook: EndpointSecret | None = left_out("Only where this call made an endpoint.")


class InstancePage(View):
    """A page of instances, by id."""

    model_config = example({"data": [INSTANCE_EXAMPLE], "next_cursor": None})

    data: list[InstanceView]
    next_cursor: str | None


class QrView(View):
    """The code that the phone scans. WhatsApp changes it every 20 seconds, the first one of a pairing after 60."""

    model_config = example({"code": "2@u8Qx...", "data_url": "data:image/png;base64,iVBORw0...", "expires_at": AT})

    code: str
    data_url: str = Field(description="The code as a PNG, for the src of an img.")
    expires_at: str = Field(
        description="30 s ahead at most. Then ask again: it may be the same code still, or the next one."
    )


class PairCodeView(View):
    """The code that the phone's owner types under Linked devices."""

    model_config = example({"code": "ABCD-1234", "expires_at": AT})

    code: str
    expires_at: str


class JournalEntryView(View):
    """One change of the connection."""

    at: str
    state: InstanceState
    code: str | None
    detail: str | None


class JournalPage(View):
    """A page of the journal, newest first."""

    model_config = example(
        {
            "data": [{"at": AT, "state": "disconnected", "code": "qr_expired", "detail": "No phone scanned ..."}],
            "next_cursor": None,
        }
    )

    data: list[JournalEntryView]
    next_cursor: str | None
