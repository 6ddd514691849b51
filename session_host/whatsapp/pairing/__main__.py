"""A pairing process: `python -m session_host.whatsapp.pairing`, with the environment of environment.environment()."""

from __future__ import annotations

from session_host.whatsapp.pairing.child import run

run()
