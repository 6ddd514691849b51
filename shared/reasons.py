"""Why an instance is in its state: every code with what it means and what its owner should do."""

from __future__ import annotations

from shared.models.instance import Reason

_REASONS = {
    "qr_expired": ("No phone scanned the QR code in time.", "Ask for a new QR code and scan it within a minute."),
    "pairing_failed": (
        "WhatsApp or the phone ended the pairing.",
        "Try again; if it keeps failing, restart the phone's WhatsApp.",
    ),
    "stream_replaced": (
        "Another program connected with this instance's credentials.",
        "Make sure that only HiveWP uses them, then restart the instance.",
    ),
    "device_removed": ("The phone's owner unlinked this device.", "Pair again with a new QR code."),
    "logged_out": ("The instance was logged out by request.", "Pair again with a new QR code."),
    "temporary_ban": (
        "WhatsApp banned this number for a while.",
        "Wait until the ban is over and send less, and to people who know you.",
    ),
    "client_outdated": ("WhatsApp no longer accepts this version of the client.", "Upgrade HiveWP."),
    "connect_failure": ("WhatsApp refused the login.", "Restart the instance; if it keeps failing, pair again."),
    "proxy_unreachable": ("The instance's proxy does not answer.", "Check proxy_url, then restart the instance."),
    "proxy_unreadable": (
        "The stored proxy_url cannot be opened with this deployment's key.",
        "Set proxy_url again.",
    ),
    "connect_timeout": ("WhatsApp did not answer in time.", "Nothing to do: it is tried again."),
    "library_stopped": ("The WhatsApp library ended the session.", "Nothing to do: it is tried again."),
    "connection_dead": ("WhatsApp no longer answered on the connection.", "Nothing to do: it reconnects by itself."),
    "earlier_session": (
        "The instance's last connection is not closed yet.",
        "Nothing to do: it is tried again once that is closed.",
    ),
    "session_store_full": (
        "The host cannot write this instance's credentials: its disk is full or read-only.",
        "Make room on the host; then it is tried again by itself, and messages wait until then.",
    ),
    "connection_lost": ("The connection to WhatsApp was lost.", "Nothing to do: it reconnects by itself."),
    "crashes_session_host": (
        "This instance brought the process of its session host down again and again, and was set aside.",
        "Restart the instance to try again; if it fails again, log it out and pair anew.",
    ),
    "internal_error": ("A fault of ours interrupted the session.", "Nothing to do: it is tried again."),
    "credentials_missing": ("The stored credentials of this instance are gone.", "Pair again with a new QR code."),
}

CODES = frozenset(_REASONS)


def reason(code: str, detail: str = "") -> Reason:
    """The reason of a code; `detail` is added to its meaning. Raises KeyError for an unknown code."""
    meaning, action = _REASONS[code]
    return Reason(code, f"{meaning} ({detail})" if detail else meaning, action)
